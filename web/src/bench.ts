/** What one mode of the page works with: its form, its run, and what the service offers. */
import { useState } from "preact/hooks";
import type { ListModelsResponse, ListStylesResponse } from "../gen/generation/v1/generation_pb";
import type { Field, Kind } from "./contract";
import type { Entry } from "./history";
import type { Files, Values } from "./request";
import { type Run, useRun } from "./run";

export interface Offer {
  models: ListModelsResponse["models"];
  styles: ListStylesResponse["styles"];
}

/** What a mode is given: where it starts from, and where its results go. */
export interface ModeProps {
  kind: Kind;
  fields: Field[];
  offer: Offer;
  /** Whether it is the mode that is shown. */
  active: boolean;
  /** An earlier result to start from. */
  opened?: Partial<Entry>;
  /** Keeps a result in the history. */
  save(entry: Entry): void;
  /** Starts this or another mode anew. */
  open(kind: Kind, entry: Partial<Entry>): void;
}

export interface Bench extends ModeProps {
  prompt: string;
  setPrompt(prompt: string): void;
  values: Values;
  setValues(values: Values): void;
  files: Files;
  setFiles(files: Files): void;
  run: Run;
}

export function useBench(props: ModeProps): Bench {
  const { fields, opened, kind } = props;
  const [prompt, setPrompt] = useState(kind === "text" ? "" : opened?.prompt ?? "");
  // A picture that can be watched is what a page is for; the contract's default is none.
  const watched: Values = fields.some((field) => field.name === "preview_every") ? { preview_every: "2" } : {};
  const [values, setValues] = useState<Values>(opened?.values ?? watched);
  const [files, setFiles] = useState<Files>(opened?.files ?? {});
  const run = useRun();
  return { ...props, prompt, setPrompt, values, setValues, files, setFiles, run };
}
