"""Running out of memory, told apart from other failures."""

import contextlib
import traceback
from collections.abc import Iterator

import torch

from service.engine.pipeline import OutOfMemory


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an allocation failed: on a GPU a class of its own, on a CPU a RuntimeError's text."""
    if isinstance(error, RuntimeError):
        words = ("can't allocate memory", "out of memory", "could not create a memory object")
        return isinstance(error, torch.OutOfMemoryError) or any(text in str(error) for text in words)
    return isinstance(error, MemoryError)


@contextlib.contextmanager
def out_of_memory() -> Iterator[None]:
    """Turns failed allocations inside into OutOfMemory, with what can be given back given back."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        traceback.clear_frames(error.__traceback__)  # they hold what was allocated until the failure
        release()
        raise OutOfMemory(str(error)) from None


def release() -> None:
    """Gives cached blocks back to the device."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
