"""The second renderer: always the same pictures, each weather by its formula."""

import numpy as np
import pytest

from evaluation import textbook

PICTURE = np.full((256, 256, 3), 0.3, np.float32)
DEPTH = np.full((256, 256), 0.5, np.float32)


@pytest.mark.parametrize("weathers", [("rain",), ("snow",), ("haze",), ("raindrop",), ("rain", "haze")])
def test_a_set_is_the_same_every_time_and_no_picture_is_clean(data, weathers):
    first, again = (list(textbook.textbook_set(data, weathers, 2)) for _ in range(2))
    for (degraded, clean), (other, _) in zip(first, again):
        assert degraded.shape == clean.shape == (256, 256, 3) and degraded.dtype == np.float32
        assert 0 <= degraded.min() and degraded.max() <= 1 and np.array_equal(degraded, other)
        assert np.abs(degraded - clean).mean() > 1 / 255


def test_haze_is_the_scattering_law():
    hazy = textbook.haze(np.random.default_rng(5), PICTURE, DEPTH)
    rng = np.random.default_rng(5)
    t, airlight = np.exp(-rng.uniform(1, 2) * 0.5), rng.uniform(0.6, 0.9)
    assert np.allclose(hazy, 0.3 * t + airlight * (1 - t), atol=1e-5)  # float32


@pytest.mark.parametrize("name", ["rain", "snow"])
def test_streaks_and_flakes_only_brighten_a_dark_picture_and_leave_some_of_it(name):
    rendered = textbook.RENDERERS[name](np.random.default_rng(3), PICTURE, DEPTH)
    assert (rendered >= PICTURE - 1e-6).all() and rendered.max() > 0.5
    assert np.isclose(rendered, PICTURE, atol=0.01).mean() > 0.2


def test_a_drop_on_an_even_wall_shows_the_wall_but_for_its_rim():
    rendered = textbook.raindrop(np.random.default_rng(3), PICTURE, DEPTH)
    assert rendered.max() <= 0.3 + 1e-6 and rendered.min() < 0.295
