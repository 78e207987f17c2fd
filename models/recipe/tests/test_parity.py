"""The shipped models: graphs and pool from models/manifest.json, run by ONNX Runtime, give the golden numbers that PyTorch gave."""

import hashlib
import json

import numpy as np
import pytest

from parity import HEIGHT, SEED, WIDTH, made_up_picture
from prompts import WEATHERS
from restore import restore
from shipped import MODELS, ShippedModel

MANIFEST = json.loads((MODELS / "manifest.json").read_text())
BUDGETS = {"nano": (4_000_000, 2_000_000_000), "lite": (16_000_000, 8_000_000_000)}  # bytes, MACs at 256x256


def golden(shipped, name):
    folder = MODELS / "fixtures" / shipped
    entry = json.loads((folder / "golden.json").read_text())[name]
    count = int(np.prod(entry["dims"]))
    numbers = np.fromfile(folder / entry["file"], "<f4", count, offset=4 * entry["offset"])
    return numbers.reshape(entry["dims"]), entry["tolerance"]


@pytest.fixture(scope="module", params=list(MANIFEST["models"]))
def shipped(request):
    """Each shipped model's name."""
    return request.param


@pytest.fixture(scope="module")
def result(shipped):
    model = ShippedModel(shipped)
    return restore(model, model.depth_encoder, made_up_picture(), seed=SEED)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("picture.view", "view"), ("picture.patches", "patches"), ("condition.query", "query"), ("depth.tokens", "depth_tokens"),
        ("prompts.selected", "selected"), ("prompts.weather", "weather_prompts"), ("prompts.depth", "depth_prompts"),
        ("restoration.residual", "residual"), ("restoration.restored", "restored"),
    ],
)  # fmt: skip
def test_shipped_graphs_give_the_golden_numbers(shipped, result, name, key):
    expected, tolerance = golden(shipped, name)
    np.testing.assert_allclose(result[key].float().numpy(), expected, atol=tolerance, rtol=0)


def test_the_golden_picture_is_the_made_up_one(shipped):
    np.testing.assert_allclose(golden(shipped, "picture.degraded")[0], np.moveaxis(made_up_picture(HEIGHT, WIDTH), -1, 0)[None], atol=1e-7)


def test_half_precision_agrees_with_single_to_50_db(shipped, result):
    model = ShippedModel(shipped, precision="fp16")
    half = restore(model, model.depth_encoder, made_up_picture(), seed=SEED)
    error = (half["restored"] - result["restored"]).square().mean()
    assert error < 1e-5  # 50 dB, what the runtimes promise each other


def test_every_shipped_file_has_its_hash_and_size_and_the_model_its_budget(shipped):
    spec, (most_bytes, most_macs) = MANIFEST["models"][shipped], BUDGETS[shipped]
    files = [entry for graph in spec["graphs"].values() for entry in graph.values()] + [spec["promptPool"]]
    for entry in files:
        content = (MODELS / entry["file"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["bytes"], entry["sha256"]), entry["file"]
    for precision in ("fp32", "fp16"):
        assert sum(graph[precision]["bytes"] for graph in spec["graphs"].values()) + spec["promptPool"]["bytes"] <= most_bytes
    assert spec["macs256"]["total"] <= most_macs
    assert spec["weathers"] == list(WEATHERS)
