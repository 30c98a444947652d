"""Heads that exist in training alone: reasons for the tower to see, and for the decoder to find what is asked about."""

import torch
import torch.nn.functional as F
from torch import nn

from config import GRID
from scenes import CHARACTERS, COLOR_NAMES, SHAPES
from targets import MOST_COUNTED


def mean(losses):
    """A batch may hold easy-VQA's pictures alone, of which nothing is known."""
    return losses.sum() / max(1, losses.numel())


SEEN = (1 + len(COLOR_NAMES), 1 + len(SHAPES), 1 + len(CHARACTERS), 1, 1)


def seen_loss(out, targets):
    """`out` [pictures, places, sum of SEEN] against colour, shape, character, size, centre [pictures, 5, places]."""
    color, shape, character, size, centre = out.split(SEEN, dim=-1)
    inside = targets[:, 0] > 0
    loss = F.binary_cross_entropy_with_logits(centre[..., 0], targets[:, 4], reduction="sum") / max(1, len(out)) * 0.1
    for logits, target, weight in ((color, targets[:, 0], 1), (shape, targets[:, 1], 1), (character, targets[:, 2], 2)):
        each = F.cross_entropy(logits.transpose(1, 2), target.long(), reduction="none")
        # Objects and background count by their means: background is nearly everything.
        loss = loss + weight * (mean(each[inside]) + 0.5 * mean(each[~inside]))
    return loss + 5 * mean((size[..., 0][inside] - targets[:, 3][inside]) ** 2)


class TowerHeads(nn.Module):
    """What lies under a patch, and what the class token's attention must gather.

    The heads for pairs read what attention adds to the class token, not the token itself: a head on the token would be
    content with what earlier blocks had gathered, and leave the attention row, which pruning reads, without a task.
    """

    def __init__(self, width, projected_width):
        super().__init__()
        self.patch_norm = nn.LayerNorm(width)
        self.patch = nn.Linear(width, sum(SEEN))
        self.pairs = nn.ModuleList(nn.Linear(width, len(COLOR_NAMES) * len(SHAPES)) for _ in range(2))
        self.counts = nn.ModuleList(nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1 + MOST_COUNTED)) for _ in range(2))
        self.position = nn.Linear(projected_width, 2)

    def forward(self, features, projected, classes, windows, patches, pairs, counts):
        known = counts >= 0
        grid = patches.shape[-1]
        patches = patches[known].flatten(2)
        inside = patches[:, 0] > 0
        loss = seen_loss(self.patch(self.patch_norm(features[known])).float(), patches)
        # Nothing else asks for positions before the decoder has learned to; until then they fade behind what is seen.
        steps = torch.arange(grid, device=windows.device)
        places = torch.stack([steps[:, None].expand(-1, grid), steps.expand(grid, -1)], dim=-1).flatten(0, 1)
        places = (windows[known][:, None] + places)[inside] / GRID
        loss = loss + 30 * mean((self.position(projected[known][inside]).float() - places) ** 2)
        for (token, update), pair_head, count_head in zip(classes, self.pairs, self.counts):
            present = F.binary_cross_entropy_with_logits(pair_head(update[known]).float(), pairs[known], reduction="none")
            number = F.cross_entropy(count_head(token[known]).float(), counts[known], reduction="none")
            loss = loss + 10 * mean(present) + 0.3 * mean(number)
        return loss


class QwenHeads(nn.Module):
    """What lies under a patch and under a merged cell, where a visual row is, and what full attention gathers.

    There is no class token; what attention adds on average over all patches weighs each patch by what it receives from
    all others. Pairs are read from that, so that attention received, which pruning reads, has a task.
    """

    def __init__(self, c):
        super().__init__()
        self.patch = nn.Sequential(nn.LayerNorm(c.tower_width), nn.Linear(c.tower_width, sum(SEEN)))
        self.cell = nn.Sequential(nn.LayerNorm(c.width), nn.Linear(c.width, sum(SEEN)))
        self.place = nn.Sequential(nn.LayerNorm(c.width), nn.Linear(c.width, 2))
        self.pairs = nn.ModuleList(nn.Linear(c.tower_width, len(COLOR_NAMES) * len(SHAPES)) for _ in c.full_blocks[1:])

    def forward(self, patches, merged, placed, updates, b):
        """`b` holds a batch's targets. The first full block's attention is left to look next door."""
        known = b["counts"] >= 0
        cells = b["cells"][known].flatten(2)
        inside = cells[:, 0] > 0
        seen = self.patch(patches[known].flatten(1, 2)).float()
        loss = seen_loss(seen, by_cell(b["patches"][known])) + seen_loss(self.cell(merged[known]).float(), cells)
        where = self.place(placed[known][inside]).float()
        loss = loss + 30 * mean((where - b["places"][known][inside] * 2 / GRID) ** 2)
        for update, head in zip(updates[1:], self.pairs):
            found = head(update[known]).float()
            loss = loss + 10 * mean(F.binary_cross_entropy_with_logits(found, b["pairs"][known], reduction="none"))
        return loss


def by_cell(grid):
    """[pictures, fields, rows, columns] of patches as [pictures, fields, patches], a cell's four side by side."""
    return grid.unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).transpose(3, 4).flatten(2)


class GroundingHeads(nn.Module):
    """Where the objects are that a question names, read in the decoder's middle.

    "Is A left of B?" is an exclusive or of things that must both be looked up first; from the answer alone, half of them
    right by chance, that is not learned in hours. With both places asked for at the end of their noun phrases, and their
    difference asked for at the end of the question one block later, what is left is easy.
    """

    def __init__(self, width):
        super().__init__()
        self.sizes = (1 + MOST_COUNTED, 2, len(COLOR_NAMES), len(SHAPES), 1 + len(CHARACTERS))
        self.mention = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, sum(self.sizes)))
        self.gap = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2))

    def forward(self, states, mentions, gaps):
        """`states` of the question tokens after each block, [B, length, width]; the third and second to last are read."""
        seen, compared = states[-3], states[-2]
        image, which = (mentions[..., 0] >= 0).nonzero(as_tuple=True)
        targets = mentions[image, which]
        out = self.mention(seen[image, targets[:, 0].long()]).float()
        number, place, color, shape, character = out.split(self.sizes, dim=-1)
        loss = mean(F.cross_entropy(number, targets[:, 1].long(), reduction="none"))
        one = targets[:, 2] >= 0
        loss = loss + 5 * self.distance(place[one], targets[one, 2:4])
        for logits, target in ((color, targets[:, 4]), (shape, targets[:, 5]), (character, targets[:, 6])):
            loss = loss + 0.5 * mean(F.cross_entropy(logits[one], target[one].long(), reduction="none"))
        image, which = (gaps[..., 0] >= 0).nonzero(as_tuple=True)
        targets = gaps[image, which]
        gap = self.gap(compared[image, targets[:, 0].long()]).float()
        return loss + 5 * self.distance(gap, targets[:, 1:])

    @staticmethod
    def distance(guess, truth):
        return mean(F.smooth_l1_loss(guess, truth, reduction="none", beta=0.05))
