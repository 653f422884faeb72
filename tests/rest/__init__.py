"""The service as REST, gRPC-Web and gRPC clients see it, through the real Envoy."""
