"""Averaged runs: the mean of each weight, of one configuration only."""

import pytest
import torch

from average import average, in_half
from checkpoint import load_model, save_checkpoint
from model import Restorer
from model_config import config_from


def saved(value, **config):
    return {"averaged": {"weight": torch.full((2,), float(value))}, "model_config": config}


def test_every_weight_is_the_mean():
    assert average([saved(1), saved(4), saved(4)])["averaged"]["weight"].tolist() == [3, 3]


def test_models_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="one configuration"):
        average([saved(1), saved(1, top_k=2)])


def test_a_checkpoint_from_before_a_switch_goes_with_one_that_has_it():
    assert average([saved(1), saved(3, use_residual=True)])["averaged"]["weight"].tolist() == [2, 2]


def test_a_part_is_averaged_by_weight_and_the_rest_is_the_first():
    two = [{"averaged": {"denoiser.a": torch.full((2,), v), "pool.a": torch.full((2,), v)}, "model_config": {}} for v in (1.0, 5.0)]
    averaged = average(two, [3, 1], "denoiser.")["averaged"]
    assert averaged["denoiser.a"].tolist() == [2, 2] and averaged["pool.a"].tolist() == [1, 1]


def test_a_part_of_models_that_differ_elsewhere_is_averaged_and_one_that_differs_is_refused():
    one = {"averaged": {"denoiser.a": torch.full((2,), 1.0), "condition.a": torch.zeros(3)}, "model_config": {"condition_width": 24}}
    two = {"averaged": {"denoiser.a": torch.full((2,), 3.0), "condition.a": torch.zeros(5)}, "model_config": {"condition_width": 48}}
    averaged = average([one, two], part="denoiser.")
    assert averaged["averaged"]["denoiser.a"].tolist() == [2, 2] and averaged["model_config"]["condition_width"] == 24
    with pytest.raises(ValueError, match="of one size"):
        average([one, two], part="condition.")


@pytest.mark.parametrize("weights", [[1], [1, -1], [0, 0]])
def test_weights_that_make_no_mean_are_refused(weights):
    with pytest.raises(ValueError, match="2 weights"):
        average([saved(1), saved(2)], weights)


def test_a_state_in_half_precision_is_read_as_the_model_it_was(tmp_path):
    torch.manual_seed(1)
    config = {"widths": [8, 8, 16], "attention_channels": 8, "attention_heads": 2, "condition_width": 8}
    model = Restorer(config_from(config))
    save_checkpoint(tmp_path / "state.pt", **in_half({"averaged": model.state_dict(), "model_config": config}))
    read = load_model(tmp_path / "state.pt")
    for name, value in model.state_dict().items():
        assert read.state_dict()[name].dtype == torch.float32
        torch.testing.assert_close(read.state_dict()[name], value, rtol=2**-11, atol=1e-7)  # float16 has 11 bits
