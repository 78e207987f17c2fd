"""Photographs of real weather, whose truth nobody has: how surely it is reported, and how much of it is taken out.

No figure of quality: a model that leaves real weather, as one does that was trained on other weather, shows here as a change near 0. Look as well (look.py).
"""

from pathlib import Path

import cv2
import numpy as np

from evaluation.picture_sets import float_rgb
from restore_auto import restore_auto

SHORT_SIDE_PX = 384  # larger ones are reduced to it
FINE_PX = 6  # deviation of the blur that tells streaks and flakes from veils


def evaluate_photographs(model, depth_encoder, data: Path) -> dict:
    """{weather: {photographs, presence (mean), reported (share), change and fine change (medians, steps of 1/255)}} of data/real/{weather}/."""
    return {weather: figures_of(model, depth_encoder, sorted((data / "real" / weather).iterdir()), weather) for weather in ("rain", "snow", "haze")}


def figures_of(model, depth_encoder, paths, weather: str) -> dict:
    presences, changes, fine_changes = [], [], []
    for path in paths:
        picture = reduced(float_rgb(path))
        result = restore_auto(model, depth_encoder, picture)
        presences.append(result["presence"][weather])
        changes.append(change(picture, result["picture"]))
        fine_changes.append(fine_change(picture, result["picture"]))
    return {
        "photographs": len(paths), "presence": float(np.mean(presences)), "reported": float(np.mean(np.array(presences) >= 0.5)),
        "change": float(np.median(changes)), "fine change": float(np.median(fine_changes)),
    }  # fmt: skip


def reduced(picture):
    """The picture, its shorter side at most SHORT_SIDE_PX."""
    factor = SHORT_SIDE_PX / min(picture.shape[:2])
    return picture if factor >= 1 else cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def change(before, after) -> float:
    """Mean absolute difference in steps of 1/255."""
    return 255 * float(np.abs(after - before).mean())


def fine_change(before, after) -> float:
    """The same of what is finer than FINE_PX."""
    difference = after - before
    return 255 * float(np.abs(difference - cv2.GaussianBlur(difference, (0, 0), FINE_PX)).mean())
