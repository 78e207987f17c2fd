"""A shipped model as checkpoints again, to train on from where nobody kept the run.

    python from_shipped.py --model nano --out runs/shipped/nano.pt --depth-encoder ../../.cache/depth-nano.pt
    python train.py --model nano --init runs/shipped/nano.pt …

What restores comes back as it was; the optimizers' state, the general prompts' key and the depth encoder's training head were never shipped.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper

from checkpoint import save_checkpoint
from depth.encoder import DepthEncoder, DepthEncoderConfig
from model import Restorer
from model_config import CONFIGS
from shipped import MODELS, shipped_pool


def graph_weights(path: Path) -> dict[str, torch.Tensor]:
    """The weights of an exported graph by PyTorch's names. A linear layer's is found by the scope of its MatMul, [in,out] there and [out,in] here."""
    graph = onnx.load(path).graph
    arrays = {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in graph.initializer}
    weights = {name: array for name, array in arrays.items() if "::" not in name}
    for node in graph.node:
        for name in node.input:
            if "::" in name and name in arrays:
                linear = node.op_type == "MatMul"
                weights[f"{module_of(node.name)}.weight" if linear else node.op_type] = arrays[name].T if linear else arrays[name]
    return weights


def module_of(node_name: str) -> str:
    """/condition/head/head.3/MatMul -> condition.head.3: in a sequence PyTorch says the names before twice."""
    scopes = []
    for scope in node_name.strip("/").split("/")[:-1]:
        if scopes and scope.startswith(f"{scopes[-1]}."):
            scopes.pop()
        scopes.append(scope)
    return ".".join(scopes)


def unpack(name: str, models: Path = MODELS) -> tuple[Restorer, DepthEncoder]:
    """The model of this name in `models`/manifest.json, and its depth encoder, in PyTorch, in evaluation mode."""
    entry = json.loads((models / "manifest.json").read_text())["models"][name]
    read = lambda graph: graph_weights(models / entry["graphs"][graph]["fp32"]["file"])
    model, encoder = Restorer(CONFIGS[name]), DepthEncoder()
    general = read("general-prompts")
    general["prompts"] = general.pop("Expand")[0]  # [1,prompts,C], repeated for each picture
    weights = {**read("condition"), **{f"general.{k}": v for k, v in general.items()}, **{f"denoiser.{k}": v for k, v in read("denoiser").items()}}
    weights |= {f"pool.{k}": v for k, v in shipped_pool(entry["promptPool"], models).state_dict().items()}
    weights["general.key"] = -F.normalize(weights["pool.keys"], dim=-1).mean(0)  # only the contrastive loss reads it: begins away from the weathers' keys
    model.load_state_dict(weights)
    encoder.load_state_dict(read("depth"))
    return model.eval(), encoder.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=sorted(CONFIGS), default="nano")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of manifest.json (default: this one's parent)")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint for --init, grow.py and evaluate.py")
    parser.add_argument("--depth-encoder", type=Path, required=True, help="where the depth encoder goes")
    options = parser.parse_args()
    model, encoder = unpack(options.model, options.models)
    save_checkpoint(options.out, averaged=model.state_dict(), model_config=model.checkpoint_config())
    save_checkpoint(options.depth_encoder, config=asdict(DepthEncoderConfig()), encoder=encoder.state_dict(), head=None, figures={}, training={})


if __name__ == "__main__":
    main()
