"""Checkpoints: everything a run needs to go on exactly, written so that a cut never leaves half a file; and averaged weights."""

import os
from pathlib import Path

import torch

from model import Restorer
from model_config import config_from


class AveragedWeights:
    """Exponential moving average (EMA) of a model's weights; shorter at the start of a run."""

    def __init__(self, model, decay: float = 0.999):
        self.decay, self.weights = decay, {k: v.detach().clone() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model, step: int):
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in model.state_dict().items():
            self.weights[name].lerp_(value, 1 - decay)


def save_checkpoint(path: Path, **content):
    """Writes beside the place and renames, so that `path` is always whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content, path.with_suffix(".tmp"))
    os.replace(path.with_suffix(".tmp"), path)


def load_checkpoint(path: Path) -> dict:
    """A checkpoint's dict (tensors and plain values only)."""
    return torch.load(path, map_location="cpu", weights_only=True)


def load_model(path: Path) -> Restorer:
    """The averaged weights of a checkpoint as a model in evaluation mode."""
    saved = load_checkpoint(path)
    model = Restorer(config_from(saved["model_config"]))
    model.load_state_dict(saved["averaged"])
    return model.eval().requires_grad_(False)
