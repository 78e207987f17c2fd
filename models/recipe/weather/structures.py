"""Bars, grids, cables and ribs in the scene: things as straight and bright as streaks of rain that belong to the picture and are to stay."""

import math

import cv2
import numpy as np

from weather.layers import log_uniform, three_channels, uniform

SHARE = 0.2  # of the photographs in rain, in snow and in fair weather
RIBS = 0.25  # of these
SUBPIXEL_BITS = 4  # of the coordinates that OpenCV takes


def add_structures(rng, clean):
    """float32 [H,W,3] in [0,1] -> the same picture, now and then behind pillars, a fence, a grid or cables, or folded in ribs. Returns `clean` itself otherwise."""
    if rng.random() >= SHARE:
        return clean
    height, width = clean.shape[:2]
    kind = rng.random()
    angle = rng.normal(0, 0.12) if rng.random() < 0.6 else uniform(rng, -math.pi / 2, math.pi / 2)  # from the vertical: most things stand upright
    if rng.random() < RIBS:
        where = cv2.blur(region_mask(rng, height, width), (2 * int(rng.integers(1, 12)) + 1,) * 2)
        return np.clip(clean * (1 + three_channels(where * np.float32(uniform(rng, 0.1, 0.6)) * ribs(rng, height, width, angle))), 0, 1)
    if kind < 0.35:  # a few pillars or poles, each as it likes
        mask = union(bar(rng, height, width, angle + rng.normal(0, 0.04), log_uniform(rng, 1.5, 16), place) for place in rng.random(int(rng.integers(1, 8))))
    elif kind < 0.65:  # fence, blinds, railings: even distances
        mask = row_of_bars(rng, height, width, angle, crossed=False)
    elif kind < 0.85:  # grid, tiles, nets
        mask = row_of_bars(rng, height, width, angle, crossed=True)
    else:  # cables, ribs of a dome: bent lines
        mask = union(bar(rng, height, width, angle + rng.normal(0, 0.3), log_uniform(rng, 1, 8), place, bend=uniform(rng, -0.5, 0.5)) for place in rng.random(int(rng.integers(1, 7))))
    if rng.random() < 0.4:  # only here and there in the picture
        mask *= region_mask(rng, height, width)
    colour = bar_colour(rng)
    mask = three_channels(np.clip(mask, 0, 1) * np.float32(uniform(rng, 0.5, 1)))
    paint = colour * (1 - uniform(rng, 0, 0.5) * (1 - three_channels(cv2.blur(clean.mean(-1), (5, 5)))))  # the light that falls on the scene falls on them
    return np.clip(clean + mask * (paint.astype(np.float32) - clean), 0, 1)


def bar_colour(rng):
    """[3] float32: white or grey as rain is, dark, or of any colour."""
    kind = rng.random()
    if kind < 0.6:
        return (uniform(rng, 0.55, 1.0) + rng.normal(0, 0.03, 3)).clip(0, 1).astype(np.float32)
    return (rng.random(3) if kind < 0.8 else np.full(3, uniform(rng, 0, 0.3))).astype(np.float32)


def bar(rng, height, width, angle, thickness, place, bend=0.0, reach=False):
    """One bar as a mask [H,W]: through the whole picture or, short of it, with blunt ends; `thickness` in px, a rim of up to 2 px around it; `place` 0 to 1 across the picture; `bend` in widths of it."""
    size = max(height, width)
    across = (place - 0.5) * 1.3 * size
    ends = (-1.0, 1.0) if reach or rng.random() < 0.6 else tuple(sorted(rng.uniform(-0.7, 0.7, 2)))
    along = np.linspace(*ends, 24) * 0.75 * size
    sideways = across + bend * size * (along / size) ** 2
    sin, cos = math.sin(angle), math.cos(angle)
    points = np.stack([width / 2 + sideways * cos + along * sin, height / 2 - sideways * sin + along * cos], -1)
    mask = np.zeros((height, width), np.uint8)
    cv2.polylines(mask, [np.rint(points * 2**SUBPIXEL_BITS).astype(np.int32)], False, 255, max(1, round(thickness)), cv2.LINE_AA, SUBPIXEL_BITS)
    return mask.astype(np.float32) / 255


def row_of_bars(rng, height, width, angle, crossed):
    """Parallel bars at even distances [H,W], or two rows of them across each other."""
    distance = log_uniform(rng, 5, 60)
    thickness = max(1.0, distance * uniform(rng, 0.1, 0.5))
    count = int(1.3 * max(height, width) / distance) + 1
    start = rng.random()
    rows = [(angle, distance)] + ([(angle + math.pi / 2, distance * uniform(rng, 0.7, 1.4))] if crossed else [])
    return union(
        bar(rng, height, width, direction, thickness, ((i + start) * gap) / (1.3 * max(height, width)), reach=True) for direction, gap in rows for i in range(count)
    )


def ribs(rng, height, width, angle):
    """Light on parallel ribs, folds, furrows or ripples: float32 [H,W] in [-1,1], one brightness along a rib, which may wander, and round or sharp across it."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    wander = cv2.resize(rng.standard_normal((4, 4)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(uniform(rng, 0, 1.5))
    across = x * np.float32(math.cos(angle)) - y * np.float32(math.sin(angle))
    wave = np.sin(across * np.float32(2 * math.pi / log_uniform(rng, 4, 30)) + wander)
    return np.sign(wave) * np.abs(wave) ** np.float32(uniform(rng, 0.5, 3))


def region_mask(rng, height, width):
    """1 within a random rectangle of at least a third of each side, 0 outside."""
    mask = np.zeros((height, width), np.float32)
    h, w = int(height * uniform(rng, 0.33, 0.9)), int(width * uniform(rng, 0.33, 0.9))
    y, x = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
    mask[y : y + h, x : x + w] = 1
    return mask


def union(masks):
    """The largest of several masks at each place."""
    out = None
    for mask in masks:
        out = mask if out is None else np.maximum(out, mask, out=out)
    return out
