"""llama-bench on a GGUF file: JSON lines of seconds a stage.

    bench_llamacpp.py LLAMA_BENCH MODEL.gguf THREADS REPEATS

The language model only: llama-bench has no image tower. It decodes behind 640 positions, as all others do, and behind an
empty context, which is the cheapest place and what it does when nothing is said.
"""
import json
import subprocess
import sys

DECODED = 16
program, model, threads, repeats = sys.argv[1:]


def bench(*arguments):
    """Tests by prompt, new tokens and depth: seconds of each repeat."""
    output = subprocess.run(
        [program, "-m", model, "-t", threads, "-r", repeats, "-o", "jsonl", *arguments],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    tests = [json.loads(line) for line in output.splitlines()]
    return tests[0]["build_commit"], {
        (test["n_prompt"], test["n_gen"], test["n_depth"]): [time / 1e9 for time in test["samples_ns"]]
        for test in tests}


commit, seconds = bench("-p", "640,128", "-n", "0")
seconds |= bench("-p", "0", "-n", str(DECODED), "-d", "0,640")[1]
for prefill, pruned, decoded, shallow in zip(
        seconds[640, 0, 0], seconds[128, 0, 0], seconds[0, DECODED, 640], seconds[0, DECODED, 0]):
    print(json.dumps({
        "peer": "llamacpp", "precision": "Q8_0", "version": f"llama.cpp {commit}", "prefill_640_s": prefill,
        "prefill_128_s": pruned, "decode_s_per_token": decoded / DECODED,
        "decode_empty_s_per_token": shallow / DECODED}))
