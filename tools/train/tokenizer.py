"""The byte-level BPE tokenizer, and prompts cut into the pieces that training packs."""

import random
from functools import lru_cache

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from config import BOS, EOS, IMAGE_TOKEN, PAD, PROMPT, SEEDS
from questions import Sampler
from scenes import sample_scene


def corpus(easy_questions):
    """Whole prompts with answers, as the model will see them, without the image token."""
    rng, sampler = random.Random(0), Sampler()
    for index in range(3000):
        for q in sampler.sample(sample_scene(SEEDS["scenes-336"] + index), 8, rng):
            yield f"USER: \n{q.text} ASSISTANT: {q.answer}"
    for text, answer in easy_questions:
        yield f"USER: \n{text} ASSISTANT: {answer}"


def train_tokenizer(vocab, easy_questions, path):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    special = [AddedToken(t, special=True, normalized=False) for t in (PAD, BOS, EOS, IMAGE_TOKEN)]
    trainer = trainers.BpeTrainer(vocab_size=vocab, special_tokens=special, show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator(corpus(easy_questions), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B", special_tokens=[(BOS, tokenizer.token_to_id(BOS))])
    tokenizer.save(str(path))


class Prompts:
    """Token ids of everything before the image, and of a question with its answer after it."""

    def __init__(self, path):
        self.tokenizer = Tokenizer.from_file(str(path))
        self.pad, self.eos, self.image = (self.tokenizer.token_to_id(t) for t in (PAD, EOS, IMAGE_TOKEN))
        prompt = self.tokenizer.encode(PROMPT.format("")).ids
        self.prefix = prompt[:prompt.index(self.image)]
        self.pieces = lru_cache(maxsize=100_000)(self._pieces)
        self.ends = lru_cache(maxsize=100_000)(self._ends)

    def _pieces(self, text, answer):
        """(question ids, answer ids with the end token); the answer must not change the question's tokens."""
        prompt = PROMPT.format(text)
        question, whole = self.tokenizer.encode(prompt).ids, self.tokenizer.encode(f"{prompt} {answer}").ids
        if whole[:len(question)] != question:
            raise ValueError(f"the answer {answer!r} changes the tokens of {prompt!r}")
        start = len(self.prefix) + 1
        return question[start:], whole[len(question):] + [self.eos]

    def _ends(self, text):
        """Where in the text each token of the question ends; what follows the text ends beyond it."""
        offsets = self.tokenizer.encode(PROMPT.format(text)).offsets[len(self.prefix) + 1:]
        return [end - PROMPT.index("{}") for _, end in offsets]
