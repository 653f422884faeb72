/** What the service offers now: the contract's fields, models, styles. */
import { useEffect, useState } from "preact/hooks";
import type { Offer } from "./bench";
import { type Contract, readContract } from "./contract";
import { explain } from "./errors";
import { service } from "./service";

const AGAIN_MS = 3000;

interface Known {
  contract?: Contract;
  offer?: Offer;
  problem?: string;
}

/** Asks once, and again every few seconds while something is not ready or does not answer. */
export function useOffer(): Known {
  const [known, setKnown] = useState<Known>({});
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    async function ask() {
      try {
        const [contract, { models }, { styles }] = await Promise.all([
          readContract(),
          service.listModels({}),
          service.listStyles({}),
        ]);
        setKnown({ contract, offer: { models, styles } });
        if (models.some((model) => model.state !== "ready")) timer = setTimeout(ask, AGAIN_MS);
      } catch (error) {
        setKnown((before) => ({ ...before, problem: explain(error)?.text }));
        timer = setTimeout(ask, AGAIN_MS);
      }
    }
    ask();
    return () => clearTimeout(timer);
  }, []);
  return known;
}
