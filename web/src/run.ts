/** One request at a time, which can be cancelled; what went wrong with the last one. */
import { useEffect, useRef, useState } from "preact/hooks";
import { explain, type Failure } from "./errors";

export interface Run {
  running: boolean;
  failure?: Failure;
  /** What to say aloud: that it began, ended, was cancelled or failed. */
  news: string;
  start(work: (signal: AbortSignal) => Promise<void>): Promise<boolean>;
  cancel(): void;
}

/** A run whose `start` answers whether the work was done to its end. */
export function useRun(): Run {
  const controller = useRef<AbortController | undefined>(undefined);
  const [state, setState] = useState<Pick<Run, "running" | "failure" | "news">>({ running: false, news: "" });
  useEffect(() => () => controller.current?.abort(), []);

  async function start(work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    controller.current = new AbortController();
    setState({ running: true, news: "Started." });
    try {
      await work(controller.current.signal);
      setState({ running: false, news: "Done." });
      return true;
    } catch (error) {
      const failure = explain(error);
      setState({ running: false, failure, news: failure ? "" : "Cancelled." });
      return false;
    }
  }
  return { ...state, start, cancel: () => controller.current?.abort() };
}
