"""What is minimised: the same numbers whichever passes learn, prompts exchanged only where that is fair."""

import pytest
import torch

from depth.encoder import DepthEncoder
from losses import LossConfig, batch_losses, exchange_prompts
from model import Restorer
from model_config import CONFIGS, config_from
from prompts import WEATHERS


def test_prompts_are_exchanged_only_between_pictures_of_the_same_weather_and_wish():
    labels = torch.tensor([[1.0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]])
    remove = torch.tensor([[1.0, 1, 1, 1], [1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 1, 1]])
    prompts = torch.arange(4.0)[:, None, None].expand(4, 2, 3)
    assert exchange_prompts(prompts, labels, remove, 1.0)[:, 0, 0].tolist() == [1, 0, 2, 3]
    assert torch.equal(exchange_prompts(prompts, labels, remove, 0.0), prompts)


@pytest.fixture
def model():
    torch.manual_seed(1)
    small = {"widths": (8, 8, 16), "attention_channels": 8, "attention_heads": 2, "condition_width": 8}
    model = Restorer(config_from({**CONFIGS["nano"].__dict__, **small}))
    torch.nn.init.normal_(model.denoiser.ending.weight, std=0.1)  # as if it had learnt: zero would hide its inputs
    return model


@pytest.fixture
def batch():
    """Two pictures, one in rain and one in haze."""
    torch.manual_seed(2)
    labels = torch.eye(4)[[0, 2]]
    return {
        "view": torch.rand(2, 3, 64, 64), "patches": torch.rand(2, 9, 3, 64, 64), "degraded": torch.rand(2, 3, 32, 32), "target": torch.rand(2, 3, 32, 32),
        "labels": labels, "severity": labels, "remove": torch.ones(2, len(WEATHERS)),
    }  # fmt: skip


def test_a_frozen_first_pass_changes_the_gradient_and_no_loss(model, batch):
    noise, depth = torch.randn(2, 3, 32, 32), DepthEncoder().eval().requires_grad_(False)

    def run(freeze_first):
        model.zero_grad()
        torch.manual_seed(3)  # the jitter of the prompts
        total, losses, _ = batch_losses(model, depth, batch, noise, freeze_first=freeze_first)
        total.backward()
        return {name: float(value.detach()) for name, value in losses.items()}, model.denoiser.intro.weight.grad.clone()

    (losses, gradient), (frozen_losses, frozen_gradient) = run(False), run(True)
    assert frozen_losses == losses and {"step1", "step2"} <= set(losses)
    assert frozen_gradient.abs().sum() > 0 and not torch.allclose(frozen_gradient, gradient)


def test_haze_that_weighs_nothing_teaches_the_denoiser_nothing(model, batch):
    noise, depth = torch.randn(2, 3, 32, 32), DepthEncoder().eval().requires_grad_(False)

    def gradient(haze_weight, change):
        changed = {**batch, "target": batch["target"].clone()}
        changed["target"][1] += change
        model.zero_grad()
        torch.manual_seed(3)
        batch_losses(model, depth, changed, noise, LossConfig(haze_weight=haze_weight))[0].backward()
        return model.denoiser.intro.weight.grad.clone()

    assert torch.equal(gradient(0.0, 0.0), gradient(0.0, 0.1))  # whatever the hazy one should have been
    assert not torch.allclose(gradient(1.0, 0.0), gradient(1.0, 0.1))
