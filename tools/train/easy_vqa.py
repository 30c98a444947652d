"""Turns the easy-VQA archive (https://github.com/vzhou842/easy-VQA, MIT) into questions of this project's form.

    python easy_vqa.py easy-vqa.tar.gz FOLDER [--split test]

writes FOLDER/questions.jsonl and FOLDER/NNNN.png.
"""

import argparse
import io
import json
import tarfile
from collections import defaultdict
from pathlib import Path

from PIL import Image

COLORS = ("black", "gray", "red", "blue", "green", "teal", "brown", "yellow")


def read_split(tarball, split):
    """[(picture, [(question, answer), …]), …] in the order of easy-VQA's image ids."""
    with tarfile.open(tarball) as archive:
        root = next(n for n in archive.getnames() if n.endswith(f"/{split}/questions.json"))[:-len("questions.json")]
        questions = defaultdict(list)
        for text, answer, image in json.load(archive.extractfile(root + "questions.json")):
            questions[image].append((text, answer))
        pictures = {}
        for member in archive:
            if member.name.startswith(root + "images/") and member.name.endswith(".png"):
                data = archive.extractfile(member).read()
                pictures[int(Path(member.name).stem)] = Image.open(io.BytesIO(data)).convert("RGB")
    return [(pictures[i], questions[i]) for i in sorted(questions)]


def category(answer):
    return "yes/no" if answer in ("yes", "no") else "color" if answer in COLORS else "shape"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tarball", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", choices=("train", "test"), default="test")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    number = 0
    with open(args.folder / "questions.jsonl", "w") as out:
        for index, (picture, questions) in enumerate(read_split(args.tarball, args.split)):
            name = f"{index:04d}.png"
            picture.save(args.folder / name)
            for text, answer in questions:
                line = {"question_id": number, "image": name, "text": text, "category": category(answer), "answer": answer}
                out.write(json.dumps(line) + "\n")
                number += 1


if __name__ == "__main__":
    main()
