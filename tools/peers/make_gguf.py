"""The language model of a LLaVA checkpoint as GGUF, Q8_0, for llama-bench.

    make_gguf.py CHECKPOINT OUT.gguf

The same formats as llama.cpp's own conversion (matrices Q8_0, norms f32), but no vocabulary: llama-bench needs none.
"""
import json
import sys
from pathlib import Path

import gguf
import numpy as np

NAMES = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def tensors(checkpoint):
    """(name, f32 array) of every tensor; numpy has no bfloat16, so the bits are widened here."""
    for path in sorted(checkpoint.glob("*.safetensors")):
        data = np.memmap(path, np.uint8, "r")
        size = int(data[:8].view(np.uint64)[0])
        header = json.loads(bytes(data[8:8 + size]))
        header.pop("__metadata__", None)
        for name, entry in header.items():
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            if entry["dtype"] == "BF16":
                values = (np.frombuffer(data[begin:end], np.uint16).astype(np.uint32) << 16).view(np.float32)
            else:
                values = np.frombuffer(data[begin:end], {"F16": np.float16, "F32": np.float32}[entry["dtype"]])
            yield name, values.reshape(entry["shape"]).astype(np.float32)


def target(name):
    """llama.cpp's name; None for the tower's and the projector's tensors."""
    name = name.replace("language_model.model.", "language_model.").removeprefix("model.")
    fixed = {
        "language_model.embed_tokens.weight": "token_embd.weight", "language_model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight", "language_model.lm_head.weight": "output.weight"}
    if not name.startswith("language_model.layers."):
        return fixed.get(name)
    block, rest = name.removeprefix("language_model.layers.").split(".", 1)
    return f"blk.{block}.{NAMES[rest.removesuffix('.weight')]}.weight"


def interleaved(matrix, heads):
    """llama.cpp rotates neighbouring rows; the checkpoint's halves of a head become neighbours."""
    rows, columns = matrix.shape
    return matrix.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def main():
    checkpoint, out = Path(sys.argv[1]), sys.argv[2]
    text = json.loads((checkpoint / "config.json").read_text())["text_config"]
    heads = {"attn_q": text["num_attention_heads"], "attn_k": text["num_key_value_heads"]}
    writer = gguf.GGUFWriter(out, "llama")
    writer.add_tokenizer_model("none")
    writer.add_vocab_size(text["vocab_size"])
    writer.add_context_length(text["max_position_embeddings"])
    writer.add_embedding_length(text["hidden_size"])
    writer.add_block_count(text["num_hidden_layers"])
    writer.add_feed_forward_length(text["intermediate_size"])
    writer.add_head_count(text["num_attention_heads"])
    writer.add_head_count_kv(text["num_key_value_heads"])
    writer.add_rope_dimension_count(text["hidden_size"] // text["num_attention_heads"])
    writer.add_layer_norm_rms_eps(text["rms_norm_eps"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    for name, values in tensors(checkpoint):
        name = target(name)
        if name is None:
            continue
        kind = name.split(".")[-2]
        if values.ndim == 1:
            writer.add_tensor(name, values)
        else:
            values = interleaved(values, heads[kind]) if kind in heads else values
            q8 = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(values, q8), raw_dtype=q8)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
