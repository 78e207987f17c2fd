"""Whether the prompts mean something: the weather report, `remove`, and which sub-prompts answer which weather."""

from pathlib import Path

import numpy as np

from evaluation.metrics import compare
from evaluation.picture_sets import rendered_set
from evaluation.restoration import RENDERED_KINDS
from prompts import WEATHERS
from restore import restore
from restore_auto import restore_auto

VISIBLE = 0.01  # mean absolute change of the picture

MIXTURES = (("rain", "haze"), ("snow", "haze"), ("rain", "raindrop"), ("haze", "raindrop"), ("rain", "snow"))


def evaluate_remove(model, depth_encoder, data: Path, count=40) -> dict:
    """Each single weather out of each mixture of two: `count` pictures for rain out of rain + haze, a quarter for the others.

    nearer: share of pictures that are nearer to the truth (the other weather left) than the full restoration is. gain: dB over the input.
    """
    table = {}
    for mixture in MIXTURES:
        for wanted in mixture:
            rows = count if (mixture, wanted) == (("rain", "haze"), "rain") else max(1, count // 4)
            examples = rendered_set(data, mixture, rows, remove=(wanted,))
            table[f"{wanted} out of {'+'.join(mixture)}"] = removal(model, depth_encoder, examples, wanted)
    return table


def removal(model, depth_encoder, examples, wanted: str) -> dict:
    nearer, gains = [], []
    for example in examples:
        psnr = lambda remove: compare(restore_auto(model, depth_encoder, example.degraded, remove)["picture"], example.target)["psnr"]
        partial = psnr((wanted,))
        nearer.append(partial > psnr(WEATHERS))
        gains.append(partial - compare(example.degraded, example.target)["psnr"])
    return {"pictures": len(gains), "nearer": float(np.mean(nearer)), "gain": float(np.mean(gains)), "worse": int(sum(g < 0 for g in gains))}


def evaluate_report(model, depth_encoder, data: Path, count=16) -> dict:
    """By what was rendered: mean presence of each weather, and the share of pictures whose report (presence of a half or more) is wholly right.

    A weather that changes the picture by less than VISIBLE on average may be reported or not: nobody could tell.
    """
    table = {}
    for kind, weathers in {"clean": (), **RENDERED_KINDS}.items():
        examples = list(rendered_set(data, weathers, count))
        found = [restore(model, depth_encoder, e.degraded, steps=1)["presence"] for e in examples]
        right = [
            all((f[w] >= 0.5) == bool(label) or 0 < severity < VISIBLE for w, label, severity in zip(WEATHERS, e.labels, e.severity))
            for f, e in zip(found, examples)
        ]
        table[kind] = {**{w: float(np.mean([f[w] for f in found])) for w in WEATHERS}, "right": float(np.mean(right))}
    return table


def evaluate_pool(model, depth_encoder, data: Path, count=16) -> dict:
    """How often each sub-prompt is among the chosen, by weather: {weather: [share of pictures] * pool size}, and the weather each is most akin to."""
    size = len(model.pool.keys)
    table = {"home": [WEATHERS[a] for a in model.pool.affinities().argmax(-1).tolist()]}
    for kind in ("clean", *WEATHERS):
        uses = np.zeros(size)
        for example in rendered_set(data, () if kind == "clean" else (kind,), count):
            chosen = restore(model, depth_encoder, example.degraded, steps=1)["selected"][0]
            np.add.at(uses, chosen[chosen >= 0].numpy(), 1 / count)
        table[kind] = [round(float(u), 3) for u in uses]
    return table
