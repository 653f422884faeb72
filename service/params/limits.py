"""What each field takes and what it is when unset. The proto's comments say the same in words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IntField:
    """A whole number from `lowest` to `highest`, and a `multiple` of something."""

    name: str
    lowest: int
    highest: int
    default: int
    multiple: int = 1


@dataclass(frozen=True, slots=True)
class FloatField:
    """A number from `lowest` (or above it, if `above`) to `highest`."""

    name: str
    lowest: float
    highest: float
    default: float
    above: bool = False


INT32_MAX = 2**31 - 1
SEED_MAX = 2**32 - 1

# Text
DEFAULT_MAX_TOKENS = 256  # or what the context leaves, if that is less
TEMPERATURE = FloatField("temperature", 0.0, 2.0, default=0.7)
TOP_P = FloatField("top_p", 0.0, 1.0, default=0.95)
TOP_K = IntField("top_k", 0, INT32_MAX, default=0)
MIN_P = FloatField("min_p", 0.0, 1.0, default=0.0)
REPETITION_PENALTY = FloatField("repetition_penalty", 0.1, 2.0, default=1.0)
MOST_STOP_STRINGS = 16
LONGEST_STOP_STRING = 256

# Images, edits and frames
LONGEST_IMAGE_PROMPT = 10_000
STEPS = IntField("num_inference_steps", 1, 150, default=30)
GUIDANCE = FloatField("guidance_scale", 0.0, 30.0, default=7.5)
WIDTH = IntField("width", 64, 2048, default=1024, multiple=8)
HEIGHT = IntField("height", 64, 2048, default=1024, multiple=8)
STRENGTH = FloatField("strength", 0.0, 1.0, default=0.8, above=True)
NUM_FRAMES = IntField("num_frames", 1, 64, default=4)
MOTION = FloatField("motion", 0.0, 1.0, default=0.5)
FPS = IntField("fps", 1, 60, default=8)
PREVIEW_EVERY = IntField("preview_every", 0, 150, default=0)
SHORTEST_UPLOAD_SIDE = 64
LONGEST_UPLOAD_SIDE = 4096


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What the operator allows: the area of one image and of all frames together, in pixels."""

    max_pixels: int
    max_frame_pixels: int
