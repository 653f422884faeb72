"""Text outside the model: prompts to token ids, token ids to pieces of text. No torch in here."""
