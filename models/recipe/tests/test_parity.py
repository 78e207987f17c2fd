"""The shipped model: graphs and pool from models/manifest.json, run by ONNX Runtime, give the golden numbers that PyTorch gave."""

import hashlib
import json

import numpy as np
import pytest

from parity import HEIGHT, SEED, WIDTH, made_up_picture
from prompts import WEATHERS
from restore import restore
from shipped import MODELS, ShippedModel

MANIFEST = json.loads((MODELS / "manifest.json").read_text())
NANO = MANIFEST["models"]["nano"]


def golden(name):
    entry = json.loads((MODELS / "fixtures" / "golden.json").read_text())[name]
    count = int(np.prod(entry["dims"]))
    numbers = np.fromfile(MODELS / "fixtures" / entry["file"], "<f4", count, offset=4 * entry["offset"])
    return numbers.reshape(entry["dims"]), entry["tolerance"]


@pytest.fixture(scope="module")
def result():
    model = ShippedModel()
    return restore(model, model.depth_encoder, made_up_picture(), seed=SEED)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("picture.view", "view"), ("picture.patches", "patches"), ("condition.query", "query"), ("depth.tokens", "depth_tokens"),
        ("prompts.selected", "selected"), ("prompts.weather", "weather_prompts"), ("prompts.depth", "depth_prompts"),
        ("restoration.residual", "residual"), ("restoration.restored", "restored"),
    ],
)  # fmt: skip
def test_shipped_graphs_give_the_golden_numbers(result, name, key):
    expected, tolerance = golden(name)
    np.testing.assert_allclose(result[key].float().numpy(), expected, atol=tolerance, rtol=0)


def test_the_golden_picture_is_the_made_up_one():
    np.testing.assert_allclose(golden("picture.degraded")[0], np.moveaxis(made_up_picture(HEIGHT, WIDTH), -1, 0)[None], atol=1e-7)


def test_half_precision_agrees_with_single_to_50_db(result):
    model = ShippedModel(precision="fp16")
    half = restore(model, model.depth_encoder, made_up_picture(), seed=SEED)
    error = (half["restored"] - result["restored"]).square().mean()
    assert error < 1e-5  # 50 dB, what the runtimes promise each other


def test_every_shipped_file_has_its_hash_and_size_and_the_model_its_budget():
    files = [entry for graph in NANO["graphs"].values() for entry in graph.values()] + [NANO["promptPool"]]
    for entry in files:
        content = (MODELS / entry["file"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["bytes"], entry["sha256"]), entry["file"]
    for precision in ("fp32", "fp16"):
        assert sum(graph[precision]["bytes"] for graph in NANO["graphs"].values()) + NANO["promptPool"]["bytes"] <= 4_000_000
    assert NANO["macs256"]["total"] <= 2_000_000_000
    assert NANO["weathers"] == list(WEATHERS)
