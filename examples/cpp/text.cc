// Streams text over gRPC: text "a prompt"
#include <chrono>
#include <iostream>

#include <grpcpp/grpcpp.h>

#include "generation/v1/generation.grpc.pb.h"

namespace pb = generation::v1;

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: text \"a prompt\"\n";
    return 2;
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(67108864);  // 4 MiB unless set; images are larger
  auto channel = grpc::CreateCustomChannel("localhost:50051", grpc::InsecureChannelCredentials(), arguments);
  auto stub = pb::Generation::NewStub(channel);

  pb::GenerateTextRequest request;
  request.set_prompt(argv[1]);
  request.set_max_tokens(60);
  request.set_temperature(0);

  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(120));
  auto reader = stub->StreamText(&context, request);
  pb::StreamTextResponse message;
  while (reader->Read(&message)) {
    std::cout << message.text() << std::flush;
    if (message.finish_reason() == "stop" || message.finish_reason() == "length") {
      std::cout << "\n[" << message.completion_tokens() << " tokens, seed " << message.seed() << "]\n";
    }
  }
  if (auto status = reader->Finish(); !status.ok()) {
    std::cerr << "status " << status.error_code() << ": " << status.error_message() << "\n";
    return 1;
  }
}
