"""Training runs end to end on made-up pictures: it learns, and a run that was cut and resumed equals one that was not."""

import json
import multiprocessing
import zlib
from argparse import Namespace
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
import torch.distributed as dist

import train
from checkpoint import load_checkpoint
from data import CleanPictures, WeatherBatches, contrast_of, is_validation, sample_remove
from depth.encoder import DepthEncoder
from losses import exchange_prompts
from model import CONFIGS, Restorer, config_from
from prompts import WEATHERS

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


def test_batches_are_a_function_of_seed_and_number(data):
    pictures = CleanPictures.load(data, validation=False)
    one, two = (WeatherBatches(pictures, 5, 2, 2, 32)[7] for _ in range(2))
    other = WeatherBatches(pictures, 5, 2, 2, 32)[8]
    for key in one:
        np.testing.assert_array_equal(one[key], two[key])
    assert not np.array_equal(one["degraded"], other["degraded"])
    assert one["degraded"].shape == (2, 2, 32, 32, 3) and one["patches"].shape == (2, 9, 64, 64, 3)


def test_validation_pictures_are_one_in_twenty_and_never_trained_on(data):
    assert is_validation("a") == (zlib.crc32(b"a") % 20 == 0)
    training, validation = (CleanPictures.load(data, validation=v).names for v in (False, True))
    assert training and validation and not set(training) & set(validation)
    assert all(is_validation(n) for n in validation)


def test_half_of_the_clean_pictures_are_misty_ones(data):
    grey = lambda low, high: np.full((64, 64, 3), low, np.uint8) + np.linspace(0, high - low, 64).astype(np.uint8)[:, None, None]
    assert contrast_of(grey(0, 255)) > 0.9 and contrast_of(grey(100, 120)) < 0.1
    pictures = replace(CleanPictures.load(data, validation=False), misty=np.array([1]))
    rng, others = np.random.default_rng(1), 1 / len(pictures.names)
    chosen = np.mean([[pictures.choose(rng, weathers) == 1 for weathers in ((), ("snow",))] for _ in range(500)], 0)
    np.testing.assert_allclose(chosen, (0.5 + 0.5 * others, others), atol=0.1)  # four deviations


def test_rain_falls_more_often_before_fine_grained_pictures(data):
    pictures = CleanPictures.load(data, validation=False)
    pictures = replace(pictures, texture=np.arange(len(pictures.names), dtype=np.float32))
    rng = np.random.default_rng(1)
    rain, snow = (np.mean([pictures.choose(rng, (weather,)) for _ in range(800)]) for weather in ("rain", "snow"))
    assert rain > snow + 0.05 * len(pictures.names)  # half of the finer of two: n/12 more in the mean


def test_a_turned_region_takes_its_depth_along(data):
    pictures = CleanPictures.load(data, validation=False)
    upright, turned = (pictures.region(np.random.default_rng(4), 0, turned=share) for share in (0, 1))
    np.testing.assert_array_equal(np.rot90(upright[0]), turned[0])
    np.testing.assert_allclose(np.rot90(upright[1]), turned[1], atol=0.02)  # depth is resized before its edges are moved


def test_prompts_are_exchanged_only_between_pictures_of_the_same_weather_and_wish():
    labels = torch.tensor([[1.0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]])
    remove = torch.tensor([[1.0, 1, 1, 1], [1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 1, 1]])
    prompts = torch.arange(4.0)[:, None, None].expand(4, 2, 3)
    assert exchange_prompts(prompts, labels, remove, 1.0)[:, 0, 0].tolist() == [1, 0, 2, 3]
    assert torch.equal(exchange_prompts(prompts, labels, remove, 0.0), prompts)


def test_remove_is_mostly_everything_and_never_empty():
    rng = np.random.default_rng(1)
    asked = [sample_remove(rng, ("snow",)) for _ in range(500)]
    assert all(asked) and 0.7 < sum(a == WEATHERS for a in asked) / 500 < 0.9


@pytest.mark.parametrize("weathers", [("rain",), ("snow", "haze"), ("rain", "haze", "raindrop")])
def test_a_mixture_is_as_often_asked_for_in_part(weathers):
    """Rain alone counts: the mist that it may bring is haze."""
    rng, present = np.random.default_rng(1), {*weathers, *(("haze",) if "rain" in weathers else ())}
    asked = [sample_remove(rng, weathers) for _ in range(500)]
    in_part = [0 < len(present & set(a)) < len(present) for a in asked]
    assert 0.4 < np.mean(in_part) < 0.6 and all(a == WEATHERS or part for a, part in zip(asked, in_part))


def average_in_process(rank, store, results):
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    layer = torch.nn.Linear(3, 2)
    layer.weight.grad, layer.bias.grad = torch.full((2, 3), 1.0 + rank), None  # what got no gradient is left alone
    train.Team(rank, 2).average_gradients(layer)
    results.put((rank, layer.weight.grad.tolist(), layer.bias.grad))
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
    assert found == [(rank, [[1.5] * 3] * 2, None) for rank in range(2)]


def test_processes_share_the_batches_and_none_is_seen_twice(data):
    batches = WeatherBatches(CleanPictures.load(data, validation=False), seed=3, regions=1, crops=1, crop_px=32)
    seen = [[b["degraded"] for b in train.batch_loader(batches, 2, 4, 0, rank, 2)] for rank in range(2)]
    alone = [b["degraded"] for b in train.batch_loader(batches, 4, 8, 0)]
    for i, batch in enumerate(alone):
        assert np.array_equal(batch, seen[i % 2][i // 2])
