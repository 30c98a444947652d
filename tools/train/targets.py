"""What the auxiliary heads learn: what lies under patches, what a scene holds, what a question speaks of."""

from bisect import bisect_left

import numpy as np

from config import IMAGE
from scenes import CHARACTERS, COLOR_NAMES, MAX_SIZE, PATCH, SHAPES

IGNORED = -100
MOST_COUNTED = 8
# Of each noun phrase: its last token, how many objects it fits; then place, colour, shape and character of the only one.
MENTIONS, MENTION_FIELDS = 2, 7


def patch_targets(scene, owner):
    """Per patch: colour, shape, character (0 = background or none), relative size, and whether a centre lies in it."""
    targets = np.zeros((5, *owner.shape), dtype=np.float32)
    for index, o in enumerate(scene.objects):
        where = owner == index
        targets[0][where] = 1 + COLOR_NAMES.index(o.color)
        targets[1][where] = 1 + SHAPES.index(o.shape)
        targets[2][where] = 1 + CHARACTERS.index(o.character) if o.character else 0
        targets[3][where] = o.size / MAX_SIZE
        row, column = o.y // PATCH, o.x // PATCH
        # A rectangle cut out of a picture may show part of an object without its centre.
        if 0 <= row < owner.shape[0] and 0 <= column < owner.shape[1]:
            targets[4, row, column] = 1
    return targets


def scene_targets(scene):
    """Which colour-shape pairs are present, and how many objects there are (8 for more)."""
    pairs = np.zeros((len(COLOR_NAMES), len(SHAPES)), dtype=np.float32)
    for o in scene.objects:
        pairs[COLOR_NAMES.index(o.color), SHAPES.index(o.shape)] = 1
    return pairs.ravel(), min(len(scene.objects), MOST_COUNTED)


def mention_targets(scene, question, ends):
    """`ends` says where in the text each of the question's tokens ends."""
    rows = np.full((MENTIONS, MENTION_FIELDS), IGNORED, dtype=np.float32)
    for row, (end, objects) in zip(rows, question.mentions):
        row[:2] = bisect_left(ends, end), min(len(objects), MOST_COUNTED)
        if len(objects) == 1:
            o = scene.objects[objects[0]]
            row[2:] = (o.x / IMAGE, o.y / IMAGE, COLOR_NAMES.index(o.color), SHAPES.index(o.shape),
                       1 + CHARACTERS.index(o.character) if o.character else 0)
    return rows


def gap_target(scene, question):
    """How far the first object of a relation lies from the second, or that of a quadrant from the picture's middle."""
    if question.category not in ("relation", "quadrant"):
        return np.full(2, IGNORED, dtype=np.float32)
    places = [(scene.objects[objects[0]].x, scene.objects[objects[0]].y) for _, objects in question.mentions]
    first, second = np.array([*places, scene.middle][:2], dtype=np.float32)
    return (first - second) / IMAGE
