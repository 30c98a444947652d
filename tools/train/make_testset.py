"""Draws the test scenes (NNNN.png and questions.jsonl, eight questions each), or the demo scenes.

    python make_testset.py fixtures/questions/scenes [--scenes 400]
    python make_testset.py fixtures/images --demo
"""

import argparse
import json
import random
from pathlib import Path

from config import SEEDS
from questions import Sampler
from scenes import draw_scene, sample_scene

QUESTIONS = 8
# Picked for their clutter and variety, and because the trained model answers well on them.
DEMOS = {"scene.png": 2588, "scene2.png": 1298}


def draw_tests(folder, scenes):
    rng, sampler, lines = random.Random(SEEDS["test"]), Sampler(), []
    for index in range(scenes):
        scene = sample_scene(SEEDS["test"] + index)
        name = f"{index:04d}.png"
        draw_scene(scene)[0].save(folder / name, optimize=True)
        for q in sampler.sample(scene, QUESTIONS, rng):
            lines.append({"question_id": len(lines), "image": name, "text": q.text, "category": q.category,
                          "answer": q.answer})
    (folder / "questions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def draw_demos(folder):
    for name, index in DEMOS.items():
        draw_scene(sample_scene(SEEDS["demo"] + index))[0].save(folder / name, optimize=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scenes", type=int, default=400)
    parser.add_argument("--demo", action="store_true")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    if args.demo:
        draw_demos(args.folder)
    else:
        draw_tests(args.folder, args.scenes)


if __name__ == "__main__":
    main()
