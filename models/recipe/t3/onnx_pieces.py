"""A module -> ONNX files in fp32 and fp16 whose weights stand in pieces beside them, so that a browser can fetch and cache them one by one.

The small `.onnx` file holds the graph; `<graph>.<precision>.0.bin` and so on hold the weights as ONNX external data.
"""

from pathlib import Path

import onnx
from onnx.external_data_helper import set_external_data

from onnx_graph import file_entry, to_half, trace_graph

PIECE_BYTES = 64_000_000
INLINE_BYTES = 1024  # smaller tensors stay in the .onnx file


def export_pieces(module, inputs: dict, outputs: list[str], dynamic_axes: dict, path: Path, float32_scopes: tuple[str, ...] = ()) -> dict:
    """Writes `path`.fp32.onnx, `path`.fp16.onnx and their pieces; returns the manifest's entry {"fp32": ..., "fp16": ...}.

    inputs: name -> example tensor. float32_scopes: parts of node names whose arithmetic stays float32 in the fp16 file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    graph = trace_graph(module, inputs, outputs, dynamic_axes, path.with_suffix(".whole.onnx"))
    entry = {"fp32": write_pieces(graph, path.with_suffix(".fp32.onnx"))}
    return {**entry, "fp16": write_pieces(to_half(graph, float32_scopes), path.with_suffix(".fp16.onnx"))}


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
    return {**file_entry(path, path.parent), "externalData": [file_entry(piece, path.parent) for piece in pieces]}
