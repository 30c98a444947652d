"""llama-bench on a GGUF file: JSON lines of seconds a stage.

    bench_llamacpp.py LLAMA_BENCH MODEL.gguf THREADS REPEATS

The language model only: llama-bench has no image tower. It decodes behind an empty context, the cheapest place.
"""
import json
import subprocess
import sys

DECODED = 16
program, model, threads, repeats = sys.argv[1:]
output = subprocess.run(
    [program, "-m", model, "-t", threads, "-p", "640,128", "-n", str(DECODED), "-r", repeats, "-o", "jsonl"],
    check=True, stdout=subprocess.PIPE, text=True).stdout
tests = [json.loads(line) for line in output.splitlines()]
seconds = {(test["n_prompt"], test["n_gen"]): [time / 1e9 for time in test["samples_ns"]] for test in tests}
for prefill, pruned, decoded in zip(seconds[640, 0], seconds[128, 0], seconds[0, DECODED]):
    print(json.dumps({
        "peer": "llamacpp", "precision": "Q8_0", "version": f"llama.cpp {tests[0]['build_commit']}",
        "prefill_640_s": prefill, "prefill_128_s": pruned, "decode_s_per_token": decoded / DECODED}))
