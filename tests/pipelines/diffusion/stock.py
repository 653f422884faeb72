"""The stock pipelines of diffusers, each request alone."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import (
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLPipeline,
)
from numpy.typing import NDArray
from torch import Tensor

from service.engine.params import ImageParams


class Stock:
    """What diffusers paints for a request."""

    def __init__(self, folder: Path) -> None:
        self.pipe: Any = StableDiffusionXLPipeline.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, local_files_only=True, add_watermarker=False
        )
        parts = self.pipe.components
        self.image_to_image: Any = StableDiffusionXLImg2ImgPipeline(**parts, add_watermarker=False)
        self.inpaint: Any = StableDiffusionXLInpaintPipeline(**parts, add_watermarker=False)
        for pipe in (self.pipe, self.image_to_image, self.inpaint):
            pipe.set_progress_bar_config(disable=True)

    def latents(self, wanted: ImageParams) -> Tensor:
        """The latents [1, channels, h, w] at the end."""
        latents: Tensor = self._paint(wanted, "latent")
        return latents

    def pixels(self, wanted: ImageParams) -> NDArray[np.float64]:
        """[height, width, 3] from 0 to 255."""
        return np.asarray(self._paint(wanted, "pil")[0]).astype(np.float64)

    def _paint(self, wanted: ImageParams, output_type: str) -> Any:  # noqa: ANN401 - a tensor or pictures
        options: dict[str, object] = {
            "prompt": wanted.prompt,
            "negative_prompt": wanted.negative_prompt or None,
            "num_inference_steps": wanted.num_inference_steps,
            "guidance_scale": wanted.guidance_scale,
            "generator": torch.Generator().manual_seed(wanted.seed),
            "output_type": output_type,
        }
        size = {"width": wanted.width, "height": wanted.height}
        if wanted.edit is None:
            return self.pipe(**options, **size).images
        options |= {"image": wanted.edit.image, "strength": wanted.edit.strength}
        if wanted.edit.mask is None:
            return self.image_to_image(**options).images
        return self.inpaint(**options, **size, mask_image=wanted.edit.mask).images
