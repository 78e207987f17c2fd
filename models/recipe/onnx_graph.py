"""A module -> ONNX graphs in fp32 and fp16, checked; and what the manifest says of a file. Both exports stand on this.

Inputs and outputs are float32 in both precisions.
"""

import hashlib
import warnings
from pathlib import Path

import onnx
import torch
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

OPSET = 18
# Reductions and angles do not fit fp16: they are computed in float32, between casts.
FLOAT32_OPS = [*DEFAULT_OP_BLOCK_LIST, "Cos", "Sin", "Exp", "Sqrt", "GlobalAveragePool", "LayerNormalization", "ReduceMean", "Softmax"]


def trace_graph(module, inputs: dict, outputs: list[str], dynamic_axes: dict, scratch: Path):
    """inputs: name -> example tensor. Returns the checked float32 graph (an onnx.ModelProto); `scratch` is a file it may write and removes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="torch.tensor results are registered as constants")  # they are constants
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # the TorchScript exporter: its graphs are the smaller ones
        torch.onnx.export(
            module, tuple(inputs.values()), str(scratch), input_names=list(inputs), output_names=outputs, dynamic_axes=dynamic_axes,
            opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    graph = onnx.load(scratch)
    scratch.unlink()
    onnx.checker.check_model(graph, full_check=True)
    check_channels(graph)
    return graph


def to_half(graph, float32_scopes: tuple[str, ...] = ()):
    """The fp16 form of a graph. float32_scopes: parts of node names whose arithmetic stays float32."""
    exact = [node.name for node in graph.graph.node if any(scope in node.name for scope in float32_scopes)]
    half = convert_float_to_float16(graph, keep_io_types=True, op_block_list=FLOAT32_OPS, node_block_list=exact)
    drop_cast_pairs(half.graph)
    OnnxModel(half).topological_sort()  # the casts of the inputs were put last
    del half.graph.value_info[:]  # the converter's notes on types in between, no longer true
    return onnx.shape_inference.infer_shapes(half)


def check_channels(graph):
    """Refuses convolutions that WebGPU miscomputes: 3x3 with 6 or 9 input channels (onnxruntime issue 29651)."""
    weights = {w.name: list(w.dims) for w in graph.graph.initializer}
    for node in graph.graph.node:
        if node.op_type == "Identity" and node.input[0] in weights:  # the exporter keeps one of equal weights
            weights[node.output[0]] = weights[node.input[0]]
    for node in graph.graph.node:
        if node.op_type == "Conv" and weights[node.input[1]][1] in (6, 9):
            raise ValueError(f"Expected no convolution with 6 or 9 input channels (WebGPU miscomputes them), got {node.name}; pad it to 8 or 12.")


def drop_cast_pairs(graph):
    """Removes float32 -> fp16 -> float32 between two float32 operations: the converter puts them there, and they round what was to stay exact."""
    rounded = {node.output[0]: node.input[0] for node in graph.node if is_cast(node, onnx.TensorProto.FLOAT16)}
    exact = {node.output[0]: rounded[node.input[0]] for node in graph.node if is_cast(node, onnx.TensorProto.FLOAT) and node.input[0] in rounded}
    outputs = {value.name for value in graph.output}
    for node in graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = exact.get(name, name)
        if node.output and node.output[0] in outputs and is_cast(node, onnx.TensorProto.FLOAT):
            node.input[0] = rounded.get(node.input[0], node.input[0])
    for _ in range(2):  # casts to float32 whose reader now reads the exact value, then the casts to fp16 only they read
        used = outputs | {name for node in graph.node for name in node.input}
        for node in [node for node in graph.node if node.op_type == "Cast" and node.output[0] not in used]:
            graph.node.remove(node)


def is_cast(node, to: int) -> bool:
    return node.op_type == "Cast" and node.attribute[0].i == to


def file_entry(path: Path, root: Path) -> dict:
    """What the manifest in folder `root` says of a file."""
    with path.open("rb") as file:
        return {"file": path.relative_to(root).as_posix(), "sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}
