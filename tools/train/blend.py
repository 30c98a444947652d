"""A checkpoint between the weights that a run started from and those that it has reached.

    python blend.py --start MODEL --checkpoint RUN/checkpoint.pt --share 0.6 --out RUN/blended.pt

New words are learned long before the rate has fallen, old questions suffer meanwhile; part of the way has both.
"""

import argparse
from pathlib import Path

import torch

from train import shipped_weights


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--start", type=Path, required=True, help="the exported folder that the run started from")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--share", type=float, required=True, help="of the way from the start to the checkpoint")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    state = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
    start = shipped_weights(args.start)
    state["model"] = {name: torch.lerp(start[name], value.float(), args.share) for name, value in state["model"].items()}
    torch.save(state, args.out)


if __name__ == "__main__":
    main()
