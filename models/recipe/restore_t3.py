"""Photographs restored by the paper's network in PyTorch, untiled; with the authors' stateful prompt selection for whoever wants their figures.

    python restore_t3.py CHECKPOINT photo.png more/*.png -o restored [--selection reference]

In: a picture and a start state z. Out: the restored picture and what was found on the way. The product never runs the stateful selection.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch

from convert_reference import load_reference
from t3.depth_anything_v1 import DepthTokens, WeightsError, depth_view
from diffusion import gaussian_noise, sample_residual
from restore import to_nchw
from t3.network import T3, TOP_K


@torch.no_grad()
def restore_t3(model: T3, depth_tokens: DepthTokens, degraded, noise, select=None, antialias: bool = False) -> dict:
    """degraded [1,3,H,W] in [0,1], noise [1,3,H,W] -> every intermediate under its name; those of a pass are lists, t = 500 first.

    `select` (query [B,C] -> ids [B,5]) is plain cosine top-k if not given. The network's residual is clean - degraded.
    """
    select = select or model.pool.select
    view = depth_view(degraded, antialias)
    tokens = depth_tokens(view)
    depth_prompts = model.general(tokens)
    depth_key_values = model.depth_key_values(depth_prompts)
    found = {"encoded": [], "selected": [], "noisy_residual": []}

    def denoise(state, t):
        encoded = model.denoiser.encode(degraded, state, torch.tensor([float(t)], dtype=state.dtype))
        ids = select(encoded.query)
        for name, value in {"encoded": encoded, "selected": ids, "noisy_residual": state}.items():
            found[name].append(value)
        return model.denoiser.decode(encoded, model.weather_key_values(ids), depth_key_values, degraded.shape[-2:])

    residual, predictions = sample_residual(denoise, noise)
    return {
        **found, "depth_input": view, "depth_tokens": tokens, "depth_prompts": depth_prompts, "predicted_residual": predictions,
        "residual": residual, "restored": degraded + residual,
    }  # fmt: skip


class ReferenceSelection:
    """The authors' selection, whose result depends on what was restored before and on batch mates: query [B,C] -> ids [B,5].

    Scores are cosine_i - count_i / max(count) with the counts of earlier choices; the first call divides 0 by 0, and what `topk` makes of NaN
    is what is chosen. A batch votes: the five ids chosen most often go to all of it, and each counts once for every picture.
    Counters start at zero, as after loading the released checkpoint (they are not in it).
    """

    def __init__(self, model: T3):
        self.pool = model.pool
        self.counts = torch.zeros(len(model.pool.keys), dtype=model.pool.keys.dtype)

    def __call__(self, query):
        scores = self.pool.cosine(query) - self.counts / self.counts.max()
        chosen = scores.topk(TOP_K, dim=-1).indices
        votes = torch.bincount(chosen.flatten(), minlength=len(self.counts))
        winners = votes.topk(TOP_K).indices
        self.counts[winners] += len(query)
        return winners.expand(len(query), -1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="the authors' .ckpt file")
    parser.add_argument("pictures", type=Path, nargs="+", help="photographs, restored in this order")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the PNG files")
    parser.add_argument("--weights", choices=["ema", "raw"], default="ema")
    parser.add_argument("--depth", type=Path, help="Depth-Anything v1 ViT-S weights (default: those in the checkpoint)")
    parser.add_argument("--normalise-depth", action="store_true", help="ImageNet normalisation before the depth encoder (default: as released, off)")
    parser.add_argument("--antialias", action="store_true", help="antialias in the depth input's resize (default: off)")
    parser.add_argument("--selection", choices=["plain", "reference"], default="plain", help="reference: stateful, the pictures' order matters")
    parser.add_argument("--seed", type=int, default=0, help="of the start noise (default: 0)")
    options = parser.parse_args()
    try:
        model, depth = load_reference(options.checkpoint, options.weights, options.depth)
    except (WeightsError, FileNotFoundError) as error:
        parser.exit(2, f"restore_t3: {error}\n")
    depth_tokens = DepthTokens(depth, options.normalise_depth)
    select = ReferenceSelection(model) if options.selection == "reference" else None
    options.output.mkdir(parents=True, exist_ok=True)
    for path in options.pictures:
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if bgr is None:
            parser.exit(2, f"restore_t3: expected a picture at {path}, got a file that cannot be read\n")
        degraded = to_nchw(bgr[..., ::-1].astype(np.float32) / 255)
        noise = gaussian_noise(options.seed, *degraded.shape[-2:])
        found = restore_t3(model, depth_tokens, degraded, noise, select, options.antialias)
        picture = (found["restored"][0].clamp(0, 1) * 255).round().byte().movedim(0, -1).numpy()
        cv2.imwrite(str(options.output / f"{path.stem}.png"), picture[..., ::-1])
        print(f"{path}: sub-prompts {[sorted(ids[0].tolist()) for ids in found['selected']]}")


if __name__ == "__main__":
    main()
