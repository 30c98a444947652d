"""Draws synthetic scenes: one to eight small objects on a mostly useless background.

A scene is a pure function of its seed and canvas size. Objects are one to three patches (14 px) wide, so that the
choice of visual tokens matters; backgrounds are faint enough to stay useless and flat enough to compress as PNG.
"""

import math
import random
from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

PATCH = 14
SHAPES = ("circle", "square", "triangle", "star", "ring", "cross")
COLORS = {
    "red": (220, 30, 35),
    "orange": (245, 140, 20),
    "yellow": (245, 225, 40),
    "green": (40, 165, 55),
    "cyan": (40, 215, 225),
    "blue": (35, 70, 215),
    "purple": (130, 40, 165),
    "pink": (250, 130, 190),
}
COLOR_NAMES = tuple(COLORS)
# Characters that stay apart at about twenty pixels of height (no 0/O, 5/S, 2/Z, 1/I, 8/B pairs).
CHARACTERS = "1234579ACEHKTX"
MIN_SIZE, MAX_SIZE, MIN_PRINTED_SIZE = 16, 48, 38
# A patch belongs to an object that covers at least this many of its 196 pixels.
OWNED_PIXELS = 16
SUPERSAMPLING = 4


@dataclass
class Object:
    shape: str
    color: str
    size: int
    x: int
    y: int
    character: str = ""


@dataclass
class Scene:
    seed: int
    canvas: int
    objects: list

    @property
    def middle(self):
        return self.canvas / 2, self.canvas / 2

    def to_json(self):
        return asdict(self)

    @staticmethod
    def from_json(record):
        return Scene(record["seed"], record["canvas"], [Object(**o) for o in record["objects"]])


def place(rng, canvas, size, taken):
    """A centre that keeps the object inside the canvas and clear of the others, or None."""
    half = size // 2 + 2
    for _ in range(40):
        x, y = rng.randint(half, canvas - half), rng.randint(half, canvas - half)
        if all(max(abs(x - o.x), abs(y - o.y)) > (size + o.size) / 2 + 3 for o in taken):
            return x, y
    return None


def sample_scene(seed, canvas=336, dense=False):
    """Objects first, pixels later: questions need only this. Dense scenes teach the tower more per picture."""
    rng = random.Random(seed)
    # By area: 168 pixels hold 8 to 14, and four of them large enough for characters.
    crowd = (canvas / 168) ** 2
    count = int(crowd * rng.randint(8, 14)) if dense else rng.randint(1, 8 if canvas >= 336 else 4)
    # Few colours or shapes make counting and unique descriptions interesting; many make descriptions unique.
    colors = rng.sample(COLOR_NAMES, rng.randint(2, len(COLOR_NAMES)))
    shapes = rng.sample(SHAPES, rng.randint(2, len(SHAPES)))
    objects = []
    for index in range(count):
        size, shape = rng.randint(MIN_SIZE, MAX_SIZE), rng.choice(shapes)
        if (index == 0 and rng.random() < 0.6) or (dense and index < 4 * crowd):
            size, shape = rng.randint(MIN_PRINTED_SIZE, MAX_SIZE), rng.choice(("circle", "square"))
        spot = place(rng, canvas, size, objects)
        if spot is None:
            continue
        printable = size >= MIN_PRINTED_SIZE and shape in ("circle", "square")
        character = rng.choice(CHARACTERS) if printable and rng.random() < 0.85 else ""
        objects.append(Object(shape, rng.choice(colors), size, *spot, character))
    return Scene(seed, canvas, objects)


def polygon(shape, radius, turn):
    """Corners of a shape around the origin, y downwards."""
    def at(angle, r):
        return (r * math.sin(angle + turn), -r * math.cos(angle + turn))

    if shape == "square":
        return [at(math.pi / 4 + k * math.pi / 2, radius * 1.27) for k in range(4)]
    if shape == "triangle":
        return [(x, y + radius * 0.2) for x, y in (at(k * 2 * math.pi / 3, radius * 1.15) for k in range(3))]
    if shape == "star":
        return [at(k * math.pi / 5, radius * (1.1 if k % 2 == 0 else 0.45)) for k in range(10)]
    arm = 0.32
    corners = [(-arm, -1), (arm, -1), (arm, -arm), (1, -arm), (1, arm), (arm, arm),
               (arm, 1), (-arm, 1), (-arm, arm), (-1, arm), (-1, -arm), (-arm, -arm)]
    c, s = math.cos(turn), math.sin(turn)
    return [(radius * (x * c - y * s), radius * (x * s + y * c)) for x, y in corners]


def object_mask(obj, turn):
    """Anti-aliased coverage of an object, as a tile a little larger than the object."""
    tile = obj.size + 8
    side = tile * SUPERSAMPLING
    mask = Image.new("L", (side, side))
    draw = ImageDraw.Draw(mask)
    middle, radius = side / 2, obj.size * SUPERSAMPLING / 2
    box = [middle - radius, middle - radius, middle + radius, middle + radius]
    if obj.shape in ("circle", "ring"):
        draw.ellipse(box, fill=255)
        if obj.shape == "ring":
            hole = radius * 0.55
            draw.ellipse([middle - hole, middle - hole, middle + hole, middle + hole], fill=0)
    else:
        draw.polygon([(middle + x, middle + y) for x, y in polygon(obj.shape, radius * 0.95, turn)], fill=255)
    return mask.resize((tile, tile), Image.Resampling.BOX)


def jitter(rng, color, amount):
    return tuple(max(0, min(255, c + rng.randint(-amount, amount))) for c in color)


def dull(rng, level):
    return jitter(rng, (level, level, level), 12)


def draw_background(rng, canvas):
    """Plain, gradient or cluttered; always dull, so that colour alone marks the objects."""
    level = rng.randint(45, 215)
    kind = rng.choice(("plain", "gradient", "clutter", "clutter"))
    image = Image.new("RGB", (canvas, canvas), dull(rng, level))
    if kind == "gradient":
        start, end = dull(rng, level), dull(rng, max(30, min(225, level + rng.choice((-45, 45)))))
        ramp = np.linspace(start, end, canvas).round().astype(np.uint8)
        image = Image.fromarray(np.repeat(ramp[:, None], canvas, axis=1))
        if rng.random() < 0.5:
            image = image.transpose(Image.Transpose.ROTATE_90)
    if kind == "clutter":
        draw_clutter(rng, ImageDraw.Draw(image), canvas, level)
    return image


def draw_clutter(rng, draw, canvas, level):
    scale = canvas / 336
    def spot():
        return rng.randint(0, canvas), rng.randint(0, canvas)

    for _ in range(int(rng.randint(2, 8) * scale**2) + 1):
        (x, y), w, h = spot(), rng.randint(20, 90), rng.randint(20, 90)
        shape = rng.choice((draw.rectangle, draw.ellipse))
        shape([x - w // 2, y - h // 2, x + w // 2, y + h // 2], fill=dull(rng, level + rng.randint(-18, 18)))
    for _ in range(int(rng.randint(2, 12) * scale)):
        draw.line([spot(), spot()], fill=dull(rng, level + rng.randint(-25, 25)), width=rng.randint(1, 2))
    for _ in range(int(rng.randint(0, 50) * scale**2)):
        (x, y), r = spot(), rng.randint(1, 2)
        draw.ellipse([x - r, y - r, x + r, y + r], fill=dull(rng, level + rng.randint(-40, 40)))


def draw_character(image, obj):
    r, g, b = COLORS[obj.color]
    ink = (15, 15, 15) if 0.3 * r + 0.59 * g + 0.11 * b > 115 else (250, 250, 250)
    # Pillow's built-in font: the same pixels on every machine, whatever fonts it has.
    font = ImageFont.load_default(size=obj.size * 0.66)
    ImageDraw.Draw(image).text((obj.x, obj.y), obj.character, fill=ink, font=font, anchor="mm")


def draw_scene(scene):
    """The picture, and for every patch the index of the object that owns it (-1 for none)."""
    rng = random.Random(scene.seed + 500_000_000)
    image = draw_background(rng, scene.canvas)
    coverage = np.zeros((len(scene.objects), scene.canvas, scene.canvas), dtype=bool)
    for index, obj in enumerate(scene.objects):
        mask = object_mask(obj, math.radians(rng.uniform(-10, 10)))
        left, top = obj.x - mask.width // 2, obj.y - mask.height // 2
        image.paste(jitter(rng, COLORS[obj.color], 10), (left, top), mask)
        if obj.character:
            draw_character(image, obj)
        plane = Image.new("L", image.size)
        plane.paste(mask, (left, top))
        coverage[index] = np.asarray(plane) > 127
    grid = scene.canvas // PATCH
    pixels = coverage.reshape(-1, grid, PATCH, grid, PATCH).sum(axis=(2, 4))
    owner = np.where(pixels.max(axis=0) >= OWNED_PIXELS, pixels.argmax(axis=0), -1).astype(np.int8)
    return image, owner
