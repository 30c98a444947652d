"""Sizes of the model and of the runs: everything that another module might want to vary."""

from dataclasses import dataclass, field

from scenes import PATCH

GRID = 24
IMAGE = GRID * PATCH
# Patches along a view's side at high resolution: a thumbnail of the whole, and four crops.
VIEW = GRID // 2
IMAGE_MEAN = (0.48145466, 0.4578275, 0.40821073)
IMAGE_STD = (0.26862954, 0.26130258, 0.27577711)

# Seeds of scenes never overlap between the sets: each starts a range of its own, ten million wide.
# 40,000,000 was the former test set's: its questions were looked at too often, so it is spent.
SEEDS = {"scenes-168": 10_000_000, "scenes-336": 20_000_000, "val": 30_000_000, "demo": 50_000_000, "dense-168": 60_000_000,
         "test": 70_000_000, "dense-336": 80_000_000, "scenes-448": 90_000_000}
VALIDATION_SCENES = 512

PAD, BOS, EOS, IMAGE_TOKEN = "<pad>", "<s>", "</s>", "<image>"
PROMPT = "USER: " + IMAGE_TOKEN + "\n{} ASSISTANT:"


@dataclass(frozen=True)
class PromptFormat:
    """`answer` is how an answer continues the prompt."""
    pad: str = PAD
    end: str = EOS
    image: str = IMAGE_TOKEN
    prompt: str = PROMPT
    answer: str = " {}"


# All of Qwen2-VL's added tokens, so that ids of one kind lie as they do there.
QWEN_ADDED = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>",
              "<|box_start|>", "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
              "<|image_pad|>", "<|video_pad|>")
LLAVA_FORMAT = PromptFormat()
QWEN_FORMAT = PromptFormat("<|endoftext|>", "<|im_end|>", "<|image_pad|>", (
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n"
    "<|vision_start|><|image_pad|><|vision_end|>{}<|im_end|>\n<|im_start|>assistant\n"), "{}")


@dataclass(frozen=True)
class ModelConfig:
    vocab: int = 600
    tower_width: int = 128
    tower_depth: int = 6
    tower_heads: int = 4
    tower_hidden: int = 512
    width: int = 128
    depth: int = 6
    heads: int = 4
    kv_heads: int = 2
    hidden: int = 384
    norm_eps: float = 1e-5
    rope_theta: float = 10000.0
    qkv_bias: bool = False
    # High resolution: LLaVA-NeXT's views, with a learned row behind each row of crops.
    views: bool = False

    @property
    def format(self):
        return LLAVA_FORMAT


@dataclass(frozen=True)
class QwenConfig(ModelConfig):
    """Qwen2.5-VL's layout. One block of the decoder more than LLaVA's: the first tells visual rows where they are."""
    depth: int = 7
    qkv_bias: bool = True
    # Blocks of the tower in which all patches see each other; in the others, those of a window of so many cells a side.
    full_blocks: tuple = (1, 3, 5)
    window: int = 4
    # How many of a head's frequencies turn with time, row and column. Columns get the slow ones, and so need many.
    sections: tuple = (1, 3, 12)

    @property
    def format(self):
        return QWEN_FORMAT


@dataclass(frozen=True)
class Stage:
    """A stretch of training on square canvases of one size.

    Without questions, only the tower and its heads learn. With a `frozen` tower, its features are computed once, and
    the decoder learns from at most that many of a picture's tokens.
    """
    kind: str
    canvas: int
    steps: int
    images: int
    questions: int
    shards: int
    rate: float
    frozen: int = 0
    # So many crowded pictures beside those with questions, for the tower alone.
    dense: int = 0
    # The tower's learning rate beside the others', and how often background is left out.
    tower: float = 1.0
    pruned: float = 0.6
    # Whether questions come in other words too.
    worded: bool = False
    # Whether easy-VQA's pictures are among them, how often a batch shows rectangles, how much a teacher's say counts.
    easy: bool = True
    rectangles: float = 0.0
    taught: float = 0.0


@dataclass(frozen=True)
class RunConfig:
    model: ModelConfig = field(default_factory=ModelConfig)
    stages: tuple = ()
    shard_size: int = 1000
    crowded_shards: int = 5
    # Scenes that rectangles are cut out of.
    large_shards: int = 0
    easy_share: float = 0.18
    warmup: int = 100
    # Whether tower and projector stay as they are, bit for bit.
    decoder_only: bool = False
    weight_decay: float = 0.02


RUNS = {
    # The tower first, which is what takes long, and on small canvases: attention cost is what hurts, and what a patch
    # shows can be learned anywhere. Then the decoder by itself, on few tokens; all together and in full size at last.
    "full": RunConfig(stages=(
        Stage("dense", 168, 3000, 16, 0, 6, 1.2e-3),
        Stage("scenes", 168, 2700, 16, 8, 16, 1e-3),
        Stage("scenes", 336, 2500, 8, 8, 20, 6e-4),
        Stage("scenes", 336, 1600, 16, 12, 20, 1e-3, frozen=144),
        Stage("scenes", 336, 1500, 8, 16, 20, 6e-4, dense=4, tower=0.8, pruned=0.5))),
    # High resolution, from the checkpoint of "full": the tower learns thumbnails, the decoder to read five views.
    "views": RunConfig(
        model=ModelConfig(views=True), easy_share=0, stages=(
            Stage("scenes", 336, 500, 4, 0, 20, 4e-4, dense=4),
            Stage("scenes", 336, 700, 16, 12, 10, 8e-4, frozen=400, pruned=0.95))),
    # Other words, from the weights of "full": the decoder alone, so that what the tower says of a picture stays.
    "wordings": RunConfig(
        decoder_only=True, easy_share=0.15, stages=(
            Stage("scenes", 336, 400, 24, 16, 8, 6e-4, frozen=144, worded=True),
            Stage("scenes", 336, 600, 16, 16, 8, 7e-4, frozen=576, pruned=0.4, worded=True))),
    # Qwen2.5-VL's layout, from the weights of shapes-llava: the tower learns to say what that tower says, the decoder
    # to read it in 2x2 cells and from other positions, then both together.
    "qwen": RunConfig(
        model=QwenConfig(), easy_share=0.15, large_shards=4, crowded_shards=7, warmup=40, stages=(
            Stage("dense", 336, 215, 4, 0, 7, 1e-3, dense=8, taught=4.0),
            Stage("scenes", 336, 600, 8, 16, 2, 1e-3, frozen=144, pruned=0.7, easy=False),
            Stage("scenes", 336, 1360, 8, 12, 12, 6e-4, dense=4, tower=0.8, pruned=0.5, rectangles=0.25))),
    "smoke": RunConfig(
        model=ModelConfig(tower_width=64, tower_depth=4, tower_heads=2, tower_hidden=256, width=64, depth=3, heads=2,
                          kv_heads=1, hidden=192),
        stages=(Stage("dense", 168, 200, 16, 0, 2, 1.2e-3), Stage("scenes", 168, 200, 16, 8, 2, 1.2e-3),
                Stage("scenes", 336, 60, 16, 12, 2, 1e-3, frozen=144), Stage("scenes", 336, 40, 8, 8, 2, 1e-3, dense=4)),
        shard_size=500, crowded_shards=1, warmup=50),
}
