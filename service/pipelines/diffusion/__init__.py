"""Images, edits and frames with any checkpoint in SDXL's layout, on one denoising loop."""

from service.pipelines.diffusion.loading import load

__all__ = ["load"]
