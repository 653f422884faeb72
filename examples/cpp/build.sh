#!/bin/sh
# Makes build/cpp/text from the .proto file, with Debian's gRPC.
set -eu
mkdir -p build/cpp
# The service's virtual environment has google/api/annotations.proto, which the contract imports.
protoc -Iprotos -I"$(echo .venv/lib/python3*/site-packages)" \
  --cpp_out=build/cpp --grpc_out=build/cpp --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" \
  generation/v1/generation.proto google/api/annotations.proto google/api/http.proto
g++ -std=c++17 -O1 -Ibuild/cpp -o build/cpp/text examples/cpp/text.cc \
  build/cpp/generation/v1/*.pb.cc build/cpp/google/api/annotations.pb.cc build/cpp/google/api/http.pb.cc \
  $(pkg-config --cflags --libs grpc++ protobuf)
