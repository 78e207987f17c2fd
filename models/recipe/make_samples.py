"""Renders weather over the photographs of samples/clean: what samples/ shows, with the truth beside it.

    python make_samples.py [name ...] [--samples ../../samples]

Depth is drawn by hand, as a background and a few polygons, for nobody measured it; the edges come from the picture (refine_depth).
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from weather import compose, make_banks, refine_depth, sample_weather

JPEG_QUALITY = 95


@dataclass(frozen=True)
class Sample:
    clean: str  # photograph in samples/clean
    weathers: tuple[str, ...]
    seed: int
    background: tuple[float, float]  # depth at the top and at the bottom, 0 nearest to 1 farthest
    shapes: tuple  # of (depth, ((x, y), ...)): polygons in shares of width and height, the later over the earlier


PAGODA = (
    (0.7, ((0, 0.55), (1, 0.55), (1, 0.75), (0, 0.75))),
    (0.35, ((0.1, 0.3), (0.28, 0.08), (0.33, 0.03), (0.38, 0.08), (0.52, 0.3), (0.58, 1), (0.08, 1))),
    (0.25, ((0, 0.4), (0.1, 0.5), (0.08, 0.8), (0.3, 0.85), (0.5, 1), (0, 1))),
    (0.25, ((0.5, 1), (0.6, 0.78), (0.8, 0.72), (0.86, 0.35), (1, 0.3), (1, 1))),
)
RACCOON = ((0.35, ((0, 0), (0.95, 0), (0.9, 0.75), (0.35, 0.6), (0, 0.45))),)
ROCKET = (
    (0.35, ((0, 0.9), (1, 0.9), (1, 1), (0, 1))),
    (0.3, ((0.07, 0), (0.14, 0), (0.13, 1), (0, 1))),
    (0.3, ((0.87, 0), (0.93, 0), (1, 1), (0.9, 1))),
    (0.45, ((0.47, 0.3), (0.54, 0.3), (0.55, 1), (0.46, 1))),
)
DAHLIA = ((0.3, ((0.28, 0.3), (0.5, 0.2), (0.7, 0.4), (0.68, 0.75), (0.45, 0.85), (0.27, 0.7))),)

SAMPLES = {
    "rain": Sample("pagoda.jpg", ("rain",), 12, (1.0, 1.0), PAGODA),
    "heavy-rain": Sample("pagoda.jpg", ("rain",), 19, (1.0, 1.0), PAGODA),
    "rain-and-haze": Sample("pagoda.jpg", ("rain", "haze"), 4, (1.0, 1.0), PAGODA),
    "snow": Sample("raccoon.jpg", ("snow",), 17, (0.8, 0.3), RACCOON),
    "haze": Sample("rocket.jpg", ("haze",), 4, (1.0, 0.7), ROCKET),
    "raindrop": Sample("dahlia.jpg", ("raindrop",), 18, (0.9, 0.9), DAHLIA),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"which of {', '.join(SAMPLES)} (default: all)")
    parser.add_argument("--samples", type=Path, default=Path(__file__).parent.parent.parent / "samples")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(SAMPLES)):
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(SAMPLES)}")
    for name in options.names or SAMPLES:
        sample = SAMPLES[name]
        write_picture(options.samples / f"{name}.jpg", render_sample(sample, read_picture(options.samples / "clean" / sample.clean)))
        print(f"{name}.jpg")


def render_sample(sample: Sample, clean):
    """float32 RGB [H,W,3] in [0,1] -> the same in its weather; the same bits each time."""
    height, width = clean.shape[:2]
    rng = np.random.default_rng(sample.seed)
    banks = make_banks(rng, streaks=3, flakes=3, drops=3, clouds=3)
    depth = refine_depth(draw_depth(sample, height, width), clean)
    layers = sample_weather(rng, banks, height, width, depth, sample.weathers)
    return compose(clean, layers, layers.present)


def draw_depth(sample: Sample, height: int, width: int):
    """uint8 [H,W], 255 farthest."""
    top, bottom = sample.background
    depth = np.repeat(np.linspace(255 * top, 255 * bottom, height)[:, None], width, axis=1).astype(np.uint8)
    for value, polygon in sample.shapes:
        corners = np.round(np.array(polygon) * (width - 1, height - 1)).astype(np.int32)
        cv2.fillPoly(depth, [corners], round(255 * value))
    return cv2.blur(depth, (9, 9))


def read_picture(path: Path):
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise FileNotFoundError(f"Expected a photograph at {path}.")
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.float32) / 255


def write_picture(path: Path, picture):
    bgr = cv2.cvtColor(np.round(picture * 255).astype(np.uint8), cv2.COLOR_RGB2BGR)
    if not cv2.imwrite(str(path), bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]):
        raise OSError(f"{path} cannot be written.")


if __name__ == "__main__":
    main()
