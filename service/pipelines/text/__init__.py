"""Text generation with any Llama- or Mistral-architecture checkpoint."""

from service.pipelines.text.loading import load

__all__ = ["load"]
