"""What a failure inside an engine is called outside of it."""

from service import errors
from service.engine.events import Failure
from service.engine.messages import Modality


def as_error(failure: Failure, modality: Modality) -> errors.ServiceError:
    """The error that a request's caller gets."""
    if failure == "deadline":
        return errors.DeadlineExceeded("the deadline passed before the request was complete")
    if failure == "out_of_memory":
        return errors.OutOfMemory(
            f"the {modality} engine has not enough memory for this request, even alone: "
            f"reduce {'the width and height' if modality == 'image' else 'the prompt'}"
        )
    return errors.EngineError(f"the {modality} engine failed on this request")
