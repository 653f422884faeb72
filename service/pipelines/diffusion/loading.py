"""Loads a checkpoint in SDXL's layout into a diffusion pipeline."""

import os
from collections.abc import Callable
from dataclasses import replace

import torch
from diffusers import StableDiffusionXLPipeline
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from service.engine.messages import EngineSpec
from service.engine.params import ImageParams
from service.engine.request import Request
from service.engine.scheduler import Scheduler
from service.pipelines.diffusion import attention
from service.pipelines.diffusion.acceleration import Compiled, lay_out
from service.pipelines.diffusion.autoencoder import set_tiles
from service.pipelines.diffusion.denoise import predict_noise
from service.pipelines.diffusion.latents import prepare_frames
from service.pipelines.diffusion.model import DiffusionModel, NoiseScheduler, TextEncoder
from service.pipelines.diffusion.pipeline import DiffusionPipeline
from service.pipelines.diffusion.preview import Preview
from service.pipelines.diffusion.stages import encode_guide
from service.pipelines.diffusion.width import Shape, Widths
from service.pipelines.memory import out_of_memory

DEFAULT = 1024  # pixels a side: the contract's default
WARM_UP = ImageParams(
    prompt="a warm-up",
    negative_prompt="",
    num_inference_steps=2,
    guidance_scale=7.5,
    seed=0,
    preview_every=1,
    width=256,
    height=256,
)


def load(spec: EngineSpec) -> DiffusionPipeline:
    """Loads safetensors only, fits the previews and paints one small image before the first user."""
    torch.set_num_threads(spec.threads or os.cpu_count() or 1)
    torch.backends.cudnn.benchmark = not spec.batch_invariant
    torch.backends.cudnn.deterministic = spec.batch_invariant
    diffusers_logging.disable_progress_bar()
    diffusers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model = load_model(spec)
    with torch.inference_mode():
        preview = Preview.fit(model)
    call = _caller(model)
    if isinstance(model.predict, Compiled):
        shape = model.latent_shape(DEFAULT, DEFAULT)
        model.predict.warm_up((2, model.latent_channels, *shape), lambda: call(shape, 2))
    for _ in range(2):  # the first one pays for much that comes only once, and would spoil the estimates
        pipeline = DiffusionPipeline(model, preview, Widths(spec, call), spec)
        _paint(pipeline)
    return pipeline


def _paint(pipeline: DiffusionPipeline) -> None:
    scheduler = Scheduler(pipeline)
    scheduler.add(Request(0, WARM_UP, deadline=float("inf")))
    while not scheduler.idle:
        scheduler.step()


def load_model(spec: EngineSpec) -> DiffusionModel:
    """Loads the parts of a checkpoint, in its fp16 variant where it has one."""
    dtype = getattr(torch, spec.dtype)
    half = (spec.folder / "unet" / "diffusion_pytorch_model.fp16.safetensors").exists()
    parts = StableDiffusionXLPipeline.from_pretrained(
        spec.folder,
        dtype=dtype,
        variant="fp16" if half else None,
        use_safetensors=True,
        local_files_only=True,
        add_watermarker=False,
    ).to(spec.device)
    unet, vae = parts.unet, parts.vae
    if dtype == torch.float16 and vae.config.force_upcast:
        # For good: it overflows in float16, and requests would meet in a cast back and forth.
        vae.to(torch.float32)
    set_tiles(vae)
    attention.install(unet, fused=spec.device == "cuda")
    if spec.device == "cuda":
        lay_out(unet, vae)
    texts = [(parts.tokenizer, parts.text_encoder), (parts.tokenizer_2, parts.text_encoder_2)]
    return DiffusionModel(
        unet=unet,
        vae=vae,
        text_encoders=tuple(TextEncoder(*text) for text in texts if text[1] is not None),
        noise_scheduler=_maker(parts.scheduler),
        order=parts.scheduler.order,
        zero_empty_negative=bool(parts.config.force_zeros_for_empty_prompt),
        device=torch.device(spec.device),
        dtype=dtype,
        predict=Compiled(unet, spec.folder.parent / ".compiled") if spec.compiled else unet,
    )


def _maker(scheduler: NoiseScheduler) -> Callable[[], NoiseScheduler]:
    kind, config = type(scheduler), scheduler.config
    return lambda: kind.from_config(config)


def _caller(model: DiffusionModel) -> Callable[[Shape, int], None]:
    """Makes a UNet call of a shape and so many rows, two or more."""

    def call(shape: Shape, rows: int) -> None:
        height, width = (side * model.factor for side in shape)
        params = replace(WARM_UP, width=width, height=height)
        with torch.inference_mode(), out_of_memory():
            painting = prepare_frames(model, params, encode_guide(model, params), [0])
            predict_noise(model, [painting] * (rows // 2))
            if model.device.type == "cuda":
                torch.cuda.synchronize()

    return call
