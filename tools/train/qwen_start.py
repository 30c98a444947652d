"""A Qwen-layout model that starts out seeing: the weights of shapes-llava, turned into those of another architecture.

Nearly everything has an exact counterpart. A LayerNorm over a stream that nothing gives a mean is an RMSNorm with the
biases moved into the next layer; quick_gelu is a SwiGLU whose second factor is one. What has none is where positions
come from: the tower knows only distances (its first heads are told which neighbour to look at), the decoder's visual
rows learn their places in a block of its own.
"""

import math

import torch

from config import GRID
from model import sine_positions
from qwen import MERGE

# Offsets (down, right) at which the teacher's heads of the first three blocks look, and how sharply, as measured on
# crowded scenes: the first block's get 95 % of their attention from one neighbour.
NEIGHBOURS = ((((0, 1), (0, -1), (1, 0), (-1, 0)), 6.5),
              (((0.3, 0.5), (-0.4, -0.5), (0.5, -0.3), (-0.4, 0.5)), 2.6),
              (((0, 0.3), (0, -0.3), (-0.2, 0), (-0.4, 0)), 2.2))
# Pairs of a head's dimensions, quick first; the quickest two of each axis say where to look, the slowest hold contents.
AXIS = 8


def start_tower(tower, teacher, projector):
    """The first block only adds what stands for a position; the teacher's first five follow."""
    embeddings, width = teacher.embeddings, tower.config.tower_width
    centre = sine_positions(width).unflatten(0, (GRID, GRID))[GRID // 2, GRID // 2]
    with torch.no_grad():
        tower.patch_embed["proj"].weight.copy_(centred(embeddings.patch_embedding.weight.flatten(1)))
        blank(tower.blocks[0], centred(centre + teacher.pre_layrnorm.bias))
        for index, block in enumerate(tower.blocks[1:]):
            start_block(block, teacher.encoder.layers[index], index)
        start_merger(tower.merger, projector)


def centred(weight):
    """Weights or biases whose outputs have no mean."""
    return weight - weight.mean(0)


def blank(block, constant):
    """A block that adds a constant and learns the rest."""
    block.attn.proj.weight.mul_(0.1)
    block.mlp.down_proj.weight.mul_(0.1)
    block.attn.qkv.bias.zero_()
    for layer in (block.mlp.gate_proj, block.mlp.up_proj, block.mlp.down_proj):
        layer.bias.zero_()
    block.attn.proj.bias.copy_(constant)


def start_block(block, teacher, index):
    attention, heads = teacher.self_attn, block.attn.heads
    norm = teacher.layer_norm1
    block.norm1.weight.copy_(norm.weight)
    q, k, v = ((layer.weight, layer.bias + layer.weight @ norm.bias)
               for layer in (attention.q_proj, attention.k_proj, attention.v_proj))
    query, key = (torch.zeros_like(q[0]).unflatten(0, (heads, -1)) for _ in range(2))
    query_bias, key_bias = (torch.zeros(query.shape[:2]) for _ in range(2))
    for head in range(heads):
        if index > 0:
            contents(query[head], key[head], query_bias[head], key_bias[head], head_of(q, head, heads),
                     head_of(k, head, heads), norm.weight, index < len(NEIGHBOURS))
        if index < len(NEIGHBOURS):
            offsets, sharpness = NEIGHBOURS[index]
            look(query_bias[head], key_bias[head], offsets[head], sharpness)
    block.attn.qkv.weight.copy_(torch.cat([query.flatten(0, 1), key.flatten(0, 1), v[0]]))
    block.attn.qkv.bias.copy_(torch.cat([query_bias.flatten(), key_bias.flatten(), v[1]]))
    block.attn.proj.weight.copy_(centred(attention.out_proj.weight))
    block.attn.proj.bias.copy_(centred(attention.out_proj.bias))
    start_mlp(block, teacher)


def start_mlp(block, teacher):
    # x·σ(1.702·x) is silu(1.702·x) / 1.702.
    norm, mlp = teacher.layer_norm2, teacher.mlp
    block.norm2.weight.copy_(norm.weight)
    block.mlp.gate_proj.weight.copy_(1.702 * mlp.fc1.weight)
    block.mlp.gate_proj.bias.copy_(1.702 * (mlp.fc1.bias + mlp.fc1.weight @ norm.bias))
    block.mlp.up_proj.weight.zero_()
    block.mlp.up_proj.bias.fill_(1)
    block.mlp.down_proj.weight.copy_(centred(mlp.fc2.weight) / 1.702)
    block.mlp.down_proj.bias.copy_(centred(mlp.fc2.bias))


def head_of(layer, head, heads):
    weight, bias = layer
    return weight.unflatten(0, (heads, -1))[head], bias.unflatten(0, (heads, -1))[head]


def dimensions(pairs):
    """The dimensions of rotary pairs: half a head lies between a pair's two."""
    return [d for pair in pairs for d in (pair, pair + 2 * AXIS)]


def contents(query, key, query_bias, key_bias, q, k, scale, positions):
    """Scores of contents: their strongest directions, in dimensions that hardly turn within a picture."""
    (query_weight, query_own), (key_weight, key_own) = q, k
    if positions:
        # What the teacher looked for by position is told by distance instead.
        half = query_weight.shape[1] // 2
        query_weight, key_weight = (torch.cat([torch.zeros_like(w[:, :half]), w[:, half:]], dim=1)
                                    for w in (query_weight, key_weight))
    # A column more for the biases; contents and biases are mixed by the same rotation of the head.
    left = torch.cat([query_weight * scale, query_own[:, None]], dim=1)
    right = torch.cat([key_weight * scale, key_own[:, None]], dim=1)
    u, s, v = torch.linalg.svd(left.T @ right)
    slow = dimensions([pair + axis for pair in range(AXIS - 1, 1, -1) for axis in (0, AXIS)])
    for rank, d in enumerate(slow):
        root = s[rank].sqrt()
        query[d], query_bias[d] = root * u[:-1, rank] / scale, root * u[-1, rank]
        key[d], key_bias[d] = root * v[rank, :-1] / scale, root * v[rank, -1]


def look(query_bias, key_bias, offset, sharpness):
    """A score that is highest for the patch at that distance, whatever it shows."""
    for axis, distance in enumerate(offset):
        for pair in range(2):
            angle = distance * 10000.0 ** (-2 * pair / (2 * AXIS))
            low, high = dimensions([axis * AXIS + pair])
            query_bias[low], query_bias[high] = sharpness * math.cos(angle), sharpness * math.sin(angle)
            key_bias[low], key_bias[high] = sharpness, 0


def start_merger(merger, projector, norm=59.0):
    """The mean of what the projector says of the four patches; `norm` is a feature's usual length."""
    first, second = projector.linear_1, projector.linear_2
    width = first.weight.shape[1]
    merger.ln_q.weight.fill_(norm / width ** 0.5)
    merger.mlp[0].weight.copy_(torch.block_diag(*[first.weight] * MERGE**2))
    merger.mlp[0].bias.copy_(first.bias.repeat(MERGE**2))
    merger.mlp[2].weight.copy_(second.weight.repeat(1, MERGE**2) / MERGE**2)
    merger.mlp[2].bias.copy_(second.bias)


def start_decoder(model, teacher, ours, theirs):
    """LLaMA's blocks behind one that knows places. `ours` and `theirs` are the tokenizers."""
    decoder, source = model.model["language_model"], teacher.model["language_model"]
    with torch.no_grad():
        for name, target, weights in (("in", decoder.embed_tokens.weight, source.embed_tokens.weight),
                                      ("out", model.lm_head.weight, teacher.lm_head.weight)):
            for text, index in ours.get_vocab().items():
                target[index] = same_text(text, weights, ours, theirs, name == "out")
        for block, old in zip(decoder.layers[1:], source.layers):
            block.load_state_dict(old.state_dict(), strict=False)
            for layer in (block.self_attn.q_proj, block.self_attn.k_proj, block.self_attn.v_proj):
                layer.bias.zero_()
        decoder.norm.load_state_dict(source.norm.state_dict())


# Where the prompts differ: what ends the question and what the answer follows, by the teacher's name.
STAND_INS = {"assistant": "ĠASSISTANT", "Ċ": ":", "<|im_start|>": "ĠASSISTANT", "<|im_end|>": "ĠASSISTANT",
             "<|vision_end|>": "Ċ"}


def same_text(text, weights, ours, theirs, answers):
    """The teacher's row for a token; where ours has no space before it, its own; for what it never met, a new one."""
    if answers and text == "<|im_end|>":
        return weights[theirs.token_to_id("</s>")]
    if not answers and text in STAND_INS:
        return weights[theirs.token_to_id(STAND_INS[text])]
    if text.startswith("<|"):
        return torch.randn(weights.shape[1]) * weights.std()
    known = [f"Ġ{text}", text] if answers or theirs.token_to_id(text) is None else [text]
    for candidate in known:
        if theirs.token_to_id(candidate) is not None:
            return weights[theirs.token_to_id(candidate)]
    pieces = theirs.encode(ours.decode([ours.token_to_id(text)]), add_special_tokens=False).ids
    return weights[pieces].mean(0)


def gate(shown, written):
    """Weights and bias of what is one for visual rows and zero for tokens, both normed, by least squares."""
    rows = torch.cat([shown, written])
    rows = torch.cat([rows * rows.pow(2).mean(-1, keepdim=True).rsqrt(), torch.ones(len(rows), 1)], dim=1)
    # Each kind weighs as much as the other.
    weight = torch.cat([torch.full((len(part), 1), len(part) ** -0.5) for part in (shown, written)])
    wanted = torch.cat([torch.ones(len(shown), 1), torch.zeros(len(written), 1)])
    found = torch.linalg.lstsq(rows * weight, wanted * weight).solution[:, 0]
    return found[:-1], found[-1]


def thresholds(c, side):
    """For each head of the first block: rotary pair, and the distance in cells at which its score is zero."""
    pair = {"row": c.sections[0] + c.sections[1] - 1, "column": c.sections[0] + c.sections[1]}
    return [(pair[axis], 1 + side * share) for axis in ("row", "column") for share in (0.25, 0.75)]


def start_places(model, prefix, rows, amplitude=7.0, constant=10.0):
    """The first block's heads weigh the token before the picture against the first word: soft thresholds on rows and
    columns.

    `prefix` are the ids before a picture, `rows` [pictures, side, side, width] what the teacher says of cells. Pairs of
    dimensions that hardly turn hold what does not depend on places; only visual rows look at the token before the
    picture.
    """
    decoder, merger = model.model["language_model"], model.model["visual"].merger
    c, block, side = decoder.config, decoder.layers[0], rows.shape[1]
    attention, head = block.self_attn, c.width // c.heads
    half, group = head // 2, c.heads // c.kv_heads
    with torch.no_grad():
        near, far = (decoder.embed_tokens.weight[prefix[i]] for i in (-1, 1))
        near, far = (e / e.norm() / c.width ** 0.5 for e in (near, far))
        shown, bias = gate(rows.flatten(0, 2), decoder.embed_tokens.weight)
        for layer in (attention.q_proj, attention.k_proj, attention.v_proj):
            layer.weight.mul_(0.05)
            layer.bias.zero_()
        keys, values = (layer.weight.unflatten(0, (c.kv_heads, -1)) for layer in (attention.k_proj, attention.v_proj))
        queries, query_bias = (t.unflatten(0, (c.heads, -1)) for t in (attention.q_proj.weight, attention.q_proj.bias))
        fixed, turned = ((score * head ** 0.5) ** 0.5 for score in (constant, amplitude))
        keys[:, half - 1] += fixed * far
        keys[:, half - 2] += fixed * near
        values += near
        query_bias[:, half - 1] = fixed
        queries[:, half - 2] += fixed * shown
        query_bias[:, half - 2] += fixed * bias
        weights = []
        for h, (pair, middle) in enumerate(thresholds(c, side)):
            frequency = c.rope_theta ** (-pair / half)
            keys[h // group, pair] += turned * near
            for d, part in ((pair, math.sin(frequency * middle)), (pair + half, math.cos(frequency * middle))):
                queries[h, d] += turned * part * shown
                query_bias[h, d] += turned * part * bias
            weight = (amplitude * (frequency * (middle - 1 - torch.arange(side))).sin()).sigmoid()
            weights.append(weight[:, None].expand(-1, side) if h < c.heads // 2 else weight.expand(side, -1))
        attention.o_proj.weight.mul_(0.05)
        weights, average = torch.stack(weights, dim=-1).flatten(0, 1), rows.mean(0).flatten(0, 1)
        shifts = torch.linalg.lstsq(weights - weights.mean(0), average - average.mean(0)).solution
        attention.o_proj.weight += shifts.T.repeat_interleave(head, dim=1) / head
        merger.mlp[2].bias -= weights.mean(0) @ shifts
        block.mlp.down_proj.weight.zero_()


def start(model, teacher, prompts, theirs, pictures, weights):
    """`pictures` [B, H, W, 3] and which patches stand for cells [B, rows, columns, 4] say how the teacher sees."""
    start_tower(model.model["visual"], teacher.model["vision_tower"], teacher.model["multi_modal_projector"])
    start_decoder(model, teacher, prompts.tokenizer, theirs)
    start_places(model, prompts.prefix, taught(teacher, pictures, weights))


@torch.no_grad()
def taught(teacher, pictures, weights):
    """What the teacher says of cells [B, rows, columns, width]."""
    windows = torch.zeros(len(pictures), 2, dtype=torch.long, device=pictures.device)
    said = teacher.model["multi_modal_projector"](teacher.model["vision_tower"].features(pictures, windows))
    rows, columns = weights.shape[1:3]
    said = said.unflatten(1, (rows, MERGE, columns, MERGE)).transpose(2, 3).flatten(3, 4)
    return (said * weights[..., None]).sum(3)
