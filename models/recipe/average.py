"""Averages the weights of runs that went on from one state: often better than each of them (model soups, Wortsman et al., arXiv:2203.05482).

    python average.py runs/nano-2/last.pt runs/nano-3/last.pt --out runs/nano-mean/last.pt
    python average.py runs/nano-4/last.pt runs/nano-3/last.pt --weights 3,1 --part denoiser --out runs/nano-mixed/last.pt

One checkpoint alone with --half makes a state to keep (`states/`), from which `train.py --init` goes on on another machine:

    python average.py runs/lite-14/last.pt --half --out states/lite-14.pt

Only for runs with a common start; weights of unrelated runs do not lie in one basin, and their mean computes nothing.
"""

import argparse
from dataclasses import asdict
from pathlib import Path

import torch

from checkpoint import load_checkpoint, save_checkpoint
from model_config import config_from


def average(checkpoints: list[dict], weights: list[float] | None = None, part: str = "") -> dict:
    """Checkpoints -> {"averaged", "model_config"}: the (weighted) mean of what is in `part`, by the start of its name, where all have the same sizes; the rest is the first's."""
    configs = [config_from(saved["model_config"]) for saved in checkpoints]  # as they are read today: older ones lack later switches
    sizes = [{name: value.shape for name, value in saved["averaged"].items() if name.startswith(part)} for saved in checkpoints]
    if any(each != sizes[0] for each in sizes) or (not part and any(config != configs[0] for config in configs)):
        raise ValueError("Expected checkpoints of one configuration (for a part: of one size in it), got different ones; average runs that went on from one state.")
    shares = torch.tensor(weights or [1.0] * len(checkpoints))
    if len(shares) != len(checkpoints) or not (shares >= 0).all() or shares.sum() == 0:
        raise ValueError(f"Expected {len(checkpoints)} weights of at least 0, one for each checkpoint and not all 0, got {shares.tolist()}.")
    mean = lambda name: torch.tensordot(shares / shares.sum(), torch.stack([saved["averaged"][name] for saved in checkpoints]), 1)
    averaged = {name: mean(name) if name.startswith(part) else value for name, value in checkpoints[0]["averaged"].items()}
    return {"averaged": averaged, "model_config": asdict(configs[0])}


def in_half(checkpoint: dict) -> dict:
    """The same with weights of float16: half the size, for a state that is kept in the repository; `train.py --init` and `load_model` read it."""
    return {**checkpoint, "averaged": {name: value.half() for name, value in checkpoint["averaged"].items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", type=lambda text: [float(each) for each in text.split(",")], help="one for each checkpoint, comma-separated (default: all the same)")
    parser.add_argument("--part", default="", help="average only weights whose names start so, such as denoiser; the rest is the first checkpoint's")
    parser.add_argument("--half", action="store_true", help="write float16")
    options = parser.parse_args()
    averaged = average([load_checkpoint(path) for path in options.checkpoints], options.weights, options.part)
    save_checkpoint(options.out, **(in_half(averaged) if options.half else averaged))


if __name__ == "__main__":
    main()
