"""A shallow depth of field: what lies away from the focus becomes discs of light, which are no raindrops and are to be left alone."""

import cv2
import numpy as np

from weather.layers import uniform

SHARE = 0.15  # of the photographs
GAMMA = 2.2  # light adds up in linear numbers


def defocus(rng, clean, depth):
    """float32 [H,W,3] in [0,1], depth float32 [H,W], 0 nearest -> the same picture, now and then in focus at one depth only. Returns `clean` itself otherwise."""
    if rng.random() >= SHARE:
        return clean
    focus, sharp, radius = uniform(rng, 0, 0.6), uniform(rng, 0.05, 0.2), uniform(rng, 1.5, 6)
    light = cv2.pow(clean, GAMMA)
    if rng.random() < 0.6:  # highlights brighter than the file could say: lamps, wet leaves, glints
        light = light * (1 + uniform(rng, 1, 6) * np.clip((clean.max(-1, keepdims=True) - 0.75) * 4, 0, 1) ** 2)
    blurred = cv2.pow(np.clip(cv2.filter2D(light, -1, disc(radius), borderType=cv2.BORDER_REFLECT), 0, 1), 1 / GAMMA)
    away = np.clip((np.abs(depth - focus) - sharp) / 0.2, 0, 1).astype(np.float32)[..., None]
    return clean + away * (blurred - clean)


def disc(radius: float):
    """A round aperture's kernel float32 [k,k], its rim smooth over a pixel; sums to 1."""
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(y, x), 0, 1).astype(np.float32)
    return kernel / kernel.sum()
