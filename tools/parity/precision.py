"""What narrow number formats cost in answers: `vlmprune inspect` in each precision beside f32, on text prompts.

    python tools/parity/precision.py --model DIR [--binary .build/release/vlmprune] [--precision bf16 int8]
        [--image FILE …] [--template TEXT] [--blocks] [--json FILE]

Take a checkpoint whose decoder is trained: random weights have neither outlier activations nor sharp attention and
forgive everything. The template's default is SmolLM2's. Per precision: KL divergence of the first answer token's
distribution from f32's, differences of its logits, and the share of equal greedy tokens. `--blocks` adds where the
difference arises: each block's output beside f32's, and how far its largest activation stands out. Needs
fixtures/generate/requirements.txt.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "<|im_start|>user\n<image>\n{question}<|im_end|>\n<|im_start|>assistant\n"
KL_BARS = {"bf16": 0.005, "int8": 0.0065}
QUESTIONS = """What is the capital of France?
What is 12 plus 7?
Name three fruits.
Who wrote Romeo and Juliet?
How many legs does a spider have?
Write a short poem about the sea.
Explain gravity to a child.
What is the opposite of hot?
Translate "good morning" into Spanish.
List the days of the week.
Why is the sky blue?
What is the largest planet of the solar system?
Give me a recipe for pancakes.
What is the square root of 81?
Who was Albert Einstein?
Write a Python function that adds two numbers.
What is the boiling point of water?
Summarise the story of Cinderella.
What does a carpenter do?
Tell me a joke about cats.
Which is heavier, iron or wood?
How do I learn to swim?
What happened in 1969?
Is the Earth flat?""".splitlines()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--binary", default=".build/release/vlmprune")
    parser.add_argument("--precision", nargs="+", default=list(KL_BARS), help="those to put beside f32")
    parser.add_argument("--image", nargs="+", help="pictures, taken in turn", default=[
        str(ROOT / "fixtures/images" / name) for name in ("scene.png", "scene2.png")])
    parser.add_argument("--template", default=TEMPLATE, help="the whole prompt, with <image> and {question}")
    parser.add_argument("--new-tokens", type=int, default=16)
    parser.add_argument("--blocks", action="store_true", help="also compare every block's output")
    parser.add_argument("--json", help="write the figures here too")
    return parser.parse_args()


def inspect(options, precision, question, image, folder):
    path = f"{folder}/out.safetensors"
    result = subprocess.run(
        [options.binary, "inspect", image, "--raw-prompt", "-q", options.template.format(question=question),
         "--model", options.model, "--precision", precision, "--model-cache", f"{folder}/packed",
         "--max-new-tokens", str(options.new_tokens), "--tensors", path], capture_output=True, text=True)
    if result.returncode:
        sys.exit(result.stderr)
    return load_file(path)


def compare(mine, exact):
    """One prompt: the first token's distribution and the greedy answer."""
    logarithm = [torch.log_softmax(tensors["logits"].double(), 0) for tensors in (exact, mine)]
    difference = (mine["logits"] - exact["logits"]).abs()
    answers = mine["generated_ids"].tolist(), exact["generated_ids"].tolist()
    return {
        "kl": float((logarithm[0].exp() * (logarithm[0] - logarithm[1])).sum()),
        "mean_difference": float(difference.mean()), "max_difference": float(difference.max()),
        "equal_tokens": sum(a == b for a, b in zip(*answers)), "tokens": max(map(len, answers))}


def compare_blocks(mine, exact):
    """Relative error of each block's output, without the few rows that are all outlier, and f32's outliers in it."""
    rows = {}
    for name in (name for name in exact if ".block." in name or name == "projected"):
        reference, other = (tensors[name].flatten(0, -2).double() for tensors in (exact, mine))
        size = reference.norm(dim=1)
        usual = size <= 10 * size.median()
        error = (other - reference).norm(dim=1) / size
        rows[name] = {"error": float(error[usual].mean()),
                      "outlier": float((reference.abs().amax(1) / reference.square().mean(1).sqrt())[usual].mean())}
    return rows


def mean(rows, key):
    return sum(row[key] for row in rows) / len(rows)


def report(precision, rows):
    figures = {
        "precision": precision, "prompts": len(rows), "mean_kl": mean(rows, "kl"), "max_kl": max(r["kl"] for r in rows),
        "mean_difference": mean(rows, "mean_difference"), "max_difference": max(r["max_difference"] for r in rows),
        "equal_tokens": sum(r["equal_tokens"] for r in rows) / sum(r["tokens"] for r in rows)}
    bar = KL_BARS.get(precision)
    verdict = "" if bar is None else f"   bar {bar}   {'ok' if figures['mean_kl'] <= bar else 'BEYOND'}"
    print(f"{precision:5} {len(rows)} prompts   KL mean {figures['mean_kl']:.5f} max {figures['max_kl']:.5f}"
          f"   |Δlogit| mean {figures['mean_difference']:.4f} max {figures['max_difference']:.3f}"
          f"   equal tokens {figures['equal_tokens']:.1%}{verdict}")
    return figures


def report_blocks(precision, compared):
    print(f"{precision}: block's output   relative error   largest value ÷ root mean square")
    for name in sorted(compared[0]):
        blocks = [prompt[name] for prompt in compared]
        print(f"  {name:20} {mean(blocks, 'error'):8.4f} {mean(blocks, 'outlier'):8.1f}")


def main():
    options = arguments()
    rows = {precision: [] for precision in options.precision}
    blocks = {precision: [] for precision in options.precision}
    with tempfile.TemporaryDirectory() as folder:
        for number, question in enumerate(QUESTIONS):
            image = options.image[number % len(options.image)]
            exact = inspect(options, "f32", question, image, folder)
            for precision in options.precision:
                mine = inspect(options, precision, question, image, folder)
                rows[precision].append({"question": question} | compare(mine, exact))
                if options.blocks:
                    blocks[precision].append(compare_blocks(mine, exact))
            print(f"{number + 1}/{len(QUESTIONS)}", *(f"{p} {rows[p][-1]['kl']:.5f}" for p in rows), file=sys.stderr)
    figures = [report(precision, rows[precision]) for precision in rows]
    if options.blocks:
        for precision in rows:
            report_blocks(precision, blocks[precision])
    if options.json:
        Path(options.json).write_text(json.dumps({"figures": figures, "prompts": rows}, indent=1) + "\n")
    sys.exit(0 if all(f["mean_kl"] <= KL_BARS.get(f["precision"], float("inf")) for f in figures) else 1)


if __name__ == "__main__":
    main()
