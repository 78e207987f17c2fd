"""The depth encoder: the view of a picture -> depth tokens, which say what is near and what is far, also through the weather.

It stands where T3-DiffWeather has Depth-Anything, and is small enough for a phone. `train_depth.py` trains it; then it is held fixed.
"""

import pickle
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

VIEW_MULTIPLE_PX = 16
HEAD_CELLS = 4  # depth values along each side of a token: a depth map at a quarter of the view


@dataclass(frozen=True)
class DepthEncoderConfig:
    """Channels at 1/8 and 1/16 of the view, and of the tokens. Never 6 or 9: such convolutions go wrong in WebGPU."""

    eighth_channels: int = 64
    eighth_middle: int = 32
    sixteenth_channels: int = 96
    sixteenth_middle: int = 32
    sixteenth_blocks: int = 1
    token_channels: int = 64


class DepthEncoder(nn.Module):
    """view [B,3,h,w], RGB in [0,1], h and w multiples of 16 -> depth_tokens [B,N,64], row by row, N = h/16 * w/16.

    Only dense convolutions and ReLU: 23 M multiply-adds at 128x128. No normalisation and no pooling, so that float16 keeps its digits.
    """

    def __init__(self, config: DepthEncoderConfig = DepthEncoderConfig()):
        super().__init__()
        self.config = config
        self.unshuffle = nn.PixelUnshuffle(4)
        self.to_eighth = nn.Conv2d(48, config.eighth_channels, 3, stride=2, padding=1)
        self.eighth = ResidualBlock(config.eighth_channels, config.eighth_middle)
        self.to_sixteenth = nn.Conv2d(config.eighth_channels, config.sixteenth_channels, 3, stride=2, padding=1)
        blocks = (ResidualBlock(config.sixteenth_channels, config.sixteenth_middle) for _ in range(config.sixteenth_blocks))
        self.sixteenth = nn.Sequential(*blocks)
        self.to_tokens = nn.Conv2d(config.sixteenth_channels, config.token_channels, 1)

    def forward(self, view):
        return self.token_map(view).flatten(2).transpose(1, 2)  # [B,N,Cd]

    def token_map(self, view):
        """The tokens at their places: [B,Cd,h/16,w/16]."""
        x = self.unshuffle(view - 0.5)  # [B,48,h/4,w/4]
        x = self.eighth(F.relu(self.to_eighth(x)))  # [B,64,h/8,w/8]
        x = self.sixteenth(F.relu(self.to_sixteenth(x)))  # [B,96,h/16,w/16]
        return self.to_tokens(x)


class ResidualBlock(nn.Module):
    """x + conv3x3(ReLU(conv3x3(x))), then ReLU: both sides of the sum stay near the size of the input."""

    def __init__(self, channels: int, middle: int):
        super().__init__()
        self.first = nn.Conv2d(channels, middle, 3, padding=1)
        self.second = nn.Conv2d(middle, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x):
        return F.relu(x + self.second(F.relu(self.first(x))))


class DepthHead(nn.Module):
    """Token map [B,Cd,h/16,w/16] -> depth [B,h/4,w/4], about 0 (near) to 1 (far). Only training needs it."""

    def __init__(self, token_channels: int = DepthEncoderConfig.token_channels):
        super().__init__()
        self.to_depth = nn.Conv2d(token_channels, HEAD_CELLS**2, 1)
        self.shuffle = nn.PixelShuffle(HEAD_CELLS)

    def forward(self, token_map):
        return self.shuffle(self.to_depth(token_map))[:, 0]


def save_depth_encoder(path: Path, encoder: DepthEncoder, head: DepthHead, figures: dict, training: dict):
    """Writes a checkpoint that `load_depth_encoder` and `load_depth_head` read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".tmp")
    torch.save(
        {"config": asdict(encoder.config), "encoder": encoder.state_dict(), "head": head.state_dict(), "figures": figures, "training": training}, partial
    )
    partial.replace(path)


def load_depth_encoder(path: Path) -> nn.Module:
    """The depth encoder for training and export, in evaluation mode, its weights fixed.

    `path` is a checkpoint of `train_depth.py`, or the folder of a Depth-Anything V2 model (see `depth/depth_anything.py`).
    """
    if Path(path).is_dir():
        from depth.depth_anything import load_depth_anything  # only here: `transformers` takes seconds to import

        return load_depth_anything(Path(path))
    saved = read_checkpoint(path)
    encoder = DepthEncoder(DepthEncoderConfig(**saved["config"]))
    encoder.load_state_dict(saved["encoder"])
    return encoder.to(memory_format=torch.channels_last).eval().requires_grad_(False)


def load_depth_head(path: Path) -> DepthHead:
    """The head that was trained with the encoder of this checkpoint."""
    saved = read_checkpoint(path)
    if saved["head"] is None:
        raise ValueError(f"Expected a depth encoder with its training head at {path}, got one unpacked from a shipped model; train one with train_depth.py.")
    head = DepthHead(saved["config"]["token_channels"])
    head.load_state_dict(saved["head"])
    return head.eval().requires_grad_(False)


def read_checkpoint(path: Path) -> dict:
    """{"config", "encoder", "head", "figures", "training"}; refuses anything else."""
    advice = "train one with train_depth.py"
    if not Path(path).exists():
        raise FileNotFoundError(f"Expected a depth encoder at {path}, found nothing; {advice}.")
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ValueError(f"Expected a checkpoint of train_depth.py at {path}, got a file PyTorch cannot read; {advice}.") from error
    wanted = {"config", "encoder", "head", "figures"}
    if not isinstance(saved, dict) or not wanted <= saved.keys():
        got = sorted(saved) if isinstance(saved, dict) else type(saved).__name__
        raise ValueError(f"Expected a checkpoint with {sorted(wanted)} at {path}, got {got}; {advice}.")
    return saved
