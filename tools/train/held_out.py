"""Draws validation scenes with questions in wordings that training never uses, for evaluate.py.

    python held_out.py FOLDER [--scenes 200] [--wording held-out | trained | plain]

`trained` draws the wordings of training instead, `plain` those of the test scenes: the same scenes, to compare with.
"""

import argparse
import json
import random
from pathlib import Path

from config import SEEDS, VALIDATION_SCENES
from questions import Sampler
from scenes import draw_scene, sample_scene
from wordings import VariedSampler

QUESTIONS = 8


def sampler_of(wording):
    if wording == "plain":
        return Sampler()
    # Beside the sampler's own, one open question for every scene that allows one.
    return VariedSampler(Sampler(), plain=0.0, opened=1.0, held_out=wording == "held-out")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scenes", type=int, default=200, choices=range(1, VALIDATION_SCENES + 1), metavar="N")
    parser.add_argument("--wording", choices=("held-out", "trained", "plain"), default="held-out")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    rng, sampler, lines = random.Random(SEEDS["val"]), sampler_of(args.wording), []
    for index in range(args.scenes):
        scene = sample_scene(SEEDS["val"] + index)
        name = f"{index:04d}.png"
        draw_scene(scene)[0].save(args.folder / name)
        for q in sampler.sample(scene, QUESTIONS, rng):
            lines.append({"question_id": len(lines), "image": name, "text": q.text, "category": q.category,
                          "answer": q.answer})
    (args.folder / "questions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


if __name__ == "__main__":
    main()
