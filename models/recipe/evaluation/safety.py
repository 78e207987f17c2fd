"""What must not happen to a picture: colours that shift, noise smoothed away, structure invented in smooth areas, overshoot at edges.

Pictures are float32 [H,W,3] in [0,1]; every figure is in steps of 1/255 unless it is a ratio or a share.
"""

from pathlib import Path

import cv2
import numpy as np

from evaluation.picture_sets import clean_set, rendered_set
from restore_auto import restore_auto

NOISE = 5 / 255
EDGE_MARGIN = 8 / 255


def evaluate_safety(model, depth_encoder, data: Path, count=16) -> dict:
    clean = [picture for _, picture in clean_set(data, count)]
    own = lambda picture: restore_auto(model, depth_encoder, picture)["picture"]
    rng = np.random.default_rng(7)
    noisy = [(p + rng.normal(0, NOISE, p.shape)).clip(0, 1).astype(np.float32) for p in clean]
    hazy = [(e.degraded, own(e.degraded), e.target) for e in rendered_set(data, ("haze",), count)]
    rainy = [(e.degraded, own(e.degraded), e.target) for e in rendered_set(data, ("rain",), count)]
    return {
        "colour shift, clean pictures": spread(colour_shift(own(p), p) for p in clean),
        "colour shift, rain": spread(colour_shift(out, truth) for _, out, truth in rainy),
        "noise kept (1: all of it)": spread(noise_kept(own(n), p) for n, p in zip(noisy, clean)),
        "invented in smooth areas, rain": spread(invented(out, truth) for _, out, truth in rainy),
        "invented in smooth areas, haze": spread(invented(out, truth) for _, out, truth in hazy),
        "overshoot at edges, input in rain": spread(overshoot(y, truth) for y, _, truth in rainy),
        "overshoot at edges, restored from rain": spread(overshoot(out, truth) for _, out, truth in rainy),
    }


def spread(values) -> dict:
    """Median and largest over the pictures; None (nothing to measure there) does not count."""
    known = [v for v in values if v is not None]
    return {"median": round(float(np.median(known)), 4), "largest": round(float(np.max(known)), 4)}


def colour_shift(restored, truth) -> float:
    """Largest difference of the mean colour over the channels."""
    return float(np.abs(restored.mean((0, 1)) - truth.mean((0, 1))).max() * 255)


def noise_kept(restored, clean) -> float:
    """Deviation of (restored - clean) in the finest detail over that of the noise which was put in (NOISE): 1 where nothing was smoothed."""
    difference = (restored - clean)[clean.min(-1) > 0.1]
    return float(np.median(np.abs(difference)) / 0.6745 / NOISE) if difference.size else 1.0


def smooth_areas(truth) -> np.ndarray:
    """bool [H,W]: where the truth hardly changes within 15 pixels."""
    grey = truth.mean(-1)
    deviation = np.sqrt(np.maximum(cv2.blur(grey * grey, (15, 15)) - cv2.blur(grey, (15, 15)) ** 2, 0))
    return deviation < 2.5 / 255


def invented(restored, truth) -> float | None:
    """Structure between 2 and 16 pixels that smooth areas have and the truth has not (left or invented): its deviation; None where nothing is smooth."""
    area = smooth_areas(truth)
    if area.mean() < 0.01:
        return None
    extra = restored - truth
    return float((cv2.GaussianBlur(extra, (0, 0), 1) - cv2.GaussianBlur(extra, (0, 0), 8))[area].std() * 255)


def overshoot(picture, truth) -> float:
    """Share of the pixels at edges that lie outside of what the truth has within 2 pixels, by more than EDGE_MARGIN."""
    around = np.ones((5, 5), np.uint8)
    low, high = cv2.erode(truth, around), cv2.dilate(truth, around)
    edges = (high - low).max(-1) > 0.2
    outside = ((picture < low - EDGE_MARGIN) | (picture > high + EDGE_MARGIN)).any(-1)
    return float(outside[edges].mean()) if edges.any() else 0.0
