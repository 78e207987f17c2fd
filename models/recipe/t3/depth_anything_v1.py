"""Depth-Anything v1 ViT-S/14 as T3-DiffWeather uses it: a picture -> the last block's patch tokens. Published weights only, read from disk.

The classes are those of `transformers`; ours is what the reference does around them: the input's resize, no ImageNet normalisation, and the
position embedding's interpolation with its offset of 0.1 (Oquab et al. 2023, DINOv2, arXiv:2304.07193; `transformers` has none).
"""

import re
from collections.abc import Iterable
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation

PATCH_PX = 14
GRID = 37  # positions were trained on 37x37 patches (518 / 14)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CUBIC_A = -0.75


class WeightsError(ValueError):
    """Weights that do not fit: the message lists missing, left-over and wrongly shaped names."""


def load_depth_anything(weights: Path) -> DepthAnythingForDepthEstimation:
    """Reads the published weights: a Hugging Face folder (config.json, model.safetensors), its .safetensors file, or the authors' .pth file."""
    if not weights.exists():
        raise FileNotFoundError(f"Expected Depth-Anything ViT-S weights at {weights}, found nothing; get depth-anything-small-hf or depth_anything_vits14.pth.")
    if weights.is_dir():
        return _from_published(weights, None)
    if weights.suffix == ".safetensors":
        try:
            return _from_published(None, load_file(weights))
        except SafetensorError as error:
            raise WeightsError(f"Expected a safetensors file at {weights}, got one that cannot be read: {error}") from error
    return from_reference_names(torch.load(weights, map_location="cpu", weights_only=True))


def _from_published(folder: Path | None, state_dict: dict | None) -> DepthAnythingForDepthEstimation:
    source = {"config": DepthAnythingConfig(), "state_dict": state_dict} if folder is None else {"local_files_only": True}
    model, found = DepthAnythingForDepthEstimation.from_pretrained(folder, **source, dtype=torch.float32, output_loading_info=True, ignore_mismatched_sizes=True)
    shapes = [f"{name}: expected {list(wanted)}, got {list(got)}" for name, got, wanted in found["mismatched_keys"]]
    refuse_misfits(found["missing_keys"], found["unexpected_keys"], shapes)
    check_is_small(model)
    return model.eval().requires_grad_(False)


def check_is_small(model: DepthAnythingForDepthEstimation):
    """Refuses another size than ViT-S, whose tokens would not fit the network."""
    got, wanted = model.config.backbone_config.hidden_size, DepthAnythingConfig().backbone_config.hidden_size
    if got != wanted:
        raise WeightsError(f"Expected Depth-Anything ViT-S with tokens of {wanted} channels, got {got}; use depth-anything-small-hf.")


def from_reference_names(state_dict: dict) -> DepthAnythingForDepthEstimation:
    """239 tensors under the authors' names (`pretrained.*`, `depth_head.*`) -> the model."""
    with torch.device("meta"):
        model = DepthAnythingForDepthEstimation(DepthAnythingConfig())
    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    renamed, left_over, shapes = {}, [], []
    for name, value in state_dict.items():
        parts = rename_reference(name, value)
        if not parts.keys() <= wanted.keys():
            left_over.append(name)
            continue
        shapes += [f"{name}: expected {list(wanted[new])}, got {list(part.shape)}" for new, part in parts.items() if tuple(part.shape) != wanted[new]]
        renamed |= parts
    refuse_misfits(wanted.keys() - renamed.keys(), left_over, shapes)
    model.load_state_dict({name: value.contiguous() for name, value in renamed.items()}, assign=True)
    return model.eval().requires_grad_(False)


def refuse_misfits(missing: Iterable[str], left_over: Iterable[str], shapes: Iterable[str]):
    """Nothing when all three are empty. @raises WeightsError that lists every one"""
    lists = {"missing": sorted(missing), "left over": sorted(left_over), "of another shape": sorted(shapes)}
    if any(lists.values()):
        lines = [f"  {title} ({len(names)}):\n" + "\n".join(f"    {name}" for name in names) for title, names in lists.items() if names]
        raise WeightsError("Expected every tensor of the published weights once and in its shape, got:\n" + "\n".join(lines))


REFERENCE_RULES = [
    (r"pretrained\.cls_token", "backbone.embeddings.cls_token"),
    (r"pretrained\.mask_token", "backbone.embeddings.mask_token"),
    (r"pretrained\.pos_embed", "backbone.embeddings.position_embeddings"),
    (r"pretrained\.patch_embed\.proj\.(\w+)", r"backbone.embeddings.patch_embeddings.projection.\1"),
    (r"pretrained\.norm\.(\w+)", r"backbone.layernorm.\1"),
    (r"pretrained\.blocks\.(\d+)\.attn\.proj\.(\w+)", r"backbone.encoder.layer.\1.attention.o_proj.\2"),
    (r"pretrained\.blocks\.(\d+)\.ls(\d)\.gamma", r"backbone.encoder.layer.\1.layer_scale\2.lambda1"),
    (r"pretrained\.blocks\.(\d+)\.(norm\d|mlp\.fc\d)\.(\w+)", r"backbone.encoder.layer.\1.\2.\3"),
    (r"depth_head\.projects\.(\d)\.(\w+)", r"neck.reassemble_stage.layers.\1.projection.\2"),
    (r"depth_head\.resize_layers\.(\d)\.(\w+)", r"neck.reassemble_stage.layers.\1.resize.\2"),
    (r"depth_head\.scratch\.output_conv1\.(\w+)", r"head.conv1.\1"),
    (r"depth_head\.scratch\.output_conv2\.0\.(\w+)", r"head.conv2.\1"),
    (r"depth_head\.scratch\.output_conv2\.2\.(\w+)", r"head.conv3.\1"),
]


def rename_reference(name: str, value: torch.Tensor) -> dict:
    """One tensor under the authors' name -> {name in transformers: tensor}; empty when the name is unknown. qkv becomes three."""
    if match := re.fullmatch(r"pretrained\.blocks\.(\d+)\.attn\.qkv\.(\w+)", name):
        place = f"backbone.encoder.layer.{match[1]}.attention"
        return {f"{place}.{part}_proj.{match[2]}": rows for part, rows in zip("qkv", value.tensor_split(3))}
    if match := re.fullmatch(r"depth_head\.scratch\.layer(\d)_rn\.weight", name):
        return {f"neck.convs.{int(match[1]) - 1}.weight": value}
    if match := re.fullmatch(r"depth_head\.scratch\.refinenet(\d)\.(.+)", name):  # numbered from the finest, transformers' from the coarsest
        rest = re.sub(r"resConfUnit(\d)\.conv(\d)", r"residual_layer\1.convolution\2", match[2]).replace("out_conv", "projection")
        return {f"neck.fusion_stage.layers.{4 - int(match[1])}.{rest}": value}
    for pattern, new in REFERENCE_RULES:
        if re.fullmatch(pattern, name):
            return {re.sub(pattern, new, name): value}
    return {}


class DepthTokens(nn.Module):
    """view [B,3,h,w], RGB in [0,1], sides multiples of 14 -> depth_tokens [B, h/14 * w/14, 384]: last block, final norm, no class token.

    `normalise` subtracts ImageNet's mean and divides by its deviation, as Depth-Anything was trained; the reference does not.
    The depth head, which the reference runs and does not use, is left out.
    """

    def __init__(self, model: DepthAnythingForDepthEstimation, normalise: bool = False):
        super().__init__()
        backbone = model.backbone
        backbone.config._attn_implementation = "eager"
        self.patches = backbone.embeddings.patch_embeddings.projection
        self.class_token = backbone.embeddings.cls_token
        self.position = PositionEmbedding(backbone.embeddings.position_embeddings)
        self.blocks = backbone.encoder.layer
        self.norm = backbone.layernorm
        self.normalise = normalise

    def forward(self, view):
        if self.normalise:
            mean, deviation = (torch.tensor(x, dtype=view.dtype, device=view.device)[:, None, None] for x in (IMAGENET_MEAN, IMAGENET_STD))
            view = (view - mean) / deviation
        patches = self.patches(view)
        x = torch.cat([self.class_token.expand(view.shape[0], -1, -1), patches.flatten(2).transpose(1, 2)], 1)
        x = x + self.position(*patches.shape[-2:])
        for block in self.blocks:
            x = block(x)
        return self.norm(x)[:, 1:]


class PositionEmbedding(nn.Module):
    """Rows h and columns w of patches -> [1, 1 + hw, 384]: the class row as it is, then the 37x37 grid brought to h x w.

    Bicubic (a = -0.75, no antialias, border repeated), source = (i + 0.5) / s - 0.5 with s = (h + 0.1) / 37; unchanged at 37x37. Written as two
    matrix products, so that a graph with dynamic sizes needs no resize operator.
    """

    def __init__(self, embedding):
        super().__init__()
        self.class_row = nn.Parameter(embedding[:, :1].clone(), requires_grad=False)
        self.grid = nn.Parameter(embedding[0, 1:].reshape(GRID, GRID, -1).clone(), requires_grad=False)

    def forward(self, rows, columns):
        away = [(torch.as_tensor(n, device=self.grid.device) - GRID).abs().to(self.grid.dtype) for n in (rows, columns)]
        offset = 0.1 * (away[0] + away[1]).clamp(max=1)  # 0 at 37x37, where the reference leaves the grid as it is
        by_row = cubic_weights(rows, offset) @ self.grid.flatten(1)  # [h, 37 * 384]
        by_row = by_row.unflatten(1, (GRID, -1))  # [h,37,384]
        interpolated = cubic_weights(columns, offset) @ by_row  # [h,w,384]
        return torch.cat([self.class_row, interpolated.flatten(0, 1)[None]], 1)

    def interpolate(self, rows, columns):
        """For inspection: without the class row [hw,384]."""
        return self.forward(rows, columns)[0, 1:]


def cubic_weights(length, offset):
    """Weights [length,37] of the grid's positions for every patch; dtype and device of `offset` []."""
    place = {"dtype": offset.dtype, "device": offset.device}
    source = (torch.arange(length, **place) + 0.5) * (GRID / (length + offset)) - 0.5  # [length], -0.5 .. 36.5
    taps = torch.arange(-2, GRID + 2, **place)  # two beyond the border on each side
    distance = (source[:, None] - taps).abs()
    a = CUBIC_A
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    weights = torch.where(distance <= 1, near, torch.where(distance < 2, far, torch.zeros_like(far)))  # [length,41]
    border = torch.eye(GRID, **place)[taps.long().clamp(0, GRID - 1)]  # [41,37]
    return weights @ border


def depth_side(side: int) -> int:
    """Side of the depth input for a picture's side: the nearest multiple of 14, half to even. 0 up to 7, which the reference cannot run."""
    return round(side / PATCH_PX) * PATCH_PX


def depth_view(degraded, antialias: bool = False):
    """degraded [B,3,H,W] -> view [B,3,h,w]: bilinear, half-pixel centres; the reference's antialias depends on torchvision (on from 0.17)."""
    height, width = degraded.shape[-2:]
    if min(height, width) <= PATCH_PX // 2:
        raise ValueError(f"Expected a picture of at least {PATCH_PX // 2 + 1} pixels on each side, got {width}x{height}; the depth encoder sees nothing of it.")
    return F.interpolate(degraded, (depth_side(height), depth_side(width)), mode="bilinear", align_corners=False, antialias=antialias)
