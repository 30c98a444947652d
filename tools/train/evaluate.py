"""Accuracy of a LLaVA or Qwen2.5-VL checkpoint through transformers: greedy generation, exact match after trimming
and lower case.

    python evaluate.py --model DIR --questions FILE --images DIR [--blind | --thumbnail] [--limit N]

`--blind` shows a picture of one colour (the mean that normalisation subtracts) instead of the real one, `--thumbnail`
hides a LLaVA-NeXT model's crops alike. The figures go to standard output as JSON.
"""

import argparse
import json
from collections import defaultdict
from itertools import groupby
from pathlib import Path

import torch
from PIL import Image
from tokenizers import Tokenizer
from transformers import (CLIPImageProcessorPil, DynamicCache, LlavaForConditionalGeneration,
                          LlavaNextForConditionalGeneration, LlavaNextImageProcessorPil,
                          Qwen2_5_VLForConditionalGeneration, Qwen2VLImageProcessorPil)

from config import QWEN_FORMAT

PROMPT = "USER: {}\n{} ASSISTANT:"


class Model:
    def __init__(self, folder):
        self.high = json.loads((folder / "config.json").read_text())["model_type"] == "llava_next"
        architecture = LlavaNextForConditionalGeneration if self.high else LlavaForConditionalGeneration
        self.model = architecture.from_pretrained(folder, dtype=torch.float32).eval()
        self.processor = (LlavaNextImageProcessorPil if self.high else CLIPImageProcessorPil).from_pretrained(folder)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.image = self.model.config.image_token_index
        self.end = self.model.config.text_config.eos_token_id

    @torch.no_grad()
    def answers(self, picture, questions, hidden):
        """Answers to several questions about one picture; what lies before the questions is computed once."""
        inputs = self.processor(picture, return_tensors="pt")
        pixels = inputs["pixel_values"]
        if hidden == "picture":
            pixels.zero_()
        elif hidden == "crops":
            pixels[:, 1:] = 0
        sizes = {"image_sizes": inputs["image_sizes"]} if self.high else {}
        tokens = "<image>" * self.image_tokens(pixels, sizes)
        prompts = [self.tokenizer.encode(PROMPT.format(tokens, q)).ids for q in questions]
        start = len(prompts[0]) - prompts[0][::-1].index(self.image)
        cache = DynamicCache(config=self.model.config.text_config)
        self.model(input_ids=torch.tensor([prompts[0][:start]]), pixel_values=pixels, past_key_values=cache, logits_to_keep=1,
                   **sizes)
        answers = []
        for prompt in prompts:
            answers.append(self.tokenizer.decode(self.greedy(prompt[start:], cache)).strip())
            cache.crop(start - cache.get_seq_length())
        return answers

    def image_tokens(self, pixels, sizes):
        if not self.high:
            return self.model.config.image_seq_length
        features = self.model.model.get_image_features(pixels, **sizes).pooler_output
        return features[0].shape[0]

    def greedy(self, ids, cache, limit=8):
        answer = []
        while len(answer) < limit:
            logits = self.model(input_ids=torch.tensor([ids]), past_key_values=cache, logits_to_keep=1).logits
            ids = [logits[0, -1].argmax().item()]
            if ids[0] == self.end:
                break
            answer += ids
        return answer


class QwenModel(Model):
    def __init__(self, folder):
        self.model = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
        self.processor = Qwen2VLImageProcessorPil.from_pretrained(folder)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.image = self.model.config.image_token_id
        self.end = self.model.config.text_config.eos_token_id

    @torch.no_grad()
    def answers(self, picture, questions, hidden):
        inputs = self.processor(picture, return_tensors="pt")
        if hidden:
            inputs["pixel_values"].zero_()
        tokens = QWEN_FORMAT.image * (inputs["image_grid_thw"].prod().item() // 4)
        prompt = QWEN_FORMAT.prompt.replace(QWEN_FORMAT.image, tokens)
        prompts = [self.tokenizer.encode(prompt.format(q)).ids for q in questions]
        start = len(prompts[0]) - prompts[0][::-1].index(self.image)
        ids = torch.tensor([prompts[0][:start]])
        cache = DynamicCache(config=self.model.config.text_config)
        self.model(input_ids=ids, mm_token_type_ids=(ids == self.image).long(), past_key_values=cache, logits_to_keep=1,
                   **inputs)
        answers = []
        for prompt in prompts:
            answers.append(self.tokenizer.decode(self.greedy(prompt[start:], cache)).strip())
            cache.crop(start - cache.get_seq_length())
        return answers


def open_model(folder):
    kind = json.loads((folder / "config.json").read_text())["model_type"]
    return (QwenModel if kind == "qwen2_5_vl" else Model)(folder)


def evaluate(model, questions, images, hidden):
    asked, right = defaultdict(int), defaultdict(int)
    for name, group in groupby(questions, key=lambda q: q["image"]):
        group = list(group)
        picture = Image.open(images / name).convert("RGB")
        for question, answer in zip(group, model.answers(picture, [q["text"] for q in group], hidden)):
            asked[question["category"]] += 1
            right[question["category"]] += answer.lower() == question["answer"].lower()
    total = sum(asked.values())
    return {"questions": total, "hidden": hidden, "accuracy": round(sum(right.values()) / total, 4),
            "categories": {c: {"questions": asked[c], "accuracy": round(right[c] / asked[c], 4)} for c in sorted(asked)}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    hidden = parser.add_mutually_exclusive_group()
    hidden.add_argument("--blind", action="store_const", dest="hidden", const="picture")
    hidden.add_argument("--thumbnail", action="store_const", dest="hidden", const="crops")
    parser.add_argument("--limit", type=int, help="only the first N questions")
    args = parser.parse_args()
    # The matrices are too small to be worth a second thread.
    torch.set_num_threads(1)
    questions = [json.loads(line) for line in args.questions.read_text().splitlines()]
    print(json.dumps(evaluate(open_model(args.model), questions[:args.limit], args.images, args.hidden), indent=2))


if __name__ == "__main__":
    main()
