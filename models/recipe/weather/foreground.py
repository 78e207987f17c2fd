"""Things close to the camera, sharp and clear of the haze behind them: a person, leaves, trunks, the corner of a house, as most photographs of fog have them.

The depths that photographs come with are smooth and near the same everywhere in a distant view; without these a network takes every dark and clear place for
a sign of clear air.
"""

import cv2
import numpy as np

from weather.layers import cut, log_uniform, three_channels, uniform
from weather.structures import bar, union

SHARE, SHARE_IN_HAZE = 0.1, 0.35  # of the photographs: as a foreground by itself must not mean haze, others have it too
FARTHEST = 0.6  # depth, 0 to 1, from which the view behind begins at most


def add_foreground(rng, clouds, clean, depth, other, other_depth):
    """clean float32 [H,W,3] in [0,1] and depth float32 [H,W] in [0,1], 0 nearest -> the same with parts of another picture (`other`, `other_depth`) in front, at depth 0."""
    kind = rng.random()
    if kind < 0.4:
        mask = nearest_things(rng, other_depth)
    elif kind < 0.65:
        mask = foliage(rng, clouds, *depth.shape)
    elif kind < 0.85:
        mask = trunks(rng, *depth.shape)
    else:
        mask = corner(rng, *depth.shape)
    light = log_uniform(rng, 0.12, 1.1)  # against the light as often as in it
    paint = np.clip(other * np.float32(light), 0, 1)
    begins = uniform(rng, 0, FARTHEST)
    behind = begins + (1 - begins) * depth
    return clean + three_channels(mask) * (paint - clean), (behind * (1 - mask)).astype(np.float32)


def nearest_things(rng, depth):
    """What is nearest in a picture: mask float32 [H,W] of 0.1 to 0.4 of it, with a rim as soft as its depth."""
    threshold = float(np.quantile(depth[::4, ::4], uniform(rng, 0.1, 0.4)))
    return np.clip((threshold - depth) / 0.04 + 0.5, 0, 1).astype(np.float32)


def foliage(rng, clouds, height, width):
    """Leaves or bushes that come in from one or two sides: mask float32 [H,W], fine-edged."""
    leaf = log_uniform(rng, 2, 9)  # px, about a leaf or a tuft
    leaves = cv2.GaussianBlur(rng.standard_normal((height, width), dtype=np.float32), (0, 0), leaf / 2)
    cloud = cut(rng, [clouds[int(rng.integers(len(clouds)))]], height, width, uniform(rng, 0.6, 1.5))[0]
    noise = cloud * 2 - 1 + np.float32(uniform(rng, 0.2, 0.7)) * leaves / leaves.std()
    y, x = np.mgrid[0:1:complex(height), 0:1:complex(width)].astype(np.float32)
    sides = (y, 1 - y, x, 1 - x)  # distance from the top, the bottom, the left and the right
    near = np.min([sides[i] for i in rng.choice(4, int(rng.integers(1, 3)), replace=False, p=(0.35, 0.25, 0.2, 0.2))], 0)
    reach = uniform(rng, 0.1, 0.45)
    return np.clip((noise * 0.3 + (reach - near) / reach) * uniform(rng, 2, 6), 0, 1).astype(np.float32)


def trunks(rng, height, width):
    """One to five trunks, posts or people as wide: mask float32 [H,W]."""
    thick = lambda: log_uniform(rng, 0.02, 0.16) * width
    return union(bar(rng, height, width, rng.normal(0, 0.12), thick(), place, bend=rng.normal(0, 0.06)) for place in rng.random(int(rng.integers(1, 6))))


def corner(rng, height, width):
    """A wall, a roof or a hill that fills the picture from one side to a straight line: mask float32 [H,W], sharp to a pixel."""
    angle = rng.choice(4) * np.pi / 2 + rng.normal(0, 0.25)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    across = (x - width / 2) * np.float32(np.cos(angle)) + (y - height / 2) * np.float32(np.sin(angle))
    return np.clip(across - uniform(rng, 0.1, 0.42) * min(height, width) + 0.5, 0, 1).astype(np.float32)
