"""A module -> ONNX files in fp32 and fp16 whose weights stand in pieces beside them, so that a browser can fetch and cache them one by one.

The small `.onnx` file holds the graph; `<graph>.<precision>.0.bin` and so on hold the weights as ONNX external data. Inputs and outputs are float32
in both precisions.
"""

import hashlib
import warnings
from pathlib import Path

import onnx
import torch
from onnx.external_data_helper import set_external_data
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

OPSET = 18
PIECE_BYTES = 64_000_000
INLINE_BYTES = 1024  # smaller tensors stay in the .onnx file
# Reductions and angles do not fit fp16: they are computed in float32, between casts.
FLOAT32_OPS = [*DEFAULT_OP_BLOCK_LIST, "Cos", "Sin", "GlobalAveragePool", "LayerNormalization", "ReduceMean", "Softmax"]


def export_pieces(module, inputs: dict, outputs: list[str], dynamic_axes: dict, path: Path, float32_scopes: tuple[str, ...] = ()) -> dict:
    """Writes `path`.fp32.onnx, `path`.fp16.onnx and their pieces; returns the manifest's entry {"fp32": ..., "fp16": ...}.

    inputs: name -> example tensor. float32_scopes: parts of node names whose arithmetic stays float32 in the fp16 file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(".whole.onnx")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="torch.tensor results are registered as constants")  # they are constants
        torch.onnx.export(
            module, tuple(inputs.values()), str(whole), input_names=list(inputs), output_names=outputs, dynamic_axes=dynamic_axes,
            opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    graph = onnx.load(whole)
    onnx.checker.check_model(graph, full_check=True)
    whole.unlink()
    check_channels(graph)
    exact = [node.name for node in graph.graph.node if any(scope in node.name for scope in float32_scopes)]
    entry = {"fp32": write_pieces(graph, path.with_suffix(".fp32.onnx"))}
    half = convert_float_to_float16(graph, keep_io_types=True, op_block_list=FLOAT32_OPS, node_block_list=exact)
    drop_cast_pairs(half.graph)
    OnnxModel(half).topological_sort()  # the casts of the inputs were put last
    return {**entry, "fp16": write_pieces(half, path.with_suffix(".fp16.onnx"))}


def check_channels(graph):
    """Refuses convolutions that WebGPU miscomputes: 3x3 with 6 or 9 input channels (onnxruntime issue 29651)."""
    weights = {w.name: list(w.dims) for w in graph.graph.initializer}
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


def write_pieces(graph, path: Path) -> dict:
    """Writes a graph and its pieces of at most PIECE_BYTES; returns {"file", "sha256", "bytes", "externalData": [the same of every piece]}."""
    split = onnx.ModelProto()
    split.CopyFrom(graph)
    pieces, used = [], 0
    for weight in split.graph.initializer:
        size = len(weight.raw_data)
        if size < INLINE_BYTES:
            continue
        if not pieces or used + size > PIECE_BYTES:
            pieces.append(path.with_suffix(f".{len(pieces)}.bin"))
            pieces[-1].unlink(missing_ok=True)
            used = 0
        set_external_data(weight, location=pieces[-1].name, offset=used, length=size)
        with pieces[-1].open("ab") as file:
            file.write(weight.raw_data)
        weight.ClearField("raw_data")
        weight.data_location = onnx.TensorProto.EXTERNAL
        used += size
    path.write_bytes(split.SerializeToString())
    onnx.checker.check_model(str(path))
    return {**file_entry(path), "externalData": [file_entry(piece) for piece in pieces]}


def file_entry(path: Path) -> dict:
    """What the manifest says of a file beside it."""
    with path.open("rb") as file:
        return {"file": path.name, "sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}
