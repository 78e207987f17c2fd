"""One photograph restored as `scale: 'auto'` restores it (docs/working-size.md): rain, snow and drops in its own size, then haze in three small ones.

The reference for the TypeScript core, for pictures whose shorter side is under 800 pixels (larger ones are reduced first). Haze is a line in the picture,
residual = slope I + offset, that changes slowly from place to place, and whether an even place is sky or fog is told by what lies far from it: so the network
looks at small pictures, which it sees whole, and the mean of their lines is applied to the full one, with the exposure that `exposure` finds.
"""

import math

import cv2
import numpy as np
import torch

from prompts import WEATHERS
from restore import restore, to_nchw
from views import image_view, native_patches, resize_area

HAZE_SHORT_SIDES_PX = (96, 192, 384)
LONGEST = 4  # panoramas are looked at in sizes at most so many times as long as high
HAZE_ALONE = 0.75  # from this presence on haze is taken out by itself; below, where clear pictures lie too, with the rest, which is more cautious
FINE_IN_HAZE = 0.2  # beside haze, which hides it, other weather is gone after from this presence on
USUAL_MEAN, TOWARDS_USUAL, MUCH_HAZE, MOST_BENT = 0.46, 0.4, 0.15, 0.5  # see `exposure`
REACH_PX, EVEN_VARIANCE = 6, 1e-4  # neighbourhoods of 13 x 13; samples in [0,1]


@torch.no_grad()
def look(model, depth_encoder, picture: np.ndarray) -> dict:
    """[H,W,3] -> presence by weather, in [0,1]."""
    view, patches = to_nchw(image_view(picture)), to_nchw(native_patches(picture))
    query = model.prompts(view, patches[None], depth_encoder(view), torch.ones(1, len(WEATHERS)))[0]
    return dict(zip(WEATHERS, model.pool.presence(model.pool.similarity(query)[1])[0].tolist()))


def haze_sizes(height: int, width: int) -> list[tuple[int, int]]:
    """(height, width) of the pictures in which haze is looked at: those of HAZE_SHORT_SIDES_PX that are smaller, and the own size in place of all others."""
    factors = [min(side / min(height, width), LONGEST * side / max(height, width)) for side in HAZE_SHORT_SIDES_PX]
    smaller = [factor for factor in factors if factor < 1]
    return [tuple(max(1, math.floor(side * f + 0.5)) for side in (height, width)) for f in smaller + [1] * (len(smaller) < len(factors))]


def box_mean(values: np.ndarray) -> np.ndarray:
    """[h,w,c] -> means over the neighbourhood, as far as it lies within the picture."""
    side = (2 * REACH_PX + 1,) * 2
    total, count = (cv2.boxFilter(v, -1, side, normalize=False, borderType=cv2.BORDER_CONSTANT) for v in (values, np.ones(values.shape[:2])))
    return total / count[..., None]


def fit_lines(degraded: np.ndarray, restored: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[h,w,3] each -> slopes and offsets [h,w,3], float64: a guided filter (He, Sun and Tang 2010) of the residual, the picture being the guide."""
    picture = degraded.astype(np.float64)
    residual = picture - restored
    mean, mean_residual = box_mean(picture), box_mean(residual)
    covariance, variance = box_mean(picture * residual) - mean * mean_residual, box_mean(picture * picture) - mean * mean
    slopes = covariance / (variance + EVEN_VARIANCE)
    return box_mean(slopes), box_mean(mean_residual - slopes * mean)


def exposure(hazy: np.ndarray, slopes: np.ndarray, offsets: np.ndarray) -> float:
    """[h,w,3] each -> k of the curve v + k v (1 - v) for the picture without haze, whose brightness hazy pixels hardly tell.

    Its mean goes a part of the way to that of photographs, less where less haze was taken out; black and white stay.
    """
    clear = (hazy - slopes * hazy - offsets).clip(0, 1)
    mean, taken = clear.mean(), np.abs(hazy - clear).mean()
    way = TOWARDS_USUAL * min(1, taken / MUCH_HAZE) * (USUAL_MEAN - mean)
    return float(np.clip(way / max(mean - np.square(clear).mean(), 1 / 255), -MOST_BENT, MOST_BENT))


def remove_haze(model, depth_encoder, picture: np.ndarray, seed: int = 0, steps: int = 2) -> np.ndarray:
    """[H,W,3] in [0,1] -> the same without its haze."""
    height, width = picture.shape[:2]
    sizes = haze_sizes(height, width)
    largest = sizes[-1][::-1]
    lines, looked_at, small = [], resize_area(picture, *sizes[-1]), picture
    for size in reversed(sizes):  # halves of one another, so each is taken from the one before
        small = resize_area(small, *size)
        fit = fit_lines(small, restore(model, depth_encoder, small, ("haze",), seed, steps)["picture"])
        lines.append([cv2.resize(values, largest, interpolation=cv2.INTER_LINEAR) for values in fit])
    slopes, offsets = (np.mean(values, 0) for values in zip(*lines))
    bent = exposure(looked_at, slopes, offsets)
    slopes, offsets = (cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR) for values in (slopes, offsets))
    clear = (picture - slopes * picture - offsets).clip(0, 1)
    return (clear + bent * clear * (1 - clear)).astype(np.float32)


def restore_auto(model, depth_encoder, picture: np.ndarray, remove=WEATHERS, seed: int = 0, steps: int = 2) -> dict:
    """`picture` restored [H,W,3], `presence` by weather, and `passes`: how often the network went over the picture. One pass: all that `restore` gives."""
    presence = look(model, depth_encoder, picture)
    if "haze" not in remove or presence["haze"] < HAZE_ALONE:
        return {**restore(model, depth_encoder, picture, remove, seed, steps), "passes": 1}
    others = tuple(w for w in remove if w != "haze")
    fine = any(presence[w] >= FINE_IN_HAZE for w in others)
    cleared = restore(model, depth_encoder, picture, others, seed, steps)["picture"] if fine else picture
    return {"picture": remove_haze(model, depth_encoder, cleared, seed, steps), "presence": presence, "passes": fine + len(haze_sizes(*picture.shape[:2]))}
