/** Images and edits: previews while it is painted, then the picture. They differ in what is sent. */
import { fromJson } from "@bufbuild/protobuf";
import { useState } from "preact/hooks";
import { EditImageRequestSchema, GenerateImageRequestSchema } from "../../gen/generation/v1/generation_pb";
import { type Bench, type ModeProps, useBench } from "../bench";
import { Composer } from "../composer";
import { Dropzone } from "../dropzone";
import { Preview, ProgressBar, usePainting } from "../painting";
import { Parameters } from "../parameters";
import { Download, Picture, ResultBar } from "../picture";
import { type Files, type Json, parameters } from "../request";
import { blob, bytes, service } from "../service";

interface Result {
  picture: Blob;
  prompt: string;
  seed?: number;
}

const VERBS: Record<string, string> = { image: "Generate", edit: "Edit" };

export function PictureMode(props: ModeProps) {
  const bench = useBench(props);
  const { kind, prompt, values, setValues, fields, files, run, opened, open } = bench;
  const [painting, begin, follow] = usePainting();
  const [result, setResult] = useState<Result | undefined>(
    opened?.pictures?.[0] && { picture: opened.pictures[0], prompt: opened.prompt ?? "", seed: opened.seed },
  );
  const request = (): Json => ({ prompt, ...parameters(values, fields) });
  const reuse = (seed: string) => setValues({ ...values, seed });
  const edit = (picture: File) => open("edit", { files: { image_base64: picture } });

  async function paint(signal: AbortSignal) {
    begin();
    for await (const news of await send(kind, request(), files, signal)) {
      follow(news);
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
          {run.running ? (
            <>
              <Preview painting={painting} />
              <ProgressBar painting={painting} />
            </>
          ) : result ? (
            <Shown {...result} name={`${kind}-${result.seed}.png`} reuse={reuse} edit={edit} />
          ) : (
            <p class="empty">The picture appears here, a preview every few steps first.</p>
          )}
        </section>
        <Composer bench={bench} verb={VERBS[kind]} start={() => run.start(paint)} request={request}>
          {kind === "edit" && <Sources bench={bench} active={props.active} />}
        </Composer>
      </div>
      <div>
        <Parameters bench={bench} />
      </div>
    </>
  );
}

interface ShownProps extends Result {
  name: string;
  reuse(seed: string): void;
  edit(picture: File): void;
}

function Shown({ picture, prompt, seed, name, reuse, edit }: ShownProps) {
  return (
    <>
      <Picture file={picture} alt={prompt} />
      <ResultBar seed={seed} reuse={reuse}>
        <Download file={picture} name={name} />
        <button type="button" onClick={() => edit(new File([picture], name, { type: picture.type }))}>
          Edit this picture
        </button>
      </ResultBar>
    </>
  );
}

/** The picture to change, and where it may change. */
function Sources({ bench, active }: { bench: Bench; active: boolean }) {
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
