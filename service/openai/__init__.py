"""OpenAI's API on this service's engines."""
