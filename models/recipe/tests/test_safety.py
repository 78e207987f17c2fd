"""The measures of what must not happen to a picture, on pictures made to have the fault."""

import numpy as np

from evaluation.safety import NOISE, colour_shift, invented, noise_kept, overshoot


def picture(side=96):
    out = np.full((side, side, 3), 0.4, np.float32)
    out[:, side // 2 :] = 0.8  # one edge, smooth else
    return out


def test_a_shifted_channel_is_a_colour_shift_in_steps_of_a_255th():
    shifted = picture() + np.float32([0, 0, 3 / 255])
    assert abs(colour_shift(shifted, picture()) - 3) < 1e-3


def test_noise_that_stays_is_kept_and_noise_that_is_smoothed_away_is_not():
    noise = np.random.default_rng(1).normal(0, NOISE, (96, 96, 3))
    assert abs(noise_kept(picture() + noise, picture()) - 1) < 0.05  # 27,648 numbers: the deviation is known to about 0.5 %
    assert noise_kept(picture() + noise / 4, picture()) < 0.3


def test_a_grid_in_a_smooth_area_is_invented_and_the_truth_itself_is_not():
    grid = picture() + (np.arange(96) % 8 < 4)[:, None, None] * np.float32(4 / 255)
    assert invented(picture(), picture()) == 0
    assert invented(grid, picture()) > 0.5
    assert invented(grid, np.random.default_rng(2).random((96, 96, 3), dtype=np.float32)) is None  # nothing smooth in the truth


def test_ringing_beside_an_edge_is_overshoot():
    ringing = picture()
    ringing[:, 48:50] = 1.0
    assert overshoot(picture(), picture()) == 0
    assert overshoot(ringing, picture()) > 0.3
