/** Frames of one animation: each is shown as it is ready, and they play. */
import { fromJson } from "@bufbuild/protobuf";
import { useState } from "preact/hooks";
import { GenerateFramesRequestSchema } from "../../gen/generation/v1/generation_pb";
import { type ModeProps, useBench } from "../bench";
import { Composer } from "../composer";
import { Parameters } from "../parameters";
import { Download, Picture, type Progress, ProgressBar, ResultBar } from "../picture";
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
  const [progress, setProgress] = useState<Progress>({});
  const [preview, setPreview] = useState<Blob>();
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
    const stream = service.streamFrames(fromJson(GenerateFramesRequestSchema, request()), { signal });
    setProgress({});
    setPreview(undefined);
    setResult(undefined);
    for await (const news of stream) {
      if (news.queuePosition !== undefined) setProgress({ queue: news.queuePosition, seconds: news.estimatedSeconds });
      if (news.step !== undefined) setProgress({ step: news.step, total: news.totalSteps });
      if (news.preview) setPreview(blob(news.preview, "image/jpeg"));
      if (news.frame) made.frames = [...made.frames, blob(news.frame, "image/png")];
      if (news.animation) made.animation = blob(news.animation, `${values["format"] === "mp4" ? "video" : "image"}/${values["format"]}`);
      made.seed = news.seed ?? made.seed;
      if (news.frame || news.finishReason === "stop") setResult({ ...made });
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
          ) : preview && run.running ? (
            <Picture file={preview} alt="Preview" preview />
          ) : (
            <p class="empty">The frames appear here one after another, and play.</p>
          )}
          {run.running && <ProgressBar {...progress} />}
          {!run.running && result && (
            <ResultBar seed={result.seed} reuse={(seed) => setValues({ ...values, seed })}>
              {result.animation && <Download file={result.animation} name={`frames-${result.seed}.${result.animation.type.split("/")[1]}`} />}
            </ResultBar>
          )}
        </section>
        <Composer bench={bench} verb="Generate" start={() => run.start(paint)} request={request} />
      </div>
      <aside>
        <Parameters bench={bench} />
      </aside>
    </>
  );
}
