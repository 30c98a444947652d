"""Training in Qwen's layout: what differs from `train.py`'s Trainer."""

from dataclasses import replace
from functools import cached_property

import numpy as np
import torch
from tokenizers import Tokenizer

from config import ModelConfig
from heads import GroundingHeads, QwenHeads, mean
from model import Llava
from native import NativeBatches
from qwen import Qwen
from qwen_start import start, taught
from train import Trainer, shipped_weights

# Less counting than where everything else is known already.
WEIGHTS = {"existence": 1.0, "color": 0.7, "shape": 0.7, "count": 2.5, "relation": 1.5, "quadrant": 1.0, "largest": 1.0,
           "character": 1.2}
# Variance of a teacher's row, summed over its channels and divided by them.
TAUGHT_VARIANCE = 23.0


class Mixed:
    """Batches of whole pictures, now and then of rectangles."""

    def __init__(self, whole, rectangles, share):
        self.whole, self.rectangles, self.share = whole, rectangles, share

    def next(self):
        return (self.rectangles if self.whole.rng.random() < self.share else self.whole).next()


class QwenTrainer(Trainer):
    def build(self):
        folder = self.start
        if folder is None or not folder.is_dir():
            raise SystemExit("--start must name the folder of shapes-llava: the model begins with its weights")
        self.teacher_tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.teacher = Llava(ModelConfig(vocab=self.teacher_tokenizer.get_vocab_size()))
        self.teacher.load_state_dict(shipped_weights(folder))
        self.teacher.to(self.device).requires_grad_(False)
        self.model = Qwen(self.config).to(self.device)
        self.heads = QwenHeads(self.config).to(self.device)
        self.grounding = GroundingHeads(self.config.width).to(self.device)
        tower = self.model.model["visual"]
        tower.patch_embed.requires_grad_(False)
        return tower

    def begin(self):
        stage = replace(self.run.stages[-1], kind="val", images=16, questions=0, frozen=0)
        arrays, _ = NativeBatches(self.run, stage, self.folder, self.prompts, seed=0).next()
        pictures, weights = (torch.from_numpy(arrays[name]).to(self.device) for name in ("images", "weights"))
        start(self.model, self.teacher, self.prompts, self.teacher_tokenizer, pictures, weights)

    @cached_property
    def words(self):
        """A few pictures' questions [4, length], and which of them a token belongs to."""
        stage = replace(self.run.stages[-1], kind="val", images=4, questions=6, frozen=0)
        arrays, _ = NativeBatches(self.run, stage, self.folder, self.prompts, seed=0).next()
        return tuple(torch.from_numpy(arrays[name]).to(self.device) for name in ("tokens", "owners"))

    def batches(self, stage, seed, features=None, weights=WEIGHTS, crowd=False):
        def source(**others):
            return NativeBatches(self.run, stage, self.folder, self.prompts, seed, weights=weights, **others)
        if crowd or stage.kind == "val" or features:
            return source(features=features, rectangles=crowd)
        return Mixed(source(), source(rectangles=True), stage.rectangles) if stage.rectangles else source()

    def forward(self, arrays):
        b = {name: torch.from_numpy(np.asarray(a)).to(self.device) for name, a in arrays.items()}
        decoder = self.model.model["language_model"]
        with self.autocast():
            auxiliary, places = torch.zeros((), device=self.device), (b["places"], int(b["side"]))
            if "features" in b:
                merged = b["features"].float()
            else:
                patches, merged, updates = self.model.model["visual"](b["images"])
                placed = decoder.placed(self.prefix, merged, places)
                auxiliary = self.heads(patches, merged, placed, updates, b)
                share = self.run.stages[self.stage].taught
                if share and b["images"].shape[1:3] == (336, 336) and torch.is_grad_enabled():
                    auxiliary = auxiliary + share * self.distance(placed, b)
            if b["tokens"].shape[1] == 0:
                return torch.zeros(()), torch.zeros(1), auxiliary
            if "kept" in b:
                merged, where = (rows.gather(1, b["kept"][:, :, None].expand(-1, -1, rows.shape[-1]))
                                 for rows in (merged, b["places"]))
                places = where, places[1]
            loss, right, states = self.model(merged, places, self.prefix, b["tokens"], b["owners"], b["labels"])
            return loss, right, auxiliary + self.grounding(states, b["mentions"], b["gaps"])

    def distance(self, placed, b):
        """From what the teacher says of cells, objects and background by their means; and of words from themselves."""
        goal = taught(self.teacher, b["images"], b["weights"]).flatten(1, 2)
        each = (placed - goal).pow(2).mean(-1) / TAUGHT_VARIANCE
        inside = (b["cells"][:, 0] > 0).flatten(1)
        moved = self.model.model["language_model"].moved(self.prefix, *self.words, int(b["side"]))
        return mean(each[inside]) + 0.5 * mean(each[~inside]) + 0.1 * moved

    def encode(self, pictures):
        images = torch.from_numpy(np.array(pictures)).to(self.device)
        return self.model.model["visual"](images)[1]
