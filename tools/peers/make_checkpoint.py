"""A LLaVA-1.5 or LLaVA-NeXT checkpoint of random weights with real dimensions.

    make_checkpoint.py OUT [1.1b|0.1b|7b] [next]

Random weights cost what trained ones cost, and say nothing about accuracy. CLIP-L/14-336 as tower (0.1b: a small one),
bf16 safetensors; 1.1b is TinyLlama's shape. Needs requirements-transformers.txt.
"""
import json
import sys
from pathlib import Path

import torch
from transformers import (CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration, LlavaNextConfig,
                          LlavaNextForConditionalGeneration)

IMAGE = 32000
# LLaVA-NeXT's grids of crops, as the published checkpoints have them.
GRIDS = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
# Hidden size, intermediate size, blocks, heads, key-value heads of the decoder; width and blocks of the tower.
SIZES = {"1.1b": (2048, 5632, 22, 32, 4, 1024, 24), "0.1b": (512, 1408, 8, 8, 8, 256, 6),
         "7b": (4096, 11008, 32, 32, 32, 1024, 24)}


def tokenizer():
    """LLaMA's kind with its 32,000 entries, all but the bytes invented: it cuts any text into bytes."""
    names = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    names += [f"<unused{number}>" for number in range(IMAGE - len(names))]
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    added = [{"id": place, "content": names[place]} | special for place in range(3)]
    prepend = {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
    begin, text = {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}
    return {
        "version": "1.0", "truncation": None, "padding": None, "normalizer": prepend, "pre_tokenizer": None,
        "added_tokens": added + [{"id": IMAGE, "content": "<image>"} | special],
        "post_processor": {
            "type": "TemplateProcessing", "single": [begin, text], "pair": [begin, text],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
            {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True,
            "vocab": {name: place for place, name in enumerate(names)}, "merges": []}}


def main():
    out, size = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "1.1b"
    crops = sys.argv[3:] == ["next"]
    hidden, intermediate, blocks, heads, key_heads, width, tower_blocks = SIZES[size]
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    tower = CLIPVisionConfig(hidden_size=width, intermediate_size=4 * width, num_hidden_layers=tower_blocks,
                             num_attention_heads=width // 64, image_size=336, patch_size=14, projection_dim=768)
    decoder = LlamaConfig(vocab_size=IMAGE + 64, hidden_size=hidden, intermediate_size=intermediate,
                          num_hidden_layers=blocks, num_attention_heads=heads, num_key_value_heads=key_heads,
                          max_position_embeddings=4096, rms_norm_eps=1e-5)
    common = dict(vision_config=tower, text_config=decoder, image_token_index=IMAGE, vision_feature_layer=-2,
                  vision_feature_select_strategy="default", projector_hidden_act="gelu", image_seq_length=576)
    if crops:
        model = LlavaNextForConditionalGeneration(LlavaNextConfig(**common, image_grid_pinpoints=GRIDS))
    else:
        model = LlavaForConditionalGeneration(LlavaConfig(**common))
    model.save_pretrained(out)
    files = {
        "tokenizer.json": tokenizer(),
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>",
                                  "unk_token": "<unk>", "pad_token": "</s>", "model_max_length": 4096},
        "preprocessor_config.json": {
            "image_processor_type": "CLIPImageProcessor", "do_resize": True, "size": {"shortest_edge": 336},
            "do_center_crop": True, "crop_size": {"height": 336, "width": 336}, "do_rescale": True,
            "rescale_factor": 1 / 255, "do_normalize": True, "do_convert_rgb": True, "resample": 3,
            "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}}
    if crops:
        files["preprocessor_config.json"] |= {
            "image_processor_type": "LlavaNextImageProcessor", "image_grid_pinpoints": GRIDS, "do_pad": True}
    for name, content in files.items():
        (out / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    print(f"{out}: {sum(p.numel() for p in model.parameters()) / 1e9:.2f} G parameters")


if __name__ == "__main__":
    main()
