"""What a token costs on its way from a text engine's step to the client, without a model's own work."""
