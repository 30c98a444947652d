"""Pictures drawn ahead of time, and batches of packed questions from them.

    python data.py --run full --data DIR --easy-vqa easy-vqa.tar.gz

A shard is three files: STEM.images.npy (uint8), STEM.owners.npy (which object owns which patch) and STEM.json, written
last, so that a shard without it is unfinished.
"""

import argparse
import json
import os
import random
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import numpy as np

from config import GRID, IMAGE, RUNS, SEEDS, VALIDATION_SCENES, VIEW
from easy_vqa import read_split
from questions import Sampler
from scenes import COLOR_NAMES, PATCH, SHAPES, Scene, draw_scene, sample_scene
from targets import IGNORED, MENTION_FIELDS, MENTIONS, gap_target, mention_targets, patch_targets, scene_targets
from views import PACKED, VIEWS, view_targets, views
from wordings import VariedSampler, roughened_text

# The categories that are learned last get more questions.
WEIGHTS = {"existence": 0.7, "color": 0.4, "shape": 0.4, "count": 6.0, "relation": 1.2, "quadrant": 0.6, "largest": 1.0,
           "character": 2.0}


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
        for kind, shards in ((stage.kind, stage.shards), ("dense", run.crowded_shards if stage.dense else 0)):
            for shard in range(shards):
                stem = folder / f"{kind}-{stage.canvas}-{shard:03d}"
                if not Path(f"{stem}.json").exists():
                    first = SEEDS[f"{kind}-{stage.canvas}"] + shard * run.shard_size
                    draw_shard(stem, stage.canvas, range(first, first + run.shard_size), kind == "dense")
                if shard == 0:
                    prepare_others(folder, stage.canvas, easy)
    for shard in range(run.large_shards):
        stem = folder / f"scenes-448-{shard:03d}"
        if not Path(f"{stem}.json").exists():
            first = SEEDS["scenes-448"] + shard * run.shard_size
            draw_shard(stem, 448, range(first, first + run.shard_size))


def prepare_others(folder, canvas, easy):
    stem = folder / f"easy-{canvas}-000"
    if not Path(f"{stem}.json").exists():
        easy_shard(stem, canvas, easy)
    stem = folder / f"val-{canvas}-000"
    if not Path(f"{stem}.json").exists():
        draw_shard(stem, canvas, range(SEEDS["val"], SEEDS["val"] + VALIDATION_SCENES))


class Pool:
    """The finished shards of one kind; looks for new ones whenever it is refreshed.

    With `features`, the folder that holds a frozen tower's, those take the place of the pictures.
    """

    def __init__(self, folder, kind, features=None):
        self.folder, self.kind, self.features, self.shards = Path(folder), kind, features, {}
        self.refresh()

    def refresh(self):
        for path in sorted(self.folder.glob(f"{self.kind}-*.json")):
            stem = str(path)[:-len(".json")]
            shown = self.features / f"{path.stem}.npy" if self.features else Path(f"{stem}.images.npy")
            # A frozen tower has not seen what was drawn after its features were computed.
            if stem not in self.shards and not stem.endswith(".part") and shown.exists():
                arrays = [np.load(name, mmap_mode="r") for name in (shown, f"{stem}.owners.npy")]
                self.shards[stem] = (*arrays, json.loads(path.read_text()))
        self.index = [(s, i) for s in self.shards for i in range(len(self.shards[s][2]))]

    def take(self, stem, i):
        shown, owners, records = self.shards[stem]
        return shown[i], owners[i], records[i]


Asked = namedtuple("Asked", "text answer category mentions gap")
UNKNOWN = np.full((MENTIONS, MENTION_FIELDS), IGNORED, dtype=np.float32), np.full(2, IGNORED, dtype=np.float32)


def kept_tokens(inside, most, rng, fewest=32):
    """Which tokens stay when a random share of the background is left out; their number is the same for each picture.

    A decoder that has only ever seen all 576 tokens learns to count against the amount of background, and errs when
    any pruning method changes it.
    """
    # Now and then fewer than the largest number of object patches: budgets are fixed, scenes are not.
    least = min(most, max(fewest, int(0.8 * inside.sum(1).max())))
    kept = round(least * (most / least) ** rng.random())
    order = -np.random.default_rng(rng.getrandbits(32)).random(inside.shape) - inside
    return np.sort(order.argpartition(kept - 1, axis=1)[:, :kept], axis=1)


class Batches:
    """Endless batches of one stage: pictures, packed questions, targets of the auxiliary heads."""

    def __init__(self, run, stage, folder, prompts, seed, features=None, weights=WEIGHTS):
        self.run, self.stage, self.prompts, self.views = run, stage, prompts, run.model.views
        self.rng = random.Random(seed)
        self.scenes = Pool(folder, f"{stage.kind}-{stage.canvas}", features)
        self.easy = Pool(folder, f"easy-{stage.canvas}", features)
        self.sampler = Sampler(weights)
        if stage.worded:
            self.sampler = VariedSampler(self.sampler)
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
            asked = self.rng.sample(record["questions"], min(len(record["questions"]), self.stage.questions))
            if self.stage.worded:
                asked = [(roughened_text(text, self.rng), answer) for text, answer in asked]
            return [Asked(*q, "easy-vqa", *UNKNOWN) for q in asked]
        if self.stage.questions == 0:
            return []
        # "Top left" is a matter of the full grid, of which this canvas is a window.
        scene = Scene.from_json(record)
        top, left = (PATCH * start for start in window)
        moved = Scene(scene.seed, IMAGE, [replace(o, x=o.x + left, y=o.y + top) for o in scene.objects])
        return [Asked(q.text, q.answer, q.category, mention_targets(moved, q, self.prompts.ends(q.text)), gap_target(moved, q))
                for q in self.sampler.sample(moved, self.stage.questions, self.rng)]

    def window(self):
        """Row and column of the full grid at which this canvas begins."""
        spare = GRID - self.stage.canvas // PATCH
        return self.rng.randint(0, spare), self.rng.randint(0, spare)

    def next(self):
        """A batch's arrays, and the categories of its questions."""
        shown, windows, asked, targets = [], [], [], []
        for _ in range(self.stage.images):
            # Until easy-VQA's shard is there, scenes alone.
            easy = self.stage.questions and self.easy.index and self.rng.random() < self.run.easy_share
            picture, owner, record = self.next_key("easy" if easy else "scenes")
            shown.append(picture)
            windows.append(self.window())
            asked.append(self.questions(record, windows[-1]))
            if easy:
                targets.append((np.full((5, *owner.shape), IGNORED, dtype=np.float32),
                                np.zeros(len(COLOR_NAMES) * len(SHAPES), dtype=np.float32), IGNORED))
            else:
                scene = Scene.from_json(record)
                if self.views:
                    targets.append(view_targets(scene, owner))
                else:
                    targets.append((patch_targets(scene, owner), *scene_targets(scene)))
        arrays = {name: np.stack(values) for name, values in zip(("patches", "pairs", "counts"), zip(*targets))}
        arrays |= {"windows": np.array(windows), **pack(asked, self.prompts)}
        inside = (arrays["patches"][..., 0, :, :] > 0).reshape(len(shown), -1)
        if self.views:
            self.show_views(arrays, shown, inside)
        elif self.stage.frozen:
            kept = np.tile(np.arange(inside.shape[1]), (len(shown), 1))
            if self.stage.frozen < inside.shape[1] or self.rng.random() < self.stage.pruned:
                kept = kept_tokens(inside, self.stage.frozen, self.rng)
            arrays["features"] = np.stack([rows[index] for rows, index in zip(shown, kept)])
        else:
            arrays["images"] = np.stack(shown)
            if self.rng.random() < self.stage.pruned:
                arrays["kept"] = kept_tokens(inside, inside.shape[1], self.rng)
        return arrays, [[q.category for q in questions] for questions in asked]

    def show_views(self, arrays, shown, inside):
        """The views as pictures of their own, or what a frozen tower said of them; which rows the decoder gets."""
        kept = np.tile(PACKED, (len(shown), 1))
        if self.rng.random() < self.stage.pruned:
            # Objects first, but here and there few of one view's. Newlines are sent whatever is pruned.
            lost = np.random.default_rng(self.rng.getrandbits(32)).random((2, len(shown), VIEWS))
            lost = np.where(lost[0] < 0.15, lost[1], 0).repeat(VIEW * VIEW, axis=1)
            inside = inside & (lost < np.random.default_rng(self.rng.getrandbits(32)).random(inside.shape))
            order = kept_tokens(np.where(PACKED < 0, True, inside[:, PACKED]), self.stage.frozen or len(PACKED), self.rng)
            kept = PACKED[order]
        if self.stage.frozen:
            arrays["features"] = np.stack([rows[index] for rows, index in zip(shown, kept)])
            kept = np.where(kept < 0, -1, np.arange(kept.shape[1]))
        else:
            arrays["images"] = np.concatenate([views(image) for image in shown])
            arrays["windows"] = np.zeros((len(arrays["images"]), 2), dtype=np.int64)
            for name in ("patches", "pairs", "counts"):
                arrays[name] = np.concatenate(arrays[name])
        arrays["kept"] = kept


def pack(asked, prompts):
    """A picture's questions in a row: ids [images, length], which question owns a token, its label (the next answer token,
    or IGNORED); and what is known of the objects asked about, with the places of tokens in the row."""
    packs = [[prompts.pieces(q.text, q.answer) for q in row] for row in asked]
    # Multiples of eight: fewer distinct shapes, and no odd sizes in the matrix products.
    longest = max(sum(len(q) + len(a) for q, a in row) for row in packs)
    tokens = np.full((len(packs), -(-longest // 8) * 8), prompts.pad, dtype=np.int64)
    labels, owners = np.full_like(tokens, IGNORED), np.full_like(tokens, IGNORED)
    most = max(map(len, packs))
    mentions = np.full((len(packs), most, MENTIONS, MENTION_FIELDS), IGNORED, dtype=np.float32)
    gaps = np.full((len(packs), most, 3), IGNORED, dtype=np.float32)
    for i, row in enumerate(packs):
        start = 0
        for j, (question, answer) in enumerate(row):
            last, end = start + len(question) - 1, start + len(question) + len(answer)
            tokens[i, start:end] = question + answer
            owners[i, start:end] = j
            labels[i, last:end - 1] = answer
            mentions[i, j] = asked[i][j].mentions
            mentions[i, j, :, 0] += start
            gaps[i, j] = last if asked[i][j].gap[0] > IGNORED else IGNORED, *asked[i][j].gap
            start = end
    mentions[..., 0][mentions[..., 1] < 0] = IGNORED
    return {"tokens": tokens, "owners": owners, "labels": labels, "mentions": mentions.reshape(len(packs), -1, MENTION_FIELDS),
            "gaps": gaps}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", choices=RUNS, default="full")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--easy-vqa", type=Path, required=True, help="easy-vqa.tar.gz")
    args = parser.parse_args()
    prepare(RUNS[args.run], args.data, args.easy_vqa)
