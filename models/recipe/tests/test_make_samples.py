"""Samples: the same bits each time, near shapes nearer than the background, names that exist."""

from dataclasses import replace

import numpy as np
import pytest

import make_samples
from make_samples import SAMPLES, draw_depth, render_sample


def test_a_sample_is_the_same_each_time_and_another_seed_is_another_weather():
    clean = np.random.default_rng(1).random((96, 128, 3), np.float32)
    sample = SAMPLES["snow"]
    first = render_sample(sample, clean)
    assert first.shape == clean.shape
    assert np.array_equal(first, render_sample(sample, clean))
    assert not np.array_equal(first, render_sample(replace(sample, seed=sample.seed + 1), clean))


def test_depth_is_near_within_a_shape_and_far_behind_it():
    depth = draw_depth(SAMPLES["raindrop"], 400, 600)
    assert depth.shape == (400, 600)
    assert depth[200, 285] == round(255 * 0.3)  # the flower
    assert depth[20, 20] == int(255 * 0.9)  # the leaves behind it


def test_an_unknown_name_is_refused(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["make_samples.py", "sandstorm"])
    with pytest.raises(SystemExit) as ended:
        make_samples.main()
    assert ended.value.code == 2
    assert "unknown: sandstorm" in capsys.readouterr().err
