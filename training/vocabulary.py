"""What the model knows by name: the words for a thing, and the picture set's name of it."""

from dataclasses import dataclass

# Each line: words people use, the first one the name in every report, then the sets' own name where
# it differs. Kept to what is drawn alike in all sets and told apart at a glance.
_THINGS = """
cat, kitten, kitty = cat-face | dog, puppy = dog-face | mouse = mouse-face | rabbit, bunny = rabbit-face
fox | bear | panda | koala | tiger = tiger-face | lion | cow = cow-face | pig, piglet = pig-face | frog
monkey = monkey-face | chicken | penguin | owl | wolf | horse, pony = horse-face | unicorn | polar bear
elephant | giraffe | zebra | duck | swan | flamingo | turtle, tortoise | snake | t-rex, dinosaur
whale = spouting-whale | dolphin | fish = tropical-fish | shark | octopus | crab | snail | butterfly
bee, honeybee = honeybee | ladybug, ladybird = lady-beetle | spider | hedgehog | rose | tulip | sunflower
cherry blossom = cherry-blossom | cactus | palm tree = palm-tree | pine tree, fir tree = evergreen-tree
tree = deciduous-tree | mushroom | clover = four-leaf-clover | maple leaf = maple-leaf
apple, red apple = red-apple | pear | orange, tangerine = tangerine | lemon | banana | watermelon | grapes
strawberry | cherries | pineapple | tomato | avocado | broccoli | corn = ear-of-corn | carrot | bread
croissant | cheese = cheese-wedge | egg | hamburger, burger = hamburger
french fries, chips = french-fries | pizza | hot dog = hot-dog | ice cream cone = soft-ice-cream
doughnut, donut = doughnut | cookie, biscuit = cookie | birthday cake, cake = birthday-cake | cupcake
lollipop | cup of coffee, coffee, tea = hot-beverage | teapot | wine glass, glass of wine = wine-glass
beer, mug of beer = beer-mug | popcorn | car = automobile | taxi, cab = taxi | bus
police car = police-car | fire truck, fire engine = fire-engine | tractor | bicycle, bike = bicycle
motorcycle, motorbike = motorcycle | steam train, train = locomotive | airplane, plane = airplane
helicopter | rocket, spaceship = rocket | flying saucer, ufo = flying-saucer
sailboat, sailing boat = sailboat | ship | anchor | truck, lorry = delivery-truck | house
house with garden = house-with-garden | castle | tent | volcano | snowman = snowman-without-snow
soccer ball, football = soccer-ball | basketball | trophy, cup = trophy | guitar | violin | drum | camera
television, tv = television | telephone, phone = telephone | laptop, computer = laptop
light bulb, lamp = light-bulb | candle | book = closed-book | pencil | scissors | key
padlock, lock = locked | hammer | crown | top hat = top-hat | diamond, gem = gem-stone | umbrella
backpack | running shoe, sneaker = running-shoe | t-shirt, shirt = t-shirt | dress
alarm clock = alarm-clock | hourglass = hourglass-done | bell | gift, present = wrapped-gift | balloon
teddy bear = teddy-bear | robot | ghost | skull | alien | pumpkin, jack-o-lantern = jack-o-lantern
christmas tree = christmas-tree | snowflake | crescent moon, moon = crescent-moon | cloud | rainbow
fire, flame = fire | water drop, drop = droplet | globe, earth = globe-showing-americas | telescope | kite
dice, die = game-die | smiley, smiling face = grinning-face | sun = sun-with-face
lightning = high-voltage
"""

# Heads that can wear sunglasses or a hat: the name, then where the eyes and the top of the head are
# in the picture set's square, as fractions from the top.
_HEADS = {
    "cat": (0.53, 0.24), "dog": (0.42, 0.14), "mouse": (0.55, 0.28), "rabbit": (0.60, 0.42),
    "fox": (0.52, 0.26), "bear": (0.47, 0.18), "panda": (0.49, 0.18), "koala": (0.46, 0.18),
    "tiger": (0.47, 0.18), "lion": (0.46, 0.20), "cow": (0.45, 0.18), "pig": (0.46, 0.18),
    "frog": (0.28, 0.14), "monkey": (0.46, 0.16), "polar bear": (0.47, 0.18),
    "wolf": (0.48, 0.20), "smiley": (0.36, 0.08),
    "robot": (0.45, 0.20), "alien": (0.50, 0.12), "skull": (0.46, 0.10),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thing:
    """Something with a name. `words` are what people call it, `icon` what the picture sets do."""

    words: tuple[str, ...]
    icon: str

    @property
    def name(self) -> str:
        """The first of its words."""
        return self.words[0]


@dataclass(frozen=True, slots=True)
class Head:
    """A thing that can wear something; `eyes` and `top` are fractions of its height from above."""

    thing: Thing
    eyes: float
    top: float


def _thing(line: str) -> Thing:
    words, _, icon = (part.strip() for part in line.partition("="))
    names = tuple(word.strip() for word in words.split(","))
    return Thing(names, icon or names[0].replace(" ", "-"))


THINGS = tuple(_thing(line) for line in _THINGS.replace("\n", "|").split("|") if line.strip())
BY_NAME = {thing.name: thing for thing in THINGS}
HEADS = tuple(Head(BY_NAME[name], eyes, top) for name, (eyes, top) in _HEADS.items())
SUNGLASSES = Thing(("sunglasses",), "sunglasses")
TOP_HAT = BY_NAME["top hat"]


def every_thing(names: tuple[str, ...]) -> tuple[Thing, ...]:
    """The chosen things, and each of the picture sets' other names as it is."""
    chosen = {thing.icon for thing in THINGS}
    return THINGS + tuple(Thing((name.replace("-", " "),), name) for name in names if name not in chosen)
