"""Whether int8 pays: quantises a shipped denoiser's convolutions (QDQ, calibrated on rendered weather) and measures it against fp32.

    python int8.py --model nano --data ../../../shared/data [--keep intro,ending] [--out denoiser.int8.onnx]

Prints, for pictures kept out of training: PSNR of the int8 restoration to the fp32 one, what either gains on the input, and the time of a
denoiser pass on a 512x512 tile as a ratio in one process, passes taken in turn. int8 is worth shipping from 50 dB and 1.5 times the speed.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from evaluation.metrics import compare
from evaluation.picture_sets import rendered_set
from evaluation.restoration import RENDERED_KINDS
from restore import restore
from shipped import MODELS, ShippedModel


class RecordingModel(ShippedModel):
    """A shipped model that keeps what its denoiser is fed."""

    def __init__(self, name):
        super().__init__(name)
        self.feeds = []

    def run(self, graph, **feeds):
        if graph == "denoiser":
            self.feeds.append({k: v.numpy() for k, v in feeds.items()})
        return super().run(graph, **feeds)


class Feeds(CalibrationDataReader):
    def __init__(self, feeds):
        self.left = iter(feeds)

    def get_next(self):
        return next(self.left, None)


def calibration_feeds(name: str, data: Path, count: int) -> list:
    """Both steps' feeds on `count` rendered pictures of each kind."""
    model = RecordingModel(name)
    for weathers in RENDERED_KINDS.values():
        for example in rendered_set(data, weathers, count):
            restore(model, model.depth_encoder, example.degraded)
    return model.feeds


def quantise(source: Path, out: Path, feeds: list, kept: list[str]):
    """Writes `source` with its 3x3 and 1x1 convolutions in int8 (weights by channel), those whose name holds a word of `kept` in fp32."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        nodes = [n.name for n in onnx.load(prepared).graph.node if n.op_type == "Conv" and not any(k and k in n.name for k in kept)]
        quantize_static(
            str(prepared), str(out), Feeds(feeds), quant_format=QuantFormat.QDQ, nodes_to_quantize=nodes, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, calibrate_method=CalibrationMethod.MinMax,
        )  # fmt: skip


def quality(name: str, int8: Path, data: Path, count: int) -> dict:
    """By kind of weather: PSNR of int8 to fp32, and the gain in dB of each."""
    full, small = ShippedModel(name), ShippedModel(name)
    small.sessions["denoiser"] = onnxruntime.InferenceSession(str(int8), providers=["CPUExecutionProvider"])
    table = {}
    for kind, weathers in {"clean": (), **RENDERED_KINDS}.items():
        rows = []
        for e in rendered_set(data, weathers, count):
            a, b = (restore(m, m.depth_encoder, e.degraded)["picture"] for m in (full, small))
            before = compare(e.degraded, e.target)["psnr"]
            rows.append([compare(b, a)["psnr"], compare(a, e.target)["psnr"] - before, compare(b, e.target)["psnr"] - before])
        table[kind] = dict(zip(("int8 to fp32", "gain fp32", "gain int8"), np.round(np.mean(rows, 0), 2).tolist()))
    return table


def speed(source: Path, int8: Path, side: int, rounds: int) -> dict:
    """Milliseconds of a pass (median) and how many times faster int8 is."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    sessions = [onnxruntime.InferenceSession(str(p), options, providers=["CPUExecutionProvider"]) for p in (source, int8)]
    shape = {i.name: [side if isinstance(d, str) else d for d in i.shape] for i in sessions[0].get_inputs()}
    rng = np.random.default_rng(1)
    feeds = {k: rng.random(s, dtype=np.float32) for k, s in shape.items()}
    times = [[], []]
    for _ in range(rounds + 1):
        for session, taken in zip(sessions, times):
            started = time.perf_counter()
            session.run(None, feeds)
            taken.append(1000 * (time.perf_counter() - started))
    fp32, small = (float(np.median(t[1:])) for t in times)
    return {"tile px": side, "fp32 ms": round(fp32, 1), "int8 ms": round(small, 1), "times faster": round(fp32 / small, 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--data", type=Path, required=True, help="folder with clean/ and depth/")
    parser.add_argument("--keep", default="intro,ending", help="convolutions that stay fp32: words of their names (default intro,ending)")
    parser.add_argument("--pictures", type=int, default=4, help="a kind of weather, for calibration and again for measuring (default 4)")
    parser.add_argument("--out", type=Path, help="where the int8 graph goes (default: nowhere)")
    options = parser.parse_args()
    source = MODELS / json.loads((MODELS / "manifest.json").read_text())["models"][options.model]["graphs"]["denoiser"]["fp32"]["file"]
    with tempfile.TemporaryDirectory() as folder:
        int8 = options.out or Path(folder) / "denoiser.int8.onnx"
        quantise(source, int8, calibration_feeds(options.model, options.data, options.pictures), options.keep.split(","))
        print(json.dumps({"bytes fp32": source.stat().st_size, "bytes int8": int8.stat().st_size, **speed(source, int8, 512, 10)}))
        for kind, row in quality(options.model, int8, options.data, options.pictures).items():
            print(kind, json.dumps(row))


if __name__ == "__main__":
    main()
