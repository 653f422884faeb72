"""Pictures as latents, drawn once and kept: drawing in each step would cost more than denoising."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from training.components import Components
from training.pictures import Album, Size, processes

SEED = 20_001  # of every picture that denoising learns from
CHUNK = 200  # pictures of a file


@dataclass(frozen=True, slots=True)
class Bucket:
    """Pictures of one size: how many are drawn, how many make a training step, how often it comes."""

    size: Size
    pictures: int
    batch: int
    share: float

    @property
    def first(self) -> int:
        """The number of its first picture; no two buckets share any."""
        return (self.size[0] * 10_000 + self.size[1]) * 1000


@dataclass(frozen=True, slots=True)
class Latents:
    """A bucket's latents [n, 32, height / 32, width / 32] in float16, and the `numbers` of its pictures.

    `values` are the pictures', `before` those of what an edit could have made them from.
    """

    bucket: Bucket
    values: Tensor
    before: Tensor
    numbers: NDArray[np.int64]


def make_latents(work: Path, album: Album, buckets: tuple[Bucket, ...], components: Components) -> None:
    """Draws what is missing of every bucket and keeps its latents in `work`/latents, a file a chunk."""
    folder = work / "latents"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [
        (bucket, start)
        for bucket in buckets
        for start in range(0, bucket.pictures, CHUNK)
        if not _file(folder, bucket, start).exists()
    ]
    if not missing:
        return
    total = len(missing) * CHUNK
    with processes() as pool, tqdm(total=total, desc="latents", unit="picture") as bar:
        for bucket, start in missing:
            numbers = range(bucket.first + start, bucket.first + start + CHUNK)
            parts = []
            for drawn in pool.map(partial(album.draw_edit, SEED, size=bucket.size), numbers, chunksize=4):
                parts.append(components.of(drawn).half().numpy())
                bar.update()
            partial_file = folder / "chunk.part.npy"
            np.save(partial_file, np.stack(parts))
            partial_file.rename(_file(folder, bucket, start))


def load_latents(work: Path, buckets: tuple[Bucket, ...]) -> list[Latents]:
    """Everything there is by now of each bucket."""
    found = []
    for bucket in buckets:
        starts = [s for s in range(0, bucket.pictures, CHUNK) if _file(work / "latents", bucket, s).exists()]
        if not starts:
            continue
        kept = np.concatenate([np.load(_file(work / "latents", bucket, start)) for start in starts])
        values, before = torch.from_numpy(kept).unbind(1)
        numbers = np.concatenate([bucket.first + start + np.arange(CHUNK) for start in starts])
        found.append(Latents(bucket, values, before, numbers))
    return found


def scale_of(latents: list[Latents]) -> float:
    """What latents are multiplied with to have a deviation of 1, as `scaling_factor` in the checkpoint."""
    return 1.0 / float(np.mean([part.values[:1000].float().std() for part in latents]))


def _file(folder: Path, bucket: Bucket, start: int) -> Path:
    return folder / f"{bucket.size[0]}x{bucket.size[1]}-{start}.npy"
