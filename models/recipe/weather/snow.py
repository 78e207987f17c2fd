"""Snow: a picture and layers of flakes -> K = J (1 - Z R) + C Z R, flakes Z at several scales, C their colour with chromatic
aberration (after HDCWNet, arXiv:2207.05621, formula 1)."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from weather.layers import as_bank, cut, scatter, uniform

TIERS = {  # radius in px, flakes in 640x640, motion in radii, softness of the edge in radii
    "fine": ((0.5, 1.8), (800, 9000), (0, 3), (0.3, 1.2)),
    "mid": ((1.3, 6), (300, 2800), (0, 4), (0.4, 1.3)),
    "near": ((4, 16), (20, 220), (0, 3), (0.3, 1.5)),
}


@dataclass(frozen=True)
class SnowLayer:
    alpha: np.ndarray  # float32 [H,W,3]: how much of the picture the flakes hide, shifted a little between the channels
    colour: np.ndarray  # float32 [3]


def make_flakes(rng):
    """One fall of snow: periodic uint8 layers of fine, mid and near flakes that drift in one direction."""
    windy = rng.random() < 0.4
    angle, wind = rng.normal(0, 0.8 if windy else 0.4), uniform(rng, 1.5, 4) if windy else 1.0
    layers = {}
    for tier, (radii, counts, motions, softness) in TIERS.items():
        motion = uniform(rng, *motions) * rng.random() * wind
        smallest, largest = radii
        stamps = [flake_stamp(rng, smallest + (largest - smallest) * rng.random() ** 2, motion, angle + rng.normal(0, 0.15), uniform(rng, *softness)) for _ in range(32)]
        layers[tier] = as_bank(scatter(rng, stamps, int(uniform(rng, *counts)), uniform(rng, 0.2, 0.7), 1.0, overwrite=True))
    return layers


def flake_stamp(rng, radius, motion, angle, softness):
    """A ragged blob of peak about 1, smeared over `motion` radii along `angle` from the vertical."""
    length = radius * motion
    half = math.ceil(radius * 1.5 + length / 2 + softness * radius + 1)
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    y += rng.random() - 0.5  # between the pixels
    x += rng.random() - 0.5
    sx, sy = math.sin(angle), math.cos(angle)
    along = x * sx + y * sy
    along -= along.clip(-length / 2, length / 2)  # distance to a short segment
    across = x * sy - y * sx
    theta = np.arctan2(across, along)
    ragged = 1 + 0.18 * np.cos(2 * theta + rng.random() * 6) + 0.12 * np.cos(3 * theta + rng.random() * 6)
    distance = np.hypot(along, across)
    edge = max(1.0, softness * radius)
    stamp = ((radius * ragged - distance) / edge + 0.5).clip(0, 1)
    return (stamp * stamp * (3 - 2 * stamp) / (1 + 0.25 * motion)).astype(np.float32)


def sample_snow(rng, flakes, height, width, depth):
    """Draws one snowfall, from sparse and fine to a storm with near flakes out of focus."""
    bank = flakes[int(rng.integers(len(flakes)))]
    flip = rng.random() < 0.5

    def take(tier):
        return cut(rng, [bank[tier]], height, width, uniform(rng, 0.7, 1.4) if rng.random() < 0.5 else 1.0, flip)[0]

    alpha = take("mid") * uniform(rng, 0.6, 1.0)
    if rng.random() < 0.25:  # a storm
        np.maximum(alpha, take("mid") * uniform(rng, 0.4, 0.9), out=alpha)
    if rng.random() < 0.8:
        fine = take("fine") * uniform(rng, 0.3, 1.0)
        if rng.random() < 0.4:
            fine *= 0.5 + depth * 0.5
        np.maximum(alpha, fine, out=alpha)
    if rng.random() < 0.45:
        near = take("near") * uniform(rng, 0.3, 0.95)
        alpha = alpha + near - alpha * near
    if rng.random() < 0.15:  # right before the lens: large, out of focus
        size = 2 * int(rng.integers(3, 12)) + 1
        near = cv2.blur(cut(rng, [bank["near"]], height, width, uniform(rng, 1.5, 3.5), flip)[0], (size, size)) * uniform(rng, 0.2, 0.8)
        alpha = alpha + near - alpha * near
    level = uniform(rng, 0.75, 1.0)
    colour = np.array([level - uniform(rng, 0, 0.05), level, level + uniform(rng, 0, 0.04)], np.float32).clip(0, 1)
    return SnowLayer(aberrated(rng, alpha), colour)


def aberrated(rng, alpha):
    """The mask in three channels, red and blue moved apart by up to a pixel."""
    if rng.random() < 0.5:
        return cv2.merge([alpha, alpha, alpha])
    dx, dy = rng.normal(0, 0.4, 2)
    move = lambda k: cv2.warpAffine(alpha, np.float32([[1, 0, k * dx], [0, 1, k * dy]]), alpha.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return cv2.merge([move(1), alpha, move(-1)])


def render_snow(picture, snow):
    """float32 [H,W,3] in [0,1] -> the same with snow."""
    out = snow.colour - picture
    out *= snow.alpha
    out += picture
    return np.clip(out, 0, 1, out=out)
