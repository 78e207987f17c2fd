"""The self-test pictures belong to the shipped weights: written anew, they are the same."""

import json

import numpy as np
import pytest
from clean_pictures import read_rgb
from evaluation.metrics import psnr

from self_test import HEIGHT, WIDTH, write_self_test
from shipped import MODELS

MANIFEST = json.loads((MODELS / "manifest.json").read_text())


def read(entry, models=MODELS):
    return read_rgb(models / entry["file"]).astype(np.float32) / 255


@pytest.mark.parametrize("name", MANIFEST["models"])
def test_the_pictures_are_what_the_weights_give(name, tmp_path):
    (tmp_path / "manifest.json").symlink_to(MODELS / "manifest.json")
    (tmp_path / "weights" / name).mkdir(parents=True)
    for file in (MODELS / "weights" / name).iterdir():
        if not file.name.startswith("self-test"):
            (tmp_path / "weights" / name / file.name).symlink_to(file)
    shipped, fresh = MANIFEST["models"][name]["selfTest"], write_self_test(name, tmp_path)
    assert fresh["seed"] == shipped["seed"]
    for role in ("degraded", "restored"):
        # One level of 8 bits: processors round differently at the half.
        np.testing.assert_allclose(read(fresh[role], tmp_path), read(shipped[role]), atol=1.01 / 255)


@pytest.mark.parametrize("name", MANIFEST["models"])
def test_a_backend_that_does_nothing_would_not_pass(name):
    degraded, restored = (read(MANIFEST["models"][name]["selfTest"][role]) for role in ("degraded", "restored"))
    assert degraded.shape == restored.shape == (HEIGHT, WIDTH, 3)
    assert psnr(degraded, restored) < 40
