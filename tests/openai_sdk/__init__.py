"""The `openai` package against the running service, through Envoy."""
