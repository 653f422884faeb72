"""Pictures as latents, encoded once and kept: encoding in each step would cost more than denoising."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Never

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from training.autoencoder import trained
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
    """A bucket's latents: `values` [n, 24, height / 32, width / 32] in float16, `numbers` of pictures."""

    bucket: Bucket
    values: Tensor
    numbers: NDArray[np.int64]


def make_latents(work: Path, album: Album, buckets: tuple[Bucket, ...], device: torch.device) -> None:
    """Draws and encodes what is missing of every bucket into `work`/latents, a file a chunk."""
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
    encoder = trained(work).encoder.to(device, memory_format=torch.channels_last)
    total = len(missing) * CHUNK
    with processes() as pool, tqdm(total=total, desc="latents", unit="picture") as bar:
        for bucket, start in missing:
            numbers = range(bucket.first + start, bucket.first + start + CHUNK)
            drawn = pool.map(partial(album.draw, SEED, size=bucket.size), numbers, chunksize=4)
            parts = list(_encoded(encoder, drawn, bucket, device, bar))
            partial_file = folder / "chunk.part.npy"
            np.save(partial_file, np.concatenate(parts))
            partial_file.rename(_file(folder, bucket, start))


def load_latents(work: Path, buckets: tuple[Bucket, ...]) -> list[Latents]:
    """Everything there is by now of each bucket."""
    found = []
    for bucket in buckets:
        starts = [s for s in range(0, bucket.pictures, CHUNK) if _file(work / "latents", bucket, s).exists()]
        if not starts:
            continue
        values = [np.load(_file(work / "latents", bucket, start)) for start in starts]
        numbers = np.concatenate([bucket.first + start + np.arange(CHUNK) for start in starts])
        found.append(Latents(bucket, torch.from_numpy(np.concatenate(values)), numbers))
    return found


def _file(folder: Path, bucket: Bucket, start: int) -> Path:
    return folder / f"{bucket.size[0]}x{bucket.size[1]}-{start}.npy"


def _encoded(
    encoder: torch.nn.Module,
    drawn: Iterator[NDArray[np.uint8]],
    bucket: Bucket,
    device: torch.device,
    bar: "tqdm[Never]",
) -> Iterator[NDArray[np.float16]]:
    most = max(1, 2**20 // (bucket.size[0] * bucket.size[1]))
    while group := list(islice(drawn, most)):
        pixels = torch.from_numpy(np.stack(group)).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
            latents = encoder(pixels)
        bar.update(len(group))
        yield latents.to("cpu", torch.float16).numpy()
