import json
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from clean_pictures import read_rgb
from evaluation.metrics import psnr
from restore_auto import exposure, fit_lines, haze_sizes, restore_auto
from shipped import ShippedModel

REPOSITORY = Path(__file__).parent.parent.parent.parent


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (3000, 4000, [(96, 128), (192, 256), (384, 512)]),
        (300, 256, [(113, 96), (225, 192), (300, 256)]),  # the own size for 384
        (64, 90, [(64, 90)]),
        (300, 32768, [(4, 384), (7, 768), (14, 1536)]),
    ],
)
def test_haze_is_looked_at_in_small_sizes(height, width, expected):
    assert haze_sizes(height, width) == expected  # as in packages/core/src/scaling/haze-sizes.test.ts


def test_even_haze_is_a_line():
    clear = np.random.default_rng(0).random((40, 50, 3))
    hazy = clear * 0.6 + 0.8 * 0.4  # I = J t + A (1 - t)
    slopes, offsets = fit_lines(hazy, clear)
    # EVEN_VARIANCE is 0.3 % of this grain's variance, so the slope is that much nearer to 0.
    assert np.abs(hazy - slopes * hazy - offsets - clear).max() < 0.005


def test_what_is_left_alone_stays():
    picture = np.random.default_rng(0).random((30, 20, 3))
    slopes, offsets = fit_lines(picture, picture)
    assert not slopes.any() and not offsets.any()


@pytest.mark.parametrize(("hazy", "taken", "bent"), [(0.8, 0, 0), (0.8, 0.4, 0.1), (0.8, 0.14, -0.3327), (0.4, 0.06, 0.0856), (0.2, 0.15, 0.5), (0.2, 0.3, 0.5)])
def test_the_exposure_goes_a_part_of_the_way_to_the_usual(hazy, taken, bent):
    picture = np.full((4, 8, 3), hazy)  # as in packages/core/src/scaling/exposure.test.ts
    assert exposure(picture, np.zeros_like(picture), np.full_like(picture, taken)) == pytest.approx(bent, abs=1e-4)


@pytest.mark.parametrize(("sample", "passes"), [("haze", 3), ("rain-and-haze", 4), ("rain", 1)])
def test_the_command_gives_the_same_picture(tmp_path, sample, passes):
    full = read_rgb(REPOSITORY / "samples" / f"{sample}.jpg")
    picture = cv2.resize(full, None, fx=0.9, fy=0.9, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(tmp_path / "in.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    model = ShippedModel("nano")
    wanted = restore_auto(model, model.depth_encoder, picture.astype(np.float32) / 255)
    words = ["npm", "run", "--silent", "fairweather", "--", "restore", str(tmp_path / "in.png"), "-o", str(tmp_path / "out.png"), "--json"]
    report = json.loads(subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout)
    assert wanted["passes"] == passes
    assert len(report["scale"]["hazeSizes"]) == min(passes, 3) if passes > 1 else report["scale"]["hazeSizes"] == []
    # The command rounds to 8 bits, after rain and again after haze, which is up to five times as strong once haze is gone: 50 dB is 0.8 of 255.
    assert psnr(read_rgb(tmp_path / "out.png").astype(np.float32) / 255, wanted["picture"]) > 50
