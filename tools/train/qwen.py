"""Qwen2.5-VL in miniature, written for training: pictures of one size at a time, several questions behind each.

Parameters carry the names that transformers gives them, under `model.visual`. Patches lie window by window from the
start, and edges that do not fill a window are padded; padding is never seen.
"""

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import nn

from config import IMAGE_MEAN, IMAGE_STD
from model import Decoder, attend, attend_plainly, merge_heads, rotate, split_heads
from scenes import PATCH

MERGE = 2
CELL = MERGE * PATCH
# The names under which Qwen2.5-VL's checkpoints are published.
PUBLISHED = (("model.visual.", "visual."), ("model.language_model.", "model."), ("lm_head.", "lm_head."))


@lru_cache(maxsize=256)
def window_order(rows, columns, window):
    """For a picture of so many cells: which patch (raster number, -1 for padding) each place of the tower's sequence
    holds [windows, patches of a window], and where in the sequence each cell (raster order) begins."""
    height, width = (-(-n // window) * window for n in (rows, columns))
    row, column = torch.meshgrid(torch.arange(height * MERGE), torch.arange(width * MERGE), indexing="ij")
    patch = torch.where((row < rows * MERGE) & (column < columns * MERGE), row * columns * MERGE + column, -1)
    # Window row, cell row, row in the cell, and the same of columns: first both windows, then cells, then the rest.
    order = patch.unflatten(1, (-1, window, MERGE)).unflatten(0, (-1, window, MERGE)).permute(0, 3, 1, 4, 2, 5)
    order = order.flatten(0, 1).flatten(1)
    first = (torch.arange(rows)[:, None] * MERGE * columns + torch.arange(columns)).flatten() * MERGE
    place = torch.full((rows * columns * MERGE**2 + 1,), -1)
    place[order.flatten()] = torch.arange(order.numel())
    return order, place[first]


def axial_angles(order, columns, head):
    """Angles [places, head width] of the tower's rotary positions, row and column in patches."""
    frequency = 10000.0 ** (-torch.arange(0, head // 2, 2) / (head // 2))
    place = order.flatten().clamp(min=0)
    across = columns * MERGE
    angle = torch.cat([(place // across)[:, None] * frequency, (place % across)[:, None] * frequency], dim=1)
    return torch.cat([angle, angle], dim=1)


class RMSNorm(nn.Module):
    def __init__(self, width, eps=1e-6):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(width)), eps

    def forward(self, x):
        return x * (x.pow(2).mean(-1, keepdim=True) + self.eps).rsqrt() * self.weight


class TowerAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x, rope, mask, windows):
        """`windows` is how many equal stretches attend by themselves; `mask` [places] is additive, or None."""
        q, k, v = (split_heads(t, self.heads) for t in self.qkv(x).chunk(3, dim=-1))
        q, k = rotate(q, *rope), rotate(k, *rope)
        if windows == 1:
            return self.proj(merge_heads(attend(q, k, v, None if mask is None else mask[None, None])))
        q, k, v = (t.unflatten(2, (windows, -1)) for t in (q, k, v))
        mask = None if mask is None else mask.unflatten(0, (windows, 1, -1))[None]
        return self.proj(merge_heads(attend_plainly(q, k, v, mask).flatten(2, 3)))


class TowerMLP(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.gate_proj, self.up_proj = (nn.Linear(width, hidden) for _ in range(2))
        self.down_proj = nn.Linear(hidden, width)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class TowerBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm1, self.norm2 = RMSNorm(c.tower_width), RMSNorm(c.tower_width)
        self.attn, self.mlp = TowerAttention(c.tower_width, c.tower_heads), TowerMLP(c.tower_width, c.tower_hidden)

    def forward(self, x, rope, mask, windows):
        """The block's output, and what attention alone added."""
        attended = self.attn(self.norm1(x), rope, mask, windows)
        x = x + attended
        return x + self.mlp(self.norm2(x)), attended


class Merger(nn.Module):
    def __init__(self, c):
        super().__init__()
        joined = c.tower_width * MERGE**2
        self.ln_q = RMSNorm(c.tower_width)
        self.mlp = nn.Sequential(nn.Linear(joined, joined), nn.GELU(), nn.Linear(joined, c.width))

    def forward(self, x):
        """[pictures, cells, 4, tower width] to [pictures, cells, width]."""
        return self.mlp(self.ln_q(x).flatten(2))


class QwenTower(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        # The same weights for both pictures of a temporal pair: exporting halves and doubles them.
        self.patch_embed = nn.ModuleDict({"proj": nn.Linear(3 * PATCH * PATCH, c.tower_width, bias=False)})
        self.blocks = nn.ModuleList(TowerBlock(c) for _ in range(c.tower_depth))
        self.merger = Merger(c)

    def patches(self, images):
        """uint8 [B, H, W, 3] to normalised patches [B, patches in raster order, 3·14·14]."""
        scale, shift = images.new_tensor(IMAGE_STD, dtype=torch.float), images.new_tensor(IMAGE_MEAN, dtype=torch.float)
        x = (images.float() / 255 - shift) / scale
        x = x.unflatten(2, (-1, PATCH)).unflatten(1, (-1, PATCH)).permute(0, 1, 3, 5, 2, 4)
        return x.flatten(3).flatten(1, 2)

    def forward(self, images):
        """Patches before merging [B, cells, 4, tower width], merged rows [B, cells, width] in raster order, and what
        the full blocks' attention added on average over a picture's patches, each [B, tower width]."""
        rows, columns = images.shape[1] // CELL, images.shape[2] // CELL
        order, cells = (t.to(images.device) for t in window_order(rows, columns, self.config.window))
        angle = axial_angles(order, columns, self.config.tower_width // self.config.tower_heads)
        rope, padding = (angle.cos(), angle.sin()), order.flatten() < 0
        mask = None
        if padding.any():
            mask = torch.zeros(padding.shape, device=images.device).masked_fill(padding, -math.inf)
        x = self.patch_embed["proj"](self.patches(images))[:, order.flatten().clamp(min=0)]
        updates = []
        for index, block in enumerate(self.blocks):
            full = index in self.config.full_blocks
            x, attended = block(x, rope, mask, 1 if full else len(order))
            if full:
                updates.append(attended[:, ~padding].mean(1))
        patches = x.unflatten(1, (-1, MERGE**2))[:, cells // MERGE**2]
        return patches, self.merger(patches), updates


class QwenDecoder(Decoder):
    """Positions are triples: time, row, column; a visual row's `places` are its row and column in cells."""

    def rope(self, positions):
        """Cosines and sines [pictures, 1 for the heads, positions, head width] of positions [3, pictures, length]."""
        half = self.config.width // self.config.heads // 2
        frequency = self.config.rope_theta ** (-torch.arange(half, device=positions.device) / half)
        parts = (positions[..., None] * frequency).split(self.config.sections, dim=-1)
        angle = torch.cat([part[axis] for axis, part in enumerate(parts)], dim=-1)[:, None].repeat(1, 1, 1, 2)
        return angle.cos(), angle.sin()

    def positions(self, before, context, own, places):
        """The text continues after the picture's longer side."""
        places, side = places
        shown = before + F.pad(places, (1, 0)).permute(2, 0, 1)
        first = torch.arange(before, device=own.device).expand(3, len(own), -1)
        return torch.cat([first, shown, (before + side - 1 + own).expand(3, -1, -1)], dim=2)

    def placed(self, prefix, image, places):
        """The visual rows after the first block, which is where they learn their places."""
        before = self.embed_tokens(prefix).expand(len(image), -1, -1)
        x = torch.cat([before, image], dim=1)
        none = torch.zeros(len(image), 0, device=image.device)
        rope = self.rope(self.positions(before.shape[1], x.shape[1], none, places))
        mask = torch.zeros(len(image), 0, x.shape[1], device=image.device)
        return self.layers[0](x, x.shape[1], rope, mask, last=False)[:, before.shape[1]:]

    def moved(self, prefix, tokens, owners, side):
        """How far the first block moves the words of questions [B, length], beside their own length, squared. It should
        not: the blocks after it come from a decoder that reads them as they are. Pictures are left out."""
        words = torch.cat([prefix.expand(len(tokens), -1), tokens], dim=1)
        x = self.embed_tokens(words)
        before, own = prefix.shape[1], (owners[:, :, None] == owners[:, None, :]).tril()
        places = torch.zeros(len(tokens), 0, 2, dtype=torch.long, device=tokens.device), side
        rope = self.rope(self.positions(before, before, own.sum(-1), places))
        mask = torch.zeros(own.shape, device=x.device).masked_fill(~own, -math.inf)
        y = self.layers[0](x, before, rope, F.pad(mask, (before, 0)), last=False)
        return ((y - x).pow(2).sum(-1) / x.pow(2).sum(-1))[:, 1:].mean()


class Qwen(nn.Module):
    """What is exported: `model.*` and `lm_head`, by transformers' names."""

    def __init__(self, c):
        super().__init__()
        self.config = c
        self.model = nn.ModuleDict({"visual": QwenTower(c), "language_model": QwenDecoder(c)})
        self.lm_head = nn.Linear(c.width, c.vocab, bias=False)

    def forward(self, merged, places, prefix, tokens, owners, labels):
        """From merged rows: mean loss of the answer tokens, which of them come first, and the blocks' states."""
        hidden, states = self.model["language_model"](prefix, merged, tokens, owners, places)
        asked = labels >= 0
        logits = self.lm_head(hidden[asked]).float()
        return F.cross_entropy(logits, labels[asked]), logits.argmax(-1) == labels[asked], states
