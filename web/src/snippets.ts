/** A request as a command or a program that does the same outside the browser. */
import { KINDS, type Kind } from "./contract";
import type { Files, Json } from "./request";

const shell = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
const named = (files: Files) => Object.entries(files).filter(([, file]) => file) as [string, File][];

/** A curl command. Files are read from the folder in which it runs. */
export function curl(kind: Kind, request: Json, files: Files): string {
  const call = `curl -N ${location.origin}${KINDS[kind].path}`;
  const json = JSON.stringify(request);
  const sent = named(files);
  if (!sent.length) return `${call} -d ${shell(json)}\n`;
  const parts = sent.map(([name, file]) => `printf ',"${name}":"'; base64 -w0 ${shell(file.name)}; printf '"'; `);
  return `{ printf %s ${shell(json.slice(0, -1))}; ${parts.join("")}printf '}'; } |\n  ${call} -d @-\n`;
}

/** A Python program over gRPC, which the proxy serves on the same port. */
export function python(kind: Kind, request: Json, files: Files): string {
  const { request: message, rpc } = KINDS[kind];
  // A JSON value of these is a Python literal too.
  const given = Object.entries(request).map(([name, value]) => `    ${name}=${JSON.stringify(value)},`);
  const read = named(files).map(([name, file]) => `    ${name}=open(${JSON.stringify(file.name)}, "rb").read(),`);
  return `import grpc

from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc

request = pb.${message}(
${[...given, ...read].join("\n")}
)
options = [("grpc.max_receive_message_length", 67108864)]
with grpc.insecure_channel("${location.host}", options=options) as channel:
    for message in generation_pb2_grpc.GenerationStub(channel).${rpc}(request, timeout=600):
${HANDLE[kind]}
`;
}

const PICTURE = `        if message.image_base64:
            open("result.png", "wb").write(message.image_base64)`;
const HANDLE: Record<Kind, string> = {
  text: `        print(message.text, end="", flush=True)`,
  image: PICTURE,
  edit: PICTURE,
  frames: `        if message.frame:
            open(f"frame-{message.frame_index}.png", "wb").write(message.frame)`,
};
