"""The paper's own network gives what the authors' code gives, from weights anyone can make again (../shared/fixtures/t3)."""

from functools import cache

import numpy as np
import pytest
import torch

from convert_reference import build_t3
from t3.depth_anything_v1 import GRID, DepthTokens, depth_side, depth_view, from_reference_names
from diffusion import ALPHAS_CUMPROD
from t3.export import count_macs
from reference_t3 import CASES, STEPS, describe, deviations, kept_rows, load_case, stage_arrays, too_far
from restore_t3 import ReferenceSelection, restore_t3
from stand_in_t3 import FIXTURES, load_generator, stand_in_tensors
from t3.network import T3, reference_prompt_loss

torch.set_num_threads(1)


@cache
def stand_in_networks():
    """(T3, DepthTokens) with the generator's weights."""
    tensors = stand_in_tensors()
    depth = from_reference_names({name.removeprefix("depth."): value for name, value in tensors.items() if name.startswith("depth.")})
    return build_t3({name: value for name, value in tensors.items() if name.startswith("model.")}), DepthTokens(depth)


@cache
def parts():
    with np.load(FIXTURES / "parts.npz") as file:
        return dict(file)


def picture(height, width):
    return torch.from_numpy(load_generator().image("input.degraded", height, width))[None]


def restore_case(case):
    """Every array of the fixtures, by the PyTorch network."""
    model, depth_tokens = stand_in_networks()
    modules = {"intro": model.denoiser.intro}
    for part, stages in {"encoders": model.denoiser.encoder, "downs": model.denoiser.down, "ups": model.denoiser.up, "decoders": model.denoiser.decoder}.items():
        modules |= {f"{part}.{i}": stage[-1] if part in ("encoders", "decoders") else stage for i, stage in enumerate(stages)}
    modules |= {"middle_blks": model.denoiser.middle[0], "weather": model.denoiser.weather_attention, "prompted": model.denoiser.depth_attention}
    outputs = {name: [] for name in modules}
    hooks = [module.register_forward_hook(lambda _, __, out, name=name: outputs[name].append(out.numpy())) for name, module in modules.items()]
    result = restore_t3(model, depth_tokens, *(torch.from_numpy(case[name])[None] for name in ("degraded", "noise")))
    for hook in hooks:
        hook.remove()

    projected = model.general.transform(result["depth_tokens"])
    found = {name: result[name][0] for name in ("depth_input", "depth_tokens", "residual", "restored")}
    rows, columns = (side // 14 for side in result["depth_input"].shape[-2:])
    found |= {
        "depth_tokens_projected": projected[0], "depth_prompts": kept_rows(result["depth_prompts"][0], case),
        "position_embedding": depth_tokens.position(rows, columns)[0], "noisy_residual_t0": result["noisy_residual"][1][0],
    }  # fmt: skip
    for i, step in enumerate(STEPS):
        encoded, ids = result["encoded"][i], result["selected"][i]
        tokens = {name: outputs[name][i][0].T.reshape(encoded.bottleneck.shape[1:]) for name in ("weather", "prompted")}
        stages = stage_arrays({name: values[i] for name, values in outputs.items() if name not in tokens})
        found |= {f"{name}_{step}": value for name, value in stages.items()}
        found |= {
            f"timestep_sinusoid_{step}": model.denoiser.time.sinusoid(torch.tensor([float(step[1:])]))[0], f"time_embedding_{step}": encoded.time_embedding[0],
            f"bottleneck_{step}": encoded.bottleneck[0], f"query_{step}": encoded.query[0], f"cosine_{step}": model.pool.cosine(encoded.query)[0],
            f"selected_{step}": ids[0].sort().values, f"bottleneck_weather_{step}": tokens["weather"], f"bottleneck_prompted_{step}": tokens["prompted"],
            f"predicted_residual_{step}": result["predicted_residual"][i][0],
            f"prompt_loss_{step}": reference_prompt_loss(model.general.key, projected.mean(1), model.pool.keys[ids]),
        }  # fmt: skip
    return found


@pytest.mark.parametrize("case", CASES)
def test_every_intermediate_is_that_of_the_authors_code(case):
    expected = load_case(case)
    found = restore_case(expected)
    print(describe(found, expected))
    assert too_far(found, expected) == {}


def test_the_comparison_sees_a_wrong_sub_prompt_and_a_missing_array():
    expected = load_case("50x70")
    found = {name: value for name, value in expected.items() if name not in ("degraded", "noise", "residual_float64")}
    assert too_far(found, expected) == {}
    wrong = found["selected_t0"] + np.array([0, 0, 0, 0, 1])
    assert too_far({**found, "selected_t0": wrong}, expected) == {"selected_t0": 1.0}
    with pytest.raises(AssertionError):
        deviations({name: value for name, value in found.items() if name != "query_t0"}, expected)


@pytest.mark.parametrize("case", CASES)
def test_in_float64_the_residual_is_that_of_the_authors_code_to_1e_10(case):
    expected = load_case(case)
    model, depth_tokens = stand_in_networks()
    doubled = T3().double().requires_grad_(False)
    doubled.load_state_dict(model.state_dict())
    depth = DepthTokens(from_reference_names({n.removeprefix("depth."): v for n, v in stand_in_tensors().items() if n.startswith("depth.")})).double()
    result = restore_t3(doubled, depth, *(torch.from_numpy(expected[name])[None].double() for name in ("degraded", "noise")))
    error = np.abs(result["residual"][0].numpy() - expected["residual_float64"]).max()
    print(f"float64: {error:.1e}")
    assert error < 1e-10


@pytest.mark.parametrize(("pool_size", "parameters"), [(20, 70_041_475), (10, 69_375_875)])
def test_has_as_many_parameters_as_published(pool_size, parameters):
    with torch.device("meta"):
        model = T3(pool_size)
    assert sum(p.numel() for p in model.parameters()) == parameters


def test_costs_51_07_gmac_a_step_at_256x256_and_the_depth_encoder_7_95():
    counts = count_macs(*stand_in_networks())
    print({name: f"{macs / 1e9:.2f} GMAC" for name, macs in counts.items()})
    assert counts["referencePass"] / 1e9 == pytest.approx(51.07, abs=0.005)
    assert counts["depth"] / 1e9 == pytest.approx(7.95, abs=0.02)  # 0.01 of it is the position embedding, interpolated by matrix products
    assert counts["denoiserPass"] < counts["referencePass"]


def test_depth_input_is_resized_as_in_the_reference():
    assert [depth_side(side) for side in range(1, 1101)] == parts()["depth_side"].tolist()
    for antialias, name in ((False, "plain"), (True, "antialias")):
        assert np.abs(depth_view(picture(45, 59), antialias)[0].numpy() - parts()[f"resized_45x59_{name}"]).max() < 1e-5


def test_refuses_a_picture_of_which_the_depth_encoder_would_see_nothing():
    with pytest.raises(ValueError, match="at least 8 pixels on each side, got 7x40"):
        depth_view(torch.rand(1, 3, 40, 7))


@torch.no_grad()
@pytest.mark.parametrize("antialias", [False, True])
def test_depth_tokens_of_a_shrunk_picture(antialias):
    tokens = stand_in_networks()[1](depth_view(picture(256, 256), antialias))[0]
    assert np.abs(tokens[::9].numpy() - parts()[f"depth_tokens_256_{'antialias' if antialias else 'plain'}"]).max() < 1e-4


def test_position_embedding_is_interpolated_with_the_offset():
    position = stand_in_networks()[1].position
    assert np.abs(position(18, 18)[0, 1:, :8].numpy() - parts()["position_embedding_18x18"]).max() < 1e-4
    assert np.abs(position(40, 20)[0, 1:, :4].numpy() - parts()["position_embedding_40x20"]).max() < 1e-4


def test_position_embedding_is_the_grid_itself_at_518x518_alone():
    position = stand_in_networks()[1].position
    assert torch.allclose(position(GRID, GRID)[0, 1:], position.grid.flatten(0, 1), atol=1e-5)
    taller = position(GRID + 1, GRID)[0, 1:].unflatten(0, (GRID + 1, GRID))
    assert (taller[0] - position.grid[0]).abs().max() > 0.01  # the offset holds for both sides again


@torch.no_grad()
def test_normalisation_is_off_unless_asked_for():
    plain = stand_in_networks()[1]
    view = depth_view(picture(30, 44))
    mean, deviation = torch.tensor([0.485, 0.456, 0.406])[:, None, None], torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    assert not plain.normalise
    plain.normalise = True
    normalised = plain(view)
    plain.normalise = False
    assert torch.allclose(normalised, plain((view - mean) / deviation))
    assert not torch.allclose(normalised, plain(view), atol=0.1)


def test_the_noise_schedule_is_the_references():
    # The reference holds it in float32.
    assert np.abs(ALPHAS_CUMPROD.numpy() / parts()["alphas_cumprod"] - 1).max() < 3e-6


@torch.no_grad()
def test_selection_is_a_function_of_one_pictures_query():
    model = stand_in_networks()[0]
    queries = torch.randn(3, 1024, generator=torch.Generator().manual_seed(1))
    alone = torch.cat([model.pool.select(query[None]) for query in queries])
    assert torch.equal(model.pool.select(queries), alone)
    assert torch.equal(model.pool.select(queries), alone)  # and not of what was asked before


@torch.no_grad()
def test_the_references_selection_deals_the_pool_out_in_turn():
    # With fresh keys all cosines are small beside a penalty of up to 1: 12 times one picture, two steps each, used every sub-prompt 6 times.
    generator = torch.Generator().manual_seed(1)
    model = stand_in_networks()[0]
    select, queries = ReferenceSelection(model), torch.randn(2, 1, 1024, generator=generator)
    chosen = [select(query)[0] for _ in range(12) for query in queries]
    assert torch.bincount(torch.cat(chosen), minlength=20).tolist() == [6] * 20
    assert set(chosen[2].tolist()) != set(chosen[0].tolist())


@torch.no_grad()
def test_the_references_selection_gives_a_whole_batch_the_same_prompts():
    select = ReferenceSelection(stand_in_networks()[0])
    ids = select(torch.randn(3, 1024, generator=torch.Generator().manual_seed(1)))
    assert torch.equal(ids, ids[:1].expand(3, -1))
    assert select.counts.sum() == 3 * 5


def test_with_the_references_selection_the_same_picture_gives_another_result_each_time():
    model, depth_tokens = stand_in_networks()
    degraded, noise = (torch.from_numpy(load_case("50x70")[name])[None] for name in ("degraded", "noise"))
    select = ReferenceSelection(model)
    stateful = [restore_t3(model, depth_tokens, degraded, noise, select)["residual"] for _ in range(3)]
    plain = [restore_t3(model, depth_tokens, degraded, noise)["residual"] for _ in range(2)]
    apart = [float((a - b).square().mean().sqrt()) for a, b in zip(stateful, stateful[1:])]
    print(f"stateful selection, one picture three times: {apart[0]:.3f} and {apart[1]:.3f} rms apart")
    assert torch.equal(*plain) and min(apart) > 0.01
