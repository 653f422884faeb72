"""How long requests will take, from how long others took."""

SMOOTHING = 0.2


class Pace:
    """Seconds a step for each pixel and row, averaged over the steps seen so far."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def note(self, stage: str, work: float, seconds: float) -> None:
        """Notes a step of a stage that did so much work."""
        rate = seconds / work
        known = self._seconds.setdefault(stage, rate)
        self._seconds[stage] = known + SMOOTHING * (rate - known)

    def seconds(self, stage: str, work: float) -> float:
        """The seconds that so much work of a stage should take; 0 before any was seen."""
        return self._seconds.get(stage, 0.0) * work
