"""What requests ask of an engine, checked and as numbers. Ranges are those of the proto."""

from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True, slots=True)
class TextParams:
    """A text request, tokenised."""

    prompt_ids: tuple[int, ...]
    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repetition_penalty: float
    seed: int
    stop_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit starts from: an upright RGB image of the request's size and how much may change.

    `mask`, of the image's size in mode "L", is 255 where the image changes and 0 where it stays.
    """

    image: Image.Image
    strength: float
    mask: Image.Image | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageParams:
    """An image of `width` x `height` pixels; a changed one with `edit`, an animation above one frame.

    The prompts carry the style's words. `preview_every` 0 means no previews.
    """

    prompt: str
    negative_prompt: str
    num_inference_steps: int
    guidance_scale: float
    seed: int
    preview_every: int
    width: int
    height: int
    edit: Edit | None = None
    num_frames: int = 1
    motion: float = 0.0

    @property
    def steps_to_run(self) -> int:
        """Denoising steps of one image: an edit runs only the schedule's last ones."""
        if self.edit is None:
            return self.num_inference_steps
        return steps_to_run(self.num_inference_steps, self.edit.strength)


Params = TextParams | ImageParams


def steps_to_run(num_inference_steps: int, strength: float) -> int:
    """How many steps of a schedule an edit runs: strength times steps, rounded down."""
    # 0.29 x 100 is 28.999999999999996 in binary and 29 to whoever asked.
    return int(num_inference_steps * strength + 1e-6)
