"""Frames around photographs: even, the same in every picture of the scene, and the scene inside stays as it is."""

import numpy as np

from weather import frame

SCENES = tuple(np.random.default_rng(1).random((2, 96, 128, 3)).astype(np.float32))


def test_most_photographs_have_none():
    rng = np.random.default_rng(1)
    kept = [frame.add_frame(rng, SCENES) is SCENES for _ in range(1000)]
    assert abs(np.mean(kept) - (1 - frame.SHARE)) < 0.025  # four deviations


def test_a_frame_lies_on_every_picture_of_the_scene_alike(monkeypatch):
    monkeypatch.setattr(frame, "SHARE", 1)
    for seed in range(40):
        framed = frame.add_frame(np.random.default_rng(seed), SCENES)
        outside = [(picture != scene).any(-1) for picture, scene in zip(framed, SCENES)]
        assert (outside[0] == outside[1]).all() and (framed[0][outside[0]] == framed[1][outside[1]]).all()
        assert 0.01 < outside[0].mean() < 0.6 and outside[0][0].all() and outside[0][-1].all()
        assert not outside[0][40:56, 40:88].any()  # the middle is never covered
        assert len(np.unique(framed[0][outside[0]])) <= 2 and framed[0].dtype == np.float32  # its colour and that of the line
