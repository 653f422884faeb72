"""An image engine that runs out of memory over images of certain widths, in pixels.

For processes that have this folder on their path from the start, as PYTHONPATH puts it there: Python
runs the `sitecustomize.py` that it finds first.
"""

ADMISSION = 72  # before the first step
ENCODE = 80  # while an upload becomes latents
STEP = 88  # in the second half of the denoising
TOGETHER = 96  # in a UNet call of more than one image
DECODE = 104  # while latents become pixels, however small the tiles
TILED = 1024  # while latents become pixels, all at once

BALLAST = 64 * 2**20  # bytes that are held when an allocation fails
