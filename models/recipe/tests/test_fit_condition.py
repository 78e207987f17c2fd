"""A new condition begins near the old one, and whatever it is not asked to change stays."""

import numpy as np
import pytest
import torch

from checkpoint import load_model, save_checkpoint
from fit_condition import condition_losses, main, new_condition
from model import Restorer
from model_config import CONFIGS, ModelConfig


@pytest.fixture
def trained(tmp_path):
    """A checkpoint of `lite` as it was with the smaller condition."""
    torch.manual_seed(3)
    config = ModelConfig(**{**vars(CONFIGS["lite"]), "condition_width": 24, "condition_peaks": False})
    model = Restorer(config)
    path = tmp_path / "trained.pt"
    save_checkpoint(path, averaged=model.state_dict(), model_config=model.checkpoint_config())
    return path


def test_the_new_condition_has_the_old_filters_and_the_rest_is_as_it_was(trained):
    old, new = new_condition(torch.load(trained, weights_only=True), "lite")
    assert torch.equal(new.condition.view_trunk[1].weight[:24], old.condition.view_trunk[1].weight)
    assert torch.equal(new.condition.head[1].weight[:, 144 : 144 + 72], old.condition.head[1].weight[:, 72:144])  # the deviations of the view
    for name, value in old.state_dict().items():
        if not name.startswith("condition."):
            assert torch.equal(value, new.state_dict()[name]), name


@pytest.mark.parametrize("name", ["nano", "lite"])
def test_a_condition_of_the_same_size_begins_as_it_was(name):
    model = Restorer(CONFIGS[name])
    _, new = new_condition({"averaged": model.state_dict(), "model_config": model.checkpoint_config()}, name)
    assert all(torch.equal(value, new.state_dict()[key]) for key, value in model.state_dict().items())


def test_peaks_stay_peaks_in_a_wider_condition():
    small = Restorer(ModelConfig(**{**vars(CONFIGS["lite"]), "condition_width": 24}))
    old, new = new_condition({"averaged": small.state_dict(), "model_config": small.checkpoint_config()}, "lite")
    assert torch.equal(new.condition.head[1].weight[:, 4 * 144 : 4 * 144 + 72], old.condition.head[1].weight[:, 4 * 72 :])


def test_new_blocks_ask_at_first_as_before(trained):
    model = Restorer(CONFIGS["lite"])
    _, new = new_condition({"averaged": model.state_dict(), "model_config": model.checkpoint_config()}, "lite", condition_blocks=[1, 1, 2])
    view, patches = torch.rand(1, 3, 64, 64), torch.rand(1, 9, 3, 64, 64)
    assert len(new.condition.patch_trunk[6].blocks) == 2
    assert torch.equal(model.condition(view, patches), new.condition(view, patches))


def test_pictures_that_the_old_one_reads_wrong_are_no_examples(trained):
    old, new = new_condition(torch.load(trained, weights_only=True), "lite")
    view, patches = torch.rand(2, 3, 64, 64), torch.rand(2, 9, 3, 64, 64)
    read = old.pool.presence(old.pool.similarity(old.condition(view, patches))[1])
    right = (read > 0.5).float()
    with torch.no_grad():
        new.condition.head[3].weight.neg_()
        loss = lambda labels: float(condition_losses(old, new, {"view": view, "patches": patches, "labels": labels, "severity": 0.1 * labels})["query"])
        assert loss(right) > 2 * loss(1 - right)


def test_every_loss_reaches_the_condition(trained):
    old, new = new_condition(torch.load(trained, weights_only=True), "lite")
    labels = torch.tensor([[1.0, 0, 1, 0], [1, 1, 0, 0]])
    batch = {"view": torch.rand(2, 3, 64, 64), "patches": torch.rand(2, 9, 3, 64, 64), "labels": labels, "severity": 0.1 * labels}
    losses = condition_losses(old, new, batch)
    for name in ("label", "query", "pull", "balance"):
        (gradient,) = torch.autograd.grad(losses[name], new.condition.head[3].weight, retain_graph=True)
        assert gradient.abs().sum() > 0, name


def test_fits_and_writes_what_training_starts_from(data, trained, tmp_path, monkeypatch, capsys):
    out = tmp_path / "new.pt"
    monkeypatch.setattr("sys.argv", ["fit_condition.py", "--from", str(trained), "--data", str(data), "--out", str(out), "--minutes", "0.05", "--workers", "0"])
    main()
    before, after = load_model(trained), load_model(out)
    assert torch.equal(before.denoiser.intro.weight, after.denoiser.intro.weight)
    assert not torch.equal(before.pool.keys, after.pool.keys)
    assert np.isfinite(after.condition(torch.rand(1, 3, 64, 64), torch.rand(1, 9, 3, 64, 64)).numpy()).all()
    assert "held-out label loss of the new one" in capsys.readouterr().out


def test_a_student_asks_the_pool_of_its_teacher(data, trained, tmp_path, monkeypatch):
    torch.manual_seed(4)
    student, start, out = Restorer(CONFIGS["nano"]), tmp_path / "student.pt", tmp_path / "new.pt"
    save_checkpoint(start, averaged=student.state_dict(), model_config=student.checkpoint_config())
    arguments = ["--from", start, "--teacher", trained, "--model", "nano", "--data", data, "--out", out, "--minutes", "0.05", "--workers", "0"]
    monkeypatch.setattr("sys.argv", ["fit_condition.py", *map(str, arguments)])
    main()
    before, teacher, after = load_model(start), load_model(trained), load_model(out)
    for part in ("pool", "general"):
        for name, value in getattr(teacher, part).state_dict().items():
            assert torch.equal(value, getattr(after, part).state_dict()[name]), name
    assert torch.equal(before.denoiser.intro.weight, after.denoiser.intro.weight)
    assert not torch.equal(before.condition.head[3].weight, after.condition.head[3].weight)


def test_a_model_of_other_sizes_is_refused(tmp_path):
    small = Restorer(CONFIGS["nano"])
    with pytest.raises(ValueError, match="grow.py"):
        new_condition({"averaged": small.state_dict(), "model_config": small.checkpoint_config()}, "lite")
