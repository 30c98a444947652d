#!/usr/bin/env python3
"""What models cost on paper: time and memory in int8 from their shapes, a rate of products and a bandwidth of memory.

    cost.py [--rate GFLOPS_PER_CORE] [--bandwidth GB_PER_S] [--overhead FACTOR]

Rate and bandwidth are a machine's (`make benchmarks`; `vlmprune bench` for the overhead over bare products); the defaults
are those of two cores of an AMD EPYC (Zen 5). Products scale with cores, memory does not, beyond the few cores that
saturate it: give the bandwidth of the machine that is asked about.
"""
import argparse

TOWER = dict(width=1024, hidden=4096, blocks=23, tokens=577)
# width, feed-forward, blocks, heads x head width, key-value width, vocabulary
DECODERS = {"1.1b": (2048, 5632, 22, 2048, 256, 32064), "7b": (4096, 11008, 32, 4096, 4096, 32064),
            "13b": (5120, 13824, 40, 5120, 5120, 32064)}


def encode():
    t, n = TOWER, TOWER["tokens"]
    return t["blocks"] * (2 * n * (4 * t["width"] ** 2 + 2 * t["width"] * t["hidden"]) + 4 * n * n * t["width"])


def weights(shape):
    width, hidden, blocks, query, key, _ = shape
    return blocks * (2 * width * query + 2 * width * key + 3 * width * hidden)


def prefill(shape, rows):
    """Of the last block and of the head only the last row is computed, but for the block's keys and values."""
    width, hidden, blocks, query, key, vocabulary = shape
    shared, own = 2 * width * key, 2 * width * query + 3 * width * hidden
    products = rows * (blocks * shared + (blocks - 1) * own) + own + width * vocabulary
    return 2 * products + 4 * query * ((blocks - 1) * rows * (rows + 1) / 2 + rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=1000, help="GFLOP/s of int8 products, a core")
    parser.add_argument("--bandwidth", type=float, default=47, help="GB/s from memory")
    parser.add_argument("--overhead", type=float, default=1.15, help="encode and prefill over their bare products")
    args = parser.parse_args()
    print("| model | cores | encode s | prefill 640 s | prefill 128 s | decode ms/token | weights GB | cache of 640 GB |")
    print("|---|---|---|---|---|---|---|---|")
    for name, shape in DECODERS.items():
        # The head is kept in bfloat16; the tower's 0.3 G parameters come on top.
        size = (weights(shape) + 2 * shape[0] * shape[5] + 0.31e9) / 1e9
        cache = 2 * shape[2] * shape[4] * 640 * 4 / 1e9
        for cores in (2, 16, 64):
            rate = args.rate * cores * 1e9 / args.overhead
            read = (weights(shape) + 2 * shape[0] * shape[5]) / 1e9
            print(f"| {name} | {cores} | {encode() / rate:.2f} | {prefill(shape, 640) / rate:.2f} "
                  f"| {prefill(shape, 128) / rate:.2f} | {1000 * read / args.bandwidth:.0f} | {size:.1f} | {cache:.2f} |")


if __name__ == "__main__":
    main()
