"""Large pictures: weather grows with the picture, small photographs are not enlarged."""

import cv2
import numpy as np
import pytest

from evaluation.large_pictures import read_at, render_in_proportion
from evaluation.restoration import RENDERED_KINDS
from weather import make_banks

BANKS = make_banks(np.random.default_rng(5), streaks=2, flakes=2, drops=2, clouds=2)


def paint(height, width):
    """Smooth, so that it looks the same at any size."""
    y, x = np.linspace(0, 1, height)[:, None], np.linspace(0, 1, width)[None]
    return np.rint(255 * np.stack([0.3 + 0.3 * y + 0 * x, 0.3 + 0.2 * x + 0 * y, 0.5 - 0.2 * x * y], -1)).astype(np.uint8)


@pytest.mark.parametrize("kind", RENDERED_KINDS)
def test_weather_is_as_large_in_proportion_in_a_picture_three_times_the_size(kind):
    render = lambda height, width: render_in_proportion(np.random.default_rng(7), BANKS, paint(height, width), RENDERED_KINDS[kind], 120).astype(float)
    small, large = render(120, 160), render(360, 480)
    change = np.abs(small - paint(120, 160)).mean()
    assert change > 1  # of 255: there is weather
    reduced = cv2.resize(large, (160, 120), interpolation=cv2.INTER_AREA)
    assert np.abs(reduced - small).mean() < 0.35 * change  # the same weather but for its edges, which enlarging softens


def test_a_photograph_is_reduced_to_the_megapixels_and_never_enlarged(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), paint(300, 400))
    assert read_at(tmp_path / "a.png", 0.03).shape == (150, 200, 3)
    assert read_at(tmp_path / "a.png", 12).shape == (300, 400, 3)
