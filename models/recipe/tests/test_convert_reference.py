"""A checkpoint in the layout of the authors' files becomes graphs that give what their code gives; a checkpoint that does not fit is refused by name."""

import argparse
import hashlib
import json
import os
import sys
from functools import cache

import cv2
import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import save_file

import restore_t3
from convert_reference import WeightsError, build_t3, main, read_reference
from t3.depth_anything_v1 import DepthTokens, depth_view, from_reference_names, load_depth_anything
from diffusion import ALPHAS_CUMPROD
from t3.onnx_pieces import PIECE_BYTES
from onnx_t3 import OnnxT3
from reference_t3 import CASES, STEPS, cosines, describe, kept_rows, load_case, stage_arrays, too_far
from stand_in_t3 import load_generator, stand_in_checkpoint, stand_in_tensors

torch.set_num_threads(1)
WIDE_RANGE = onnx.TensorProto.FLOAT


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("t3") / "stand-in.ckpt"
    torch.save(stand_in_checkpoint(stand_in_tensors()), path)
    yield path
    path.unlink()  # 0.4 GB


@pytest.fixture(scope="module")
def converted(checkpoint):
    """The folder that the command writes, once for all tests."""
    folder = checkpoint.parent / "models" / "t3"
    run_main(checkpoint, "-o", folder)
    yield folder
    for path in folder.iterdir():
        path.unlink()  # 0.5 GB


def run_main(*arguments):
    command_line, sys.argv = sys.argv, ["convert_reference.py", *map(str, arguments)]
    try:
        main()
    finally:
        sys.argv = command_line


@cache
def tensors():
    return stand_in_tensors()


def part(prefix):
    return {name: value for name, value in tensors().items() if name.startswith(prefix)}


def depth_tensors():
    return {name.removeprefix("depth."): value for name, value in part("depth.").items()}


PROBES = {
    "encoder": ["/time/Concat_output_0", *(f"/down.{i}/Conv_output_0" for i in range(4))],
    "decoder": [
        "/weather_attention/out/Add_output_0", "/depth_attention/out/Add_output_0",
        *(f"/up.{i}/up.{i}.1/DepthToSpace_output_0" for i in range(4)), *(f"/decoder.{i}.0/Add_5_output_0" for i in range(4)),
    ],
    "general-prompts": ["/transform/Add_output_0"],
    "depth": ["/position/Concat_1_output_0"],
}  # fmt: skip


@cache
def open_converted(folder, precision):
    return OnnxT3(folder, precision, PROBES if precision == "fp32" else None)


def restore_case(folder, case):
    """Every array of the fixtures, out of the fp32 graphs."""
    graphs = open_converted(folder, "fp32")
    result = graphs.restore(case["degraded"][None], case["noise"][None])
    projected = result["/transform/Add_output_0"][0]
    found = {
        "depth_input": result["depth_input"][0], "position_embedding": result["/position/Concat_1_output_0"][0], "depth_tokens": result["depth_tokens"][0],
        "depth_tokens_projected": projected, "depth_prompts": kept_rows(result["depth_prompts"][0], case), "residual": result["residual"][0],
        "restored": result["restored"][0], "noisy_residual_t0": result["steps"][1]["noisy_residual"][0],
    }  # fmt: skip
    general_key = tensors()["model.prompt_pool.prompt_key_g"].numpy()[0]
    for step, outputs in zip(STEPS, result["steps"]):
        positions = outputs["bottleneck"][0].shape
        stages = {"intro": outputs["intro_features"], "middle_blks": outputs["bottleneck"]}
        for i in range(4):
            stages |= {f"encoders.{i}": outputs[f"skip_{i}"], f"downs.{i}": outputs[f"/down.{i}/Conv_output_0"]}
            stages |= {f"ups.{i}": outputs[f"/up.{i}/up.{i}.1/DepthToSpace_output_0"], f"decoders.{i}": outputs[f"/decoder.{i}.0/Add_5_output_0"]}
        found |= {f"{name}_{step}": value for name, value in stage_arrays(stages).items()}
        query, ids = outputs["query"][0], outputs["selected"]
        pull, push = 1 - cosines(projected.mean(0), general_key), 1 - cosines(graphs.keys[ids], general_key)
        found |= {
            f"timestep_sinusoid_{step}": outputs["/time/Concat_output_0"][0], f"time_embedding_{step}": outputs["time_embedding"][0],
            f"bottleneck_{step}": outputs["bottleneck"][0], f"query_{step}": query, f"cosine_{step}": cosines(graphs.keys, query),
            f"selected_{step}": np.sort(ids), f"predicted_residual_{step}": outputs["residual"][0], f"prompt_loss_{step}": pull**2 - (push**2).sum(),
            f"bottleneck_weather_{step}": outputs["/weather_attention/out/Add_output_0"][0].T.reshape(positions),
            f"bottleneck_prompted_{step}": outputs["/depth_attention/out/Add_output_0"][0].T.reshape(positions),
        }  # fmt: skip
    return found


@pytest.mark.parametrize("case", CASES)
def test_the_graphs_give_every_intermediate_of_the_authors_code(converted, case):
    expected = load_case(case)
    found = restore_case(converted, expected)
    print(describe(found, expected))
    assert too_far(found, expected) == {}


@pytest.mark.parametrize("case", CASES)
def test_the_fp16_graphs_choose_the_same_prompts_and_stay_near(converted, case):
    expected = load_case(case)
    result = open_converted(converted, "fp16").restore(expected["degraded"][None], expected["noise"][None])
    for step, outputs in zip(STEPS, result["steps"]):
        assert sorted(outputs["selected"]) == expected[f"selected_{step}"].tolist()
        assert np.abs(outputs["time_embedding"][0] - expected[f"time_embedding_{step}"]).max() < 5e-5  # angles of 500 rad do not fit fp16: kept in float32
    # fp16 keeps 11 bits: 5e-4 of a value at each of some 200 operations. Measured 0.0098 and 0.0022 rms; angles in fp16 gave 0.17 and 0.036.
    error = result["residual"][0] - expected["residual"]
    assert np.abs(error).max() < 0.03 and np.sqrt(np.mean(error**2)) < 0.005


@torch.no_grad()
@pytest.mark.parametrize("sides", [(14, 14), (14, 322), (518, 518)])
def test_the_depth_graph_takes_any_sides(converted, sides):
    view = torch.from_numpy(load_generator().image("input.degraded", *sides))[None]
    expected = DepthTokens(from_reference_names(depth_tensors()))(view).numpy()
    assert np.abs(open_converted(converted, "fp32").run("depth", {"view": view.numpy()})["depth_tokens"] - expected).max() < 1e-4


@torch.no_grad()
@pytest.mark.parametrize("sides", [(1, 1), (16, 33)])
def test_the_denoisers_graphs_take_any_sides(converted, sides):
    model, graphs = build_t3(part("model.")), open_converted(converted, "fp32")
    generator = torch.Generator().manual_seed(1)
    degraded, noise = torch.rand(1, 3, *sides, generator=generator), torch.randn(1, 3, *sides, generator=generator)
    depth_prompts = torch.randn(1, 256, 1024, generator=generator)
    expected = model(degraded, noise, torch.tensor([500.0]), depth_prompts).numpy()
    feeds = {"degraded": degraded.numpy(), "noisy_residual": noise.numpy(), "timestep": np.array([500], np.float32), "depth_key_values": model.depth_key_values(depth_prompts).numpy()}
    encoded = graphs.run("encoder", feeds)
    weather = graphs.key_values[graphs.select(encoded["query"][0])].reshape(1, -1, 2048)
    assert np.abs(graphs.run("decoder", {**feeds, **encoded, "weather_key_values": weather})["residual"] - expected).max() < 2e-4


def test_pieces_are_what_the_manifest_says_and_small_enough_to_cache(converted):
    manifest = json.loads((converted / "manifest.json").read_text())
    spec = manifest["models"]["t3"]
    graphs = [files[precision] for files in spec["graphs"].values() for precision in ("fp32", "fp16")]
    listed = [*graphs, *(piece for graph in graphs for piece in graph["externalData"]), spec["promptPool"]]
    for entry in listed:
        content = (converted / entry["file"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["bytes"], entry["sha256"])
        assert len(content) <= PIECE_BYTES
    assert sorted(path.name for path in converted.iterdir()) == sorted([*(entry["file"] for entry in listed), "manifest.json", spec["card"]])
    assert manifest["defaultModel"] == "t3" and manifest["version"] == 1


def test_the_manifest_states_sign_schedule_and_what_was_converted(converted):
    spec = json.loads((converted / "manifest.json").read_text())["models"]["t3"]
    assert spec["residualSign"] == "clean-minus-degraded"
    assert spec["schedule"] == {"kind": "linear", "trainTimesteps": 1000, "betaStart": 1e-4, "betaEnd": 0.02, "timesteps": [500, 0], "clip": 1}
    assert ALPHAS_CUMPROD[0].item() == pytest.approx(1 - spec["schedule"]["betaStart"])
    assert spec["promptQuery"] == "every-step"
    assert spec["tile"] == {"sizePx": 768, "overlapPx": 96, "multiplePx": 1, "receptiveFieldPx": 199}
    assert spec["promptPool"]["tensors"] == {"keys": [20, 1024], "keyValues": [20, 64, 2048]}
    assert spec["convertedFrom"] == {"weights": "ema", "normaliseDepth": False}


@pytest.mark.parametrize("graph", ["encoder", "decoder", "general-prompts", "depth"])
def test_no_graph_has_what_webgpu_miscomputes(converted, graph):
    half = onnx.load(converted / f"{graph}.fp16.onnx", load_external_data=False).graph
    weights = {w.name: w for w in half.initializer}
    types = {value.name: value.type.tensor_type.elem_type for value in half.value_info}
    for node in half.node:
        if node.op_type == "Conv":  # 3x3 with 6 or 9 input channels
            assert weights[node.input[1]].dims[1] not in (6, 9)
        if node.op_type in ("LayerNormalization", "ReduceMean", "Softmax", "Cos", "Sin"):  # in fp16 they overflow or lose their angle
            assert types[node.input[0]] == WIDE_RANGE, node.name
    names = {node.op_type for node in half.node}
    assert not names & {"ReduceSum", "InstanceNormalization", "Pow", "Sqrt"}  # a layer norm taken apart


@pytest.mark.parametrize("selection", ["plain", "reference"])
def test_photographs_are_restored_from_the_checkpoint_itself(checkpoint, tmp_path, monkeypatch, capsys, selection):
    picture = (load_generator().image("input.degraded", 30, 45) * 255).round().astype(np.uint8)
    cv2.imwrite(str(tmp_path / "photo.png"), picture.transpose(1, 2, 0)[..., ::-1])
    photo = str(tmp_path / "photo.png")
    monkeypatch.setattr(sys, "argv", ["restore_t3.py", str(checkpoint), photo, photo, "-o", str(tmp_path / "restored"), "--selection", selection])
    restore_t3.main()
    first, second = capsys.readouterr().out.splitlines()
    assert (first == second) == (selection == "plain")  # the reference's choice depends on the pictures before
    assert cv2.imread(str(tmp_path / "restored" / "photo.png")).shape == (30, 45, 3)


def test_raw_weights_are_read_only_when_asked_for(checkpoint):
    name = "model.intro.weight"
    assert torch.equal(read_reference(checkpoint).denoiser[name], tensors()[name])
    assert read_reference(checkpoint, "raw").denoiser[name].abs().sum() == 0


def test_lists_every_tensor_that_is_missing_left_over_or_of_another_shape():
    wrong = {**part("model."), "model.extra.bias": torch.zeros(3), "model.intro.weight": torch.zeros(64, 3, 3, 3)}
    del wrong["model.ending.bias"], wrong["model.encoders.3.17.beta"]
    with pytest.raises(WeightsError) as refused:
        build_t3(wrong)
    assert "missing (2):\n    model.encoders.3.17.beta\n    model.ending.bias" in str(refused.value)
    assert "left over (1):\n    model.extra.bias" in str(refused.value)
    assert "another shape (1):\n    model.intro.weight: expected [64, 6, 3, 3], got [64, 3, 3, 3]" in str(refused.value)


def test_lists_the_misfits_of_the_depth_weights_too():
    wrong = {**depth_tensors(), "pretrained.blocks.12.norm1.bias": torch.zeros(384), "depth_head.projects.0.bias": torch.zeros(7)}
    del wrong["pretrained.norm.bias"]
    with pytest.raises(WeightsError) as refused:
        from_reference_names(wrong)
    assert "missing (1):\n    backbone.layernorm.bias" in str(refused.value)
    assert "left over (1):\n    pretrained.blocks.12.norm1.bias" in str(refused.value)
    assert "depth_head.projects.0.bias: expected [48], got [7]" in str(refused.value)


def test_a_pool_of_another_size_is_converted_as_it_is():
    small = part("model.")
    for name in ("model.prompt_pool.prompt", "model.prompt_pool.prompt_key"):
        small[name] = small[name][:10]
    assert sum(p.numel() for p in build_t3(small).parameters()) == 69_375_875


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimizer_states": []}, "use --weights raw"),
        ({"optimizer_states": [{"ema": (torch.zeros(1),)}]}, "Expected 2 EMA tensors, one for each model.* key, got 1"),
        ({"optimizer_states": [{"ema": (torch.zeros(3), torch.zeros(5))}]}, r"model.b \(EMA\): expected \[4\], got \[5\]"),
        ({"state_dict": {"net.a": torch.zeros(3)}}, "left over \\(1\\):\n    net.a"),
        ({"state_dict": None}, "Expected a Lightning checkpoint with a state_dict"),
    ],
)
def test_refuses_a_checkpoint_of_another_layout(tmp_path, change, message):
    saved = {"state_dict": {"model.a": torch.zeros(3), "model.b": torch.zeros(4)}, "optimizer_states": [{"ema": (torch.zeros(3), torch.zeros(4))}], **change}
    torch.save({name: value for name, value in saved.items() if value is not None}, tmp_path / "other.ckpt")
    with pytest.raises(WeightsError, match=message):
        read_reference(tmp_path / "other.ckpt")


class RunsWhenLoaded:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_runs_no_code_of_a_checkpoint(tmp_path):
    trap = tmp_path / "made-by-the-checkpoint"
    torch.save({"state_dict": {}, "hyper_parameters": RunsWhenLoaded(str(trap))}, tmp_path / "trap.ckpt")
    with pytest.raises(WeightsError, match="cannot be read safely"):
        read_reference(tmp_path / "trap.ckpt")
    assert not trap.exists()


def test_hyper_parameters_of_argparse_do_not_hinder(tmp_path):
    torch.save({"state_dict": {}, "hyper_parameters": argparse.Namespace(lr=1e-4)}, tmp_path / "plain.ckpt")
    assert read_reference(tmp_path / "plain.ckpt", "raw").denoiser == {}


def test_the_command_ends_with_the_list_and_writes_nothing(tmp_path, capsys):
    depth = {f"depth.{name}": value for name, value in depth_tensors().items()}
    torch.save({"state_dict": {"model.intro.bias": torch.zeros(64), **depth}}, tmp_path / "part.ckpt")
    with pytest.raises(SystemExit) as ended:
        run_main(tmp_path / "part.ckpt", "--weights", "raw", "-o", tmp_path / "t3")
    assert ended.value.code == 2 and "missing (511):\n    model.atten_list.0.kv.bias" in capsys.readouterr().err
    assert not (tmp_path / "t3").exists()


def test_the_command_asks_for_depth_weights_when_the_checkpoint_has_none(tmp_path, capsys):
    torch.save({"state_dict": {}}, tmp_path / "part.ckpt")
    with pytest.raises(SystemExit):
        run_main(tmp_path / "part.ckpt", "--weights", "raw", "-o", tmp_path / "t3")
    assert "give the Depth-Anything ViT-S weights by --depth" in capsys.readouterr().err


PUBLISHED_NAMES = {".q_proj.": ".attention.query.", ".k_proj.": ".attention.key.", ".v_proj.": ".attention.value.", ".o_proj.": ".output.dense."}


def published_names(state_dict):
    """transformers' present names -> those in the published safetensors file, which it renames when it loads."""
    renamed = {}
    for name, value in state_dict.items():
        for new, old in PUBLISHED_NAMES.items():
            name = name.replace(new, old)
        renamed[name] = value.clone().contiguous()
    return renamed


@torch.no_grad()
def test_depth_weights_are_read_from_a_folder_a_safetensors_file_and_the_authors_file(tmp_path):
    model = from_reference_names(depth_tensors())
    folder = tmp_path / "depth-anything-small-hf"
    model.config.save_pretrained(folder)
    save_file(published_names(model.state_dict()), folder / "model.safetensors", metadata={"format": "pt"})
    torch.save(depth_tensors(), tmp_path / "depth_anything_vits14.pth")
    view = depth_view(torch.from_numpy(load_generator().image("input.degraded", 30, 44))[None])
    expected = DepthTokens(model)(view)
    for place in (folder, folder / "model.safetensors", tmp_path / "depth_anything_vits14.pth"):
        assert torch.equal(DepthTokens(load_depth_anything(place))(view), expected), place


def test_refuses_depth_weights_that_lack_a_tensor_or_are_not_there(tmp_path):
    state_dict = published_names(from_reference_names(depth_tensors()).state_dict())
    del state_dict["backbone.encoder.layer.3.attention.attention.key.bias"]
    state_dict["head.conv1.bias"] = torch.zeros(7)
    save_file(state_dict, tmp_path / "model.safetensors")
    with pytest.raises(WeightsError) as refused:
        load_depth_anything(tmp_path / "model.safetensors")
    assert "missing (1):\n    backbone.encoder.layer.3.attention.k_proj.bias" in str(refused.value)
    assert "head.conv1.bias: expected [32], got [7]" in str(refused.value)
    with pytest.raises(FileNotFoundError, match="depth-anything-small-hf"):
        load_depth_anything(tmp_path / "nowhere")
