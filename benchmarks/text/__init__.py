"""How fast text comes from the running product, against other engines on the same weights."""
