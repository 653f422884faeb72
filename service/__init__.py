"""The generation service: the gRPC front, its engines and their pipelines."""
