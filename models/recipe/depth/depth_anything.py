"""Depth-Anything V2 as the depth encoder: a folder with its published weights -> a module from views to depth tokens.

For training with `--depth-encoder FOLDER`, where FOLDER holds config.json and model.safetensors of a Depth-Anything V2 model, for example
Depth-Anything-V2-Small (Apache-2.0; the larger ones are not for commercial use). Nothing is downloaded. Its tokens of 384 channels want a
model whose `depth_channels` is 384. Source: Yang et al. 2024, arXiv:2406.09414.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from transformers import DepthAnythingForDepthEstimation

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class DepthAnythingEncoder(nn.Module):
    """view [B,3,h,w], RGB in [0,1] -> depth_tokens [B,N,Cd]: the patch tokens of the backbone's last stage, normalised, without the class token.

    The view is enlarged (by `scale`, 2 by default) to sides that are multiples of the patch (14) and normalised, as V2's own processor does it:
    bicubic (with `antialias`, which is the cubic of Pillow, a = -0.5), then ImageNet mean and standard deviation. A view of 128x128 gives 252x252, N = 18 * 18, row by row.
    """

    def __init__(self, model: DepthAnythingForDepthEstimation, scale: float = 2.0):
        super().__init__()
        self.backbone = model.backbone
        self.patch_px = model.config.patch_size
        self.token_channels = model.config.backbone_config.hidden_size
        self.scale = scale
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD)[:, None, None], persistent=False)

    def forward(self, view):
        size = [patch_multiple(side * self.scale, self.patch_px) for side in view.shape[-2:]]
        resized = F.interpolate(view, size, mode="bicubic", align_corners=False, antialias=True).clamp(0, 1)
        features = self.backbone.forward_with_filtered_kwargs((resized - self.mean) / self.std).feature_maps[-1]  # [B,1+N,Cd]
        return features[:, 1:]


def load_depth_anything(folder: Path) -> DepthAnythingEncoder:
    """Reads the model from a local folder, in evaluation mode, its weights fixed."""
    if not (Path(folder) / "config.json").exists():
        raise FileNotFoundError(f"Expected config.json of a Depth-Anything V2 model in {folder}, found none; get the folder Depth-Anything-V2-Small-hf.")
    model, found = DepthAnythingForDepthEstimation.from_pretrained(folder, local_files_only=True, dtype=torch.float32, output_loading_info=True)
    if missing := sorted(found["missing_keys"]):
        raise ValueError(f"Expected all weights of Depth-Anything in {folder}, {len(missing)} are missing ({missing[0]}, ...); get the folder again.")
    return DepthAnythingEncoder(model).eval().requires_grad_(False)


def patch_multiple(side: float, patch_px: int) -> int:
    """The multiple of the patch nearest to a side, at least one patch."""
    return max(1, round(side / patch_px)) * patch_px
