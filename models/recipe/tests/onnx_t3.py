"""A picture and a start state through `t3`'s ONNX graphs, by the manifest alone: what any reader of docs/model-contract.md would do."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from t3.depth_anything_v1 import depth_view
from diffusion import sample_residual

ENCODER_OUTPUTS = ["bottleneck", "query", "time_embedding", "intro_features", "skip_0", "skip_1", "skip_2", "skip_3"]


class OnnxT3:
    """A converted folder, opened. `probes`: names of inner tensors of the graphs, by graph, to give out as well."""

    def __init__(self, folder: Path, precision: str = "fp32", probes: dict | None = None):
        self.spec = json.loads((folder / "manifest.json").read_text())["models"]["t3"]
        self.sessions = {name: open_session(folder / files[precision]["file"], (probes or {}).get(name, [])) for name, files in self.spec["graphs"].items()}
        pool = self.spec["promptPool"]
        numbers = np.fromfile(folder / pool["file"], "<f4")
        n_keys = int(np.prod(pool["tensors"]["keys"]))
        self.keys = numbers[:n_keys].reshape(pool["tensors"]["keys"])
        self.key_values = numbers[n_keys:].reshape(pool["tensors"]["keyValues"])

    def run(self, graph: str, feeds: dict) -> dict:
        session = self.sessions[graph]
        names = [o.name for o in session.get_outputs()]
        return dict(zip(names, session.run(names, {i.name: feeds[i.name] for i in session.get_inputs()})))

    def restore(self, degraded, noise) -> dict:
        """degraded, noise [1,3,H,W] float32 -> what the graphs gave, those of a step as lists."""
        view = depth_view(torch.from_numpy(degraded), self.spec["view"]["antialias"]).numpy()
        once = self.run("depth", {"view": view})
        once |= self.run("general-prompts", {"depth_tokens": once["depth_tokens"]})
        steps = []

        def denoise(state, t):
            feeds = {"degraded": degraded, "noisy_residual": state.numpy(), "timestep": np.array([t], np.float32), "depth_key_values": once["depth_key_values"]}
            step = self.run("encoder", feeds)
            ids = self.select(step["query"][0])
            step |= self.run("decoder", {**feeds, **step, "weather_key_values": self.key_values[ids].reshape(1, -1, self.key_values.shape[-1])})
            steps.append({**step, "selected": ids, "noisy_residual": state.numpy()})
            return torch.from_numpy(step["residual"])

        residual, _ = sample_residual(denoise, torch.from_numpy(noise))
        return {**once, "depth_input": view, "steps": steps, "residual": residual.numpy(), "restored": degraded + residual.numpy()}

    def select(self, query):
        """query [C] -> ids [k], best first."""
        cosine = self.keys @ query / (np.linalg.norm(self.keys, axis=1) * np.linalg.norm(query))
        return np.argsort(-cosine, kind="stable")[: self.spec["promptPool"]["topK"]]


def open_session(path: Path, probes: list[str]):
    """A session of the graph at `path`, on one thread; inner tensors named in `probes` become outputs."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    if not probes:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    graph = onnx.load(path, load_external_data=False)
    graph.graph.output.extend(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in probes)
    probed = path.with_suffix(".probed.onnx")  # beside its pieces
    probed.write_bytes(graph.SerializeToString())
    session = onnxruntime.InferenceSession(str(probed), options, providers=["CPUExecutionProvider"])
    probed.unlink()
    return session
