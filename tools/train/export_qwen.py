"""Writes a training checkpoint in Qwen's layout as a Hugging Face folder; checks that transformers agrees.

    python export_qwen.py --checkpoint RUN/checkpoint.pt --tokenizer RUN/tokenizer.json \\
        --out fixtures/models/shapes-qwen

The configuration is written flat, as the published checkpoints have it.
"""

import argparse
import json
import random
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import Qwen2_5_VLForConditionalGeneration, Qwen2VLImageProcessorPil

from config import IMAGE_MEAN, IMAGE_STD, QWEN_FORMAT, SEEDS, QwenConfig
from data import UNKNOWN, Asked, pack
from export import replace_folder, write_json
from native import CELL, MOST_CELLS, SMALLEST
from questions import Sampler
from qwen import MERGE, PUBLISHED, Qwen
from scenes import PATCH, draw_scene, sample_scene
from tokenizer import Prompts

# Tokens of a prompt with its answer; a picture has at most 168.
LONGEST_TEXT = 2048
# Qwen's turns, a message's parts in their order.
CHAT_TEMPLATE = (
    "{% if messages[0].role != 'system' %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.content is string %}{{ message.content }}{% else %}"
    "{% for part in message.content %}{{ part.text if part.type == 'text' else "
    "'<|vision_start|><|' + part.type + '_pad|><|vision_end|>' }}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")


def published_weights(model):
    names = dict(PUBLISHED)
    weights = {}
    for name, value in model.state_dict().items():
        prefix = next(p for p in names if name.startswith(p))
        weights[names[prefix] + name[len(prefix):]] = value.half().contiguous()
    # A picture is both frames of its pair.
    name = "visual.patch_embed.proj.weight"
    half = weights[name].unflatten(1, (3, 1, PATCH, PATCH)) / 2
    weights[name] = half.repeat(1, 1, 2, 1, 1).contiguous()
    return weights


def configuration(c, prompts):
    ids = {f"{name}_token_id": prompts.tokenizer.token_to_id(f"<|{token}|>") for name, token in (
        ("bos", "endoftext"), ("eos", "im_end"), ("pad", "endoftext"), ("vision_start", "vision_start"),
        ("vision_end", "vision_end"), ("vision", "vision_pad"), ("image", "image_pad"), ("video", "video_pad"))}
    vision = {
        "depth": c.tower_depth, "hidden_act": "silu", "hidden_size": c.tower_width, "intermediate_size": c.tower_hidden,
        "num_heads": c.tower_heads, "in_chans": 3, "out_hidden_size": c.width, "patch_size": PATCH,
        "spatial_merge_size": MERGE, "spatial_patch_size": PATCH, "window_size": c.window * CELL,
        "fullatt_block_indexes": list(c.full_blocks), "tokens_per_second": 2, "temporal_patch_size": 2}
    return {
        "architectures": ["Qwen2_5_VLForConditionalGeneration"], "model_type": "qwen2_5_vl", **ids,
        "attention_dropout": 0.0, "hidden_act": "silu", "hidden_size": c.width, "initializer_range": 0.02,
        "intermediate_size": c.hidden, "max_position_embeddings": LONGEST_TEXT,
        "max_window_layers": c.depth, "num_attention_heads": c.heads,
        "num_hidden_layers": c.depth, "num_key_value_heads": c.kv_heads, "rms_norm_eps": c.norm_eps,
        "rope_theta": c.rope_theta, "rope_scaling": {"type": "mrope", "mrope_section": list(c.sections)},
        "sliding_window": LONGEST_TEXT, "tie_word_embeddings": False, "torch_dtype": "float16", "use_cache": True,
        "use_sliding_window": False, "vision_config": vision, "vocab_size": c.vocab}, ids


def write_settings(out, c, prompts):
    config, ids = configuration(c, prompts)
    write_json(out / "config.json", config)
    write_json(out / "preprocessor_config.json", {
        "min_pixels": SMALLEST**2 * CELL**2, "max_pixels": MOST_CELLS * CELL**2, "patch_size": PATCH,
        "temporal_patch_size": 2, "merge_size": MERGE, "image_mean": list(IMAGE_MEAN), "image_std": list(IMAGE_STD),
        "image_processor_type": "Qwen2VLImageProcessor", "processor_class": "Qwen2_5_VLProcessor"})
    write_json(out / "tokenizer_config.json", {
        "tokenizer_class": "Qwen2Tokenizer", "model_max_length": LONGEST_TEXT, "clean_up_tokenization_spaces": False,
        "add_prefix_space": False, "bos_token": None, "eos_token": QWEN_FORMAT.end, "pad_token": QWEN_FORMAT.pad,
        "unk_token": None})
    write_json(out / "chat_template.json", {"chat_template": CHAT_TEMPLATE})
    write_json(out / "generation_config.json", {
        "bos_token_id": ids["bos_token_id"], "pad_token_id": ids["pad_token_id"], "do_sample": False,
        "max_new_tokens": 16, "eos_token_id": [ids["eos_token_id"], ids["bos_token_id"]]})


def check(out, model, prompts):
    """The exported files must load completely and answer as the trained model does (which is rounded to f16 too): about
    a whole scene, and about a part of it that fills no window."""
    exported, report = Qwen2_5_VLForConditionalGeneration.from_pretrained(
        out, dtype=torch.float32, output_loading_info=True)
    if report["missing_keys"] or report["unexpected_keys"] or report["mismatched_keys"]:
        raise SystemExit(f"transformers does not load the export completely: {report}")
    processor = Qwen2VLImageProcessorPil.from_pretrained(out)
    scene = sample_scene(SEEDS["val"] + 999)
    image = draw_scene(scene)[0]
    question = Sampler().sample(scene, 1, random.Random(0))[0]
    text, answer = prompts.pieces(question.text, question.answer)
    packed = pack([[Asked(question.text, question.answer, question.category, *UNKNOWN)]], prompts)
    tokens, owners, labels = (torch.from_numpy(packed[name]) for name in ("tokens", "owners", "labels"))
    worst = 0.0
    for height, width in ((12, 12), (5, 10)):
        shown = image.crop((0, 0, width * CELL, height * CELL))
        inputs = processor(shown, return_tensors="pt")
        if inputs["image_grid_thw"].tolist() != [[1, height * MERGE, width * MERGE]]:
            raise SystemExit(f"the processor makes a grid of {inputs['image_grid_thw'].tolist()}")
        ids = torch.tensor([prompts.prefix + [prompts.image] * height * width + text + answer])
        kinds = (ids == prompts.image).long()
        places = torch.cartesian_prod(torch.arange(height), torch.arange(width))[None]
        with torch.no_grad():
            theirs = exported(input_ids=ids, mm_token_type_ids=kinds, **inputs).logits[0, -len(answer) - 1:-1]
            merged = model.model["visual"](torch.from_numpy(np.array(shown))[None])[1]
            prefix = torch.tensor([prompts.prefix])
            hidden, _ = model.model["language_model"](prefix, merged, tokens, owners, (places, max(height, width)))
            ours = model.lm_head(hidden[labels >= 0])
        worst = max(worst, (ours - theirs).abs().max().item())
    if worst > 1e-2:
        raise SystemExit(f"the export's logits differ by {worst}")
    return worst


def export(checkpoint, tokenizer, out):
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    c = QwenConfig(**state["config"])
    model = Qwen(c)
    model.load_state_dict({k: v.half().float() for k, v in state["model"].items()})
    model.eval()
    prompts = Prompts(tokenizer, QWEN_FORMAT)
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    save_file(published_weights(model), part / "model.safetensors", metadata={"format": "pt"})
    (part / "model.safetensors").chmod(0o644)
    write_settings(part, c, prompts)
    shutil.copyfile(tokenizer, part / "tokenizer.json")
    difference = check(part, model, prompts)
    replace_folder(out, part)
    size = sum(f.stat().st_size for f in out.iterdir())
    print(json.dumps({"stage": state["stage"], "step": state["step"], "bytes": size, "logit_difference": difference}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    export(args.checkpoint, args.tokenizer, args.out)


if __name__ == "__main__":
    main()
