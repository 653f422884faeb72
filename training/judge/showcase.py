"""The prompts of the documentation's contact sheet: something of everything the model knows."""

from service.styles import DEFAULT_STYLE, STYLES
from training.judge.request import Request

PROMPTS = (
    # landscapes
    "A beautiful sunset over mountains",
    "The ocean at night",
    "A city skyline at night",
    "The desert by day",
    "A forest at dusk",
    "A field of flowers under a blue sky",
    "A snowy landscape under the stars",
    # dressed
    "A cat wearing sunglasses",
    "A panda with a hat",
    "A lion in sunglasses",
    "A robot wearing a top hat",
    # solids and shapes
    "A spinning cube",
    "A rotating red sphere",
    "A blue cone on a white background",
    "A red heart on a pink background",
    "A yellow star on a blue background",
    "A green triangle on a black background",
    "A purple ring",
    # single things
    "A dog",
    "An astronaut's rocket",
    "A cup of coffee",
    "A castle",
    "A birthday cake",
    "A sailboat",
    "A sunflower",
    "A laptop",
    "A pizza",
    # before colours
    "A strawberry on a turquoise background",
    "A penguin in front of an orange wall",
    "A guitar on a purple background",
    "A crown against a black background",
    "A flamingo on a gradient from blue to yellow",
    # in landscapes
    "A horse in a meadow",
    "A polar bear in the snow",
    # several
    "A fox and a rabbit",
    "An apple next to a banana",
    "A moon above a house",
    "A car on the left and a bus on the right",
    "Two balloons",
    "Three tulips on a blue background",
    "Four cookies",
)
IN_EVERY_STYLE = "A fox on a green background"


def showcase(size: int, seed: int = 1) -> list[Request]:
    """Sixty requests: the prompts in the default style, and one prompt in every style."""
    wishes = [(prompt, DEFAULT_STYLE) for prompt in PROMPTS]
    wishes += [(IN_EVERY_STYLE, style) for style in STYLES]
    return [Request(prompt, seed, size, size, style) for prompt, style in wishes]
