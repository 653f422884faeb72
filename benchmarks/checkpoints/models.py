"""The parts of an SDXL pipeline that have weights, tiny or with SDXL base 1.0's own dimensions."""

from collections.abc import Callable
from functools import partial
from typing import Literal, TypeAlias

from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.modeling_utils import ModelMixin
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, PreTrainedModel

from benchmarks.checkpoints.tokenizer import MAX_LENGTH, vocabulary

Size = Literal["tiny", "full"]
Autoencoder = Literal["kl", "tiny", "deep"]
Model: TypeAlias = ModelMixin | PreTrainedModel

CLIP_VOCABULARY = 49408
SCALING = 0.13025  # what SDXL multiplies its autoencoder's latents with
TINY_WIDTH = 32  # of both text encoders


def builders(size: Size, autoencoder: Autoencoder, stages: int) -> dict[str, Callable[[], Model]]:
    """Folder name to what makes its model; called under `torch.device("meta")` they cost no memory."""
    if size == "full":
        return {
            "text_encoder": partial(CLIPTextModel, _clip(768, 12, 12, "quick_gelu")),
            "text_encoder_2": partial(CLIPTextModelWithProjection, _clip(1280, 32, 20, "gelu")),
            "unet": full_unet,
            "vae": full_autoencoder,
        }
    return {
        "text_encoder": partial(CLIPTextModel, _clip(TINY_WIDTH, 2, 4, "quick_gelu")),
        "text_encoder_2": partial(CLIPTextModelWithProjection, _clip(TINY_WIDTH, 2, 4, "gelu")),
        "unet": partial(tiny_unet, stages, 16 if autoencoder == "deep" else 4),
        "vae": {"kl": tiny_kl, "tiny": tiny_tiny, "deep": tiny_deep}[autoencoder],
    }


def full_unet() -> UNet2DConditionModel:
    """SDXL base 1.0's: 2,567,463,684 parameters."""
    return _unet(
        channels=(320, 640, 1280),
        layers_per_block=2,
        heads=(5, 10, 20),
        transformers=(1, 2, 10),
        text_width=2048,
        time_width=256,
        pooled_width=1280,
        groups=32,
    )


def tiny_unet(stages: int, latents: int) -> UNet2DConditionModel:
    """The same kind of blocks; two rows of 128 x 128 latents take about 0.1 s on two cores.

    With more than SDXL's 4 channels of `latents` they are wider: each needs two for its straight path.
    """
    narrow = max(16, 2 * latents)
    return _unet(
        channels=(narrow, narrow, 2 * narrow)[:stages],
        layers_per_block=1,
        heads=(1, 1, 1)[:stages],
        transformers=(1, 1, 1)[:stages],
        text_width=2 * TINY_WIDTH,
        time_width=8,
        pooled_width=TINY_WIDTH,
        groups=2,
        latents=latents,
    )


def _unet(
    channels: tuple[int, ...],
    layers_per_block: int,
    heads: tuple[int, ...],
    transformers: tuple[int, ...],
    text_width: int,
    time_width: int,
    pooled_width: int,
    groups: int,
    latents: int = 4,
) -> UNet2DConditionModel:
    attentive = len(channels) - 1
    return UNet2DConditionModel(
        sample_size=128,
        in_channels=latents,
        out_channels=latents,
        down_block_types=("DownBlock2D", *["CrossAttnDownBlock2D"] * attentive),
        up_block_types=(*["CrossAttnUpBlock2D"] * attentive, "UpBlock2D"),
        block_out_channels=channels,
        layers_per_block=layers_per_block,
        attention_head_dim=heads,
        transformer_layers_per_block=transformers,
        cross_attention_dim=text_width,
        addition_embed_type="text_time",
        addition_time_embed_dim=time_width,
        projection_class_embeddings_input_dim=pooled_width + 6 * time_width,
        use_linear_projection=True,
        norm_num_groups=groups,
    )


def full_autoencoder() -> AutoencoderKL:
    """SDXL's."""
    return _autoencoder((128, 256, 512, 512), layers_per_block=2, groups=32)


def tiny_kl() -> AutoencoderKL:
    """Four stages as SDXL's; 1024 x 1024 pixels decode in under a second on two cores."""
    return _autoencoder((8, 16, 16, 16), layers_per_block=1, groups=2)


def tiny_tiny() -> AutoencoderTiny:
    """TAESD's kind of autoencoder, factor 8."""
    return _tiny(stages=4, latents=4)


def tiny_deep() -> AutoencoderTiny:
    """The same with factor 32 and more channels to hold what a latent then stands for."""
    return _tiny(stages=6, latents=16)


def _tiny(stages: int, latents: int) -> AutoencoderTiny:
    return AutoencoderTiny(
        encoder_block_out_channels=(8,) * stages,
        decoder_block_out_channels=(8,) * stages,
        num_encoder_blocks=(1,) * stages,
        num_decoder_blocks=(1,) * stages,
        latent_channels=latents,
    )


def _autoencoder(channels: tuple[int, ...], layers_per_block: int, groups: int) -> AutoencoderKL:
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=channels,
        layers_per_block=layers_per_block,
        latent_channels=4,
        norm_num_groups=groups,
        sample_size=1024,
        scaling_factor=SCALING,
        force_upcast=True,
    )


def _clip(width: int, layers: int, heads: int, activation: str) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=CLIP_VOCABULARY if width > TINY_WIDTH else len(vocabulary()),
        hidden_size=width,
        intermediate_size=4 * width,
        projection_dim=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        max_position_embeddings=MAX_LENGTH,
        hidden_act=activation,
        # SDXL's own files say so; 2 makes the pooled row the one with the highest id, the end of text.
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
    )
