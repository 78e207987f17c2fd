"""The pictures that models are measured on: pairs, and weather rendered over pictures kept out of training. All float32 [H,W,3] in [0,1]."""

from pathlib import Path

import numpy as np

import weather
from clean_pictures import CleanPictures, read_rgb
from prompts import WEATHERS

VALIDATION_SEED = 2024


def float_rgb(path: Path) -> np.ndarray:
    return read_rgb(path).astype(np.float32) / 255


def pair_set(folder: Path, limit=None):
    """(name, degraded, target) of a folder with input/ and target/."""
    for path in sorted((folder / "input").iterdir())[:limit]:
        yield path.stem, float_rgb(path), float_rgb(folder / "target" / path.name)


def clean_set(data: Path, limit=None):
    """(name, picture) of the clean pictures kept out of training, whole."""
    held_out = CleanPictures.load(data, validation=True)
    for name, picture in list(zip(held_out.names, held_out.pictures))[:limit]:
        yield name, picture.astype(np.float32) / 255


def rendered_set(data: Path, weathers, count: int, remove=WEATHERS, downpours=0.0, foreground=False):
    """`count` rendered examples over pictures kept out of training; a fixed seed, so always the same for one renderer.

    `downpours`: share of rain that is dense; `foreground`: parts of another such picture close to the camera, clear of the haze.
    """
    pictures = CleanPictures.load(data, validation=True)
    banks = weather.make_banks(np.random.default_rng([VALIDATION_SEED, 1]))
    for i in range(count):
        rng = np.random.default_rng([VALIDATION_SEED, 0, i])
        clean, depth = pictures.region(rng, i % len(pictures.pictures))
        if foreground:
            clean, depth = weather.add_foreground(rng, banks.clouds, clean, depth, *pictures.region(rng, (i + 1) % len(pictures.pictures)))
        yield weather.render_example(rng, banks, clean, depth, weathers, remove, downpours, foreground)
