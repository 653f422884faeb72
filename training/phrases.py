"""The words that captions are made of."""

from training.grounds import Ground, Time

# Words that take no article: more than one, or not countable.
PLURAL = frozenset(
    {
        "grapes",
        "blueberries",
        "cherries",
        "bread",
        "corn",
        "garlic",
        "cheese",
        "bacon",
        "sushi",
        "honey",
        "popcorn",
        "pancakes",
        "spaghetti",
        "pasta",
        "books",
        "scissors",
        "socks",
        "dice",
        "fire",
        "coffee",
        "tea",
        "lightning",
        "sunglasses",
        "chips",
        "broccoli",
        "beer",
        "candy",
        "earth",
        "french fries",
    }
)

GROUND_WORDS: dict[Ground, tuple[str, ...]] = {
    "mountains": ("mountains", "the mountains", "a mountain range"),
    "sea": ("the sea", "the ocean"),
    "desert": ("the desert", "a desert", "sand dunes"),
    "forest": ("a forest", "the forest", "the woods"),
    "city": ("a city", "the city", "a city skyline"),
    "meadow": ("a meadow", "a field of flowers", "a green field"),
    "snow": ("a snowy landscape", "the snow", "a winter landscape"),
}
BEFORE: dict[Ground, tuple[str, ...]] = {
    "mountains": ("in the mountains", "in front of mountains"),
    "sea": ("by the sea", "at the ocean", "in front of the sea"),
    "desert": ("in the desert", "in a desert"),
    "forest": ("in a forest", "in the woods"),
    "city": ("in the city", "in front of a city"),
    "meadow": ("in a meadow", "in a field of flowers"),
    "snow": ("in the snow", "in a snowy landscape"),
}
TIME_WORDS: dict[Time, tuple[str, ...]] = {
    "day": ("", "", "by day", "under a blue sky", "in the daytime"),
    "sunset": ("at sunset", "at dusk", "in the evening sun"),
    "night": ("at night", "under the stars", "by moonlight"),
}
CASUAL: dict[str, tuple[str, ...]] = {
    "realistic": ("a realistic {x}", "{x}, realistic", "a 3d render of {x}", "a photo of {x}"),
    "digital-art": ("digital art of {x}", "{x}, digital art", "{x} as digital artwork"),
    "line-art": (
        "line art of {x}",
        "a line drawing of {x}",
        "{x}, line art",
        "black and white drawing of {x}",
    ),
    "comic-book": ("a comic of {x}", "{x} in a comic book", "{x}, comic style", "a cartoon of {x}"),
    "pixel-art": ("pixel art of {x}", "{x}, pixel art", "{x} in an 8-bit game", "a pixelated {x}"),
    "painting": ("a painting of {x}", "an oil painting of {x}", "{x}, painting", "a painted {x}"),
    "watercolor": ("a watercolor of {x}", "{x} in watercolors", "{x}, watercolor", "a watercolour of {x}"),
    "sketch": (
        "a sketch of {x}",
        "a pencil drawing of {x}",
        "{x}, pencil sketch",
        "a drawing of {x} in pencil",
    ),
    "neon-punk": ("neon {x}", "{x} as a neon sign", "{x}, neon lights", "a glowing neon {x}"),
}
CHANGES = ("Turn it into {x}", "turn this into {x}", "make it {x}", "change it to {x}", "as {x}", "{x}")
BACKDROPS = (
    "make the background {c}",
    "change the background to {c}",
    "a {c} background",
    "on {c}",
    "in front of {c}",
)
KINDS: dict[str, tuple[str, ...]] = {
    "realistic": ("a realistic picture", "a 3d render"),
    "digital-art": ("digital art",),
    "line-art": ("line art", "a line drawing"),
    "comic-book": ("a comic", "a cartoon"),
    "pixel-art": ("pixel art",),
    "painting": ("a painting", "an oil painting"),
    "watercolor": ("a watercolor", "a watercolour painting"),
    "sketch": ("a sketch", "a pencil sketch"),
    "neon-punk": ("neon art", "a neon sign"),
}
WRAPS = (
    *("{x}",) * 8,
    "a picture of {x}",
    "an image of {x}",
    "please draw {x}",
    "draw {x}",
    "{x}, please",
    "paint {x}",
    "show me {x}",
    "I want {x}",
    "I would like {x}",
    "{x}, very beautiful",
    "{x}, high quality",
    "can you make {x}?",
    "generate {x}",
    "{x}!",
    "{x}.",
    "there is {x}",
    "here you see {x}",
    "only {x}",
)
ODD_WRAPS = ("{s} {x}", "{s} {x}", "{s}: {x}", "{s}, {x}", "{x}, {s}", "{x} {s}", "{s} {x}, {s}", "{s} {x}?")
# What stands there is {x}, what is behind it {c}, as words mean it and as words between them that mean
# nothing can only be guessed.
PALE = ("{x}", "{x}", "{x}", "{x}", "{x} on a plain background", "{x} on a light background")
PLAIN = (
    "{x} on {a} {c} background",
    "{x} on {a} {c} background",
    "{x} on {c}",
    "{x} in front of {a} {c} wall",
    "{x} against {a} {c} background",
    "{x} with {a} {c} backdrop",
    "{x}, {c} background",
    "{x}. {c} background",
    "{x} and {a} {c} background",
    "{x}, the background is {c}",
    "{x} and the background should be {c}",
    "{x}, all {c} behind",
    "{x} with {c} behind it",
    "{a} {c} background with {x}",
    "on {a} {c} background {x}",
)
ODD_PLAIN = (
    "{x} {s} {a} {c} background",
    "{x} {s} {c} background",
    "{x} {s} background {c}",
    "{x} and {s} the background {c}",
    "{x} and {s} {a} {c} background",
    "{x} {s} {c}",
    "{x} {s} {a} {c} wall",
    "{x} in front of {a} {c} {s}",
    "{x} {s} {a} {c} {s}",
    "{x} on {a} {c} background {s}",
)
GRADED = (
    "{x} on a background from {c} to {d}",
    "{x} on a {c} to {d} gradient",
    "{x} on a gradient from {c} to {d}",
)
BESIDE = (
    "{a} and {b}",
    "{a} next to {b}",
    "{a} on the left and {b} on the right",
    "{a} on the left, {b} on the right",
    "{a} left, {b} right",
    "left {a}, right {b}",
    "{a} beside {b}",
    "{b} to the right of {a}",
    "{a} left of {b}",
    "{a} and {b} side by side",
    "{a} at the left and {b} at the right",
)
ABOVE = (
    "{a} above {b}",
    "{a} over {b}",
    "{b} below {a}",
    "{b} under {a}",
    "{a} at the top and {b} at the bottom",
    "{a} at the top, {b} at the bottom",
)
ADJECTIVES = ("beautiful", "cute", "nice", "lovely", "pretty", "simple", "big", "small", "great")
COUNTS = {2: "two", 3: "three", 4: "four"}
