"""The int8 experiment: the quantised denoiser is another graph that still restores, nearly as fp32 does."""

import json

import numpy as np
import onnx
import onnxruntime

from evaluation.metrics import compare
from int8 import RecordingModel, quantise
from restore import restore
from shipped import MODELS, ShippedModel


def test_the_quantised_denoiser_restores_nearly_as_fp32_does(tmp_path):
    file = json.loads((MODELS / "manifest.json").read_text())["models"]["nano"]["graphs"]["denoiser"]["fp32"]["file"]
    picture = np.random.default_rng(1).random((12, 16, 3), dtype=np.float32).repeat(8, 0).repeat(8, 1)
    model, out = RecordingModel("nano"), tmp_path / "int8.onnx"
    expected = restore(model, model.depth_encoder, picture)["picture"]
    assert len(model.feeds) == 2
    quantise(MODELS / file, out, model.feeds, ["intro", "ending"])
    nodes = [n.op_type for n in onnx.load(out).graph.node]
    assert nodes.count("Conv") == 16 and nodes.count("DequantizeLinear") > 28  # weights and inputs of fourteen convolutions

    small = ShippedModel("nano")
    small.sessions["denoiser"] = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    psnr = compare(restore(small, small.depth_encoder, picture)["picture"], expected)["psnr"]
    assert 30 < psnr < 80  # near, and not the same graph under another name
