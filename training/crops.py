"""Small parts of pictures of many sizes, which the autoencoder learns from."""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training.pictures import Album, processes

SEED = 1_000_003  # of the pictures
CROP = 128  # pixels a side
SIZES = (256, 256, 320, 384, 512, 640, 1024)  # of the pictures
EACH = 4  # crops of a picture


def make_crops(work: Path, album: Album, count: int) -> NDArray[np.uint8]:
    """[count, 128, 128, 3]; drawn the first time, then read from `work`."""
    file = work / f"crops-{count}.npy"
    if not file.exists():
        numbers = range(-(-count // EACH))
        with processes() as pool:
            drawn = pool.map(partial(_cut, album), numbers, chunksize=8)
            crops = np.concatenate(list(tqdm(drawn, total=len(numbers), desc="crops", unit="picture")))
        partial_file = work / f"crops-{count}.part.npy"
        np.save(partial_file, crops[:count])
        partial_file.rename(file)
    found: NDArray[np.uint8] = np.load(file, mmap_mode="r")
    return found


def _cut(album: Album, number: int) -> NDArray[np.uint8]:
    random = np.random.default_rng((SEED, number, 2))
    side = SIZES[int(random.integers(len(SIZES)))]
    pixels = album.draw(SEED, number, (side, side))
    corners = random.integers(0, side - CROP + 1, size=(EACH, 2))
    return np.stack([pixels[y : y + CROP, x : x + CROP] for y, x in corners])
