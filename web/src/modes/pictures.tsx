/** Images and edits: previews while it is painted, then the picture. They differ in what is sent. */
import { fromJson } from "@bufbuild/protobuf";
import { useState } from "preact/hooks";
import { EditImageRequestSchema, GenerateImageRequestSchema } from "../../gen/generation/v1/generation_pb";
import { type ModeProps, useBench } from "../bench";
import { Composer } from "../composer";
import { Dropzone } from "../dropzone";
import { Parameters } from "../parameters";
import { Download, Picture, type Progress, ProgressBar, ResultBar } from "../picture";
import { type Files, type Json, parameters } from "../request";
import { blob, bytes, service } from "../service";

interface Result {
  picture: Blob;
  prompt: string;
  seed?: number;
}

export function PictureMode(props: ModeProps) {
  const bench = useBench(props);
  const { kind, prompt, values, setValues, fields, files, run, opened, open } = bench;
  const [progress, setProgress] = useState<Progress>({});
  const [preview, setPreview] = useState<Blob>();
  const [result, setResult] = useState<Result | undefined>(
    opened?.pictures?.[0] && { picture: opened.pictures[0], prompt: opened.prompt ?? "", seed: opened.seed },
  );
  const request = (): Json => ({ prompt, ...parameters(values, fields) });

  async function paint(signal: AbortSignal) {
    const stream = await send(kind, request(), files, signal);
    setProgress({});
    setPreview(undefined);
    for await (const news of stream) {
      if (news.queuePosition !== undefined) setProgress({ queue: news.queuePosition, seconds: news.estimatedSeconds });
      if (news.step !== undefined) setProgress({ step: news.step, total: news.totalSteps });
      if (news.preview) setPreview(blob(news.preview, "image/jpeg"));
      if (news.imageBase64) finish(blob(news.imageBase64, "image/png"), news.seed);
    }
  }

  function finish(picture: Blob, seed?: number) {
    setResult({ picture, prompt, seed });
    props.save({ id: Date.now(), kind, prompt, values, files, seed, turns: [], pictures: [picture] });
  }

  return (
    <>
      <div class="main">
        <section class="card stage" aria-label="Result">
          {run.running && preview && <Picture file={preview} alt="Preview" preview />}
          {!run.running && result && <Picture file={result.picture} alt={result.prompt} />}
          {!run.running && !result && <p class="empty">The picture appears here, a preview every few steps first.</p>}
          {run.running && <ProgressBar {...progress} />}
          {!run.running && result && (
            <ResultBar seed={result.seed} reuse={(seed) => setValues({ ...values, seed })}>
              <Download file={result.picture} name={`${kind}-${result.seed}.png`} />
              <button type="button" onClick={() => open("edit", { files: { image_base64: named(result) } })}>
                Edit this picture
              </button>
            </ResultBar>
          )}
        </section>
        <Composer bench={bench} verb={kind === "edit" ? "Edit" : "Generate"} start={() => run.start(paint)} request={request}>
          {kind === "edit" && <Sources bench={bench} active={props.active} />}
        </Composer>
      </div>
      <aside>
        <Parameters bench={bench} />
      </aside>
    </>
  );
}

function named({ picture, seed }: Result): File {
  return new File([picture], `image-${seed}.png`, { type: picture.type });
}

/** The picture to change, and where it may change. */
function Sources({ bench, active }: { bench: ReturnType<typeof useBench>; active: boolean }) {
  const { files, setFiles, run } = bench;
  return (
    <div class="sources">
      <Dropzone
        id="edit-image"
        title="Choose a picture"
        hint="or drop it here, or paste it"
        pastes={active}
        file={files.image_base64}
        error={run.failure?.fields["image_base64"]}
        onFile={(image_base64) => setFiles({ ...files, image_base64 })}
      />
      <Dropzone
        id="edit-mask"
        title="Choose a mask"
        hint="optional: of the same size, white where the picture may change"
        file={files.mask}
        error={run.failure?.fields["mask"]}
        onFile={(mask) => setFiles({ ...files, mask })}
      />
    </div>
  );
}

async function send(kind: string, json: Json, files: Files, signal: AbortSignal) {
  if (kind === "image") return service.streamImage(fromJson(GenerateImageRequestSchema, json), { signal });
  const message = fromJson(EditImageRequestSchema, json);
  if (files.image_base64) message.imageBase64 = await bytes(files.image_base64);
  if (files.mask) message.mask = await bytes(files.mask);
  return service.streamEdit(message, { signal });
}
