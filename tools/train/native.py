"""Pictures at their own resolution: rectangles of many sizes, cells of two by two patches, and batches of them."""

from dataclasses import dataclass, replace

import numpy as np

from config import GRID, IMAGE
from data import UNKNOWN, Asked, Batches, Pool, kept_tokens, pack
from scenes import COLOR_NAMES, PATCH, SHAPES, Scene
from targets import IGNORED, gap_target, mention_targets, patch_targets, scene_targets

CELL = 2 * PATCH
# What rectangles are cut out of.
LARGE = 448
# Rows and columns of cells: from an eighth of a bundled scene to somewhat more than one.
SMALLEST, LONGEST, MOST_CELLS = 4, LARGE // CELL, 168
# Pixels around an object's centre that its drawing stays in, beyond half its size.
MARGIN = 6


@dataclass
class Crop(Scene):
    """Part of a scene, wider than high or the other way round."""
    height: int = IMAGE
    width: int = IMAGE

    @property
    def middle(self):
        return self.width / 2, self.height / 2


def crop(scene, owner, top, left, height, width):
    """The part of a scene that lies in a rectangle of whole patches, and its owners; objects cut off count if seen."""
    part = owner[top // PATCH:(top + height) // PATCH, left // PATCH:(left + width) // PATCH]
    seen = [i for i in range(len(scene.objects)) if (part == i).any()]
    number = np.full(len(scene.objects) + 1, -1, dtype=part.dtype)
    number[seen] = range(len(seen))
    objects = [replace(scene.objects[i], x=scene.objects[i].x - left, y=scene.objects[i].y - top) for i in seen]
    return Crop(scene.seed, scene.canvas, objects, height, width), number[part]


def cells(grid):
    """[..., rows, columns] of patches as [..., rows / 2, columns / 2, 4]."""
    grid = grid.reshape(*grid.shape[:-2], grid.shape[-2] // 2, 2, grid.shape[-1] // 2, 2)
    return grid.swapaxes(-3, -2).reshape(*grid.shape[:-4], grid.shape[-4], grid.shape[-2], 4)


def cell_weights(owner, centres):
    """Which of its patches stand for a cell, as shares: those with an object's centre, else those of the object that
    owns most, else all."""
    owners, centres = cells(owner), cells(centres) > 0
    owned = (owners[..., None] == owners[..., None, :]).sum(-1) * (owners >= 0)
    chosen = np.where(owned.max(-1, keepdims=True) > 0, owners == np.take_along_axis(
        owners, owned.argmax(-1)[..., None], axis=-1), True)
    chosen = np.where(centres.any(-1, keepdims=True), centres, chosen)
    return (chosen / chosen.sum(-1, keepdims=True)).astype(np.float32)


def native_targets(scene, owner):
    """Patch targets [5, rows, columns], the same of cells, which patches stand for cells, pairs, number."""
    places = patch_targets(scene, owner)
    weights = cell_weights(owner, places[4])
    fine = cells(places)
    coarse = np.take_along_axis(fine, weights.argmax(-1)[None, ..., None], axis=-1)[..., 0]
    coarse[4] = fine[4].max(-1)
    return places, coarse, weights, *scene_targets(scene)


def unknown_targets(owner):
    """Of an outside picture."""
    rows, columns = owner.shape
    return (np.full((5, rows, columns), IGNORED, dtype=np.float32),
            np.full((5, rows // 2, columns // 2), IGNORED, dtype=np.float32),
            np.full((rows // 2, columns // 2, 4), 0.25, dtype=np.float32),
            np.zeros(len(COLOR_NAMES) * len(SHAPES), dtype=np.float32), IGNORED)


class NativeBatches(Batches):
    """Batches of pictures of one size: whole ones, or, with `rectangles`, parts of them of a size drawn for each batch.

    Rectangles hold all objects of a scene if questions are asked; without questions, whatever lies in them.
    """

    def __init__(self, run, stage, folder, prompts, seed, features=None, rectangles=False, **others):
        super().__init__(run, stage, folder, prompts, seed, features, **others)
        self.rectangles = rectangles
        if rectangles and stage.questions:
            self.scenes = Pool(folder, f"{stage.kind}-{LARGE}")

    def size(self):
        """Height and width of this batch's pictures."""
        while True:
            rows, columns = (self.rng.randint(SMALLEST, LONGEST) for _ in range(2))
            if self.stage.questions == 0:
                # Small ones teach as much for each patch, and do not pay for attention.
                rows, columns = (min(n, GRID // 2) for n in (rows, columns))
            if rows * columns <= MOST_CELLS:
                return rows * CELL, columns * CELL

    def part(self, height, width):
        """A rectangle of the next scene that has one: picture, owners, scene."""
        while True:
            image, owner, record = self.next_key("scenes")
            scene = Scene.from_json(record)
            if self.stage.questions == 0:
                top, left = (PATCH * self.rng.randint(0, (len(image) - n) // PATCH) for n in (height, width))
            else:
                spots = [fitting([(getattr(o, axis) - o.size // 2 - MARGIN, getattr(o, axis) + o.size // 2 + MARGIN)
                                  for o in scene.objects], length, len(image))
                         for axis, length in (("y", height), ("x", width))]
                if not all(spots):
                    continue
                top, left = map(self.rng.choice, spots)
            return image[top:top + height, left:left + width], *reversed(crop(scene, owner, top, left, height, width))

    def ask(self, scene):
        questions = self.sampler.sample(scene, self.stage.questions, self.rng) if self.stage.questions else []
        return [Asked(q.text, q.answer, q.category, mention_targets(scene, q, self.prompts.ends(q.text)),
                      gap_target(scene, q)) for q in questions]

    def draw(self, size):
        """Picture or features, questions, targets."""
        if self.rectangles:
            image, owner, scene = self.part(*size)
            return image, self.ask(scene), native_targets(scene, owner)
        easy = self.stage.questions and self.easy.index and self.rng.random() < self.run.easy_share
        image, owner, record = self.next_key("easy" if easy else "scenes")
        if easy:
            asked = self.rng.sample(record["questions"], min(len(record["questions"]), self.stage.questions))
            return image, [Asked(*q, "easy-vqa", *UNKNOWN) for q in asked], unknown_targets(owner)
        scene = Scene.from_json(record)
        return image, self.ask(scene), native_targets(scene, owner)

    def next(self):
        """A batch's arrays, and the categories of its questions."""
        shown, asked, targets = zip(*(self.draw(size) for size in [self.size()] * self.stage.images))
        names = ("patches", "cells", "weights", "pairs", "counts")
        arrays = {name: np.stack(values) for name, values in zip(names, zip(*targets))} | pack(asked, self.prompts)
        rows, columns = arrays["cells"].shape[2:]
        places = np.stack(np.meshgrid(range(rows), range(columns), indexing="ij"), axis=-1).reshape(1, -1, 2)
        arrays |= {"places": places.repeat(len(shown), axis=0), "side": np.array(max(rows, columns))}
        inside = (arrays["cells"][:, 0] > 0).reshape(len(shown), -1)
        if self.rng.random() < self.stage.pruned and self.stage.questions:
            kept = kept_tokens(inside, rows * columns, self.rng, fewest=8)
            arrays["kept"] = kept
        arrays["features" if self.stage.frozen else "images"] = np.stack(shown)
        return arrays, [[q.category for q in questions] for questions in asked]


def fitting(spans, length, canvas):
    """Where a stretch of whole patches of that length may begin so that it holds all spans."""
    low, high = min(s for s, _ in spans), max(e for _, e in spans)
    return [start for start in range(0, canvas - length + 1, PATCH) if start <= low and start + length >= high]
