"""What the model knows by name: the words for a thing, and the picture set's name of it."""

from dataclasses import dataclass

# Each line: words people use, the first one the name in every report, then the sets' own name where
# it differs. Kept to what is drawn alike in all sets and told apart at a glance.
_THINGS = """
cat, kitten, kitty = cat-face | dog, puppy = dog-face | mouse = mouse-face | rabbit, bunny = rabbit-face
fox | bear | panda | koala | tiger = tiger-face | lion | cow = cow-face | pig, piglet = pig-face | frog
monkey = monkey-face | chicken | penguin | owl | wolf | horse, pony = horse-face | unicorn | polar bear
hamster | raccoon | elephant | giraffe | zebra | camel = two-hump-camel | kangaroo | sheep, lamb = ewe
deer | duck | swan | flamingo | peacock | parrot | eagle | bat | turtle, tortoise | snake
crocodile, alligator | t-rex, dinosaur | whale = spouting-whale | dolphin | fish = tropical-fish | shark
octopus | crab | lobster | snail | butterfly | bee, honeybee = honeybee
ladybug, ladybird = lady-beetle | spider | hedgehog | otter | sloth | rooster | rose | tulip | sunflower
hibiscus | cherry blossom = cherry-blossom | cactus | palm tree = palm-tree
pine tree, fir tree = evergreen-tree | tree = deciduous-tree | mushroom | clover = four-leaf-clover
maple leaf = maple-leaf | bouquet | potted plant = potted-plant | apple, red apple = red-apple
green apple = green-apple | pear | orange, tangerine = tangerine | lemon | banana | watermelon | grapes
strawberry | blueberries | cherries | peach | mango | pineapple | coconut | kiwi = kiwi-fruit | tomato
eggplant, aubergine = eggplant | avocado | broccoli | cucumber | chili pepper = hot-pepper
corn = ear-of-corn | carrot | potato | garlic | onion | bread | croissant | pretzel
cheese = cheese-wedge | egg | bacon | hamburger, burger = hamburger | french fries, chips = french-fries
pizza | hot dog = hot-dog | sandwich | taco | sushi | ice cream cone = soft-ice-cream
doughnut, donut = doughnut | cookie, biscuit = cookie | birthday cake, cake = birthday-cake | cupcake
pie | candy | lollipop | honey = honey-pot | cup of coffee, coffee, tea = hot-beverage | teapot
wine glass, glass of wine = wine-glass | beer, mug of beer = beer-mug | popcorn | pancakes
spaghetti, pasta = spaghetti | car = automobile | taxi, cab = taxi | bus | police car = police-car
ambulance | fire truck, fire engine = fire-engine | tractor | bicycle, bike = bicycle
motorcycle, motorbike = motorcycle | steam train, train = locomotive | airplane, plane = airplane
helicopter | rocket, spaceship = rocket | flying saucer, ufo = flying-saucer
sailboat, sailing boat = sailboat | ship | anchor | truck, lorry = delivery-truck
racing car, race car = racing-car | scooter = kick-scooter | house
house with garden = house-with-garden | castle | tent | volcano | ferris wheel = ferris-wheel | church
fountain | factory | snowman = snowman-without-snow | soccer ball, football = soccer-ball | basketball
baseball | tennis racket, tennis = tennis | trophy, cup = trophy | guitar | violin | trumpet | drum
camera | television, tv = television | radio | telephone, phone = telephone | laptop, computer = laptop
light bulb, lamp = light-bulb | candle | book = closed-book | books | pencil | paintbrush
palette = artist-palette | scissors | key | padlock, lock = locked | hammer | wrench, spanner = wrench
magnet | crown | top hat = top-hat | diamond, gem = gem-stone | umbrella | backpack | handbag
running shoe, sneaker = running-shoe | t-shirt, shirt = t-shirt | dress | socks | watch
alarm clock = alarm-clock | hourglass = hourglass-done | bell | gift, present = wrapped-gift | balloon
teddy bear = teddy-bear | robot | ghost | skull | alien | pumpkin, jack-o-lantern = jack-o-lantern
christmas tree = christmas-tree | snowflake | crescent moon, moon = crescent-moon | cloud | rainbow
fire, flame = fire | water drop, drop = droplet | globe, earth = globe-showing-americas | telescope
microscope | chair | bomb | dagger, knife = dagger | shield | kite | dice, die = game-die
game controller = video-game | magic wand = magic-wand | money bag = money-bag
shopping cart = shopping-cart | basket | toothbrush | smiley, smiling face = grinning-face
sun = sun-with-face | lightning = high-voltage
"""

# Heads that can wear sunglasses or a hat: the name, then where the eyes and the top of the head are
# in the picture set's square, as fractions from the top.
_HEADS = {
    "cat": (0.53, 0.24), "dog": (0.42, 0.14), "mouse": (0.55, 0.28), "rabbit": (0.60, 0.42),
    "fox": (0.52, 0.26), "bear": (0.47, 0.18), "panda": (0.49, 0.18), "koala": (0.46, 0.18),
    "tiger": (0.47, 0.18), "lion": (0.46, 0.20), "cow": (0.45, 0.18), "pig": (0.46, 0.18),
    "frog": (0.28, 0.14), "monkey": (0.46, 0.16), "polar bear": (0.47, 0.18),
    "hamster": (0.47, 0.18), "raccoon": (0.50, 0.22), "wolf": (0.48, 0.20), "smiley": (0.36, 0.08),
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
