"""How much is trained: hours on two cores, or minutes on a GPU with every name there is."""

from dataclasses import dataclass

from training.latents import Bucket
from training.loop import Plan


@dataclass(frozen=True, slots=True)
class Preset:
    """A whole training. `every_name`: all the picture sets' names rather than the chosen ones."""

    every_name: bool
    crops: int
    autoencoder: Plan
    reading: Plan
    buckets: tuple[Bucket, ...]
    denoiser: Plan
    guidance: Plan


_OBLONG = ((768, 512), (512, 768), (1152, 896), (896, 1152), (1344, 768), (768, 1344))

CPU = Preset(
    every_name=False,
    crops=9_000,
    autoencoder=Plan(steps=4_500, rate=1.5e-3, average=0.998),
    reading=Plan(steps=8_000, rate=1e-3, warmup=100, average=0.99, decay_from=0.5),
    buckets=(
        Bucket((256, 256), 16_000, batch=64, share=0.5),
        Bucket((512, 512), 6_000, batch=24, share=0.27),
        Bucket((768, 768), 800, batch=12, share=0.05),
        Bucket((1024, 1024), 1_000, batch=8, share=0.12),
        *(Bucket(size, 200, batch=8, share=0.06 / 6) for size in _OBLONG),
    ),
    denoiser=Plan(steps=47_000, rate=8e-4, average=0.9995, decay_from=0.6),
    guidance=Plan(steps=3_000, rate=4e-4, warmup=100, average=0.995),
)

GPU = Preset(
    every_name=True,
    crops=40_000,
    autoencoder=Plan(steps=20_000, rate=1.5e-3, average=0.998),
    reading=Plan(steps=4_000, rate=1e-3, warmup=100, average=0.99, decay_from=0.5),
    buckets=(
        Bucket((256, 256), 100_000, batch=512, share=0.3),
        Bucket((512, 512), 40_000, batch=192, share=0.3),
        Bucket((768, 768), 6_000, batch=96, share=0.1),
        Bucket((1024, 1024), 12_000, batch=64, share=0.2),
        *(Bucket(size, 2_000, batch=64, share=0.1 / 6) for size in _OBLONG),
    ),
    denoiser=Plan(steps=60_000, rate=1e-3, average=0.9998, decay_from=0.5),
    guidance=Plan(steps=6_000, rate=4e-4, warmup=100, average=0.998),
)

PRESETS = {"cpu": CPU, "gpu": GPU}
