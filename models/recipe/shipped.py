"""A shipped model, run by ONNX Runtime, in the place of a PyTorch one: what strangers can measure without a checkpoint."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from prompts import PromptPool

MODELS = Path(__file__).parent.parent


class ShippedModel:
    """What restore.restore wants of a model and of a depth encoder, over the files of models/manifest.json."""

    def __init__(self, name: str = "nano", precision: str = "fp32", models: Path = MODELS):
        entry = json.loads((models / "manifest.json").read_text())["models"][name]
        self.sessions = {
            graph: onnxruntime.InferenceSession(str(models / files[precision]["file"]), providers=["CPUExecutionProvider"])
            for graph, files in entry["graphs"].items()
        }
        self.pool = shipped_pool(entry["promptPool"], models)

    def run(self, graph, **feeds):
        return torch.from_numpy(self.sessions[graph].run(None, {name: value.numpy() for name, value in feeds.items()})[0])

    def depth_encoder(self, view):
        return self.run("depth", view=view)

    def prompts(self, view, patches, depth_tokens, remove):
        query = self.run("condition", view=view, patches=patches[0])
        weather_prompts, ids = self.pool.select(query, remove)
        return query, weather_prompts, ids, self.run("general-prompts", depth_tokens=depth_tokens)

    def denoiser(self, degraded, noisy_residual, timestep, weather_prompts, depth_prompts):
        return self.run(
            "denoiser", degraded=degraded, noisy_residual=noisy_residual, timestep=timestep, weather_prompts=weather_prompts, depth_prompts=depth_prompts
        )


def shipped_pool(part: dict, models: Path = MODELS) -> PromptPool:
    """The prompt pool that a manifest's "promptPool" describes."""
    numbers = np.fromfile(models / part["file"], "<f4")
    pool = PromptPool(*part["tensors"]["prompts"], part["topK"]).requires_grad_(False)
    offset, tensors = 0, {}
    for name, dims in part["tensors"].items():
        count = int(np.prod(dims))
        tensors[name] = torch.from_numpy(numbers[offset : offset + count].reshape(dims).copy())
        offset += count
    pool.keys.data, pool.prompts.data = tensors["keys"], tensors["prompts"]
    pool.affinity_logits.data = tensors["affinities"].log()
    pool.similarity_scale.data.fill_(part["similarity"]["scale"])
    pool.similarity_bias.data.fill_(part["similarity"]["bias"])
    return pool
