"""The byte-level BPE tokenizer, and prompts cut into the pieces that training packs."""

import random
from functools import lru_cache

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from config import BOS, EOS, IMAGE_TOKEN, LLAVA_FORMAT, PAD, QWEN_ADDED, QWEN_FORMAT, SEEDS
from questions import Sampler
from scenes import sample_scene

# How Qwen's tokenizers cut text.
QWEN_PIECES = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
               r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def corpus(easy_questions, form):
    """Whole prompts with answers, as the model will see them, without the image token."""
    rng, sampler = random.Random(0), Sampler()
    prompt = form.prompt.replace(form.image, "")
    for index in range(3000):
        for q in sampler.sample(sample_scene(SEEDS["scenes-336"] + index), 8, rng):
            yield prompt.format(q.text) + form.answer.format(q.answer)
    for text, answer in easy_questions:
        yield prompt.format(text) + form.answer.format(answer)


def train_tokenizer(vocab, easy_questions, path, form=LLAVA_FORMAT):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.decoder = decoders.ByteLevel()
    first, last = (), QWEN_ADDED
    if form == QWEN_FORMAT:
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(QWEN_PIECES), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
        first, last = (PAD, BOS, EOS, IMAGE_TOKEN), ()
    first, last = ([AddedToken(t, special=True, normalized=False) for t in tokens] for tokens in (first, last))
    trainer = trainers.BpeTrainer(vocab_size=vocab - len(last), special_tokens=first, show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    texts = corpus(easy_questions, form)
    if last:
        # The trainer must not see what will be cut out before its rules apply.
        texts = (piece for text in texts for piece in without(text, QWEN_ADDED))
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens(last)
    if form == LLAVA_FORMAT:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B", special_tokens=[(BOS, tokenizer.token_to_id(BOS))])
    tokenizer.save(str(path))


def without(text, tokens):
    for token in tokens:
        text = text.replace(token, "\0")
    return filter(None, text.split("\0"))


class Prompts:
    """Token ids of everything before the image, and of a question with its answer after it."""

    def __init__(self, path, form=LLAVA_FORMAT):
        self.tokenizer, self.form = Tokenizer.from_file(str(path)), form
        self.pad, self.eos, self.image = (self.tokenizer.token_to_id(t) for t in (form.pad, form.end, form.image))
        prompt = self.tokenizer.encode(form.prompt.format("")).ids
        self.prefix = prompt[:prompt.index(self.image)]
        self.pieces = lru_cache(maxsize=100_000)(self._pieces)
        self.ends = lru_cache(maxsize=100_000)(self._ends)

    def _pieces(self, text, answer):
        """(question ids, answer ids with the end token); the answer must not change the question's tokens."""
        prompt = self.form.prompt.format(text)
        question = self.tokenizer.encode(prompt).ids
        whole = self.tokenizer.encode(prompt + self.form.answer.format(answer)).ids
        if whole[:len(question)] != question:
            raise ValueError(f"the answer {answer!r} changes the tokens of {prompt!r}")
        start = len(self.prefix) + 1
        return question[start:], whole[len(question):] + [self.eos]

    def _ends(self, text):
        """Where in the text each token of the question ends; what follows the text ends beyond it."""
        offsets = self.tokenizer.encode(self.form.prompt.format(text)).offsets[len(self.prefix) + 1:]
        return [end - self.form.prompt.index("{}") for _, end in offsets]
