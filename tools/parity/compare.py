"""`vlmprune inspect` beside transformers, on the same checkpoint, image and question: differences per stage.

    python tools/parity/compare.py --binary .build/release/vlmprune --model DIR --image FILE --question "..."
        [--strategy SPEC --keep N] [--positions family|original] [--prompt TEXT]

Pruned runs take the kept indices from vlmprune and check everything behind them: projection, positions, decoder. Needs
fixtures/generate/requirements.txt. The prompt is LLaVA-1.5's unless --prompt gives the whole of it.
"""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoImageProcessor, LlavaForConditionalGeneration
from transformers.utils import logging

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures" / "generate"))
import ladder  # noqa: E402  the generator of the goldens computes the reference here too

BARS = {"pixel_values": 1e-6, "logits": 1e-3}
BLOCK_BAR = 1e-4
# The bars are for activations up to this size; trained decoders have a few a thousand times larger, and float32's
# resolution with them.
MAGNITUDE = 16


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=".build/release/vlmprune")
    parser.add_argument("--model", required=True)
    parser.add_argument("--image", required=True)
    parser.add_argument("--question", default="What is in this picture?")
    parser.add_argument("--prompt", help="the whole prompt, <image> included")
    parser.add_argument("--strategy", default="none")
    parser.add_argument("--keep", default="all")
    parser.add_argument("--positions", default="family")
    return parser.parse_args()


def ours(options, layers):
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/out.safetensors"
        prompt = ["-q", options.prompt, "--raw-prompt"] if options.prompt else ["-q", options.question]
        subprocess.run(
            [options.binary, "inspect", options.image, *prompt, "--model", options.model, "--tensors", path,
             "--strategy", options.strategy, "--keep", options.keep, "--positions", options.positions,
             "--layers", ",".join(map(str, range(layers)))], check=True, stdout=subprocess.DEVNULL)
        return load_file(path)


def reference(model, options, kept):
    """Every rung of transformers' pass, dense or with only the rows that vlmprune kept."""
    processor = AutoImageProcessor.from_pretrained(options.model, backend="pil")
    pixels = processor(Image.open(options.image).convert("RGB"), return_tensors="pt").pixel_values
    visual = "<image>" * ladder.visual_tokens(model)
    text = options.prompt or f"USER: <image>\n{options.question} ASSISTANT:"
    tokenizer = Tokenizer.from_file(f"{options.model}/tokenizer.json")
    tokenizer.no_truncation()  # some files carry the lengths that they were trained with
    tokenizer.no_padding()
    ids = torch.tensor([tokenizer.encode(text.replace("<image>", visual)).ids])
    store = {"pixel_values": pixels, "prompt.input_ids": ids[0]}
    with ladder.recorded(model, store):
        model(input_ids=ids, pixel_values=pixels)
    places = torch.nonzero(ids[0] == model.config.image_token_id).flatten()
    stays = torch.ones(ids.shape[1], dtype=torch.bool)
    stays[places] = False
    stays[places[kept]] = True
    dense = bool(stays.all())
    embeddings = store["decoder.embeddings"][stays][None]
    positions, following = torch.arange(embeddings.shape[1]), embeddings.shape[1]
    if options.positions == "original":
        positions, following = torch.nonzero(stays).flatten(), ids.shape[1]
    again = {}
    with ladder.recorded(model, again):
        new, logits, margin = ladder.greedy(model, embeddings, positions[None], following)
    if not dense:
        store |= again | {"projected": store["projected"][kept]}
    print(f"smallest lead of a greedy token: {margin:.5f}")
    return store | {"logits": logits, "generated_ids": torch.tensor(new)}


def row(name, mine, theirs):
    if mine.shape != theirs.shape:
        return f"{name:24} shape {list(mine.shape)} instead of {list(theirs.shape)}", False
    if not theirs.is_floating_point():
        equal = bool((mine == theirs).all())
        return f"{name:24} {'equal' if equal else 'DIFFERENT'}", equal
    worst, largest = float((mine - theirs).abs().max()), float(theirs.abs().max())
    bar = BARS.get(name, BLOCK_BAR) * max(1, largest / MAGNITUDE)
    verdict = "ok" if worst <= bar else "BEYOND"
    return f"{name:24} max |value| {largest:8.2e}   max |difference| {worst:.2e}   bar {bar:.0e}   {verdict}", worst <= bar


@torch.inference_mode()
def main():
    options = arguments()
    logging.set_verbosity_error()
    model = LlavaForConditionalGeneration.from_pretrained(
        options.model, dtype=torch.float32, attn_implementation="eager").eval()
    mine = ours(options, model.config.vision_config.num_hidden_layers)
    theirs = reference(model, options, mine["plan.kept"])
    good = True
    for name in [name for name in mine if name in theirs and name != "plan.kept"]:
        text, fine = row(name, mine[name], theirs[name])
        print(text)
        good &= fine
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
