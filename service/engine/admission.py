"""Who may come in: a bounded house, and an honest guess when there will be room again."""

import time
from collections.abc import Callable

from service.errors import Overloaded

SMOOTHING = 0.2
FIRST_GUESS_S = 1.0
LONGEST_S = 60.0


class Admission:
    """Counts the requests of one engine, running and waiting.

    The wait for a place follows Little's law: with n requests inside that each stay T seconds, one
    leaves every T / n seconds. Refused callers who come back as told do not find each other there:
    each is promised the next place after the last one promised.
    """

    def __init__(self, name: str, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._limit = limit
        self._clock = clock
        self._stay_s = FIRST_GUESS_S * limit
        self._promised: list[float] = []
        self.inside = 0

    def enter(self) -> None:
        """Takes a place. Raises Overloaded, with the delay until one should be free."""
        if self.inside >= self._limit:
            raise Overloaded(
                f"{self.inside} {self._name} requests are running or waiting, the most that are taken",
                retry_after=self._promise(),
            )
        self.inside += 1

    def leave(self, seconds: float) -> None:
        """Gives a place back after a stay of `seconds`."""
        self.inside -= 1
        self._stay_s += SMOOTHING * (seconds - self._stay_s)

    def _promise(self) -> float:
        now = self._clock()
        interval = self._stay_s / self._limit
        self._promised = [at for at in self._promised if at > now]
        at = max([now, *self._promised]) + interval
        self._promised.append(at)
        return min(at - now, LONGEST_S)
