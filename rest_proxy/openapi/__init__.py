"""The OpenAPI document, written from the proto's descriptor set and the comments in it."""
