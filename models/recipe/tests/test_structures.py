"""Bars, grids and ribs: painted into some of the photographs, sharp where a streak is soft, and only where they stand."""

import numpy as np

from weather import structures

FLAT = np.full((96, 128, 3), 0.3, np.float32)


def test_most_photographs_stay_as_they_are():
    rng = np.random.default_rng(1)
    kept = [structures.add_structures(rng, FLAT) is FLAT for _ in range(400)]
    assert abs(np.mean(kept) - (1 - structures.SHARE)) < 0.08  # four deviations


def test_bars_are_painted_and_leave_the_rest(monkeypatch):
    monkeypatch.setattr(structures, "SHARE", 1)
    monkeypatch.setattr(structures, "RIBS", 0)
    changed = []
    for seed in range(40):
        picture = structures.add_structures(np.random.default_rng(seed), FLAT)
        assert picture.shape == FLAT.shape and picture.dtype == np.float32 and picture.min() >= 0 and picture.max() <= 1
        changed.append((np.abs(picture - FLAT).max(-1) > 0.02).mean())
    assert np.mean(np.array(changed) > 0) > 0.8 and np.median(changed) < 0.6  # a bar may miss the picture; they do not fill it


def test_a_bar_is_as_wide_as_asked_and_stands_where_asked():
    for thickness in (1, 4, 9):
        mask = structures.bar(np.random.default_rng(1), 96, 128, 0.0, thickness, 0.5, reach=True)
        row = mask[48]
        assert 0 <= row.sum() - thickness <= 2.5  # OpenCV's smooth rim lies outside
        assert abs((row * np.arange(128)).sum() / row.sum() - 64) <= 1
        assert (mask.sum(1) > 0.5).all()  # from edge to edge


def test_a_grid_crosses_itself():
    grid = structures.row_of_bars(np.random.default_rng(3), 96, 96, 0.0, crossed=True)
    assert (grid.max(0) > 0.5).all() and (grid.max(1) > 0.5).all() and grid.min() == 0


def test_ribs_run_along_their_angle_and_leave_the_mean_light():
    for seed in range(10):
        upright = structures.ribs(np.random.default_rng(seed), 96, 128, 0.0)
        assert upright.shape == (96, 128) and upright.dtype == np.float32 and np.abs(upright).max() <= 1
        along, across = (np.abs(np.diff(upright, axis=axis)).mean() for axis in (0, 1))
        assert along < 0.5 * across and abs(upright.mean()) < 0.25
