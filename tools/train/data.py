"""Pictures drawn ahead of time, and batches of packed questions from them.

    python data.py --run full --data DIR --easy-vqa easy-vqa.tar.gz

A shard is three files: STEM.images.npy (uint8), STEM.owners.npy (which object owns which patch) and STEM.json, written
last, so that a shard without it is unfinished.
"""

import argparse
import json
import os
import random
from dataclasses import replace
from pathlib import Path

import numpy as np

from config import GRID, IMAGE, RUNS, SEEDS
from easy_vqa import read_split
from questions import Sampler
from scenes import CHARACTERS, COLOR_NAMES, MAX_SIZE, PATCH, SHAPES, Scene, draw_scene, sample_scene

# The categories that are learned last get more questions.
WEIGHTS = {"existence": 1.5, "color": 1.0, "shape": 1.0, "count": 2.0, "relation": 2.5, "quadrant": 2.0, "largest": 1.0,
           "character": 2.0}
IGNORED = -100


def write_shard(stem, images, owners, records):
    for name, array in (("images", images), ("owners", owners)):
        np.save(f"{stem}.part.npy", array)
        os.replace(f"{stem}.part.npy", f"{stem}.{name}.npy")
    Path(f"{stem}.part.json").write_text(json.dumps(records))
    os.replace(f"{stem}.part.json", f"{stem}.json")


def draw_shard(stem, canvas, seeds, dense=False):
    images, owners, records = [], [], []
    for seed in seeds:
        scene = sample_scene(seed, canvas, dense)
        image, owner = draw_scene(scene)
        images.append(np.asarray(image))
        owners.append(owner)
        records.append(scene.to_json())
    write_shard(stem, np.stack(images), np.stack(owners), records)


def easy_shard(stem, canvas, samples):
    from PIL import Image

    images = [np.asarray(image.resize((canvas, canvas), Image.Resampling.BICUBIC)) for image, _ in samples]
    owners = np.full((len(images), canvas // PATCH, canvas // PATCH), IGNORED, dtype=np.int8)
    write_shard(stem, np.stack(images), owners, [{"questions": questions} for _, questions in samples])


def prepare(run, folder, easy_tarball):
    """Draws whatever is missing. Shards of the first stage come first, so that training can start on them."""
    folder.mkdir(parents=True, exist_ok=True)
    easy = read_split(easy_tarball, "train")
    for stage in run.stages:
        name = f"{stage.kind}-{stage.canvas}"
        for shard in range(stage.shards):
            stem = folder / f"{name}-{shard:03d}"
            if not Path(f"{stem}.json").exists():
                first = SEEDS[name] + shard * run.shard_size
                draw_shard(stem, stage.canvas, range(first, first + run.shard_size), stage.kind == "dense")
            for kind in ("easy", "val"):
                stem = folder / f"{kind}-{stage.canvas}-000"
                if shard == 0 and not Path(f"{stem}.json").exists():
                    if kind == "easy":
                        easy_shard(stem, stage.canvas, easy)
                    else:
                        draw_shard(stem, stage.canvas, range(SEEDS["val"], SEEDS["val"] + 256))


class Pool:
    """The finished shards of one kind; looks for new ones whenever it is refreshed."""

    def __init__(self, folder, kind):
        self.folder, self.kind, self.shards = Path(folder), kind, {}
        self.refresh()

    def refresh(self):
        for path in sorted(self.folder.glob(f"{self.kind}-*.json")):
            stem = str(path)[:-len(".json")]
            if stem not in self.shards and not stem.endswith(".part"):
                arrays = [np.load(f"{stem}.{n}.npy", mmap_mode="r") for n in ("images", "owners")]
                self.shards[stem] = (*arrays, json.loads(path.read_text()))
        self.index = [(s, i) for s in self.shards for i in range(len(self.shards[s][2]))]

    def take(self, stem, i):
        images, owners, records = self.shards[stem]
        return images[i], owners[i], records[i]


def patch_targets(scene, owner):
    """Per patch: colour, shape, character (0 = background or none), relative size, and whether a centre lies in it."""
    targets = np.zeros((5, *owner.shape), dtype=np.float32)
    for index, o in enumerate(scene.objects):
        where = owner == index
        targets[0][where] = 1 + COLOR_NAMES.index(o.color)
        targets[1][where] = 1 + SHAPES.index(o.shape)
        targets[2][where] = 1 + CHARACTERS.index(o.character) if o.character else 0
        targets[3][where] = o.size / MAX_SIZE
        targets[4, o.y // PATCH, o.x // PATCH] = 1
    return targets


def scene_targets(scene):
    """Which colour-shape pairs are present, and how many objects there are (8 for more)."""
    pairs = np.zeros((len(COLOR_NAMES), len(SHAPES)), dtype=np.float32)
    for o in scene.objects:
        pairs[COLOR_NAMES.index(o.color), SHAPES.index(o.shape)] = 1
    return pairs.ravel(), min(len(scene.objects), 8)


class Batches:
    """Endless batches of one stage: pictures, packed questions, targets of the auxiliary heads."""

    def __init__(self, run, stage, folder, prompts, seed):
        self.run, self.stage, self.prompts = run, stage, prompts
        self.rng = random.Random(seed)
        self.scenes, self.easy = Pool(folder, f"{stage.kind}-{stage.canvas}"), Pool(folder, f"easy-{stage.canvas}")
        self.sampler = Sampler(WEIGHTS)
        self.queues = {"scenes": [], "easy": []}

    def next_key(self, name):
        pool, queue = getattr(self, name), self.queues[name]
        if not queue:
            pool.refresh()
            queue.extend(pool.index)
            self.rng.shuffle(queue)
        return pool.take(*queue.pop())

    def questions(self, record, window):
        if "questions" in record:
            asked = record["questions"]
            return [(*q, "easy-vqa") for q in self.rng.sample(asked, min(len(asked), self.stage.questions))]
        if self.stage.questions == 0:
            return []
        # "Top left" is a matter of the full grid, of which this canvas is a window.
        scene = Scene.from_json(record)
        top, left = (PATCH * start for start in window)
        moved = Scene(scene.seed, IMAGE, [replace(o, x=o.x + left, y=o.y + top) for o in scene.objects])
        asked = self.sampler.sample(moved, self.stage.questions, self.rng)
        return [(q.text, q.answer, q.category) for q in asked]

    def window(self):
        """Row and column of the full grid at which this canvas begins."""
        spare = GRID - self.stage.canvas // PATCH
        return self.rng.randint(0, spare), self.rng.randint(0, spare)

    def next(self):
        images, windows, packs, categories, patches, pairs, counts = [], [], [], [], [], [], []
        for _ in range(self.stage.images):
            # Until easy-VQA's shard is there, scenes alone.
            easy = self.stage.questions and self.easy.index and self.rng.random() < self.run.easy_share
            image, owner, record = self.next_key("easy" if easy else "scenes")
            images.append(image)
            windows.append(self.window())
            asked = self.questions(record, windows[-1])
            packs.append([self.prompts.pieces(text, answer) for text, answer, _ in asked])
            categories.append([category for _, _, category in asked])
            if easy:
                patches.append(np.full((5, *owner.shape), IGNORED, dtype=np.float32))
                pairs.append(np.zeros(len(COLOR_NAMES) * len(SHAPES), dtype=np.float32))
                counts.append(IGNORED)
            else:
                scene = Scene.from_json(record)
                patches.append(patch_targets(scene, owner))
                present, number = scene_targets(scene)
                pairs.append(present)
                counts.append(number)
        tokens, labels = pack(packs, self.stage.questions, self.prompts.pad)
        arrays = {"images": np.stack(images), "windows": np.array(windows), "tokens": tokens, "labels": labels,
                  "patches": np.stack(patches), "pairs": np.stack(pairs), "counts": np.array(counts)}
        return arrays, categories


def pack(packs, questions, pad):
    """Ids [images, questions, length] and the label of each position: the next answer token, or IGNORED."""
    # Multiples of eight: fewer distinct shapes, and no odd sizes in the matrix products.
    longest = max((len(q) + len(a) for pack in packs for q, a in pack), default=0)
    length = -(-longest // 8) * 8
    tokens = np.full((len(packs), questions, length), pad, dtype=np.int64)
    labels = np.full(tokens.shape, IGNORED, dtype=np.int64)
    for i, pack_ in enumerate(packs):
        for j, (question, answer) in enumerate(pack_):
            tokens[i, j, :len(question) + len(answer)] = question + answer
            labels[i, j, len(question) - 1:len(question) + len(answer) - 1] = answer
    return tokens, labels


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", choices=RUNS, default="full")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--easy-vqa", type=Path, required=True, help="easy-vqa.tar.gz")
    args = parser.parse_args()
    prepare(RUNS[args.run], args.data, args.easy_vqa)
