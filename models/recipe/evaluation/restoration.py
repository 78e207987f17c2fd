"""How good restored pictures are: PSNR and SSIM of the input and after steps 1 and 2, against the truth; and of one pass at native size beside it."""

from pathlib import Path

import numpy as np

from evaluation.metrics import compare
from evaluation.picture_sets import clean_set, pair_set, rendered_set
from evaluation.textbook import textbook_set
from prompts import WEATHERS
from restore import restore
from restore_auto import restore_auto

STAGES = ("input", "step1", "step2", "native")
RENDERED_KINDS = {
    "rain": ("rain",), "snow": ("snow",), "haze": ("haze",), "raindrop": ("raindrop",),
    "rain+haze": ("rain", "haze"), "snow+haze": ("snow", "haze"), "rain+raindrop": ("rain", "raindrop"),
}  # fmt: skip


def measure(model, depth_encoder, degraded, target, remove=WEATHERS) -> dict:
    """Figures of the input, of the picture restored (`scale: 'auto'`) with one step and with two, and of one pass over all weather at native size."""
    result = restore_auto(model, depth_encoder, degraded, remove)
    if result["passes"] == 1:
        first, native = degraded - result["predictions"][0].clamp(-1, 1)[0].movedim(0, -1).numpy(), result["picture"]
    else:
        first = restore_auto(model, depth_encoder, degraded, remove, steps=1)["picture"]
        native = restore(model, depth_encoder, degraded, remove)["picture"]
    pictures = {"input": degraded, "step1": first, "step2": result["picture"], "native": native}
    return {stage: compare(picture, target) for stage, picture in pictures.items()}


def mean_figures(rows: list[dict]) -> dict:
    figures = {stage: {key: float(np.mean([row[stage][key] for row in rows])) for key in rows[0][stage]} for stage in STAGES}
    gains = [row["step2"]["psnr"] - row["input"]["psnr"] for row in rows]
    return {"pictures": len(rows), **figures, "gain": float(np.mean(gains)), "worse": int(sum(g < 0 for g in gains))}


def evaluate_pairs(model, depth_encoder, data: Path, limit=None) -> dict:
    sets = [f for f in sorted((data / "pairs").iterdir()) if (f / "input").is_dir()]
    return {f.name: mean_figures([measure(model, depth_encoder, y, x) for _, y, x in pair_set(f, limit)]) for f in sets}


def evaluate_rendered(model, depth_encoder, data: Path, count=16, more=True) -> dict:
    """Weather as we render it; and, by themselves, downpours and haze behind a clear foreground: the other rows have none, so that they compare with what was measured before."""
    sets = {kind: rendered_set(data, weathers, count) for kind, weathers in RENDERED_KINDS.items()}
    if more:
        sets["downpour"] = rendered_set(data, ("rain",), count, downpours=1.0)
        sets["haze behind foreground"] = rendered_set(data, ("haze",), count, foreground=True)
    return {kind: mean_figures([measure(model, depth_encoder, e.degraded, e.target) for e in examples]) for kind, examples in sets.items()}


def evaluate_textbook(model, depth_encoder, data: Path, count=16) -> dict:
    """The same kinds, as the literature renders them."""
    return {
        kind: mean_figures([measure(model, depth_encoder, y, x) for y, x in textbook_set(data, weathers, count)])
        for kind, weathers in RENDERED_KINDS.items()
    }


def evaluate_clean(model, depth_encoder, data: Path, count=30) -> dict:
    """Clean pictures to themselves: PSNR in dB, the mean, how many stay above 40, and the worst by name."""
    targets = [(name, target) for name, _, target in pair_set(data / "pairs" / "rain100l", count)]
    return {
        label: summary({name: compare(restore_auto(model, depth_encoder, picture)["picture"], picture)["psnr"] for name, picture in pictures})
        for label, pictures in (("held-out", clean_set(data, count)), ("rain100l targets", targets))
    }


def summary(psnrs: dict) -> dict:
    worst = sorted(psnrs, key=psnrs.get)[:5]
    values = list(psnrs.values())
    return {
        "pictures": len(values), "mean": float(np.mean(values)), "minimum": float(min(values)), "above 40 dB": int(sum(v >= 40 for v in values)),
        "worst": {name: round(float(psnrs[name]), 1) for name in worst},
    }  # fmt: skip
