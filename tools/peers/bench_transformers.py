"""transformers on a LLaVA checkpoint: JSON lines of seconds a stage.

    bench_transformers.py CHECKPOINT f32|bf16 THREADS REPEATS
"""
import json
import sys
import time

import torch
import transformers

VISUAL, TEXT, DECODED = 576, 64, 10
checkpoint, precision, threads, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[precision]


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def generate(new, **inputs):
    model.generate(attention_mask=torch.ones_like(inputs["input_ids"]), max_new_tokens=new, min_new_tokens=new,
                   do_sample=False, **inputs)


def measure():
    encode = timed(lambda: model.model.vision_tower(pixels, output_hidden_states=True))
    first = timed(lambda: generate(1, input_ids=prompt, pixel_values=pixels))
    longer = timed(lambda: generate(1 + DECODED, input_ids=prompt, pixel_values=pixels))
    short = timed(lambda: generate(1, input_ids=prompt[:, -128:].where(prompt[:, -128:] != image, 300)))
    return {"encode_s": encode, "ttft_640_s": first, "prefill_640_s": first - encode, "prefill_128_s": short,
            "decode_s_per_token": (longer - first) / DECODED}


torch.set_num_threads(threads)
model = transformers.LlavaForConditionalGeneration.from_pretrained(checkpoint, dtype=dtype).eval()
image = model.config.image_token_id
pixels = torch.randn(1, 3, 336, 336, dtype=dtype)
# What the text says costs nothing: the same four tokens in front of the picture and the same one behind it.
prompt = torch.tensor([[1, 10, 11, 12, 13] + [image] * VISUAL + [300] * (TEXT - 5)])
about = {"peer": "transformers", "precision": precision,
         "version": f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}"}
with torch.inference_mode():
    measure()
    for _ in range(repeats):
        print(json.dumps(about | measure()), flush=True)
