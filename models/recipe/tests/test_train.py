"""Training runs end to end on made-up pictures: it learns, and a run that was cut and resumed equals one that was not."""

import json
import multiprocessing
from argparse import Namespace
from dataclasses import asdict

import numpy as np
import pytest
import torch
import torch.distributed as dist

import train
from checkpoint import load_checkpoint
from clean_pictures import CleanPictures
from data import WeatherBatches
from depth.encoder import DepthEncoder
from model import Restorer
from model_config import CONFIGS, config_from
from team import Team

TINY_MODEL = '{"widths": [8, 8, 16], "attention_channels": 8, "attention_heads": 2, "condition_width": 8}'
TINY_TRAIN = '{"regions": 2, "crops": 2, "crop_px": 32, "warmup": 2, "random_timestep_share": 0.3}'


def options(data, run, depth, steps):
    return Namespace(
        model="nano", data=data, depth_encoder=depth, run=run, resume=None, init=None, steps=steps, decay=2, config=TINY_TRAIN, model_config=TINY_MODEL,
        workers=0, compile=False, device="cpu", log_every=1, validate_minutes=0,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def depth(tmp_path, monkeypatch):
    torch.manual_seed(0)
    encoder = DepthEncoder().eval()
    monkeypatch.setattr(train, "load_depth_encoder", lambda path: encoder)
    monkeypatch.setattr(train, "validate", lambda *_: {})
    return tmp_path / "depth.pt"


def cut_after(monkeypatch, step):
    """The loader ends early, as when a session is cut right after a checkpoint."""
    whole = train.batch_loader
    monkeypatch.setattr(train, "batch_loader", lambda batches, first, last, *rest: whole(batches, first, min(last, step), *rest))


def test_a_cut_and_resumed_run_equals_an_uncut_one(data, tmp_path, depth, monkeypatch):
    train.train(options(data, tmp_path / "whole", depth, 5))
    with monkeypatch.context() as patch:
        cut_after(patch, 2)
        train.train(options(data, tmp_path / "cut", depth, 5))
    train.train(options(data, tmp_path / "cut", depth, 5))
    whole, cut = (load_checkpoint(tmp_path / run / "last.pt") for run in ("whole", "cut"))
    assert whole["step"] == cut["step"] == 5
    for part in ("model", "averaged"):
        for name, value in whole[part].items():
            assert torch.equal(value, cut[part][name]), name  # same operations on the same numbers: bit for bit
    assert (tmp_path / "whole" / "constant.pt").exists()


def test_training_changes_every_part_that_should_learn(data, tmp_path, depth):
    train.train(options(data, tmp_path / "run", depth, 6))
    trained = load_checkpoint(tmp_path / "run" / "last.pt")["model"]
    torch.manual_seed(train.TrainConfig().seed)
    fresh = Restorer(config_from({**asdict(CONFIGS["nano"]), **json.loads(TINY_MODEL)}))
    for name, value in fresh.state_dict().items():
        assert not torch.equal(value, trained[name]), f"{name} did not learn"


def test_the_denoiser_alone_learns_where_the_rest_is_held(data, tmp_path, depth):
    train.train(options(data, tmp_path / "first", depth, 4))
    held = options(data, tmp_path / "held", depth, 8)
    held.resume, held.config = tmp_path / "first" / "last.pt", json.dumps({**json.loads(TINY_TRAIN), "denoiser_alone": True})
    train.train(held)
    before, after = (load_checkpoint(tmp_path / run / "last.pt") for run in ("first", "held"))
    for name, value in after["model"].items():
        if name.startswith("denoiser."):
            assert not torch.equal(value, before["model"][name]), f"{name} did not learn"
        else:
            assert torch.equal(value, before["averaged"][name]) and torch.equal(value, after["averaged"][name]), f"{name} was not held at its averaged weights"


def average_in_process(rank, store, results):
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    layer = torch.nn.Linear(3, 2)
    layer.weight.grad, layer.bias.grad = torch.full((2, 3), 1.0 + rank), None  # what got no gradient is left alone
    team = Team(rank, 2)
    team.average_gradients(layer)
    results.put((rank, layer.weight.grad.tolist(), layer.bias.grad, team.as_the_first(0.25 + rank)))
    dist.destroy_process_group()


def test_processes_leave_with_the_mean_of_their_gradients(tmp_path):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=average_in_process, args=(rank, tmp_path / "store", results)) for rank in range(2)]
    for process in processes:
        process.start()
    found = sorted(results.get(timeout=120) for _ in processes)
    for process in processes:
        process.join()
    assert found == [(rank, [[1.5] * 3] * 2, None, 0.25) for rank in range(2)]


def test_processes_share_the_batches_and_none_is_seen_twice(data):
    batches = WeatherBatches(CleanPictures.load(data, validation=False), seed=3, regions=1, crops=1, crop_px=32)
    seen = [[b["degraded"] for b in train.batch_loader(batches, 2, 4, 0, rank, 2)] for rank in range(2)]
    alone = [b["degraded"] for b in train.batch_loader(batches, 4, 8, 0)]
    for i, batch in enumerate(alone):
        assert np.array_equal(batch, seen[i % 2][i // 2])
