"""The authors' Lightning checkpoint -> our `t3`: ONNX graphs, prompt pool and a manifest of their own, ready for Node, browsers and GPUs.

    python convert_reference.py CHECKPOINT -o ../t3
    python convert_reference.py CHECKPOINT --depth depth-anything-small-hf -o ../t3

The EMA weights, with which the published PSNR was measured, are the default. The authors' weights carry no licence: what is written is yours to
run, not to publish. Every tensor of the checkpoint must find its place, or all misfits are listed and nothing is written.
"""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError

import torch

from t3.depth_anything_v1 import WeightsError, from_reference_names, load_depth_anything, refuse_misfits
from t3.network import T3

IGNORED = "lpips_fn."  # a metric's network, saved along


def load_reference(checkpoint: Path, weights: str = "ema", depth: Path | None = None):
    """The networks of a checkpoint, in evaluation mode: (T3, Depth-Anything). `depth`: weights to take instead of the checkpoint's `depth.*`."""
    reference = read_reference(checkpoint, weights)
    if depth is None and not reference.depth:
        raise WeightsError("Expected depth.* tensors in the checkpoint, found none; give the Depth-Anything ViT-S weights by --depth.")
    return build_t3(reference.denoiser), load_depth_anything(depth) if depth else from_reference_names(reference.depth)


@dataclass(frozen=True)
class Reference:
    """What a checkpoint holds for us. Names are the authors'."""

    denoiser: dict  # `model.*`, 512 tensors
    depth: dict  # without the prefix `depth.`: 239 tensors, or none


def read_reference(path: Path, weights: str = "ema") -> Reference:
    """Reads a checkpoint without running any code of it: plain tensors and values, and `argparse.Namespace` for the hyper-parameters."""
    if not path.is_file():
        raise FileNotFoundError(f"Expected the authors' checkpoint (.ckpt) at {path}, found no file.")
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):
            saved = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (UnpicklingError, RuntimeError) as error:
        raise WeightsError(f"Expected a PyTorch checkpoint of tensors and plain values at {path}, got one that cannot be read safely: {error}") from error
    if not isinstance(saved, dict) or "state_dict" not in saved:
        raise WeightsError(f"Expected a Lightning checkpoint with a state_dict at {path}, got {sorted(saved) if isinstance(saved, dict) else type(saved).__name__}.")
    state = saved["state_dict"]
    left_over = [name for name in state if not name.startswith(("model.", "depth.", IGNORED))]
    refuse_misfits([], left_over, [])
    denoiser = {name: value for name, value in state.items() if name.startswith("model.")}
    if weights == "ema":
        denoiser = averaged_weights(saved, denoiser)
    depth = {name.removeprefix("depth."): value for name, value in state.items() if name.startswith("depth.")}
    return Reference(denoiser, depth)


def averaged_weights(saved: dict, denoiser: dict) -> dict:
    """The EMA weights under their names: `optimizer_states[0]["ema"]`, a tuple in the order of the `model.*` keys."""
    states = saved.get("optimizer_states") or [{}]
    averaged = states[0].get("ema")
    if averaged is None:
        raise WeightsError('Expected EMA weights in optimizer_states[0]["ema"], found none (a file saved without its optimizer); use --weights raw.')
    if len(averaged) != len(denoiser):
        raise WeightsError(f"Expected {len(denoiser)} EMA tensors, one for each model.* key, got {len(averaged)}.")
    pairs = dict(zip(denoiser, averaged))
    shapes = [f"{name} (EMA): expected {list(raw.shape)}, got {list(pairs[name].shape)}" for name, raw in denoiser.items() if raw.shape != pairs[name].shape]
    refuse_misfits([], [], shapes)
    return pairs


def build_t3(denoiser: dict) -> T3:
    """512 tensors under the authors' names -> the network in evaluation mode. The pool's size is that of the checkpoint."""
    keys = denoiser.get("model.prompt_pool.prompt_key")
    with torch.device("meta"):
        model = T3(len(keys) if keys is not None else 20)
    wanted = {reference_name(name): (name, tuple(value.shape)) for name, value in model.state_dict().items()}
    missing = [name for name in wanted if name not in denoiser]
    left_over = [name for name in denoiser if name not in wanted]
    shapes = [
        f"{name}: expected {list(shape)}, got {list(denoiser[name].shape)}"
        for name, (_, shape) in wanted.items()
        if name in denoiser and tuple(denoiser[name].shape) != shape
    ]
    refuse_misfits(missing, left_over, shapes)
    model.load_state_dict({name: denoiser[theirs].float() for theirs, (name, _) in wanted.items()}, assign=True)
    return model.eval().requires_grad_(False)


BLOCK_NAMES = {
    "modulation": "mlp.1", "norm1.gain": "norm1.g", "expand1": "conv1", "depthwise": "conv2", "channel_attention": "sca.1", "project1": "conv3",
    "gain1": "beta", "norm2.gain": "norm2.g", "expand2": "conv4", "project2": "conv5", "gain2": "gamma",
}  # fmt: skip
PLACE_NAMES = {
    "denoiser.time.hidden": "time_mlp.1", "denoiser.time.out": "time_mlp.3", "denoiser.intro": "intro", "denoiser.ending": "ending",
    "denoiser.down": "downs", "denoiser.up": "ups", "denoiser.encoder": "encoders", "denoiser.middle": "middle_blks", "denoiser.decoder": "decoders",
    "denoiser.weather_attention": "atten_list.0", "denoiser.depth_attention": "atten_list.1", "pool.prompts": "prompt_pool.prompt",
    "pool.keys": "prompt_pool.prompt_key", "general.prompts": "prompt_pool.g_prompt", "general.key": "prompt_pool.prompt_key_g",
    "general.transform": "depth_transform", "general.attention": "prompt_pool.cross_attn",
}  # fmt: skip
ATTENTION_NAMES = {"query": "q", "key_value": "kv", "out": "proj"}


def reference_name(name: str) -> str:
    """Our name of a parameter -> the authors' key, e.g. `denoiser.encoder.3.0.gain1` -> `model.encoders.3.0.beta`."""
    place = next(place for place in PLACE_NAMES if re.match(re.escape(place) + r"(\.|$)", name))
    rest = name[len(place) :]
    if match := re.fullmatch(r"((?:\.\d+)+)\.(.+?)((?:\.weight|\.bias)?)", rest):  # a block's own parts
        inner = BLOCK_NAMES.get(match[2])
        rest = f"{match[1]}.{inner}{match[3]}" if inner else rest
    elif match := re.fullmatch(r"\.(query|key_value|out)(\.\w+)", rest):
        rest = f".{ATTENTION_NAMES[match[1]]}{match[2]}"
    return f"model.{PLACE_NAMES[place]}{rest}"


def main():
    from t3.export import export_t3

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="the authors' .ckpt file")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write: graphs, pool, manifest.json, card.md")
    parser.add_argument("--weights", choices=["ema", "raw"], default="ema", help="which of the checkpoint's two sets (default: ema)")
    parser.add_argument("--depth", type=Path, help="Depth-Anything v1 ViT-S weights (folder, .safetensors or .pth; default: those in the checkpoint)")
    parser.add_argument("--normalise-depth", action="store_true", help="ImageNet normalisation before the depth encoder, which the reference leaves out")
    parser.add_argument("--antialias", action="store_true", help="antialias in the depth input's resize (torchvision from 0.17 on; default: off)")
    options = parser.parse_args()
    try:
        model, depth = load_reference(options.checkpoint, options.weights, options.depth)
    except (WeightsError, FileNotFoundError) as error:
        parser.exit(2, f"convert_reference: {error}\n")
    spec = export_t3(model, depth, options.output, weights=options.weights, normalise=options.normalise_depth, antialias=options.antialias)
    sizes = {p: sum(piece["bytes"] for g in spec["graphs"].values() for piece in (g[p], *g[p].get("externalData", []))) for p in ("fp32", "fp16")}
    macs = spec["macs256"]
    print(f"t3 ({options.weights} weights, pool of {len(model.pool.keys)}) -> {options.output}: {sizes['fp32'] / 1e6:.1f} MB in fp32, {sizes['fp16'] / 1e6:.1f} MB in fp16")
    print(f"{macs['referencePass'] / 1e9:.2f} GMAC a step as released, {macs['denoiserPass'] / 1e9:.2f} as exported, {macs['total'] / 1e9:.2f} for a whole restoration at 256x256")


if __name__ == "__main__":
    main()
