"""Finding, checking, fetching and choosing model weights; nothing here but the conversion imports torch."""
