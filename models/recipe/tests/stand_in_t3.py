"""A checkpoint in the layout of the authors' files, filled by the generator of ../shared/fixtures/t3: anyone can make the same, none is theirs.

    python tests/stand_in_t3.py CHECKPOINT.ckpt        # then: python convert_reference.py CHECKPOINT.ckpt -o /tmp/t3

The EMA weights are the generator's. The raw weights, which must not be used by default, are zeros.
"""

import argparse
import importlib.util
import sys
from pathlib import Path

import torch

FIXTURES = Path(__file__).resolve().parents[4] / "shared" / "fixtures" / "t3"


def load_generator():
    """../shared/fixtures/t3/generate.py as a module: tensor(name, shape), image(name, height, width), noise(name, shape)."""
    spec = importlib.util.spec_from_file_location("t3_generate", FIXTURES / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def published_shapes() -> dict:
    """Checkpoint key -> shape, in the checkpoint's order: 512 of the denoiser (`model.*`), 239 of the depth encoder (`depth.*`)."""
    lines = (FIXTURES / "state-dict.tsv").read_text().splitlines()[1:]
    return {name: tuple(int(d) for d in shape.split("x")) for _, name, shape, _ in (line.split("\t") for line in lines)}


def stand_in_tensors() -> dict:
    """Checkpoint key -> tensor, by the generator."""
    generator = load_generator()
    return {name: torch.from_numpy(generator.tensor(name, shape)) for name, shape in published_shapes().items()}


def stand_in_checkpoint(tensors: dict) -> dict:
    """The saved dict of a Lightning run: raw and EMA weights, hyper-parameters, a metric's network along."""
    denoiser = {name: value for name, value in tensors.items() if name.startswith("model.")}
    depth = {name: value for name, value in tensors.items() if name.startswith("depth.")}
    raw = {name: torch.zeros(()).expand(value.shape) for name, value in denoiser.items()}  # one number each on disk
    return {
        "epoch": 3, "global_step": 4000, "pytorch-lightning_version": "2.0.4",
        "state_dict": {**raw, **depth, "lpips_fn.net.slice1.0.weight": torch.zeros(64, 3, 11, 11)},
        "optimizer_states": [{"state": {}, "param_groups": [], "ema": tuple(denoiser.values())}],
        "hyper_parameters": {"args": argparse.Namespace(train_bs=4, lr=2e-4)},
    }  # fmt: skip


if __name__ == "__main__":
    torch.save(stand_in_checkpoint(stand_in_tensors()), sys.argv[1])
