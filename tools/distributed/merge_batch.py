#!/usr/bin/env python3
"""Puts the answers of a batch's parts into one file, in the order of the lines, and checks that none is lost.

    merge_batch.py LINES.jsonl PART… --out ANSWERS.jsonl

Every id of LINES must have exactly one answer, and every answer belong to an id; else nothing is written, and what is
missing, there twice or foreign is named. Lines need ids that differ; parts may be given in any order.
"""
import argparse
import json
import os
import sys

SHOWN = 5


class Number(str):
    """A number as it was written: 1 and "1" are two ids, and large ones stay exact."""


def objects(path):
    """The objects of a file with the number and the text of their line; blank lines are left out."""
    with open(path, encoding="utf-8-sig", newline="\n") as file:
        for number, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                value = json.loads(text, parse_int=Number, parse_float=Number)
            except ValueError:
                value = None
            if not isinstance(value, dict):
                sys.exit(f"error: {path}, line {number} is no JSON object, or is cut off")
            yield number, value, text.rstrip("\r\n")


def identifier(value):
    """What tells a line from others: `id`, or OpenAI's `custom_id` (its answers have an `id` of their own)."""
    key = value.get("custom_id", value.get("id"))
    return None if key is None else (type(key).__name__, str(key))


def shown(keys):
    names = ", ".join(json.dumps(name) if kind == "str" else name for kind, name in keys[:SHOWN])
    return f"{len(keys)} ({names}{', …' if len(keys) > SHOWN else ''})"


def merge(lines, parts):
    """The answers in the order of the lines, and what is wrong."""
    order = {}
    problems = []
    for number, value, _ in objects(lines):
        key = identifier(value)
        if key is None or key in order:
            sys.exit(f"error: {lines}, line {number} has no id of its own: its answer could not be told from others")
        order[key] = None
    twice, foreign = [], []
    for part in parts:
        for number, value, text in objects(part):
            key = identifier(value)
            if key not in order:
                foreign.append(key or ("Number", f"{part}, line {number}: no id"))
            elif order[key] is not None:
                twice.append(key)
            else:
                order[key] = text
    missing = [key for key, text in order.items() if text is None]
    for keys, what in [(missing, "without an answer"), (twice, "answered twice"), (foreign, "of no line")]:
        if keys:
            problems.append(f"{what}: {shown(keys)}")
    return list(order.values()), problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines")
    parser.add_argument("parts", nargs="+")
    parser.add_argument("--out", required=True)
    given = parser.parse_args()
    try:
        answers, problems = merge(given.lines, given.parts)
    except OSError as error:
        sys.exit(f"error: cannot read {error.filename}: {error.strerror}")
    if problems:
        sys.exit("error: ids " + "; ids ".join(problems))
    with open(f"{given.out}.part", "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{answer}\n" for answer in answers)
    os.replace(f"{given.out}.part", given.out)
    print(f"{len(answers)} answers, one for each line", file=sys.stderr)


if __name__ == "__main__":
    main()
