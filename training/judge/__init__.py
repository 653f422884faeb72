"""Measures how good the trained model is, on pictures of prompts whose wordings it never saw."""
