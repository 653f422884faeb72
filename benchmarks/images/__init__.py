"""How fast images come from the running product, against stock diffusers on the same checkpoint."""
