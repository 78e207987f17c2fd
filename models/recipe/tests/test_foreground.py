"""Things close to the camera: they cover a part of the view, stand at depth 0, and haze begins behind them."""

import numpy as np
import pytest

import weather
from weather import foreground
from weather.layers import as_bank, smooth_noise

RNG = np.random.default_rng(3)
CLOUDS = [as_bank(smooth_noise(RNG))]
FLAT, DEPTH = np.full((96, 128, 3), 0.7, np.float32), np.full((96, 128), 0.5, np.float32)
OTHER, OTHER_DEPTH = np.full((96, 128, 3), 0.2, np.float32), np.linspace(0, 1, 96 * 128, dtype=np.float32).reshape(96, 128)


def drawn(seed):
    return foreground.add_foreground(np.random.default_rng(seed), CLOUDS, FLAT, DEPTH, OTHER, OTHER_DEPTH)


def test_a_part_of_another_picture_stands_in_front_at_depth_0():
    shares = []
    for seed in range(60):
        picture, depth = drawn(seed)
        assert picture.shape == FLAT.shape and depth.shape == DEPTH.shape and picture.dtype == depth.dtype == np.float32
        assert 0 <= picture.min() and picture.max() <= 1 and 0 <= depth.min() and depth.max() <= 1
        front = depth < 0.01
        assert (picture[front] < 0.25).all()  # the other picture's, at most 1.1 times as bright
        assert depth.max() >= 0.5 and (picture[depth == depth.max()] == 0.7).all()  # the view behind is as it was, and nowhere nearer than it was
        shares.append(front.mean())
    assert 0.1 < np.median(shares) < 0.5 and max(shares) < 0.9


@pytest.mark.parametrize("mask", [foreground.trunks, foreground.corner, lambda rng, h, w: foreground.foliage(rng, CLOUDS, h, w)])
def test_each_kind_leaves_some_of_the_view(mask):
    covered = [mask(np.random.default_rng(seed), 96, 128).mean() for seed in range(30)]
    assert 0.02 < np.median(covered) < 0.6 and max(covered) < 0.95


def test_haze_begins_behind_the_foreground():
    banks = weather.make_banks(np.random.default_rng(1), 1, 1, 1, 2)
    depth = np.zeros((96, 128), np.float32)
    depth[:, 64:] = 1
    for seed in range(20):
        haze = weather.sample_weather(np.random.default_rng(seed), banks, 96, 128, depth, ("haze",), foreground=True).haze
        assert haze.transmission[:, :64].min() > 0.75  # at most 0.04 of the depth, 1.6 times as much in a patch: exp(-3.5 x 0.064)
        assert haze.transmission[:, 64:].max() < 0.8
