"""Muon, the learning rate and exact resumption."""

import torch

from optimizer import Muon, orthogonalise, rate_at


def test_orthogonalise_brings_all_singular_values_near_one():
    torch.manual_seed(0)
    for shape in [(16, 40), (40, 16)]:
        values = torch.linalg.svdvals(orthogonalise(torch.randn(shape) * torch.linspace(0.3, 3, shape[1])))
        assert values.min() > 0.5 and values.max() < 1.4  # five quintic steps: near one, not one


def test_muon_descends():
    torch.manual_seed(0)
    truth, filters = torch.randn(8, 4, 3, 3), torch.nn.Parameter(torch.zeros(8, 4, 3, 3))
    optimizer = Muon([filters], lr=0.1)
    first = None
    for _ in range(100):
        loss = (filters - truth).square().mean()
        first = first or loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1 * first


def test_the_rate_warms_up_stays_and_falls_to_zero():
    factors = [rate_at(step, steps=100, warmup=10, decay=20) for step in (0, 9, 50, 79, 90, 99)]
    assert factors == [0.1, 1.0, 1.0, 1.0, 0.5, 0.05]
