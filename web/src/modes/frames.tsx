/** Frames of one animation: each is shown as it is ready, and they play. */
import { fromJson } from "@bufbuild/protobuf";
import { useState } from "preact/hooks";
import { GenerateFramesRequestSchema } from "../../gen/generation/v1/generation_pb";
import { type ModeProps, useBench } from "../bench";
import { Composer } from "../composer";
import { Preview, ProgressBar, usePainting } from "../painting";
import { Parameters } from "../parameters";
import { Download, ResultBar } from "../picture";
import { Player } from "../player";
import { type Json, parameters } from "../request";
import { blob, service } from "../service";

interface Result {
  frames: Blob[];
  prompt: string;
  fps: number;
  seed?: number;
  animation?: Blob;
}

export function FramesMode(props: ModeProps) {
  const bench = useBench(props);
  const { kind, prompt, values, setValues, fields, run, opened } = bench;
  const fps = (given = values) => Number(given["fps"] || fields.find((field) => field.name === "fps")?.default);
  const [painting, begin, follow] = usePainting();
  const [result, setResult] = useState<Result | undefined>(
    opened?.pictures && {
      frames: opened.pictures,
      prompt: opened.prompt ?? "",
      fps: fps(opened.values),
      seed: opened.seed,
      animation: opened.animation,
    },
  );
  const request = (): Json => ({ prompt, ...parameters(values, fields) });

  async function paint(signal: AbortSignal) {
    const made: Result = { frames: [], prompt, fps: fps() };
    const format = values["format"] === "mp4" ? "video/mp4" : "image/webp";
    begin();
    for await (const news of service.streamFrames(fromJson(GenerateFramesRequestSchema, request()), { signal })) {
      follow(news);
      if (news.frame) made.frames = [...made.frames, blob(news.frame, "image/png")];
      if (news.animation) made.animation = blob(news.animation, format);
      made.seed = news.seed ?? made.seed;
      setResult({ ...made });
    }
    const { frames, seed, animation } = made;
    props.save({ id: Date.now(), kind, prompt, values, files: {}, seed, turns: [], pictures: frames, animation });
  }

  return (
    <>
      <div class="main">
        <section class="card stage" aria-label="Result">
          {result?.frames.length ? (
            <Player frames={result.frames} fps={result.fps} alt={result.prompt} />
          ) : run.running ? (
            <Preview painting={painting} />
          ) : (
            <p class="empty">The frames appear here one after another, and play.</p>
          )}
          {run.running && <ProgressBar painting={painting} />}
          {!run.running && result && (
            <ResultBar seed={result.seed} reuse={(seed) => setValues({ ...values, seed })}>
              {result.animation && (
                <Download file={result.animation} name={`frames-${result.seed}.${suffix(result.animation)}`} />
              )}
            </ResultBar>
          )}
        </section>
        <Composer bench={bench} verb="Generate" start={() => run.start(paint)} request={request} />
      </div>
      <div>
        <Parameters bench={bench} />
      </div>
    </>
  );
}

const suffix = (animation: Blob) => animation.type.split("/")[1];
