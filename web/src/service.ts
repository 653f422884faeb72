/** The service as its contract describes it, over gRPC-Web through the proxy that sent this page. */
import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { Generation } from "../gen/generation/v1/generation_pb";

export const service = createClient(Generation, createGrpcWebTransport({ baseUrl: location.origin }));

/** A file that an answer carries as bytes. */
export function blob(bytes: Uint8Array, type: string): Blob {
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type });
}

export async function bytes(file: Blob): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}
