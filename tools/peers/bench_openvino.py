"""OpenVINO on an exported LLaVA: JSON lines of seconds a stage.

    bench_openvino.py EXPORTED_FOLDER THREADS REPEATS

Weights are int8; the format of activations is OpenVINO's own choice (bf16 where the CPU multiplies it).
"""
import json
import sys
import time

import numpy as np
import openvino

TOKENS, PRUNED, DECODED = 640, 128, 10
folder, threads, repeats = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random = np.random.default_rng(0)


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def step(start, count):
    language.infer({
        "inputs_embeds": random.standard_normal((1, count, width), np.float32) * 0.02,
        "attention_mask": np.ones((1, start + count), np.int64),
        "position_ids": np.arange(start, start + count)[None], "beam_idx": np.zeros(1, np.int32)})


def measure():
    encode = timed(lambda: vision.infer({0: pixels}))
    language.reset_state()
    prefill = timed(lambda: step(0, TOKENS))
    decode = timed(lambda: [step(TOKENS + place, 1) for place in range(DECODED)])
    language.reset_state()
    return {"encode_s": encode, "ttft_640_s": encode + prefill, "prefill_640_s": prefill,
            "prefill_128_s": timed(lambda: step(0, PRUNED)), "decode_s_per_token": decode / DECODED}


def compiled(part):
    return core.compile_model(f"{folder}/openvino_{part}_model.xml", "CPU",
                              {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads})


core = openvino.Core()
decoder = compiled("language")
width = decoder.input("inputs_embeds").partial_shape[2].get_length()
language = decoder.create_infer_request()
vision = compiled("vision_embeddings").create_infer_request()
pixels = random.standard_normal((1, 3, 336, 336), np.float32)
about = {"peer": "openvino", "precision": "int8", "version": f"OpenVINO {openvino.__version__.split('-')[0]}"}
measure()
for _ in range(repeats):
    print(json.dumps(about | measure()), flush=True)
