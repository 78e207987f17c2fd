"""The pictures that models are measured on are the same every time, and downpours are denser than the other rain."""

import numpy as np

from evaluation.picture_sets import rendered_set


def change(examples):
    return np.mean([np.abs(e.degraded - e.target).mean() for e in examples])


def test_rendered_pictures_are_the_same_every_time(data):
    for one, again in zip(rendered_set(data, ("rain", "haze"), 2), rendered_set(data, ("rain", "haze"), 2), strict=True):
        assert np.array_equal(one.degraded, again.degraded) and np.array_equal(one.target, again.target)


def test_downpours_are_denser_than_other_rain(data):
    assert change(rendered_set(data, ("rain",), 8, downpours=1.0)) > change(rendered_set(data, ("rain",), 8))


def test_behind_a_foreground_haze_leaves_some_of_the_picture_clear(data):
    def clearest(examples):
        """Change by the haze where it is least, at one twentieth of the pixels; mean over pictures."""
        return np.mean([np.quantile(np.abs(e.degraded - e.clean).max(-1), 0.05) for e in examples])

    assert clearest(rendered_set(data, ("haze",), 8, foreground=True)) < 0.6 * clearest(rendered_set(data, ("haze",), 8))
