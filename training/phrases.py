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
    "{x}, very beautiful",
    "{x}, high quality",
    "can you make {x}?",
    "generate {x}",
)
ADJECTIVES = ("beautiful", "cute", "nice", "lovely", "pretty", "simple", "big", "small", "great")
COUNTS = {2: "two", 3: "three", 4: "four"}
