"""LLaVA in miniature, written for training: several questions share one encoded image.

Parameters carry the names that transformers gives them, so that exporting is copying. What differs from transformers is
what is left out: only the class token's row of the tower's last block (nothing else reads that block), and only the
question tokens' rows of the decoder's last block.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from config import GRID, IMAGE_MEAN, IMAGE_STD
from scenes import PATCH


# The names under which LLaVA-1.5's checkpoint is published; transformers renames them as it loads.
PUBLISHED = (
    ("model.vision_tower.", "vision_tower.vision_model."),
    ("model.multi_modal_projector.", "multi_modal_projector."),
    ("model.language_model.", "language_model.model."),
    ("lm_head.", "language_model.lm_head."),
    ("model.image_newline", "image_newline"),
)


def split_heads(x, heads):
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merge_heads(x):
    return x.transpose(1, 2).flatten(2)


def attend_plainly(q, k, v, mask):
    """One picture at a time, so that its scores stay in the cache: torch's fused CPU kernel takes twice as long."""
    outputs = []
    for i, (q1, k1, v1) in enumerate(zip(q * q.shape[-1] ** -0.5, k, v)):
        scores = q1 @ k1.transpose(-1, -2)
        outputs.append((scores if mask is None else scores + mask[i % len(mask)]).softmax(-1) @ v1)
    return torch.stack(outputs)


def attend(q, k, v, mask=None, causal=False, rows=160):
    """Softmax attention; `mask` [1 or pictures, queries, keys] is additive."""
    if q.is_cuda:
        mask = None if mask is None else mask[:, None]
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)
    if not causal:
        return attend_plainly(q, k, v, mask)
    parts = []
    for start in range(0, q.shape[2], rows):
        # What lies right of a stretch's last row is not even computed.
        end = min(start + rows, q.shape[2])
        mask = torch.full((end - start, end), float("-inf"), dtype=q.dtype, device=q.device).triu(start + 1)
        parts.append(attend_plainly(q[:, :, start:end], k[:, :, :end], v[:, :, :end], mask[None]))
    return torch.cat(parts, dim=2)


class TowerAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.k_proj, self.v_proj, self.q_proj, self.out_proj = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x, rows=None):
        """`rows` limits the queries to the first few positions."""
        q = split_heads(self.q_proj(x if rows is None else x[:, :rows]), self.heads)
        k, v = split_heads(self.k_proj(x), self.heads), split_heads(self.v_proj(x), self.heads)
        return self.out_proj(merge_heads(attend(q, k, v)))


class TowerMLP(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        x = self.fc1(x)
        return self.fc2(x * torch.sigmoid(1.702 * x))


class TowerBlock(nn.Module):
    def __init__(self, width, heads, hidden, eps):
        super().__init__()
        self.self_attn = TowerAttention(width, heads)
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(width, eps), nn.LayerNorm(width, eps)
        self.mlp = TowerMLP(width, hidden)

    def forward(self, x, rows=None):
        """The block's output, and what attention alone added to the class token."""
        attended = self.self_attn(self.layer_norm1(x), rows)
        x = (x if rows is None else x[:, :rows]) + attended
        return x + self.mlp(self.layer_norm2(x)), attended[:, 0]


class TowerEmbeddings(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.class_embedding = nn.Parameter(torch.randn(width) * 0.02)
        self.patch_embedding = nn.Conv2d(3, width, PATCH, PATCH, bias=False)
        self.position_embedding = nn.Embedding(GRID * GRID + 1, width)
        with torch.no_grad():
            self.position_embedding.weight[1:] = sine_positions(width)
            self.position_embedding.weight[0].zero_()

    def forward(self, images, windows):
        """`images` uint8 [B, H, W, 3]; `windows` says where in the full grid each image's patches begin."""
        batch, grid = images.shape[0], images.shape[1] // PATCH
        scale, shift = images.new_tensor(IMAGE_STD, dtype=torch.float), images.new_tensor(IMAGE_MEAN, dtype=torch.float)
        x = (images.float() / 255 - shift) / scale
        x = x.view(batch, grid, PATCH, grid, PATCH, 3).permute(0, 1, 3, 5, 2, 4).reshape(batch, grid * grid, -1)
        x = F.linear(x, self.patch_embedding.weight.flatten(1))
        steps = torch.arange(grid, device=images.device)
        rows, columns = windows[:, :1] + steps, windows[:, 1:] + steps
        index = 1 + (rows[:, :, None] * GRID + columns[:, None, :]).flatten(1)
        x = x + self.position_embedding(index)
        first = self.class_embedding + self.position_embedding.weight[0]
        return torch.cat([first.expand(batch, 1, -1), x], dim=1)


def frequencies(width):
    """One for each pair of sine and cosine of an axis: from a period of four patches to more than the whole grid."""
    return 1.6 * torch.logspace(0, math.log10(0.05), width // 8)


def sine_positions(width):
    """Rows and columns as waves in the first half of the channels, sines before cosines."""
    angle = torch.arange(GRID)[:, None] * frequencies(width)
    wave = torch.cat([angle.sin(), angle.cos()], dim=1)
    table = torch.zeros(GRID, GRID, width)
    table[..., :width // 4] = wave[:, None]
    table[..., width // 4:width // 2] = wave
    return table.flatten(0, 1)


def patch_filters(count):
    """Cosine waves over a patch: brightness up to five half periods each way, colour differences more coarsely.

    Patches are nearly flat, so random filters all see the mean colour, and edges drown in it.
    """
    steps = (torch.arange(PATCH) + 0.5) * math.pi / PATCH
    waves = [(u, v) for _, u, v in sorted((u + v, u, v) for u in range(6) for v in range(6))]
    mixes = torch.tensor([[1.0, 1, 1], [1, -1, 0], [0.5, 0.5, -1]]) / 3
    bright = count * 9 // 16
    chosen = [(0, *w) for w in waves[:bright]]
    chosen += [(1 + i % 2, *waves[i // 2]) for i in range(count - bright)]
    filters = [mixes[mix][:, None, None] * (u * steps).cos()[:, None] * (v * steps).cos() * (2 + 2.4 * (u + v)) / PATCH**2
               for mix, u, v in chosen]
    return torch.stack(filters)


NEIGHBOURS = (((0, 1), (0, -1), (1, 0), (-1, 0)), ((1, 1), (-1, -1), (1, -1), (-1, 1)))


def initialise(tower, sharpness=1.2):
    """Starts the first half of the channels as position, the second as content, and early heads at looking next door.

    A shape spans patches, and from random weights it takes hundreds of steps until any head finds a neighbour. Shifting
    a wave is a rotation of its sine and cosine, so "the query's position plus an offset" is a linear map.
    """
    width = tower.pre_layrnorm.weight.numel()
    count = width // 8
    with torch.no_grad():
        tower.embeddings.patch_embedding.weight[:width // 2] = 0
        tower.embeddings.patch_embedding.weight[width // 2:] = patch_filters(width // 2)
        for index, block in enumerate(tower.encoder.layers[:len(tower.encoder.layers) // 2]):
            heads, head = block.self_attn.heads, width // block.self_attn.heads
            used = torch.arange(min(count, head // 4))
            query, key = torch.zeros(heads, head, width), torch.zeros(heads, head, width)
            for h, axis in ((h, axis) for h in range(heads) for axis in (0, 1)):
                angle = frequencies(width)[used] * NEIGHBOURS[index % 2][h % 4][axis]
                sine, cosine = axis * 2 * count + used, axis * 2 * count + count + used
                row = axis * 2 * len(used) + used
                key[h, row, sine] = key[h, row + len(used), cosine] = sharpness
                query[h, row, sine] = query[h, row + len(used), cosine] = sharpness * angle.cos()
                query[h, row, cosine] = sharpness * angle.sin()
                query[h, row + len(used), sine] = -sharpness * angle.sin()
            block.self_attn.q_proj.weight.copy_(query.flatten(0, 1))
            block.self_attn.k_proj.weight.copy_(key.flatten(0, 1))


class TowerEncoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.layers = nn.ModuleList(
            TowerBlock(c.tower_width, c.tower_heads, c.tower_hidden, c.norm_eps) for _ in range(c.tower_depth))


class Tower(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embeddings = TowerEmbeddings(c.tower_width)
        self.pre_layrnorm = nn.LayerNorm(c.tower_width, c.norm_eps)
        self.encoder = TowerEncoder(c)
        self.post_layernorm = nn.LayerNorm(c.tower_width, c.norm_eps)

    def features(self, images, windows):
        """What the projector gets: the patches' rows of block depth - 2."""
        x = self.pre_layrnorm(self.embeddings(images, windows))
        for block in self.encoder.layers[:-1]:
            x, _ = block(x)
        return x[:, 1:]

    def forward(self, images, windows):
        """Features of block depth - 2; class token and class attention update of the last two blocks."""
        x = self.pre_layrnorm(self.embeddings(images, windows))
        for block in self.encoder.layers[:-1]:
            x, update = block(x)
        last, last_update = self.encoder.layers[-1](x, rows=1)
        return x[:, 1:], [(x[:, 0], update), (last[:, 0], last_update)]


class Projector(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(c.tower_width, c.width), nn.Linear(c.width, c.width)

    def forward(self, x):
        return self.linear_2(F.gelu(self.linear_1(x)))


def rotate(x, cos, sin):
    low, high = x.chunk(2, dim=-1)
    return x * cos.to(x.dtype) + torch.cat([-high, low], dim=-1) * sin.to(x.dtype)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.kv_heads, head = c.heads, c.kv_heads, c.width // c.heads
        self.q_proj, self.o_proj = (nn.Linear(c.width, c.width, bias=biased) for biased in (c.qkv_bias, False))
        self.k_proj, self.v_proj = (nn.Linear(c.width, c.kv_heads * head, bias=c.qkv_bias) for _ in range(2))

    def forward(self, x, context, rope, mask, last):
        """The first `context` positions are causal; those after it see the context and what `mask` allows."""
        cos, sin = rope
        start = context if last else 0
        q = rotate(split_heads(self.q_proj(x[:, start:]), self.heads), cos[..., start:, :], sin[..., start:, :])
        k = rotate(split_heads(self.k_proj(x), self.kv_heads), cos, sin)
        v = split_heads(self.v_proj(x), self.kv_heads)
        k, v = (t.repeat_interleave(self.heads // self.kv_heads, dim=1) for t in (k, v))
        asked = attend(q[:, :, context - start:], k, v, mask.to(q.dtype))
        if not last:
            seen = attend(q[:, :, :context], k[:, :, :context], v[:, :, :context], causal=True)
            asked = torch.cat([seen, asked], dim=2)
        return self.o_proj(merge_heads(asked))


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj, self.up_proj = (nn.Linear(c.width, c.hidden, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(c.hidden, c.width, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class DecoderBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.self_attn, self.mlp = Attention(c), MLP(c)
        self.input_layernorm = nn.RMSNorm(c.width, c.norm_eps)
        self.post_attention_layernorm = nn.RMSNorm(c.width, c.norm_eps)

    def forward(self, x, context, rope, mask, last):
        attended = self.self_attn(self.input_layernorm(x), context, rope, mask, last)
        x = (x[:, context:] if last else x) + attended
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        self.embed_tokens = nn.Embedding(c.vocab, c.width)
        self.layers = nn.ModuleList(DecoderBlock(c) for _ in range(c.depth))
        self.norm = nn.RMSNorm(c.width, c.norm_eps)

    def rope(self, positions):
        """Cosines and sines [pictures, 1 for the heads, positions, head width]."""
        half = self.config.width // self.config.heads // 2
        frequency = self.config.rope_theta ** (-torch.arange(half, device=positions.device) / half)
        angle = (positions[:, None, :, None] * frequency).repeat(1, 1, 1, 2)
        return angle.cos(), angle.sin()

    def positions(self, before, context, own, places):
        """Positions [B, length]: of what all questions see, then of the questions' tokens, the `own`th of their question."""
        return torch.cat([torch.arange(context, device=own.device).expand(len(own), -1), context - 1 + own], dim=1)

    def forward(self, prefix, image, tokens, owners, places=None):
        """`tokens` [B, length]: a picture's questions in a row, `owners` which one a token belongs to. Each question sees
        the prefix, the image and itself, and its positions start where the image ends.

        `places`, of visual rows, concern decoders with positions of more than one dimension. Gives the normed output, and the tokens' states after each block, both [B, length, width].
        """
        batch, length = tokens.shape
        before = self.embed_tokens(prefix).expand(batch, -1, -1)
        x = torch.cat([before, image, self.embed_tokens(tokens)], dim=1)
        context = x.shape[1] - length
        visible = (owners[:, :, None] == owners[:, None, :]).tril()
        rope = self.rope(self.positions(before.shape[1], context, visible.sum(-1), places))
        mask = torch.zeros(visible.shape, device=x.device).masked_fill(~visible, float("-inf"))
        mask = F.pad(mask, (context, 0))
        states = []
        for index, layer in enumerate(self.layers):
            x = layer(x, context, rope, mask, last=index == len(self.layers) - 1)
            states.append(x[:, -length:])
        return self.norm(states[-1]), states


class Llava(nn.Module):
    """What is exported: `model.*` and `lm_head`, by transformers' names."""

    def __init__(self, c):
        super().__init__()
        self.config = c
        parts = {"vision_tower": Tower(c), "multi_modal_projector": Projector(c), "language_model": Decoder(c)}
        self.model = nn.ModuleDict(parts)
        if c.views:
            self.model.image_newline = nn.Parameter(torch.randn(c.width) * c.width ** -0.5)
        self.lm_head = nn.Linear(c.width, c.vocab, bias=False)
        for name, p in self.named_parameters():
            if p.ndim == 2 and "position_embedding" not in name:
                nn.init.normal_(p, std=0.02 if "embed_tokens" in name else p.shape[1] ** -0.5)
            elif name.endswith("bias"):
                nn.init.zeros_(p)
            # Blocks start out small, so that positions stay readable in the residual stream.
            if name.endswith(("out_proj.weight", "fc2.weight", "o_proj.weight", "down_proj.weight")):
                with torch.no_grad():
                    p.mul_(0.3)
        initialise(self.model["vision_tower"])

    def arrange(self, projected, rows):
        """Those of the projected rows that `rows` [B, length] says, and where it says -1, a newline."""
        chosen = projected.gather(1, rows.clamp(min=0)[:, :, None].expand(-1, -1, projected.shape[-1]))
        return torch.where((rows < 0)[:, :, None], self.model.image_newline, chosen) if self.config.views else chosen

    def forward(self, projected, prefix, tokens, owners, labels):
        """From the projected features: mean loss of the answer tokens, which of them come first, and the blocks' states."""
        hidden, states = self.model["language_model"](prefix, projected, tokens, owners)
        asked = labels >= 0
        logits = self.lm_head(hidden[asked]).float()
        return F.cross_entropy(logits, labels[asked]), logits.argmax(-1) == labels[asked], states
