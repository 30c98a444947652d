"""Sizes of the model and of the runs: everything that another module might want to vary."""

from dataclasses import dataclass, field

from scenes import PATCH

GRID = 24
IMAGE = GRID * PATCH
IMAGE_MEAN = (0.48145466, 0.4578275, 0.40821073)
IMAGE_STD = (0.26862954, 0.26130258, 0.27577711)

# Seeds of scenes never overlap between the sets: each starts a range of its own, ten million wide.
SEEDS = {"scenes-168": 10_000_000, "scenes-336": 20_000_000, "val": 30_000_000, "test": 40_000_000, "demo": 50_000_000,
         "dense-168": 60_000_000}

PAD, BOS, EOS, IMAGE_TOKEN = "<pad>", "<s>", "</s>", "<image>"
PROMPT = "USER: " + IMAGE_TOKEN + "\n{} ASSISTANT:"


@dataclass(frozen=True)
class ModelConfig:
    vocab: int = 600
    tower_width: int = 128
    tower_depth: int = 6
    tower_heads: int = 4
    tower_hidden: int = 512
    width: int = 128
    depth: int = 4
    heads: int = 4
    kv_heads: int = 2
    hidden: int = 384
    norm_eps: float = 1e-5
    rope_theta: float = 10000.0


@dataclass(frozen=True)
class Stage:
    """A stretch of training on square canvases of one size; without questions, only the tower and its heads learn."""
    kind: str
    canvas: int
    steps: int
    images: int
    questions: int
    shards: int
    rate: float


@dataclass(frozen=True)
class RunConfig:
    model: ModelConfig = field(default_factory=ModelConfig)
    stages: tuple = ()
    shard_size: int = 1000
    easy_share: float = 0.18
    pruned_share: float = 0.6
    warmup: int = 100
    weight_decay: float = 0.02


RUNS = {
    # The tower first, which is what takes long, and on small canvases: attention cost is what hurts, and what a patch
    # shows can be learned anywhere.
    "full": RunConfig(stages=(Stage("dense", 168, 3000, 16, 0, 6, 1.2e-3), Stage("scenes", 168, 2700, 16, 8, 16, 1e-3),
                              Stage("scenes", 336, 2500, 8, 8, 20, 6e-4))),
    "smoke": RunConfig(
        model=ModelConfig(tower_width=64, tower_depth=4, tower_heads=2, tower_hidden=256, width=64, depth=2, heads=2,
                          kv_heads=1, hidden=192),
        stages=(Stage("dense", 168, 200, 16, 0, 2, 1.2e-3), Stage("scenes", 168, 200, 16, 8, 2, 1.2e-3),
                Stage("scenes", 336, 60, 8, 8, 2, 1e-3)),
        shard_size=500, warmup=50),
}
