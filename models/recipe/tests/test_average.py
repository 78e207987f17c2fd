"""Averaged runs: the mean of each weight, of one configuration only."""

import pytest
import torch

from average import average


def saved(value, width=1):
    return {"averaged": {"weight": torch.full((2,), float(value))}, "model_config": {"width": width}}


def test_every_weight_is_the_mean():
    assert average([saved(1), saved(4), saved(4)])["averaged"]["weight"].tolist() == [3, 3]


def test_models_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="one configuration"):
        average([saved(1), saved(1, width=2)])
