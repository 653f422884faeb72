"""How many rows one UNet call takes: as many as make it faster, by measurement for each shape."""

import logging
import time
from collections.abc import Callable

from service.engine.messages import EngineSpec
from service.engine.pipeline import OutOfMemory

Shape = tuple[int, int]
MOST_ROWS = 32
WORTH = 1.1  # twice the rows must bring this many times the rows a second
ROUNDS = 3
INVARIANT_IMAGES = 2
log = logging.getLogger(__name__)


class Widths:
    """Rows of a call by latent shape (height, width).

    On a CPU one request fills a call: wider ones gain nothing there, and its bytes then never
    depend on others. `measure(shape, rows)` runs a call of that size once.
    """

    def __init__(self, spec: EngineSpec, measure: Callable[[Shape, int], None]) -> None:
        self._measure = measure
        self._rows: dict[Shape, int] = {}
        self._fixed = 2 * spec.batch_images
        if not self._fixed and spec.device == "cpu":
            self._fixed = 1
        elif not self._fixed and spec.batch_invariant:
            # Measured widths differ from start to start, and bytes would with them.
            self._fixed = 2 * INVARIANT_IMAGES

    @property
    def shared(self) -> bool:
        """Whether any call may have room for two requests."""
        return self._fixed != 1

    def rows(self, shape: Shape) -> int:
        """The most rows of a call; measured when a shape is first asked for."""
        if shape not in self._rows:
            self._rows[shape] = self._fixed or self._knee(shape)
        return self._rows[shape]

    def shrink(self, shape: Shape, rows: int) -> None:
        """Notes that a call of so many rows did not fit the memory."""
        self._rows[shape] = max(1, min(self.rows(shape), rows // 2))

    def _knee(self, shape: Shape) -> int:
        rows, rate = 2, self._rate(shape, 2)
        while rows < MOST_ROWS and (wider := self._rate(shape, 2 * rows)) > WORTH * rate:
            rows, rate = 2 * rows, wider
        log.info("UNet calls of %d x %d latents are up to %d rows wide, %.1f rows/s", *shape, rows, rate)
        return rows

    def _rate(self, shape: Shape, rows: int) -> float:
        try:
            self._measure(shape, rows)
            began = time.monotonic()
            for _ in range(ROUNDS):
                self._measure(shape, rows)
        except OutOfMemory:
            return 0.0
        return ROUNDS * rows / (time.monotonic() - began)
