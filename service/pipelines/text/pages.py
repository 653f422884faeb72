"""Which pages of the cache are whose, and which are kept because somebody may ask for them again.

A page is found by the tokens in it and by the page before it, so that equal keys mean equal prefixes. Pages
that are full and that no request holds stay until their place is needed; the one that was left longest ago
goes first. The idea is vLLM's automatic prefix caching
(https://docs.vllm.ai/en/latest/design/prefix_caching.html).
"""

from collections.abc import Sequence
from itertools import count

from service.pipelines.text.kv_cache import PAGE

Key = tuple[int, tuple[int, ...]]  # the serial of the page before, and the tokens
ROOT = 0  # the serial of what is before every first page


class PagePool:
    """Pages by number, 0 to `pages` - 1."""

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self._free = list(reversed(range(pages)))
        self._holders = [0] * pages
        self._serials = count(ROOT + 1)
        self._known: dict[Key, tuple[int, int]] = {}  # to the page and its serial
        self._key_of: dict[int, Key] = {}
        self._left: dict[int, None] = {}  # known pages that nobody holds, the oldest first

    @property
    def held(self) -> int:
        """How many pages requests hold."""
        return self.pages - len(self._free) - len(self._left)

    def take(self, count: int) -> list[int]:
        """Pages to write. There must be so many that no request holds."""
        return [self._take_one() for _ in range(count)]

    def find(self, tokens: Sequence[int]) -> tuple[list[int], int]:
        """Takes the pages that begin these tokens, whole ones only; returns them and the last serial."""
        pages: list[int] = []
        serial = ROOT
        for start in range(0, len(tokens) - PAGE + 1, PAGE):
            found = self._known.get((serial, tuple(tokens[start : start + PAGE])))
            if found is None:
                break
            page, serial = found
            self._left.pop(page, None)
            self._holders[page] += 1
            pages.append(page)
        return pages, serial

    def keep(self, page: int, before: int, tokens: Sequence[int]) -> int:
        """Lets others find a full page that is held; `before` is the serial of the page before it.

        Returns its serial, or that of an equal page that is known already.
        """
        key = (before, tuple(tokens))
        if key in self._known:
            return self._known[key][1]
        serial = next(self._serials)
        self._known[key] = (page, serial)
        self._key_of[page] = key
        return serial

    def give_back(self, pages: Sequence[int]) -> None:
        """Ends a request's hold, the last page first, so that beginnings are kept longest."""
        for page in reversed(pages):
            self._holders[page] -= 1
            if not self._holders[page]:
                if page in self._key_of:
                    self._left[page] = None
                else:
                    self._free.append(page)

    def _take_one(self) -> int:
        if self._free:
            page = self._free.pop()
        else:
            page = next(iter(self._left))
            del self._left[page]
            del self._known[self._key_of.pop(page)]
        self._holders[page] = 1
        return page
