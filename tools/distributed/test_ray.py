#!/usr/bin/env python3
"""Kills one of two Ray nodes in the middle of a batch, and checks that every line is answered exactly once.

    test_ray.py [--command ".build/release/vlmprune batch"] [--lines 400]

Both nodes run on this machine, each with processes and an object store of its own. Expected answers come from one
`vlmprune batch` over all lines.
"""
import argparse
import collections
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
import ray
from ray.cluster_utils import Cluster

import merge_batch
import ray_batch

ROOT = Path(__file__).resolve().parents[2]
SCENES = ROOT / "fixtures/questions/scenes"
STORE = 200 << 20
ROWS = 4


def make_lines(count):
    """Questions of the bundled model's test set as lines of a batch; every 50th cannot be answered."""
    lines = []
    with open(SCENES / "questions.jsonl", encoding="utf-8") as file:
        for number, text in zip(range(count), file):
            question = json.loads(text)
            image = SCENES / (question["image"] if number % 50 else "absent.png")
            lines.append(json.dumps({"id": number, "image": str(image), "question": question["text"]}))
    return lines


def content(answer):
    """What must be equal: everything but times."""
    value = json.loads(answer)
    value.pop("timings_ms", None)
    return value


def logging_command(command, folder):
    """The command, behind a copy of what it reads: how many lines were begun, also those that died with a node."""
    return ["bash", "-c", f"tee {shlex.quote(folder)}/$$ | {shlex.join(command)}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default=f"{ROOT}/.build/release/vlmprune batch")
    parser.add_argument("--lines", type=int, default=400)
    given = parser.parse_args()
    command = shlex.split(given.command) + ["--threads", "1", "--keep", "25%"]
    lines = make_lines(given.lines)
    expected = subprocess.run(
        command, input="\n".join(lines).encode(), stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()

    node = {"num_cpus": 1, "object_store_memory": STORE}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    victim = cluster.add_node(**node)
    ray.init(address=cluster.address, log_to_driver=False)
    cluster.wait_for_nodes()
    start = time.monotonic()

    def say(text):
        print(f"{time.monotonic() - start:6.1f} s  {text}", flush=True)

    say(f"{len(lines)} lines, {len(ray.nodes())} nodes, ray {ray.__version__}")
    answers, before = [], None
    by_node = collections.Counter()
    with tempfile.TemporaryDirectory() as log:
        begun = logging_command(command, log)
        for row in ray_batch.answer_rows(lines, begun, actors=2, rows=ROWS):
            answers.append(row["answer"])
            by_node[row["node"]] += 1
            # Both nodes have answered, and more than half of the lines are still to come.
            if before is None and by_node[victim.node_id] >= 2 * ROWS:
                before = dict(by_node)
                say(f"{len(answers)} answers have come; killing node {victim.node_id[:8]}")
                cluster.remove_node(victim, allow_graceful=False)
                say("killed")
        handed = sum(len(path.read_text().splitlines()) for path in Path(log).iterdir())
    for name, count in by_node.items():
        label = "killed" if name == victim.node_id else "other"
        say(f"node {name[:8]} ({label}): {count} answers, {(before or {}).get(name, 0)} before")
    alive = sum(node["Alive"] for node in ray.nodes())
    say(f"{len(answers)} answers, {alive} node alive; {handed} lines were handed to vlmprune")

    ids = collections.Counter(json.loads(answer)["id"] for answer in answers)
    assert before is not None and sum(before.values()) < len(lines) // 2, "the node was killed too late, or never"
    assert alive == 1
    assert sorted(ids) == list(range(len(lines))) and set(ids.values()) == {1}, "an id is lost, or there twice"
    assert [content(answer) for answer in answers] == [content(answer) for answer in expected]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "lines").write_text("\n".join(lines))
        Path(folder, "answers").write_text("\n".join(reversed(answers)) + "\n")
        merged, problems = merge_batch.merge(f"{folder}/lines", [f"{folder}/answers"])
        assert merged == answers and not problems
    errors = sum("error" in json.loads(answer) for answer in answers)
    say(f"every line answered exactly once, in order, as by one process ({errors} of them with an error)")
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    sys.exit(main())
