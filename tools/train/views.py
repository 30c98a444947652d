"""High resolution as LLaVA-NeXT has it: a thumbnail of the picture and four crops, each as large as the tower's pictures."""

import numpy as np
from PIL import Image

from config import GRID, VIEW
from scenes import PATCH, Scene
from targets import IGNORED, patch_targets, scene_targets

SIDE = VIEW * PATCH
VIEWS = 5
# Heights and widths that a picture may be fitted to; the trained one, and a few for other shapes.
PINPOINTS = [[SIDE * rows, SIDE * columns] for rows, columns in ((2, 2), (1, 2), (2, 1), (1, 3), (3, 1))]


def quarters(grid):
    """The four corners of [..., 2n, 2n] as [4, ..., n, n], row by row."""
    half = grid.shape[-1] // 2
    return np.stack([grid[..., i:i + half, j:j + half] for i in (0, half) for j in (0, half)])


def views(image):
    """[5, SIDE, SIDE, 3] of a picture of twice that size: the thumbnail as the image processor makes it, then the crops."""
    thumbnail = np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return np.concatenate([thumbnail[None], quarters(image.transpose(2, 0, 1)).transpose(0, 2, 3, 1)])


def packed_rows():
    """Which of the views' tokens lies where in front of the decoder: the thumbnail's, then the crops' as one map, each row
    of which ends with a newline (-1)."""
    crops = VIEW * VIEW * np.arange(1, VIEWS).reshape(2, 1, 2, 1)
    places = crops + np.arange(VIEW * VIEW).reshape(1, VIEW, 1, VIEW)
    rows = np.pad(places.reshape(GRID, GRID), ((0, 0), (0, 1)), constant_values=-1)
    return np.concatenate([np.arange(VIEW * VIEW), rows.ravel()])


PACKED = packed_rows()


def view_targets(scene, owner):
    """Patch targets, pairs and numbers of objects of the five views."""
    whole = patch_targets(scene, owner)
    # Of the four patches that a thumbnail's patch covers, one of the object that owns most of them.
    cells = owner.reshape(VIEW, 2, VIEW, 2).transpose(0, 2, 1, 3).reshape(VIEW, VIEW, 4)
    chosen = ((cells[..., None] == cells[..., None, :]).sum(-1) * (cells >= 0)).argmax(-1)[..., None]
    fine = whole.reshape(5, VIEW, 2, VIEW, 2).transpose(0, 1, 3, 2, 4).reshape(5, VIEW, VIEW, 4)
    small = np.take_along_axis(fine, chosen[None], axis=-1)[..., 0]
    # Characters are for the crops to show: nobody asks the tower to read them here.
    small[2], small[3], small[4] = IGNORED, small[3] / 2, fine[4].max(-1)
    owners = np.concatenate([np.take_along_axis(cells, chosen, axis=-1)[None, ..., 0], quarters(owner)])
    shown = [Scene(scene.seed, scene.canvas, [o for i, o in enumerate(scene.objects) if (part == i).any()]) for part in owners]
    pairs, counts = zip(*map(scene_targets, shown))
    return np.concatenate([small[None], quarters(whole)]), np.stack(pairs), np.array(counts)
