// Streams text over gRPC, straight from the .proto file: node text.mjs "a prompt"
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const ADDRESS = "localhost:50051";
const OPTIONS = { "grpc.max_receive_message_length": 67108864 }; // 4 MiB unless set; images are larger

const definition = loadSync("generation/v1/generation.proto", {
  includeDirs: [
    fileURLToPath(new URL("../../protos", import.meta.url)),
    dirname(fileURLToPath(import.meta.resolve("protobufjs/package.json"))), // has google/api/annotations.proto
  ],
  keepCase: true,
});
const { Generation } = grpc.loadPackageDefinition(definition).generation.v1;
const client = new Generation(ADDRESS, grpc.credentials.createInsecure(), OPTIONS);

try {
  const request = { prompt: process.argv[2], max_tokens: 60, temperature: 0 };
  for await (const message of client.streamText(request, { deadline: Date.now() + 120_000 })) {
    process.stdout.write(message.text ?? "");
    if (["stop", "length"].includes(message.finish_reason)) {
      console.log(`\n[${message.completion_tokens} tokens, seed ${message.seed}]`);
    }
  }
} catch (error) {
  console.error(`${grpc.status[error.code]}: ${error.details}`);
  process.exitCode = 1;
} finally {
  client.close();
}
