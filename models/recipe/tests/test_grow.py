"""A grown model computes what the smaller one did, and every new channel can learn."""

import copy

import pytest
import torch

from grow import grow
from model import Restorer, all_weathers
from model_config import CONFIGS, ModelConfig


@pytest.fixture(scope="module")
def nano():
    torch.manual_seed(0)
    model = Restorer(CONFIGS["nano"]).eval()
    torch.nn.init.normal_(model.denoiser.ending.weight, std=0.05)
    return model


@pytest.fixture(scope="module")
def lite(nano):
    torch.manual_seed(1)
    return grow(nano, CONFIGS["lite"])


def prompts_and_residual(model):
    torch.manual_seed(2)
    view, patches, tokens, picture = torch.rand(2, 3, 64, 64), torch.rand(2, 9, 3, 64, 64), torch.randn(2, 16, 64), torch.rand(2, 3, 64, 96)
    query, weather_prompts, _, depth_prompts = model.prompts(view, patches, tokens, all_weathers(2))
    residual = model.denoiser(picture, torch.randn_like(picture), torch.tensor([500.0, 0.0]), weather_prompts, depth_prompts)
    return query, weather_prompts, depth_prompts, residual


def test_a_grown_model_gives_the_same_prompts_and_residuals(nano, lite):
    with torch.no_grad():
        for ours, theirs in zip(prompts_and_residual(lite), prompts_and_residual(nano)):
            assert torch.allclose(ours, theirs, atol=1e-4 * float(theirs.abs().max()))  # sums of more channels, in another order


def test_after_a_step_every_part_of_the_denoiser_has_moved(lite):
    grown = copy.deepcopy(lite)
    optimizer = torch.optim.SGD(grown.denoiser.parameters(), lr=0.1)
    for _ in range(2):  # a new block's first convolution can move once its second has
        optimizer.zero_grad()
        prompts_and_residual(grown)[-1].square().mean().backward()
        optimizer.step()
    still = [n for n, p in grown.denoiser.named_parameters() if torch.equal(p, dict(lite.denoiser.named_parameters())[n])]
    assert still == []


def test_a_model_does_not_shrink(lite):
    with pytest.raises(ValueError, match="can only grow"):
        grow(lite, ModelConfig(attention_channels=96))
