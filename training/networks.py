"""The untrained parts that read a prompt and take noise away, in SDXL's layout, sized for a CPU."""

from pathlib import Path

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from training.components import CHANNELS
from training.tokenizer import LENGTH, load

WIDTH = 112  # of both text encoders
TIME_WIDTH = 32  # of each of the six numbers about the picture's size


def build_unet() -> UNet2DConditionModel:
    """8.4 million parameters; the top stage has no attention, which keeps 1024 x 1024 affordable."""
    return UNet2DConditionModel(
        sample_size=32,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(128, 128, 128),
        layers_per_block=1,
        transformer_layers_per_block=1,
        attention_head_dim=(4, 4, 4),  # diffusers' name for how many heads there are
        cross_attention_dim=2 * WIDTH,
        time_embedding_dim=192,
        # What is asked for scales every block's features, rather than being added to them, as in ADM
        # (Dhariwal and Nichol, "Diffusion Models Beat GANs on Image Synthesis", 2021).
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text_time",
        addition_time_embed_dim=TIME_WIDTH,
        projection_class_embeddings_input_dim=WIDTH + 6 * TIME_WIDTH,
        use_linear_projection=True,
    )


def build_scheduler() -> EulerDiscreteScheduler:
    """Velocity prediction down to pure noise, without which no picture gets all dark or all light.

    Source: Lin and others, "Common Diffusion Noise Schedules and Sample Steps are Flawed", 2023.
    """
    return EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        num_train_timesteps=1000,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )


class Prompts(nn.Module):
    """SDXL's two text encoders as one trainable part."""

    def __init__(self, tokenizers: Path) -> None:
        """`tokenizers` is the folder with tokenizer/ and tokenizer_2/."""
        super().__init__()
        self.readers = [load(tokenizers, name) for name in ("tokenizer", "tokenizer_2")]
        words = len(self.readers[0])
        self.first = CLIPTextModel(_clip(words, "quick_gelu"))
        self.second = CLIPTextModelWithProjection(_clip(words, "gelu"))
        for model in (self.first, self.second):
            # The UNet gets hidden states that no layer has normalised. CLIP's own start, 0.02, is for
            # far longer trainings: with it, names make no difference for thousands of steps.
            words_table = model.get_input_embeddings()
            assert isinstance(words_table, nn.Embedding)
            nn.init.normal_(words_table.weight, std=0.7)

    def forward(self, prompts: list[str]) -> tuple[Tensor, Tensor]:
        """As the SDXL pipeline reads prompts: [n, 48, 224] of tokens and [n, 112] of the whole."""
        device = next(self.parameters()).device
        ids = [
            reader(
                prompts, padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt"
            ).input_ids.to(device)
            for reader in self.readers
        ]
        first = self.first(ids[0], output_hidden_states=True)
        second = self.second(ids[1], output_hidden_states=True)
        tokens = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
        return tokens, second.text_embeds


def _clip(words: int, activation: str) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=words,
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=LENGTH,
        hidden_act=activation,
        # SDXL's own files say so; 2 makes the pooled row the one with the highest id, the end of text.
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
    )
