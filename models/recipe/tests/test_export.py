"""Export: graphs give what PyTorch gives at other sizes than they were traced with, and unsafe convolutions are refused."""

import json

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

import export_onnx
from depth.encoder import DepthEncoder
from model import Restorer
from model_config import CONFIGS


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    torch.manual_seed(0)
    model, depth_encoder = Restorer(CONFIGS["nano"]).eval().requires_grad_(False), DepthEncoder().eval().requires_grad_(False)
    nn.init.normal_(model.denoiser.ending.weight, std=0.05)
    folder = tmp_path_factory.mktemp("models")
    return model, depth_encoder, folder, export_onnx.export(model, depth_encoder, folder, "0.0.0")


def other_inputs(name):
    torch.manual_seed(1)
    view, picture = torch.rand(1, 3, 64, 208), torch.rand(1, 3, 56, 200)
    return {
        "condition": {"view": view, "patches": torch.rand(9, 3, 64, 64)},
        "depth": {"view": view},
        "general-prompts": {"depth_tokens": torch.rand(1, 52, 64)},
        "denoiser": {
            "degraded": picture, "noisy_residual": torch.randn_like(picture), "timestep": torch.tensor([0.0]),
            "weather_prompts": torch.randn(1, 40, 96), "depth_prompts": torch.randn(1, 16, 96),
        },
    }[name]  # fmt: skip


@pytest.mark.parametrize("name", ["condition", "depth", "general-prompts", "denoiser"])
def test_graphs_agree_with_pytorch_at_any_size(exported, name):
    model, depth_encoder, folder, entry = exported
    module = export_onnx.graphs(model, depth_encoder)[name][0]
    feeds = other_inputs(name)
    expected = module(*feeds.values()).numpy()
    scale = np.abs(expected).max()
    # Single precision: another order of summation. Half: 11 bits of mantissa through some twenty layers.
    for precision, tolerance in (("fp32", 1e-5), ("fp16", 2e-2)):
        session = onnxruntime.InferenceSession(str(folder / entry["graphs"][name][precision]["file"]), providers=["CPUExecutionProvider"])
        got = session.run(None, {k: v.numpy() for k, v in feeds.items()})[0]
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, expected, atol=tolerance * scale, rtol=0)


def test_the_manifest_entry_is_plain_json_and_names_every_file(exported):
    _, _, folder, entry = exported
    assert json.loads(json.dumps(entry)) == entry
    assert all((folder / e["file"]).exists() for graph in entry["graphs"].values() for e in graph.values())
    assert entry["promptPool"]["bytes"] == 4 * (20 * 96 + 20 * 8 * 96 + 20 * 4)


def test_convolutions_that_webgpu_miscomputes_are_refused(tmp_path):
    unsafe = nn.Conv2d(6, 16, 3)
    with pytest.raises(ValueError, match="6 or 9 input channels"):
        export_onnx.export_graph(unsafe, {"x": torch.rand(1, 6, 8, 8)}, "y", {}, tmp_path / "unsafe")
