"""What a batch is made of: which pictures, which pieces of them, what is asked to be removed; a function of the seed and the number."""

import zlib
from dataclasses import replace

import numpy as np
import pytest

import weather
from clean_pictures import CleanPictures, contrast_of, is_validation
from data import WeatherBatches, sample_remove
from prompts import WEATHERS


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


def only_the_scene(monkeypatch):
    """Nothing painted into it, nothing in front of it, and no frame."""
    monkeypatch.setattr(weather, "add_structures", lambda rng, clean: clean)
    monkeypatch.setattr(weather, "add_frame", lambda rng, pictures: pictures)
    for share in ("SHARE", "SHARE_IN_HAZE"):
        monkeypatch.setattr(f"data.{share}", 0)


def hazy_batch(monkeypatch, crop_px):
    """24 examples in haze alone of one scene, whose red tells the column."""
    monkeypatch.setattr(weather, "sample_weathers", lambda rng: ("haze",))
    only_the_scene(monkeypatch)
    scene = np.zeros((400, 300, 3), np.uint8)
    scene[:, :, 0] = np.linspace(0, 255, 300).astype(np.uint8)
    pictures = CleanPictures([scene], [np.full((40, 30), 128, np.uint8)], ["scene"], np.array([0]), np.zeros(1, np.float32))
    return WeatherBatches(pictures, seed=3, regions=24, crops=1, crop_px=crop_px)[0]


def test_haze_alone_is_often_seen_whole_and_small(monkeypatch):
    batch = hazy_batch(monkeypatch, 160)
    assert batch["degraded"].shape == (24, 1, 160, 160, 3)
    widths = [int(target[..., 0].max()) - int(target[..., 0].min()) for target in batch["target"]]
    assert 2 <= sum(width > 230 for width in widths) <= 14  # three in ten; a crop of 160 out of 300 columns spans 136 of 255 unless it shows all


class Seen(Exception):
    """Carries the scene that was to be rendered."""


@pytest.mark.parametrize(("weathers", "fewest", "most"), [(("haze",), 10, 30), (("rain", "haze"), 10, 30), (("snow",), 0, 0)])
def test_half_of_the_dark_scenes_in_haze_are_lit_as_bright_rooms_are(monkeypatch, weathers, fewest, most):
    def stop(rng, banks, clean, *rest):
        raise Seen(clean)

    monkeypatch.setattr(weather, "render_example", stop)
    monkeypatch.setattr(weather, "sample_weathers", lambda rng: weathers)
    only_the_scene(monkeypatch)
    pictures = CleanPictures([np.full((300, 300, 3), 90, np.uint8)], [np.full((40, 40), 128, np.uint8)], ["dark"], np.array([0]), np.zeros(1, np.float32))
    batches, rng, means = WeatherBatches(pictures, seed=3, regions=1, crops=1, crop_px=64), np.random.default_rng(1), []
    for _ in range(40):
        with pytest.raises(Seen) as seen:
            batches.example(rng, None)
        means.append(float(seen.value.args[0].mean()))
    assert fewest <= sum(0.41 < mean < 0.69 for mean in means) <= most


def test_the_condition_sees_the_same_whatever_the_crops(monkeypatch):
    small, large = hazy_batch(monkeypatch, 16), hazy_batch(monkeypatch, 160)
    assert small["degraded"].shape == (24, 1, 16, 16, 3)
    # The first example is drawn alike; later ones are not, for the place of a crop is drawn from another range.
    for key in ("view", "patches", "labels"):
        np.testing.assert_array_equal(small[key][0], large[key][0])
