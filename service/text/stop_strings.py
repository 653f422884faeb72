"""Ends a text before the first stop string, though its characters arrive a few at a time."""

from collections.abc import Sequence


class StopStrings:
    """Watches one text for stop strings; with none it passes everything on at once.

    The first stop string is the one that is complete first (of several, the longest), so that the
    result does not depend on how the text is cut into pieces.
    """

    def __init__(self, stop: Sequence[str]) -> None:
        self.stopped = False
        self._stop = tuple(stop)
        self._held = ""
        longest = max(map(len, stop), default=0)
        # By length: what the held text ends with if it could still become a stop string.
        self._beginnings = [tuple({s[:n] for s in stop if len(s) > n}) for n in range(longest)]

    def push(self, text: str) -> str:
        """What of the text so far is safe to send; nothing more once `stopped`."""
        if self.stopped:
            return ""
        if not self._stop:
            return text
        text = self._held + text
        cut = self._first(text)
        self.stopped = cut is not None
        keep = len(text) - self._could_begin(text) if cut is None else cut
        self._held = "" if self.stopped else text[keep:]
        return text[:keep]

    def flush(self) -> str:
        """At the end of the text: what was held back and did not become a stop string."""
        held, self._held = self._held, ""
        return held

    def _first(self, text: str) -> int | None:
        found = [(at + len(stop), at) for stop in self._stop if (at := text.find(stop)) >= 0]
        return min(found)[1] if found else None

    def _could_begin(self, text: str) -> int:
        """The length of the longest suffix that begins a stop string."""
        longest = min(len(self._beginnings) - 1, len(text))
        return next((n for n in range(longest, 0, -1) if text.endswith(self._beginnings[n])), 0)
