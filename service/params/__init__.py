"""From request messages to checked parameters: every limit and default, once for gRPC and REST."""
