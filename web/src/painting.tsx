/** How far a picture is while it is painted: images, edits and frames report it alike. */
import { useState } from "preact/hooks";
import type { StreamFramesResponse, StreamImageResponse } from "../gen/generation/v1/generation_pb";
import { Picture } from "./picture";
import { blob } from "./service";

export interface Painting {
  queue?: number;
  seconds?: number;
  step?: number;
  total?: number;
  preview?: Blob;
}

type News = StreamImageResponse | StreamFramesResponse;

/** The painting, what clears it, and what brings it up to date with a message. */
export function usePainting(): [Painting, () => void, (news: News) => void] {
  const [painting, setPainting] = useState<Painting>({});
  function follow({ queuePosition, estimatedSeconds, step, totalSteps, preview }: News) {
    setPainting((before) => ({
      queue: queuePosition ?? before.queue,
      seconds: estimatedSeconds ?? before.seconds,
      step: step ?? before.step,
      total: totalSteps ?? before.total,
      preview: preview ? blob(preview, "image/jpeg") : before.preview,
    }));
  }
  return [painting, () => setPainting({}), follow];
}

export function Preview({ painting }: { painting: Painting }) {
  return painting.preview ? <Picture file={painting.preview} alt="Preview" preview /> : null;
}

export function ProgressBar({ painting: { queue, seconds, step, total } }: { painting: Painting }) {
  const ahead = queue ? `${queue} ahead in the queue` : "Starting";
  const about = seconds === undefined ? "" : `, about ${Math.max(1, Math.round(seconds))} s in all`;
  return (
    <div class="progress">
      <progress aria-label="Progress" value={step} max={total} />
      <span>{step === undefined ? `${ahead}${about}` : `Step ${step} of ${total}`}</span>
    </div>
  );
}
