#!/usr/bin/env python3
"""Answers the lines of a batch on a Ray cluster: a pool of actors, each of which keeps one `vlmprune batch` running.

    ray_batch.py LINES.jsonl ANSWERS.jsonl [--actors N] [--cpus N] [--rows N] [--command "vlmprune batch"]
        [-- OPTIONS…]

What follows `--` goes to `vlmprune batch`. Every node needs the program, the model and the pictures under the same
paths; lines travel with Ray. Answers stand in the order of the lines, one for each that is not blank. A node that dies
takes no answer with it: Ray gives its lines to others. ANSWERS appears when all of them are there.
"""
import argparse
import os
import shlex
import subprocess
import sys

import ray
from ray.data import ActorPoolStrategy, DataContext

# A process that goes twice over one line is not the victim of an accident.
ATTEMPTS = 2


class Answerer:
    """One `vlmprune batch`, which answers each line before it reads the next."""

    def __init__(self, command):
        self.command = command
        self.process = None
        self.node = ray.get_runtime_context().get_node_id()

    def __call__(self, rows):
        answers = [self.answer(line) for line in rows["line"]]
        return {"answer": answers, "node": [self.node] * len(answers)}

    def answer(self, line):
        for _ in range(ATTEMPTS):
            if self.process is None or self.process.poll() is not None:
                self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            try:
                self.process.stdin.write(line.encode() + b"\n")
                self.process.stdin.flush()
                answer = self.process.stdout.readline()
            except BrokenPipeError:
                answer = b""
            if answer.endswith(b"\n"):
                return answer.decode().rstrip("\n")
            self.process.wait()
        raise RuntimeError(f"{shlex.join(self.command)} ended with {self.process.returncode}, its stderr says why")


def read_lines(path):
    """Lines that are not blank: `vlmprune batch` answers no other."""
    with open(path, encoding="utf-8-sig", newline="\n") as file:
        return [line for line in (line.strip(" \t\r\n") for line in file) if line]


def answer_rows(lines, command, actors, cpus=1, rows=16):
    """Yields {"answer", "node"} for each line, in order, while the cluster works on the next ones."""
    DataContext.get_current().execution_options.preserve_order = True
    data = ray.data.from_items([{"line": line} for line in lines], override_num_blocks=max(1, -(-len(lines) // rows)))
    answers = data.map_batches(
        Answerer, fn_constructor_args=(command,), batch_size=rows, num_cpus=cpus,
        # Tasks do not queue at an actor: what waits there is done again when its node dies.
        compute=ActorPoolStrategy(min_size=1, max_size=actors, max_tasks_in_flight_per_actor=2))
    yield from answers.iter_rows()


def write_answers(rows, count, path):
    """Writes all answers or no file."""
    written = 0
    with open(f"{path}.part", "w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(row["answer"] + "\n")
            written += 1
        file.flush()
        os.fsync(file.fileno())
    if written != count:
        sys.exit(f"error: {count} lines, but {written} answers; see {path}.part")
    os.replace(f"{path}.part", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines")
    parser.add_argument("answers")
    parser.add_argument("--actors", type=int, default=2, help="most processes in the cluster")
    parser.add_argument("--cpus", type=int, default=1, help="cores of each")
    parser.add_argument("--rows", type=int, default=16, help="lines of a task: what a node that dies does in vain")
    parser.add_argument("--command", default="vlmprune batch")
    # What follows the first -- is none of ours.
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    given, options = parser.parse_args(sys.argv[1:end]), sys.argv[end + 1:]
    lines = read_lines(given.lines)
    command = shlex.split(given.command) + ["--threads", str(given.cpus)] + options
    # Without RAY_ADDRESS, or a cluster on this machine, Ray starts one here.
    ray.init()
    rows = answer_rows(lines, command, given.actors, given.cpus, given.rows) if lines else []
    write_answers(rows, len(lines), given.answers)
    print(f"{len(lines)} lines answered", file=sys.stderr)


if __name__ == "__main__":
    main()
