"""Measures a depth encoder and its head on pictures that were never trained on: how right the depth, how steady the tokens in weather."""

from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F

import weather
from clean_pictures import CleanPictures, is_validation
from depth.losses import normalised_depth
from depth.scenes import render_scene
from views import image_view

EVALUATION_SEED = 2024
SCENES = 40
CONDITIONS = (("rain",), ("snow",), ("haze",), ("raindrop",), ("rain", "haze"))


def evaluate_depth(encoder, head, data: Path | None) -> dict:
    """{"scenes": figures, "photographs": figures (with `data`)}; see `measure` for what they are."""
    figures = {"scenes": measure(encoder, head, held_out_scenes(SCENES), mean_map(d for _, d in held_out_scenes(60, first=1000)))}
    if data:
        held_out = CleanPictures.load(data, validation=True)
        known = [(p.astype(np.float32) / 255, d) for p, d in zip(held_out.pictures, held_out.depths)]
        known = [(clean, weather.refine_depth(depth, clean)) for clean, depth in known]
        trained = (cv2.imread(str(p), cv2.IMREAD_GRAYSCALE) for p in sorted((data / "depth").glob("*.png")) if not is_validation(p.stem))
        figures["photographs"] = measure(encoder, head, known, mean_map(d.astype(np.float32) / 255 for d in trained))
    return figures


def held_out_scenes(count: int, first: int = 0):
    return [render_scene(np.random.default_rng([EVALUATION_SEED, first + i]), 240, 320) for i in range(count)]


def mean_map(depths) -> np.ndarray:
    """The mean depth map [96,96] of some pictures: what one would guess without looking."""
    return np.mean([cv2.resize(d, (96, 96), interpolation=cv2.INTER_AREA) for d in depths], 0)


@torch.no_grad()
def measure(encoder, head, known, prior) -> dict:
    """`known`: clean [H,W,3] and depth [H,W] of each picture; `prior`: a mean depth map.

    depth: `error`, mean absolute difference after both maps are brought to mean 0 and mean absolute deviation 1; `rank`, Spearman's correlation over
    the cells of a map; each as the mean over pictures. tokens: mean cosine between the tokens of a picture in a weather and the clean
    ones at the same places, after the mean token of all clean pictures is taken away; `anotherPicture` compares with the next picture instead.
    """
    cv2.setNumThreads(1)
    banks = weather.make_banks(np.random.default_rng(EVALUATION_SEED), streaks=6, flakes=5, drops=6, clouds=4)
    clean_tokens, rows = [], {"clean": [], "priorOnly": []}
    for clean, depth in known:
        tokens, predicted = look(encoder, head, clean)
        clean_tokens.append(tokens)
        rows["clean"].append(compare_depth(predicted, depth))
        rows["priorOnly"].append(compare_depth(cv2.resize(prior, predicted.shape[::-1]), depth))
    mean_token = torch.cat(clean_tokens).mean(0)
    clean_tokens = [t - mean_token for t in clean_tokens]
    steadiness = {}
    for weathers in CONDITIONS:
        name, cosines = "+".join(weathers), []
        for i, (clean, depth) in enumerate(known):
            rng = np.random.default_rng([EVALUATION_SEED, i])
            degraded = weather.render_example(rng, banks, clean, depth, weathers, weathers).degraded
            tokens, predicted = look(encoder, head, degraded)
            rows.setdefault(name, []).append(compare_depth(predicted, depth))
            cosines.append(float(F.cosine_similarity(tokens - mean_token, clean_tokens[i], dim=-1).mean()))
        steadiness[name] = round(float(np.mean(cosines)), 3)
    others = [F.cosine_similarity(a, b, dim=-1).mean() for a, b in zip(clean_tokens, clean_tokens[1:]) if a.shape == b.shape]
    steadiness["anotherPicture"] = round(float(np.mean(others)), 3) if others else None
    depth = {name: {"error": round(float(np.mean([e for e, _ in r])), 3), "rank": round(float(np.mean([k for _, k in r])), 3)} for name, r in rows.items()}
    return {"pictures": len(known), "depth": depth, "tokens": steadiness}


def look(encoder, head, picture):
    """Picture [H,W,3] -> (tokens [N,Cd], predicted depth [h/4,w/4]) of its view."""
    view = torch.from_numpy(image_view(picture)).permute(2, 0, 1)[None].contiguous(memory_format=torch.channels_last)
    token_map = encoder.token_map(view)
    return token_map[0].flatten(1).T, head(token_map)[0].numpy()


def compare_depth(predicted, depth):
    """(error, rank correlation) of two depth maps; the second is brought to the size of the first by area."""
    depth = cv2.resize(depth, predicted.shape[::-1], interpolation=cv2.INTER_AREA)
    a, b = (normalised_depth(torch.as_tensor(np.ascontiguousarray(d)).float()[None], floor=1e-3) for d in (predicted, depth))
    return float((a - b).abs().mean()), rank_correlation(predicted.ravel(), depth.ravel())


def rank_correlation(a, b) -> float:
    """Spearman's, without care for ties: depth maps hardly have any but at the sky."""
    ranks = [np.argsort(np.argsort(x, kind="stable"), kind="stable").astype(np.float64) for x in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])
