"""Raindrops on the lens: a picture and a height field of drops -> the scene seen through them, inverted, small and out of focus.

A thin drop of height h bends a ray by about (1 - 1/1.33) grad h; the bank holds h scaled so that its gradient is the shift in pixels.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from weather.layers import BANK_PX, as_bank, cut, log_uniform, three_channels, uniform

MAX_SHIFT_PX = 160
DULL_SHARE = 0.6  # of wet lenses whose drops are far out of focus, as where the camera looks through a window


@dataclass(frozen=True)
class RaindropLayer:
    map_x: np.ndarray  # float32 [H,W]: where in the picture a pixel inside a drop looks
    map_y: np.ndarray
    alpha: np.ndarray  # float32 [H,W], soft edges
    shade: np.ndarray  # float32 [H,W], about 1: dark rim, bright spot
    blur_px: int  # of the scene in the drop, odd
    light: np.ndarray  # float32 [3], light a drop gathers from outside the picture
    keep: float  # share of the refracted scene
    wet: np.ndarray | None  # float32 [H,W]: how much the wet glass blurs the rest
    wet_light: np.ndarray  # float32 [3]: light that wet glass scatters, added where it is wet
    wet_loss: float  # and the share of the scene that it takes away
    dull: np.ndarray | None = None  # float32 [H,W], for drops far out of focus: brightness of the one colour that each shows
    even: float = 0.0  # share of that colour that is the same grey light in every drop, for drops gather it from half the sky


@dataclass(frozen=True)
class DropBank:
    height: np.ndarray  # float32 [B,B]
    alpha: np.ndarray  # uint8 [B,B]
    shade: np.ndarray  # uint8 [B,B], 128 is neutral


def make_drops(rng):
    """One wet lens: few large drops, many small ones, or both, on a periodic square; often round ones of about one size, as a dashcam sees them."""
    kind, round_ones = rng.random(), rng.random() < 0.4
    top = uniform(rng, 12, 28) if round_ones else uniform(rng, 14, 55)
    large = int(uniform(rng, 0.05, 0.35) * BANK_PX**2 / (math.pi * (0.6 * top) ** 2)) if kind < 0.75 else 0
    small = int(uniform(rng, 200, 1500)) if kind > 0.35 else int(uniform(rng, 0, 100))
    radii = [uniform(rng, 0.6 * top if round_ones else 7, top) for _ in range(large)] + [uniform(rng, 2, 7) for _ in range(small)]
    height, alpha, shade = (np.zeros((BANK_PX, BANK_PX), np.float32) for _ in range(3))
    stretch = uniform(rng, 0.9, 1.15) if round_ones else uniform(rng, 0.85, 1.5)
    stamps = [drop_stamp(rng, r, stretch, 0.1 if round_ones else 0.5) for r in radii[:: max(1, len(radii) // 60)]]
    for _ in radii:
        h, a, s = stamps[int(rng.integers(len(stamps)))]
        y, x = int(rng.integers(BANK_PX - h.shape[0])), int(rng.integers(BANK_PX - h.shape[1]))
        place = slice(y, y + h.shape[0]), slice(x, x + h.shape[1])
        inside = a > alpha[place]
        for layer, stamp in ((height, h), (alpha, a), (shade, s)):
            np.copyto(layer[place], stamp, where=inside)
    return DropBank(height, as_bank(alpha), as_bank(0.5 + shade))


def drop_stamp(rng, radius, stretch, merged):
    """(height, alpha, shade) of one drop: a super-ellipse, with probability `merged` run together with smaller ones beside it."""
    half = math.ceil(radius * 2.2 * stretch) + 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    field = np.zeros_like(x)
    for i in range(1 + int(rng.integers(3)) * (rng.random() < merged)):
        r = radius if i == 0 else radius * uniform(rng, 0.4, 0.8)
        turn = rng.random() * 2 * math.pi
        cx, cy = (0, 0) if i == 0 else (radius * 0.8 * math.cos(turn), radius * 0.8 * math.sin(turn))
        n = uniform(rng, 1.8, 2.6)
        q = (np.abs((x - cx) / r) ** n + np.abs((y - cy) / (r * stretch * uniform(rng, 0.85, 1.15))) ** n) ** (1 / n)
        cap = (1 - q).clip(0, 1)
        field = field + cap - field * cap
    near_rim = 1 - field
    height = (1 - near_rim**2) * (uniform(rng, 25, 110) + radius) * radius / 2
    alpha = (field * radius / max(1.2, 0.15 * radius)).clip(0, 1)
    spot_y, spot_x = uniform(rng, -0.5, 0.5) * radius, uniform(rng, -0.4, 0.4) * radius
    spot = np.exp(-((y - spot_y) ** 2 + (x - spot_x) ** 2) / (2 * (0.22 * radius) ** 2)) * uniform(rng, 0, 0.4)
    shade = spot - uniform(rng, 0, 0.35) * near_rim**4
    return height.astype(np.float32), alpha.astype(np.float32), shade.astype(np.float32)


def sample_raindrops(rng, drops, clouds, height, width):
    """Draws one wet lens; tries a few places so that some drops are in the picture. Mostly the camera looks past the drops: dull discs, no view in them."""
    dull = rng.random() < DULL_SHARE
    for _ in range(6):
        bank = drops[int(rng.integers(len(drops)))]
        scale = uniform(rng, 0.6, 1.7)
        h, alpha, shade = cut(rng, [bank.height, bank.alpha, bank.shade], height, width, scale, rng.random() < 0.5)
        if 0.09 < alpha.mean() < 0.45:
            break
    defocus = uniform(rng, 2, 12) if dull else log_uniform(rng, 0.5, 7) if rng.random() < 0.85 else 0.0
    if defocus:
        k = 2 * round(defocus) + 1
        alpha = cv2.blur(cv2.blur(alpha, (k, k)), (k, k))
        shade = cv2.blur(shade, (k, k))
    h = cv2.blur(h, (3, 3))
    shift_x, shift_y = (cv2.Sobel(h, cv2.CV_32F, dx, 1 - dx, ksize=1, scale=0.5 * scale).clip(-MAX_SHIFT_PX, MAX_SHIFT_PX) for dx in (1, 0))
    rows, columns = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]
    keep = uniform(rng, 0.5, 1.0) if rng.random() < 0.7 else 1.0
    light = ((1 - keep) * uniform(rng, 0.4, 1.0) + rng.normal(0, 0.01, 3)).astype(np.float32)
    wet, wet_loss = None, uniform(rng, 0, 0.3) if rng.random() < 0.6 else 0.0
    wet_light = (wet_loss * (uniform(rng, 0.4, 0.9) + rng.normal(0, 0.02, 3))).astype(np.float32)
    if rng.random() < 0.4:
        wet = cut(rng, [clouds[int(rng.integers(len(clouds)))]], height, width)[0] * uniform(rng, 0.2, 0.9)
    alpha *= uniform(rng, 0.3, 0.95) if dull else uniform(rng, 0.7, 1.0)
    brightness, even = None, 0.0
    if dull:
        even = uniform(rng, 0.7, 1) if rng.random() < 0.75 else uniform(rng, 0, 0.7)
        brightness = cut(rng, [clouds[int(rng.integers(len(clouds)))]], height, width, uniform(rng, 0.3, 0.8))[0] * uniform(rng, 0.1, 0.9 - 0.4 * even) + uniform(rng, 0.5 + 0.3 * even, 1.0 + 0.8 * even)
    blur_px = 2 * int(uniform(rng, 1, 2 + 1.6 * defocus)) + 1
    return RaindropLayer(shift_x + columns, shift_y + rows, alpha, shade + 0.5, blur_px, light, keep, wet, wet_light, wet_loss, brightness, even)


def render_raindrops(picture, layer):
    """float32 [H,W,3] in [0,1] -> the same through a wet lens."""
    seen = view_in_drops(picture, layer) * three_channels(layer.shade * np.float32(layer.keep)) + layer.light
    out = picture
    if layer.wet is not None:
        out = cv2.blur(picture, (5, 5)) * np.float32(1 - layer.wet_loss)
        out += layer.wet_light
        out -= picture
        out *= three_channels(layer.wet)
        out += picture
    seen -= out
    seen *= three_channels(layer.alpha)
    seen += out
    return np.clip(seen, 0, 1, out=seen)


def view_in_drops(picture, layer):
    """What the drops show: the scene refracted and out of focus, or, far out of focus, one light: the same grey in all, or the scene's mean colours upside down."""
    height, width = picture.shape[:2]
    if layer.dull is not None:
        seen = cv2.resize(picture, (4, 4), interpolation=cv2.INTER_AREA)[::-1, ::-1]
        mean = picture.mean((0, 1))
        seen = seen * np.float32(1 - layer.even) + (0.8 * mean.mean() + 0.2 * mean) * np.float32(layer.even)
        return cv2.resize(np.ascontiguousarray(seen, np.float32), (width, height), interpolation=cv2.INTER_LINEAR) * three_channels(layer.dull)
    size = (layer.blur_px, layer.blur_px)
    seen = cv2.remap(picture, layer.map_x, layer.map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return cv2.blur(cv2.blur(seen, size), size)
