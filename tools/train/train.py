"""Trains the bundled model. Resumes from the newest checkpoint in the output folder.

    python train.py --run full --data DIR --out DIR [--device cpu] [--processes 2]

`data.py` draws the pictures for it; it may still be drawing when training begins. On a CPU, one process per core with
one thread each: they meet once a step, where threads would meet in every operation and wait for whoever was preempted.
"""

import argparse
import json
import math
import os
import shutil
import signal
import sys
import time
from collections import defaultdict
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from safetensors.torch import load_file
from torch import multiprocessing

from config import RUNS, QwenConfig
from data import WEIGHTS, Batches, Pool
from heads import GroundingHeads, TowerHeads
from model import PUBLISHED, Llava
from tokenizer import Prompts, train_tokenizer
from views import views

LOG_EVERY, VALIDATE_EVERY, SAVE_SECONDS = 50, 500, 120


def rate_at(run, stage, step):
    """Warm-up, then cosine down to a twentieth."""
    warm = min(1.0, (step + 1) / run.warmup)
    return stage.rate * warm * (0.05 + 0.95 * (1 + math.cos(math.pi * step / stage.steps)) / 2)


def shipped_weights(folder):
    """The weights of an exported folder under the names of training."""
    weights = load_file(folder / "model.safetensors")
    names = {theirs: ours for ours, theirs in PUBLISHED}
    return {next(names[p] + name[len(p):] for p in names if name.startswith(p)): value.float()
            for name, value in weights.items()}


class Trainer:
    def __init__(self, run, folder, out, device, rank=0, processes=1, start=None):
        self.run, self.folder, self.out, self.device, self.rank, self.processes = run, folder, out, device, rank, processes
        self.start = start
        self.prompts = Prompts(out / "tokenizer.json", run.model.format)
        # The texts may need fewer tokens than allowed.
        self.config = replace(run.model, vocab=self.prompts.tokenizer.get_vocab_size())
        torch.manual_seed(0)
        tower = self.build()
        self.prefix = torch.tensor([self.prompts.prefix], device=device)
        parts = (self.model, self.heads, self.grounding)
        self.parameters = [p for part in parts for p in part.parameters() if p.requires_grad]
        own = set(tower.parameters())
        groups = [{"params": [p for p in self.parameters if (p in own) == of_tower and (p.ndim >= 2) == decayed],
                   "weight_decay": run.weight_decay if decayed else 0.0, "of_tower": of_tower}
                  for of_tower in (True, False) for decayed in (True, False)]
        self.optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)
        self.stage, self.step, self.seconds, self.saved = 0, 0, 0.0, time.time()

    def build(self):
        """Makes the model and the heads, and gives the tower."""
        self.model = Llava(self.config).to(self.device)
        self.heads = TowerHeads(self.config.tower_width, self.config.width).to(self.device)
        self.grounding = GroundingHeads(self.config.width).to(self.device)
        tower = self.model.model["vision_tower"]
        # Neighbouring pixels are nearly equal: one of Adam's steps moves a filter's answer to a flat patch by six hundred
        # equal steps, and edges drown. The filters and positions that the tower starts with are good enough to stay.
        tower.embeddings.patch_embedding.requires_grad_(False)
        tower.embeddings.position_embedding.requires_grad_(False)
        if self.run.decoder_only:
            tower.requires_grad_(False)
            self.model.model["multi_modal_projector"].requires_grad_(False)
        return tower

    def begin(self):
        """The weights that a run starts from."""
        if self.start and self.start.is_dir():
            self.model.load_state_dict(shipped_weights(self.start))
        elif self.start:
            state = torch.load(self.start, map_location=self.device, weights_only=True)
            for name in ("model", "heads", "grounding"):
                # What another run's model has not, such as a newline, starts anew.
                getattr(self, name).load_state_dict(state[name], strict=False)

    def batches(self, stage, seed, features=None, weights=WEIGHTS, crowd=False):
        """Endless batches; `crowd` for those of crowded pictures without questions."""
        return Batches(self.run, stage, self.folder, self.prompts, seed, features, weights)

    def autocast(self):
        # Without its instructions, bfloat16 is slower than float32.
        slow = self.device.type == "mps" or (self.device.type == "cpu" and not torch.cpu._is_avx512_bf16_supported())
        return nullcontext() if slow else torch.autocast(self.device.type, torch.bfloat16)

    def forward(self, arrays):
        """Loss of the answers, which of their tokens come first, and the auxiliary heads' loss."""
        b = {name: torch.from_numpy(a).to(self.device) for name, a in arrays.items()}
        with self.autocast():
            auxiliary = torch.zeros((), device=self.device)
            if "features" in b:
                projected = self.model.model["multi_modal_projector"](b["features"].float())
            else:
                features, classes = self.model.model["vision_tower"](b["images"], b["windows"])
                projected = self.model.model["multi_modal_projector"](features)
                targets = (b[name] for name in ("windows", "patches", "pairs", "counts"))
                auxiliary = self.heads(features, projected, classes, *targets)
            if b["tokens"].shape[1] == 0:
                return torch.zeros(()), torch.zeros(1), auxiliary
            if "kept" in b:
                projected = self.model.arrange(projected.reshape(len(b["kept"]), -1, projected.shape[-1]), b["kept"])
            loss, right, states = self.model(projected, self.prefix, b["tokens"], b["owners"], b["labels"])
            return loss, right, auxiliary + self.grounding(states, b["mentions"], b["gaps"])

    def train_step(self, arrays, crowd):
        """`crowd` is a batch of crowded pictures without questions, or None."""
        stage = self.run.stages[self.stage]
        for group in self.optimizer.param_groups:
            group["lr"] = rate_at(self.run, stage, self.step) * (stage.tower if group["of_tower"] else 1.0)
        loss, right, auxiliary = self.forward(arrays)
        (loss + 0.5 * auxiliary).backward()
        if crowd is not None:
            (0.5 * self.forward(crowd)[2]).backward()
        if self.processes > 1:
            self.average_gradients()
        torch.nn.utils.clip_grad_norm_(self.parameters, 2.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item(), right.float().mean().item(), auxiliary.item()

    def average_gradients(self):
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        for g, mean in zip(gradients, (flat / self.processes).split([g.numel() for g in gradients])):
            g.copy_(mean.view_as(g))

    @torch.no_grad()
    def validate(self, batches=8):
        """Share of questions of each category whose answer tokens all come first; whole pictures, as in the test."""
        stage = replace(self.run.stages[self.stage], kind="val", images=16, questions=8, frozen=0, pruned=0.0)
        source = self.batches(stage, seed=1, weights=None)
        asked, right = defaultdict(int), defaultdict(int)
        for _ in range(batches):
            arrays, categories = source.next()
            _, hits, _ = self.forward(arrays)
            # Answer tokens come flattened in the order of the questions.
            answering = [owners[labels >= 0] for owners, labels in zip(arrays["owners"], arrays["labels"])]
            hits = hits.cpu().split([len(owners) for owners in answering])
            for names, owners, hit in zip(categories, answering, hits):
                for j, name in enumerate(names):
                    asked[name] += 1
                    right[name] += hit[torch.from_numpy(owners == j)].all().item()
        result = {name: round(right[name] / asked[name], 3) for name in sorted(asked)}
        scenes = [n for n in asked if n != "easy-vqa"]
        result["scenes"] = round(sum(right[n] for n in scenes) / max(1, sum(asked[n] for n in scenes)), 3)
        return result

    def state(self):
        parts = {name: getattr(self, name).state_dict() for name in ("model", "heads", "grounding", "optimizer")}
        return {**parts, "config": asdict(self.config), "stage": self.stage, "step": self.step, "seconds": self.seconds}

    def save(self):
        torch.save(self.state(), self.out / "checkpoint.part")
        os.replace(self.out / "checkpoint.part", self.out / "checkpoint.pt")
        self.saved = time.time()

    def resume(self):
        if (self.out / "checkpoint.pt").exists():
            state = torch.load(self.out / "checkpoint.pt", map_location=self.device, weights_only=True)
            for name in ("model", "heads", "grounding", "optimizer"):
                getattr(self, name).load_state_dict(state[name])
            self.stage, self.step, self.seconds = state["stage"], state["step"], state["seconds"]
        else:
            self.begin()

    def log(self, record):
        line = json.dumps({"stage": self.stage, "step": self.step, "minutes": round(self.seconds / 60, 1), **record})
        print(line, flush=True)
        with open(self.out / "log.jsonl", "a") as out:
            out.write(line + "\n")

    def encode(self, pictures):
        """What a frozen tower says of pictures [B, H, W, 3]."""
        part = np.concatenate([views(i) for i in pictures]) if self.config.views else np.array(pictures)
        windows = torch.zeros(len(part), 2, dtype=torch.long, device=self.device)
        return self.model.model["vision_tower"].features(torch.from_numpy(part).to(self.device), windows)

    @torch.no_grad()
    def cache_features(self):
        """What the frozen tower says of every picture, in a folder that frozen stages in a row share, as the processes do
        the work."""
        stage, first = self.run.stages[self.stage], self.stage
        while first > 0 and self.run.stages[first - 1].frozen:
            first -= 1
        folder = self.out / f"features-{first}"
        folder.mkdir(exist_ok=True)
        kinds = (stage.kind, "easy") if self.run.easy_share and stage.easy else (stage.kind,)
        stems = [s for kind in kinds for s in list(Pool(self.folder, f"{kind}-{stage.canvas}").shards)[:stage.shards]]
        for stem in stems[self.rank::self.processes]:
            path = folder / f"{Path(stem).name}.npy"
            if path.exists():
                continue
            images = np.load(f"{stem}.images.npy", mmap_mode="r")
            rows = []
            for start in range(0, len(images), 8):
                with self.autocast():
                    rows.append(self.encode(images[start:start + 8]).half().cpu())
            # All tokens of a picture, of however many views, in a row.
            rows = torch.cat(rows)
            rows = rows.reshape(len(images), -1, rows.shape[-1])
            np.save(path.with_suffix(".part.npy"), rows.numpy())
            os.replace(path.with_suffix(".part.npy"), path)
        if self.processes > 1:
            dist.barrier()
        return folder

    def run_stage(self):
        stage = self.run.stages[self.stage]
        features = self.cache_features() if stage.frozen else None
        # Neither another process nor a resumed run may see the same questions again.
        seed = self.rank * 1_000_000 + self.stage * 100_000 + self.step
        mine = replace(stage, images=stage.images // self.processes)
        source = self.batches(mine, seed, features)
        crowded = replace(mine, kind="dense", images=stage.dense // self.processes, questions=0)
        crowds = self.batches(crowded, seed, crowd=True) if stage.dense else None
        sums, began = [0.0, 0.0, 0.0], time.time()
        while self.step < stage.steps:
            start = time.time()
            for i, value in enumerate(self.train_step(source.next()[0], crowds and crowds.next()[0])):
                sums[i] += value / LOG_EVERY
            self.step += 1
            self.seconds += time.time() - start
            if self.rank > 0:
                continue
            if self.step % LOG_EVERY == 0:
                speed = stage.images * LOG_EVERY / (time.time() - began)
                means = dict(zip(("loss", "right", "auxiliary"), (round(s, 4) for s in sums)))
                self.log({**means, "images_per_second": round(speed, 1)})
                sums, began = [0.0, 0.0, 0.0], time.time()
            if stage.questions and (self.step % VALIDATE_EVERY == 0 or self.step == stage.steps):
                self.log({"validation": self.validate()})
            if time.time() - self.saved > SAVE_SECONDS:
                self.save()
        if self.rank == 0:
            self.save()

    def train(self):
        # Each process resumes from the file, so none may write it before all have read it.
        self.resume()
        if self.processes > 1:
            dist.barrier()
        while self.stage < len(self.run.stages):
            self.run_stage()
            if self.stage + 1 == len(self.run.stages):
                break
            self.stage, self.step = self.stage + 1, 0


def wait_for(path, seconds=600):
    """The drawing process writes the first shards within seconds."""
    while not path.exists() and seconds > 0:
        time.sleep(2)
        seconds -= 2
    if not path.exists():
        raise SystemExit(f"{path} is missing: run data.py")


def work(rank, args):
    if args.processes > 1:
        torch.set_num_threads(1)
        dist.init_process_group("gloo", init_method=f"file://{(args.out / 'meeting').resolve()}", rank=rank,
                                world_size=args.processes)
    run, trainer = RUNS[args.run], Trainer
    if isinstance(run.model, QwenConfig):
        from qwen_train import QwenTrainer as trainer
    trainer(run, args.data, args.out, torch.device(args.device), rank, args.processes, args.start).train()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", choices=RUNS, default="full")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, 
                        help="checkpoint of another run, with its tokenizer beside it, or an exported folder")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--processes", type=int, default=1 if torch.cuda.is_available() else os.cpu_count())
    args = parser.parse_args()
    run = RUNS[args.run]
    args.out.mkdir(parents=True, exist_ok=True)
    # Left behind by a run that was cut off, it would make the processes of this one wait for those of that one.
    (args.out / "meeting").unlink(missing_ok=True)
    first = run.stages[0].canvas
    for kind in (run.stages[0].kind, "easy", "val"):
        wait_for(args.data / f"{kind}-{first}-000.json")
    if args.start and not isinstance(run.model, QwenConfig) and not (args.out / "tokenizer.json").exists():
        folder = args.start if args.start.is_dir() else args.start.parent
        shutil.copyfile(folder / "tokenizer.json", args.out / "tokenizer.json")
    if not (args.out / "tokenizer.json").exists():
        records = json.loads((args.data / f"easy-{first}-000.json").read_text())
        questions = [q for record in records for q in record["questions"]]
        train_tokenizer(run.model.vocab, questions, args.out / "tokenizer.json", run.model.format)
    if args.processes == 1:
        work(0, args)
    else:
        # An ordinary exit ends the workers; a signal's default action would leave them behind.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        multiprocessing.spawn(work, (args,), nprocs=args.processes, daemon=True)


if __name__ == "__main__":
    main()
