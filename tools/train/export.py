"""Writes a training checkpoint as a Hugging Face LLaVA checkpoint, and checks that transformers gives the same answers.

    python export.py --checkpoint RUN/checkpoint.pt --tokenizer RUN/tokenizer.json --out fixtures/models/shapes-llava
"""

import argparse
import json
import os
import random
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import (CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration, LlavaNextConfig,
                          LlavaNextForConditionalGeneration)

from config import BOS, EOS, GRID, IMAGE, IMAGE_MEAN, IMAGE_STD, IMAGE_TOKEN, PAD, SEEDS, VIEW, ModelConfig
from data import UNKNOWN, Asked, pack
from model import PUBLISHED, Llava
from questions import Sampler
from scenes import PATCH, draw_scene, sample_scene
from tokenizer import Prompts
from views import PACKED, PINPOINTS, SIDE, views

def published(name):
    for ours, theirs in PUBLISHED:
        if name.startswith(ours):
            return theirs + name[len(ours):]
    raise KeyError(name)


def published_weights(model):
    weights = {published(name): value.half() for name, value in model.state_dict().items()}
    if model.config.views:
        # Views lie in the top left window of the grid, always.
        table = weights["vision_tower.vision_model.embeddings.position_embedding.weight"]
        window = table[1:].unflatten(0, (GRID, GRID))[:VIEW, :VIEW].flatten(0, 1)
        weights["vision_tower.vision_model.embeddings.position_embedding.weight"] = torch.cat([table[:1], window])
    return {name: value.contiguous() for name, value in weights.items()}


def hugging_face_config(c, prompts):
    ids = {"bos_token_id": prompts.tokenizer.token_to_id(BOS), "eos_token_id": prompts.eos, "pad_token_id": prompts.pad}
    vision = CLIPVisionConfig(
        hidden_size=c.tower_width, intermediate_size=c.tower_hidden, num_hidden_layers=c.tower_depth,
        num_attention_heads=c.tower_heads, image_size=SIDE if c.views else IMAGE, patch_size=PATCH,
        projection_dim=c.tower_width, hidden_act="quick_gelu", layer_norm_eps=c.norm_eps)
    text = LlamaConfig(
        vocab_size=c.vocab, hidden_size=c.width, intermediate_size=c.hidden, num_hidden_layers=c.depth,
        num_attention_heads=c.heads, num_key_value_heads=c.kv_heads, rms_norm_eps=c.norm_eps,
        rope_parameters={"rope_type": "default", "rope_theta": c.rope_theta}, max_position_embeddings=2048, **ids)
    shared = {"vision_config": vision, "text_config": text, "image_token_index": prompts.image, "vision_feature_layer": -2,
              "vision_feature_select_strategy": "default", "projector_hidden_act": "gelu"}
    if c.views:
        config = LlavaNextConfig(image_grid_pinpoints=PINPOINTS, image_seq_length=VIEW * VIEW, **shared)
    else:
        config = LlavaConfig(image_seq_length=GRID * GRID, **shared)
    config.architectures = [f"{type(config).__name__.removesuffix('Config')}ForConditionalGeneration"]
    config.dtype = "float16"
    return config, ids


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def write_processors(out, ids, high):
    side, processor = (SIDE, "LlavaNextProcessor") if high else (IMAGE, "LlavaProcessor")
    grids = {"aspect_ratio_setting": "anyres", "do_pad": True, "image_grid_pinpoints": PINPOINTS} if high else {}
    write_json(out / "preprocessor_config.json", {
        "image_processor_type": "LlavaNextImageProcessor" if high else "CLIPImageProcessor", "processor_class": processor,
        "do_convert_rgb": True, "do_resize": True, "size": {"shortest_edge": side}, "resample": 3, "do_center_crop": True,
        "crop_size": {"height": side, "width": side}, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
        "image_mean": list(IMAGE_MEAN), "image_std": list(IMAGE_STD), **grids})
    write_json(out / "processor_config.json", {
        "processor_class": processor, "patch_size": PATCH, "vision_feature_select_strategy": "default",
        "num_additional_image_tokens": 1, "image_token": IMAGE_TOKEN})
    write_json(out / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "processor_class": processor,
        "bos_token": BOS, "eos_token": EOS, "pad_token": PAD, "image_token": IMAGE_TOKEN, "model_max_length": 2048,
        "padding_side": "left",
        "clean_up_tokenization_spaces": False})
    write_json(out / "generation_config.json", {"_from_model_config": True, "do_sample": False, "max_new_tokens": 16, **ids})


def check(out, model, prompts):
    """The exported files must load completely and answer as the trained model does (which is rounded to f16 too)."""
    high = model.config.views
    architecture = LlavaNextForConditionalGeneration if high else LlavaForConditionalGeneration
    exported, report = architecture.from_pretrained(out, dtype=torch.float32, output_loading_info=True)
    if report["missing_keys"] or report["unexpected_keys"] or report["mismatched_keys"]:
        raise SystemExit(f"transformers does not load the export completely: {report}")
    scene = sample_scene(SEEDS["val"] + 999)
    image = np.asarray(draw_scene(scene)[0])
    question = Sampler().sample(scene, 1, random.Random(0))[0]
    text, answer = prompts.pieces(question.text, question.answer)
    packed = pack([[Asked(question.text, question.answer, question.category, *UNKNOWN)]], prompts)
    tokens, owners, labels = (torch.from_numpy(packed[name]) for name in ("tokens", "owners", "labels"))
    scale, shift = torch.tensor(IMAGE_STD), torch.tensor(IMAGE_MEAN)
    shown = torch.tensor(views(image) if high else image[None])
    rows = torch.from_numpy(PACKED if high else np.arange(GRID * GRID))[None]
    pixels = ((shown.float() / 255 - shift) / scale).permute(0, 3, 1, 2)
    inputs = {"pixel_values": pixels}
    if high:
        inputs = {"pixel_values": pixels[None], "image_sizes": torch.tensor([image.shape[:2]])}
    ids = torch.tensor([prompts.prefix + [prompts.image] * rows.shape[1] + text + answer])
    prefix = torch.tensor([prompts.prefix])
    with torch.no_grad():
        theirs = exported(input_ids=ids, **inputs).logits[0, -len(answer) - 1:-1]
        features = model.model["vision_tower"].features(shown, torch.zeros(len(shown), 2, dtype=torch.long))
        projected = model.arrange(model.model["multi_modal_projector"](features).flatten(0, 1)[None], rows)
        hidden, _ = model.model["language_model"](prefix, projected, tokens, owners)
        ours = model.lm_head(hidden[labels >= 0])
    difference = (ours - theirs).abs().max().item()
    if difference > 1e-2:
        raise SystemExit(f"the export's logits differ by {difference}")
    return difference


def replace_folder(out, part):
    """Puts a finished folder in the place of an old one."""
    if out.exists():
        old = out.with_name(out.name + ".old")
        shutil.rmtree(old, ignore_errors=True)
        os.rename(out, old)
    os.rename(part, out)
    shutil.rmtree(out.with_name(out.name + ".old"), ignore_errors=True)


def export(checkpoint, tokenizer, out):
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = Llava(ModelConfig(**state["config"]))
    model.load_state_dict({k: v.half().float() for k, v in state["model"].items()})
    model.eval()
    prompts = Prompts(tokenizer)
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    save_file(published_weights(model), part / "model.safetensors", metadata={"format": "pt"})
    (part / "model.safetensors").chmod(0o644)
    config, ids = hugging_face_config(ModelConfig(**state["config"]), prompts)
    config.save_pretrained(part)
    write_processors(part, ids, model.config.views)
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
