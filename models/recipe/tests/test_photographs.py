"""How much is taken out of photographs, on pictures whose change is known."""

import cv2
import numpy as np
import pytest

from evaluation import photographs
from evaluation.photographs import change, evaluate_photographs, fine_change, reduced


def test_a_streak_is_a_fine_change_and_a_veil_is_none():
    before = np.full((96, 96, 3), 0.5, np.float32)
    veil, streak = before - np.float32(10 / 255), before.copy()
    streak[:, 40:42] -= np.float32(96 / 255)  # 2 of 96 columns
    assert change(before, veil) == pytest.approx(10, abs=1e-3) and fine_change(before, veil) < 1e-3
    assert change(before, streak) == pytest.approx(2, abs=1e-3) and 1.5 < fine_change(before, streak) < 4


def test_only_larger_photographs_are_reduced():
    small = np.zeros((200, 600, 3), np.float32)
    assert reduced(small) is small
    assert reduced(np.zeros((768, 1000, 3), np.float32)).shape == (384, 500, 3)


def test_the_figures_are_of_each_weathers_own_folder(tmp_path, monkeypatch):
    for number, weather in enumerate(("rain", "snow", "haze")):
        (tmp_path / "real" / weather).mkdir(parents=True)
        for i in range(number + 1):
            cv2.imwrite(str(tmp_path / "real" / weather / f"{i}.png"), np.full((64, 64, 3), 128, np.uint8))
    found = {"rain": 0.9, "snow": 0.2, "haze": 0.5, "raindrop": 0}
    monkeypatch.setattr(photographs, "restore_auto", lambda model, depth_encoder, picture: {"presence": found, "picture": picture - np.float32(5 / 255)})
    figures = evaluate_photographs(None, None, tmp_path)
    assert [figures[w]["photographs"] for w in ("rain", "snow", "haze")] == [1, 2, 3]
    assert [figures[w]["reported"] for w in ("rain", "snow", "haze")] == [1, 0, 1]
    assert figures["snow"]["presence"] == pytest.approx(0.2) and figures["haze"]["change"] == pytest.approx(5, abs=1e-3)
