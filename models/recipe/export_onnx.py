"""Exports a checkpoint as ONNX graphs (fp32 and fp16), the prompt pool and its manifest entry.

    python export_onnx.py --checkpoint runs/nano/last.pt --depth-encoder ../../.cache/depth-nano.pt --models .. --version 0.1.0

What stands where: docs/model-contract.md. The fp16 files keep float32 inputs and outputs, and compute the timestep's angles in float32.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

from card_tables import read_figures
from checkpoint import load_model
from depth.encoder import load_depth_encoder
from diffusion import BETA_END, BETA_START, TIMESTEPS, TRAIN_TIMESTEPS
from macs import count_macs
from onnx_graph import file_entry, to_half, trace_graph
from prompts import WEATHERS
from views import PATCH_GRID, PATCH_SIZE_PX, VIEW_AREA_PX, VIEW_MAX_SIDE_PX, VIEW_MULTIPLE_PX

TILE_PX, MULTIPLE_PX = 832, 8
KEPT = ("pairs", "clean", "rendered", "remove", "report")  # of the evaluation, in the manifest
FLOAT32_SCOPES = ("/timestep/",)  # angles up to 500 do not fit fp16


class ConditionGraph(nn.Module):
    """view [1,3,h,w], patches [9,3,64,64] -> query [1,C]."""

    def __init__(self, condition):
        super().__init__()
        self.condition = condition

    def forward(self, view, patches):
        return self.condition(view, patches[None])


def graphs(model, depth_encoder):
    """name -> (module, example inputs by name, output name, dynamic axes)."""
    config = model.config
    tokens = config.top_k * config.prompt_length
    view = torch.rand(1, 3, 112, 144)
    picture = torch.rand(1, 3, 96, 128)
    c = config.prompt_channels
    side = {2: "height", 3: "width"}
    return {
        "condition": (ConditionGraph(model.condition), {"view": view, "patches": torch.rand(9, 3, 64, 64)}, "query", {"view": side}),
        "depth": (depth_encoder, {"view": view}, "depth_tokens", {"view": side, "depth_tokens": {1: "tokens"}}),
        "general-prompts": (model.general, {"depth_tokens": torch.rand(1, 63, config.depth_channels)}, "depth_prompts", {"depth_tokens": {1: "tokens"}}),
        "denoiser": (
            model.denoiser,
            {
                "degraded": picture, "noisy_residual": torch.randn_like(picture), "timestep": torch.tensor([500.0]),
                "weather_prompts": torch.randn(1, tokens, c), "depth_prompts": torch.randn(1, config.general_prompts, c),
            },
            "residual",
            {"degraded": side, "noisy_residual": side, "residual": side},
        ),
    }  # fmt: skip


def export_graph(module, inputs, output_name, dynamic_axes, path: Path):
    """Writes one graph in float32 and one in float16; returns both paths."""
    fp32, fp16 = path.with_suffix(".fp32.onnx"), path.with_suffix(".fp16.onnx")
    graph = trace_graph(module, inputs, [output_name], dynamic_axes, path.with_suffix(".whole.onnx"))
    onnx.save(graph, fp32)
    onnx.save(to_half(graph, FLOAT32_SCOPES), fp16)
    return fp32, fp16


def export_pool(pool, path: Path, root: Path) -> dict:
    """Writes keys, prompts and affinities as little-endian float32, one after another; returns the manifest's part."""
    tensors = {"keys": pool.keys, "prompts": pool.prompts, "affinities": pool.affinities()}
    path.write_bytes(b"".join(t.detach().numpy().astype("<f4").tobytes() for t in tensors.values()))
    return {
        **file_entry(path, root),
        "topK": pool.top_k,
        "similarity": {"scale": float(np.float32(pool.similarity_scale.item())), "bias": float(np.float32(pool.similarity_bias.item()))},
        "tensors": {name: list(t.shape) for name, t in tensors.items()},
    }


def export(model, depth_encoder, models: Path, version: str, evaluation: dict | None = None) -> dict:
    """Writes weights/<name>/* under `models` and returns the manifest entry."""
    name = model.config.name
    folder = models / "weights" / name
    folder.mkdir(parents=True, exist_ok=True)
    entries = {}
    for graph_name, (module, inputs, output, dynamic_axes) in graphs(model, depth_encoder).items():
        fp32, fp16 = export_graph(module.eval(), inputs, output, dynamic_axes, folder / graph_name)
        entries[graph_name] = {"fp32": file_entry(fp32, models), "fp16": file_entry(fp16, models)}
    return {
        "version": version,
        "title": TITLES[name],
        "licence": "Apache-2.0",
        "trainingData": TRAINING_DATA,
        "card": f"cards/{name}.md",
        "weathers": list(WEATHERS),
        "residualSign": "degraded-minus-clean",
        "schedule": {
            "kind": "linear", "trainTimesteps": TRAIN_TIMESTEPS, "betaStart": BETA_START, "betaEnd": BETA_END, "timesteps": list(TIMESTEPS), "clip": 1,
        },
        "view": {"areaPx": VIEW_AREA_PX, "multiplePx": VIEW_MULTIPLE_PX, "maxSidePx": VIEW_MAX_SIDE_PX},
        "patches": {"grid": PATCH_GRID, "sizePx": PATCH_SIZE_PX},
        "tile": tile_of(model.denoiser.receptive_field_px()),
        "macs256": count_macs(model, depth_encoder),
        "graphs": entries,
        "promptPool": export_pool(model.pool, folder / "prompt-pool.bin", models),
        "evaluation": evaluation or {},
    }  # fmt: skip


def tile_of(receptive_field_px: int) -> dict:
    """Tiles that overlap by a receptive field, rounded up: then a tiled restoration equals the untiled one."""
    overlap = -(-receptive_field_px // MULTIPLE_PX) * MULTIPLE_PX
    return {"sizePx": TILE_PX, "overlapPx": overlap, "multiplePx": MULTIPLE_PX, "receptiveFieldPx": receptive_field_px}


TITLES = {
    "nano": "Fairweather nano: rain, snow, haze and raindrops out of photographs, for phones and browsers",
    "lite": "Fairweather lite: rain, snow, haze and raindrops out of photographs, better on rain and raindrops at 3.9 times the work, for servers and fast devices",
}
TRAINING_DATA = "Weather rendered by models/recipe over 1,500 public photographs of mixed and partly unstated licences; see the model card."


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--depth-encoder", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path(__file__).parent.parent, help="folder of manifest.json (default: this one's parent)")
    parser.add_argument("--version", required=True)
    parser.add_argument("--evaluation", type=Path, nargs="+", default=[], help=f"JSON of evaluate.py; {', '.join(KEPT)} are kept in the manifest")
    options = parser.parse_args()
    model, depth_encoder = load_model(options.checkpoint), load_depth_encoder(options.depth_encoder)
    evaluation = {name: figures for name, figures in read_figures(options.evaluation).items() if name in KEPT}
    path = options.models / "manifest.json"
    manifest = json.loads(path.read_text()) if path.exists() else {"version": 1, "defaultModel": model.config.name, "models": {}}
    manifest["models"][model.config.name] = export(model, depth_encoder, options.models, options.version, evaluation)
    path.write_text(json.dumps(manifest, indent=2) + "\n")
    size = sum(e[p]["bytes"] for e in manifest["models"][model.config.name]["graphs"].values() for p in ("fp32",))
    print(f"{model.config.name} {options.version}: {size / 1e6:.2f} MB in fp32, {manifest['models'][model.config.name]['macs256']['total'] / 1e9:.3f} GMAC at 256x256")


if __name__ == "__main__":
    main()
