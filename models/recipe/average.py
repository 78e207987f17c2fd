"""Averages the weights of runs that went on from one state: often better than each of them (model soups, Wortsman et al., arXiv:2203.05482).

    python average.py runs/nano-2/last.pt runs/nano-3/last.pt --out runs/nano-mean/last.pt

Only for runs with a common start; weights of unrelated runs do not lie in one basin, and their mean computes nothing.
"""

import argparse
from pathlib import Path

import torch

from checkpoint import load_checkpoint, save_checkpoint


def average(checkpoints: list[dict]) -> dict:
    """Checkpoints of one configuration -> {"averaged", "model_config"}, each weight the mean."""
    configs = [saved["model_config"] for saved in checkpoints]
    if any(config != configs[0] for config in configs):
        raise ValueError("Expected checkpoints of one configuration, got different ones; average runs that went on from one state.")
    mean = {name: torch.stack([saved["averaged"][name] for saved in checkpoints]).mean(0) for name in checkpoints[0]["averaged"]}
    return {"averaged": mean, "model_config": configs[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    save_checkpoint(options.out, **average([load_checkpoint(path) for path in options.checkpoints]))


if __name__ == "__main__":
    main()
