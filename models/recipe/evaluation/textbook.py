"""Weather as the literature renders it: a second renderer, never trained on and drawn by other formulas, so that a model that only knows our own is found out.

Rain: salt noise smeared along an angle, added or screened (public rain generators). Snow: round flakes at three scales, K = J (1 - Z) + C Z (HDCWNet, arXiv:2207.05621,
eq. 1). Haze: I = J t + A (1 - t), t = exp(-beta min(d, 0.7)), beta 1 to 2, A 0.6 to 0.9 (CDD-11; OneRestore, ECCV 2024). Raindrops: super-ellipses whose height h shifts what
is seen by (1 - 1/1.33) grad h, blurred a little, with a soft edge. Order: rain, snow, haze, drops. No camera, no noise, no JPEG.
"""

import math
from pathlib import Path

import cv2
import numpy as np

from clean_pictures import CleanPictures
from weather.layers import three_channels, uniform

SEED = 414


def textbook_set(data: Path, weathers, count: int):
    """`count` pairs (degraded, target), float32 [256,256,3] in [0,1], over pictures kept out of training; always the same."""
    pictures = CleanPictures.load(data, validation=True)
    for i in range(count):
        rng = np.random.default_rng([SEED, i])
        clean, depth = pictures.region(rng, i % len(pictures.pictures))
        degraded = clean
        for weather, render in RENDERERS.items():
            if weather in weathers:
                degraded = render(rng, degraded, depth)
        yield np.rint(degraded.clip(0, 1) * 255).astype(np.float32) / 255, clean


def rain(rng, picture, depth):
    """Streaks 25 to 55 pixels long and 1 to 3 wide, from 0.05 to 0.3 % of the pixels (the generators' 1 % of wide ones leaves no picture), each of its own brightness."""
    height, width = picture.shape[:2]
    salt = np.where(rng.random((height, width)) < uniform(rng, 0.0005, 0.003), rng.random((height, width)), 0).astype(np.float32)
    thickness = uniform(rng, 1, 3)
    length, angle = uniform(rng, 25, 55), math.radians(uniform(rng, -60, 60))
    half = math.ceil(length / 2) + 2
    kernel = np.zeros((2 * half + 1,) * 2, np.float32)
    reach = np.array([math.sin(angle), math.cos(angle)]) * length / 2
    ends = [tuple(int(round((half + s * r) * 16)) for r in reach) for s in (-1, 1)]
    cv2.line(kernel, *ends, 1.0, max(1, round(thickness)), cv2.LINE_AA, 4)
    kernel = cv2.GaussianBlur(kernel, (3, 3), 0)
    mask = cv2.filter2D(salt, -1, kernel / kernel.max(), borderType=cv2.BORDER_REFLECT).clip(0, 1)
    strength = three_channels(mask * np.float32(uniform(rng, 0.6, 1.0) * 0.8))
    return picture + strength if rng.random() < 0.5 else 1 - (1 - picture) * (1 - strength)


def snow(rng, picture, depth):
    """Flakes of 1 to 2, 2 to 4 and 4 to 9 pixels, fewer the larger, white, the large ones softer."""
    height, width = picture.shape[:2]
    mask = np.zeros((height, width), np.float32)
    for count, low, high, soft in ((400, 0.5, 1.2, 0.5), (150, 1, 2.2, 0.8), (30, 2, 4.5, 1.5)):
        layer = np.zeros_like(mask)
        for _ in range(int(count * uniform(rng, 0.4, 1.6))):
            centre = int(rng.integers(width) * 16), int(rng.integers(height) * 16)
            cv2.circle(layer, centre, int(uniform(rng, low, high) * 16), uniform(rng, 0.5, 1), -1, cv2.LINE_AA, 4)
        mask = np.maximum(mask, cv2.GaussianBlur(layer, (0, 0), soft))
    mask = three_channels(mask.clip(0, 1))
    return picture * (1 - mask) + np.float32(uniform(rng, 0.85, 1.0)) * mask


def haze(rng, picture, depth):
    """CDD-11: by the nearer seven tenths of the depth."""
    t = three_channels(np.exp(-np.float32(uniform(rng, 1, 2)) * np.minimum(cv2.GaussianBlur(depth, (0, 0), 3), 0.7)))
    return picture * t + np.float32(uniform(rng, 0.6, 0.9)) * (1 - t)


def raindrop(rng, picture, depth):
    """8 to 40 drops of 5 to 22 pixels: a smaller, upright view of the picture, hardly blurred, darker at the rim (our own are upside down)."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    bump = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(8, 41))):
        radius, stretch, power = uniform(rng, 5, 22), uniform(rng, 0.8, 1.4), uniform(rng, 1.7, 2.4)
        r = np.abs((x - rng.random() * width) / radius) ** power + np.abs((y - rng.random() * height) / (radius * stretch)) ** power
        bump = np.maximum(bump, np.sqrt(np.maximum(1 - r, 0)) * np.float32(radius))
    alpha = cv2.GaussianBlur((bump > 0).astype(np.float32), (0, 0), uniform(rng, 0.8, 3))
    smooth = cv2.GaussianBlur(bump, (0, 0), 2)
    shift = np.float32(-uniform(rng, 20, 45) * (1 - 1 / 1.33))
    seen = cv2.remap(picture, x + shift * cv2.Sobel(smooth, -1, 1, 0) / 8, y + shift * cv2.Sobel(smooth, -1, 0, 1) / 8, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    seen = cv2.blur(seen, (2 * int(rng.integers(1, 4)) + 1,) * 2)
    rim = np.clip(1 - smooth / max(float(smooth.max()), 1), 0, 1) ** 4
    seen = seen * three_channels(1 - np.float32(uniform(rng, 0.1, 0.5)) * rim)
    return picture + (seen - picture) * three_channels(alpha)


RENDERERS = {"rain": rain, "snow": snow, "haze": haze, "raindrop": raindrop}  # in this order
