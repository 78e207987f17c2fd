"""A large photograph -> the same in weather as large in proportion: drawn at a small size, as training pictures have it, and enlarged with the picture."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np

from clean_pictures import read_rgb
from weather import WeatherLayers, compose, refine_depth, sample_weather


def read_at(path: Path, megapixels: float):
    """uint8 [H,W,3], reduced by area averaging to about so many megapixels; never enlarged."""
    picture = read_rgb(path)
    scale = (megapixels * 1e6 / (picture.shape[0] * picture.shape[1])) ** 0.5
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture


def render_in_proportion(rng, banks, picture, weathers, short_side: int):
    """uint8 [H,W,3] -> uint8 [H,W,3] with weather as it looks in a picture whose shorter side is `short_side` pixels, enlarged to this one's size."""
    clean = picture.astype(np.float32) / 255
    height, width = clean.shape[:2]
    factor = min(height, width) / short_side
    size = round(height / factor), round(width / factor)
    depth = cv2.resize(refine_depth(draw_depth(rng), clean), size[::-1], interpolation=cv2.INTER_AREA)
    layers = sample_weather(rng, banks, *size, depth, weathers)
    large = WeatherLayers(**{f.name: enlarge_layer(getattr(layers, f.name), clean, factor) for f in dataclasses.fields(layers)})
    return np.rint(compose(clean, large, weathers) * 255).astype(np.uint8)


def draw_depth(rng):
    """uint8 [96,128]: far at the top, near at the bottom, uneven; nobody measured these pictures."""
    slope = np.linspace(1, 0, 96, dtype=np.float32)[:, None] ** 1.3
    uneven = cv2.resize(rng.random((4, 5), dtype=np.float32), (128, 96), interpolation=cv2.INTER_CUBIC) - 0.5
    return np.rint((0.15 + 0.85 * slope + 0.5 * uneven).clip(0, 1) * 255).astype(np.uint8)


def enlarge_layer(layer, clean, factor: float):
    """One layer of weather (or None) at the size of `clean`: masks smoothly, transmission with the picture's edges, what is in pixels `factor` times as long."""
    if layer is None:
        return None
    height, width = clean.shape[:2]
    places = dict(map_x=np.arange(width, dtype=np.float32)[None], map_y=np.arange(height, dtype=np.float32)[:, None])

    def enlarge(name, value):
        if name == "blur_px":
            return 2 * int(value * factor / 2) + 1
        if not isinstance(value, np.ndarray) or value.ndim < 2:
            return value
        if name == "transmission":
            return refine_depth(np.rint(value * 255).astype(np.uint8), clean).clip(0.01, 1)
        if name in places:  # where a pixel inside a drop looks: its shift grows with the picture
            small = np.arange(value.shape[1], dtype=np.float32)[None] if name == "map_x" else np.arange(value.shape[0], dtype=np.float32)[:, None]
            return resize(value - small) * np.float32(factor) + places[name]
        return resize(np.ascontiguousarray(value)).clip(value.min(), value.max())

    resize = lambda value: cv2.resize(value, (width, height), interpolation=cv2.INTER_CUBIC)
    return dataclasses.replace(layer, **{f.name: enlarge(f.name, getattr(layer, f.name)) for f in dataclasses.fields(layer)})
