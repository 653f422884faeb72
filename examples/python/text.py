"""Streams text over gRPC and shows what an error carries: python text.py "a prompt"."""

import sys

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc

ADDRESS = "localhost:50051"
OPTIONS = [("grpc.max_receive_message_length", 67108864)]  # 4 MiB unless set; images are larger


def write(prompt: str) -> None:
    """Prints the pieces of an answer as they come."""
    request = pb.GenerateTextRequest(prompt=prompt, max_tokens=60, temperature=0)
    with grpc.insecure_channel(ADDRESS, options=OPTIONS) as channel:
        generation = generation_pb2_grpc.GenerationStub(channel)
        for message in generation.StreamText(request, timeout=120):
            print(message.text, end="", flush=True)
            if message.finish_reason in ("stop", "length"):
                print(f"\n[{message.completion_tokens} tokens, seed {message.seed}]")


def explain(error: grpc.RpcError) -> str:
    """The status of a failed call, which fields were wrong, and when to come back."""
    lines = [f"{error.code().name}: {error.details()}"]
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        bad, retry = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if detail.Unpack(bad):
            lines += [f"  {violation.field}: {violation.description}" for violation in bad.field_violations]
        elif detail.Unpack(retry):
            lines.append(f"  try again in {retry.retry_delay.ToTimedelta().total_seconds():.1f} s")
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        write(sys.argv[1])
    except grpc.RpcError as error:
        sys.exit(explain(error))
