"""The text of one answer, piece by piece: whole characters, and nothing of a stop string."""

from collections.abc import Sequence

from service.text.detokenizer import Detokenizer
from service.text.stop_strings import StopStrings
from service.text.tokenizer import TextTokenizer


class TextStream:
    """Turns the sampled tokens of one request into pieces that add up to its whole text."""

    def __init__(self, tokenizer: TextTokenizer, stop: Sequence[str]) -> None:
        """`stop`: strings that end the text, none of them empty."""
        self._stop_ids = tokenizer.stop_ids
        self._detokenizer = Detokenizer(tokenizer.token_bytes)
        self._stop_strings = StopStrings(stop)

    @property
    def stopped(self) -> bool:
        """Whether a stop string has ended the text."""
        return self._stop_strings.stopped

    def push(self, token_id: int) -> str:
        """The next piece, "" while nothing more is certain. The token that ends a text adds nothing."""
        if token_id in self._stop_ids:
            return ""
        return self._stop_strings.push(self._detokenizer.push(token_id))

    def flush(self) -> str:
        """The last piece, once no token follows: text held back in case it began a stop string."""
        return self._stop_strings.flush()
