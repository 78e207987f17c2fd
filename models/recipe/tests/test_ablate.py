"""Ablations: each variant really goes without its mechanism, and the table has every run."""

from argparse import Namespace
from dataclasses import replace

import pytest
import torch

import ablate
from denoiser import wiener_gain
from diffusion import ALPHAS_CUMPROD, add_noise
from losses import LossConfig, batch_losses
from model import Restorer
from model_config import CONFIGS, config_from


def seen_by_the_network(model, monkeypatch):
    """What goes into the U-net, call by call."""
    states = []
    predict = type(model.denoiser).predict
    monkeypatch.setattr(type(model.denoiser), "predict", lambda self, centred, state, *rest: states.append(state) or predict(self, centred, state, *rest))
    return states


@pytest.mark.parametrize("t", [500, 0])
def test_without_the_residual_the_network_sees_the_noisy_clean_picture_and_predicts_it(t, monkeypatch):
    model = Restorer(replace(CONFIGS["nano"], use_residual=False))
    states = seen_by_the_network(model, monkeypatch)
    torch.manual_seed(1)
    clean, degraded, noise = torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16), torch.randn(1, 3, 16, 16)
    noisy_residual = add_noise(degraded - clean, noise, float(ALPHAS_CUMPROD[t]))
    residual = model.denoiser(degraded, noisy_residual, torch.tensor([float(t)]), torch.randn(1, 40, 96), torch.randn(1, 16, 96))
    gain = wiener_gain(torch.tensor([float(t)]), 0.25)
    expected = add_noise(clean - 0.5, -noise, float(ALPHAS_CUMPROD[t])) * gain
    torch.testing.assert_close(states[0], expected, atol=0.01 * float(gain), rtol=0)  # sqrt(ᾱ) of the closed form is within 2 %, of half the picture's range
    torch.testing.assert_close(degraded - residual, torch.full_like(degraded, 0.5))  # an untrained one predicts grey, where the residual's predicts the picture


def test_a_loss_that_is_left_out_is_told_and_not_minimised():
    torch.manual_seed(1)
    model, pictures = Restorer(CONFIGS["nano"]), lambda: torch.rand(2, 3, 16, 16)
    batch = {
        "view": torch.rand(2, 3, 64, 64), "patches": torch.rand(2, 9, 3, 64, 64), "degraded": pictures(), "target": pictures(), "remove": torch.ones(2, 4),
        "labels": torch.ones(2, 4), "severity": torch.ones(2, 4),
    }  # fmt: skip
    encoder = lambda view: torch.randn(2, 16, 64, generator=torch.Generator().manual_seed(2))
    (whole, parts, _), (less, told, _) = (batch_losses(model, encoder, batch, torch.ones_like(batch["degraded"]), LossConfig(without=w)) for w in ((), ("contrastive",)))
    assert told.keys() == parts.keys()
    torch.testing.assert_close(whole - less, 0.05 * parts["contrastive"], atol=1e-5, rtol=1e-4)


def test_every_variant_differs_from_the_full_model_in_one_thing():
    for name, (train_changes, model_changes) in ablate.VARIANTS.items():
        assert len(train_changes) + len(model_changes) == (0 if name == "full model" else 1)
        config_from({**CONFIGS["nano"].__dict__, **model_changes})


def test_a_run_that_is_there_is_not_run_again(tmp_path, monkeypatch):
    trained, options = [], Namespace(run=tmp_path, data=None, depth_encoder=None, steps=3, pictures=1, device="cpu", init=None, config='{"rate": 1}')
    monkeypatch.setattr(ablate, "train", lambda asked: trained.append((asked.run.name, asked.config, asked.decay)))
    monkeypatch.setattr(ablate, "load_model", lambda path: path)
    monkeypatch.setattr(ablate, "load_depth_encoder", lambda path: path)
    monkeypatch.setattr(ablate, "measure_row", lambda model, encoder, asked, last: {"Rain100L": 30.0 if last == "step2" else 29.0})
    for folder in ("full-model", "one-step"):
        (tmp_path / folder).mkdir()
    rows = {name: ablate.run_variant(name, options) for name in ("full model", "one step", "full model")}
    assert trained == [("full-model", '{"rate": 1}', 1), ("one-step", '{"rate": 1, "sampler_steps": 1}', 1)]
    assert ablate.table(rows).splitlines()[-2:] == ["| full model | 30.00 |", "| one step | 29.00 |"]
