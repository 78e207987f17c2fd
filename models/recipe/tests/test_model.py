"""The network: starts from the identity, is local, takes any size that is a multiple of 8, and stays within its budget."""

import pytest
import torch

from condition import ConditionEncoder
from depth.encoder import DepthEncoder
from denoiser import wiener_gain
from diffusion import ALPHAS_CUMPROD
from macs import count_macs
from model import Restorer, all_weathers
from model_config import CONFIGS


@pytest.fixture(scope="module")
def nano():
    torch.manual_seed(0)
    model = Restorer(CONFIGS["nano"]).eval().requires_grad_(False)
    torch.nn.init.normal_(model.denoiser.ending.weight, std=0.05)
    return model


def inputs(height=64, width=96, batch=1):
    torch.manual_seed(1)
    picture = torch.rand(batch, 3, height, width)
    return [picture, torch.randn_like(picture), torch.full((batch,), 500.0), torch.randn(batch, 40, 96), torch.randn(batch, 16, 96)]


def test_a_new_model_predicts_no_residual():
    assert Restorer(CONFIGS["nano"]).denoiser(*inputs()).abs().max() == 0


def test_the_residual_has_the_pictures_size_also_when_width_and_height_differ(nano):
    assert nano.denoiser(*inputs(40, 104)).shape == (1, 3, 40, 104)


def test_nothing_beyond_the_receptive_field_changes_the_output(nano):
    radius = nano.denoiser.receptive_field_px()
    feeds = inputs(64, 320)
    before = nano.denoiser(*feeds)
    feeds[0] = feeds[0].clone()
    feeds[0][..., 160:] = 0
    changed = (nano.denoiser(*feeds) - before).abs().amax((0, 1, 2)) > 1e-6  # float32 noise aside
    assert changed.any()
    assert int(changed.nonzero().min()) >= 160 - radius


def test_every_input_of_the_denoiser_matters(nano):
    before = nano.denoiser(*inputs())
    for i in range(5):
        feeds = inputs()
        feeds[i] = feeds[i] * 0
        assert (nano.denoiser(*feeds) - before).abs().max() > 1e-4, f"input {i}"


def test_a_mirrored_condition_asks_for_a_picture_and_its_mirror_image_alike():
    torch.manual_seed(3)
    condition = ConditionEncoder(8, peaks=True, blocks=(0, 0, 1), mirrored=True, channels=16).eval()
    view, patches = torch.rand(2, 3, 48, 64), torch.rand(2, 9, 3, 64, 64)
    asked = condition(view, patches)
    torch.testing.assert_close(asked, condition(view.flip(-1), patches.flip(-1)))
    one, other = condition.query(view, patches), condition.query(view.flip(-1), patches.flip(-1))
    torch.testing.assert_close(asked, (one + other) / 2)
    assert (one - other).abs().max() > 1e-3
    assert torch.equal(condition.train()(view, patches), one)  # in training one look is enough: pictures are mirrored by chance


def test_prompts_are_per_picture(nano):
    torch.manual_seed(2)
    view, patches, tokens = torch.rand(3, 3, 128, 128), torch.rand(3, 9, 3, 64, 64), torch.randn(3, 64, 64)
    together = nano.prompts(view, patches, tokens, all_weathers(3))
    alone = nano.prompts(view[1:2], patches[1:2], tokens[1:2], all_weathers(1))
    torch.testing.assert_close(together[1][1], alone[1][0], atol=1e-5, rtol=1e-4)  # other summation order
    torch.testing.assert_close(together[3][1], alone[3][0], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("t", [0, 10, 500, 999])
def test_the_noisy_residual_enters_as_the_best_linear_guess(t):
    alpha = float(ALPHAS_CUMPROD[t])
    expected = alpha**0.5 * 0.01 / (alpha * 0.01 + 1 - alpha)
    assert abs(wiener_gain(torch.tensor([float(t)])).item() / expected - 1) < 0.05  # the closed form of the schedule


@pytest.mark.parametrize(("name", "limit"), [("nano", 2e9), ("lite", 8e9)])
def test_a_whole_restoration_stays_within_its_budget(name, limit):
    total = count_macs(Restorer(CONFIGS[name]), DepthEncoder())["total"]
    assert 0.5 * limit < total <= limit
