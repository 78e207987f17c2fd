"""Frames and mats around photographs, as people publish them: even, and no weather lies on them."""

import numpy as np

from weather.layers import log_uniform, uniform

SHARE = 0.04  # of the photographs
WIDEST = 0.09  # of a side


def add_frame(rng, pictures):
    """float32 pictures [H,W,3] in [0,1] of one scene -> the same, now and then in one frame: black, white or grey, all around or above and below. Returns `pictures` itself otherwise."""
    if rng.random() >= SHARE:
        return pictures
    height, width = pictures[0].shape[:2]
    kind = rng.random()
    colour = uniform(rng, 0, 0.08) if kind < 0.5 else uniform(rng, 0.92, 1) if kind < 0.85 else rng.random()
    line = rng.random() < 0.3  # a thin line of the opposite brightness within
    around = rng.random() < 0.7
    thick = max(2, round(log_uniform(rng, 0.01, WIDEST) * min(height, width)))
    bottom = thick + (round(uniform(rng, 0, WIDEST) * height) if rng.random() < 0.3 else 0)  # room for a caption
    inside = np.zeros((height, width, 1), bool)
    side = thick if around else 0
    inside[thick : height - bottom, side : width - side] = True
    rim = np.zeros_like(inside)
    if line:
        rim[thick - 1 : height - bottom + 1, max(0, side - 1) : width - side + (side > 0)] = True
    frame = np.where(rim, np.float32(1 - colour), np.float32(colour))
    return tuple(np.where(inside, picture, frame).astype(picture.dtype) for picture in pictures)
