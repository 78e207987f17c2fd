"""The weather renderer: what it draws is a function of the seed, and taking weathers away is the same as never drawing them."""

import itertools
from dataclasses import replace

import cv2
import numpy as np
import pytest

import weather
import weather.example
import weather.raindrop
from weather.focus import defocus
from weather.haze import HazeLayer, render_haze, transmission
from weather.rain import RainLayer
from weather import WEATHERS, WeatherLayers, compose, make_banks, refine_depth, refresh_banks, render_example, sample_weather, sample_weathers

H, W = 96, 128


@pytest.fixture(scope="module")
def banks():
    return make_banks(np.random.default_rng(1), streaks=3, flakes=3, drops=3, clouds=2)


@pytest.fixture(scope="module")
def scene():
    """A picture with an edge and some texture, nearer at the bottom."""
    rng = np.random.default_rng(2)
    clean = rng.random((H // 8, W // 8, 3), dtype=np.float32)
    clean = cv2.resize(clean, (W, H), interpolation=cv2.INTER_CUBIC).clip(0.05, 0.9)
    return clean, np.repeat(np.linspace(1, 0, H, dtype=np.float32)[:, None], W, 1)


def all_layers(banks, scene, seed=3):
    return sample_weather(np.random.default_rng(seed), banks, H, W, scene[1], WEATHERS)


def test_the_same_seed_renders_the_same_example_bit_for_bit(scene):
    def example():
        banks = make_banks(np.random.default_rng(7), streaks=2, flakes=2, drops=2, clouds=1)
        rng = np.random.default_rng(8)
        return [render_example(rng, banks, *scene, WEATHERS, ("rain",)) for _ in range(3)]

    for a, b in zip(example(), example()):
        assert np.array_equal(a.degraded, b.degraded) and np.array_equal(a.target, b.target)


def test_different_seeds_render_different_weather(banks, scene):
    first, second = (compose(scene[0], all_layers(banks, scene, seed), WEATHERS) for seed in (3, 4))
    assert np.abs(first - second).mean() > 0.01


def test_no_weather_is_the_clean_picture_exactly(banks, scene):
    assert np.array_equal(compose(scene[0], all_layers(banks, scene), ()), scene[0])


@pytest.mark.parametrize("name", WEATHERS)
def test_each_weather_changes_the_picture_and_leaves_its_input_alone(banks, scene, name):
    before = scene[0].copy()
    picture = compose(scene[0], all_layers(banks, scene), (name,))
    assert picture.dtype == np.float32 and picture.shape == (H, W, 3)
    assert np.abs(picture - scene[0]).mean() > 0.001
    assert np.array_equal(scene[0], before)


def test_every_picture_stays_between_0_and_1(banks, scene):
    rng = np.random.default_rng(5)
    for _ in range(60):
        example = render_example(rng, banks, *scene, sample_weathers(rng), WEATHERS)
        for picture in (example.degraded, example.target, example.clean):
            assert picture.dtype == np.float32 and 0 <= picture.min() and picture.max() <= 1
            assert np.allclose(picture * 255, np.rint(picture * 255), atol=1e-3)  # 8 bit, as in a file; float32 rounding


def plain_camera(monkeypatch):
    still = weather.Camera(np.ones(3, np.float32), 1.0, None, None, None, None, 0.0)
    monkeypatch.setattr(weather.example, "sample_camera", lambda *_: still)
    monkeypatch.setattr(weather.example, "defocus", lambda rng, clean, depth: clean)


@pytest.mark.parametrize("removed", [s for n in range(5) for s in itertools.combinations(WEATHERS, n)])
def test_removing_a_set_is_composing_the_rest_from_the_same_layers(banks, scene, removed, monkeypatch):
    plain_camera(monkeypatch)
    example = render_example(np.random.default_rng(9), banks, *scene, WEATHERS, removed)
    layers = sample_weather(np.random.default_rng(9), banks, H, W, scene[1], WEATHERS)
    rest = compose(scene[0], layers, [w for w in WEATHERS if w not in removed])
    assert np.abs(example.target - rest).max() <= 0.5 / 255 + 1e-6  # rounding to 8 bit


def test_removing_what_is_not_there_leaves_the_degraded_picture(banks, scene):
    for seed in range(20):
        example = render_example(np.random.default_rng(seed), banks, *scene, ("haze",), ("rain", "snow"))
        assert np.array_equal(example.degraded, example.target)


def test_a_clean_example_is_its_own_target_noise_and_compression_included(banks, scene):
    noisy = 0
    for seed in range(20):
        example = render_example(np.random.default_rng(seed), banks, *scene, (), WEATHERS)
        assert np.array_equal(example.degraded, example.target) and np.array_equal(example.degraded, example.clean)
        assert not example.labels.any() and not example.severity.any()
        noisy += np.abs(example.clean - scene[0]).max() > 2 / 255
    assert noisy > 5  # so that the equality above says something about noise


def test_degraded_and_target_carry_the_same_noise_field(banks, scene):
    noise = np.random.default_rng(4).normal(0, 0.02, (H, W, 3)).astype(np.float32)
    camera = weather.Camera(np.ones(3, np.float32), 1.0, None, None, noise, None, 0.0)
    grey = np.full((H, W, 3), 0.5, np.float32)
    difference = weather.develop(grey + 0.1, camera) - weather.develop(grey, camera)
    assert np.abs(difference - 0.1).max() <= 1 / 255 + 1e-6  # two roundings to 8 bit


def test_a_faded_picture_is_the_target_of_its_own_weather():
    faded = weather.Camera(np.ones(3, np.float32), 1.0, np.full(3, 0.2, np.float32), None, None, None, 0.0)
    assert np.allclose(weather.expose(np.full((H, W, 3), 0.5, np.float32), faded), 0.2 + 0.8 * 0.5, atol=1e-6)


@pytest.mark.parametrize("mean", [0.4, 0.5, 0.6])
def test_a_scene_is_lit_to_a_mean_and_keeps_black_white_and_order(scene, mean):
    lit = weather.lit(scene[0], mean)
    assert lit.dtype == np.float32 and lit.mean() == pytest.approx(mean, abs=1e-5)
    steps = weather.lit(np.linspace(0, 1, 64, dtype=np.float32)[:, None, None].repeat(3, 2), mean)
    assert steps[0, 0, 0] == 0 and steps[-1, 0, 0] == 1 and (np.diff(steps[:, 0, 0]) > 0).all()


def test_rain_lit_by_the_sky_is_not_seen_in_front_of_it(banks):
    picture = np.full((H, W, 3), 0.2, np.float32)
    picture[: H // 3] = 0.8  # sky
    white = np.ones(3, np.float32)
    rain = RainLayer(np.full((H, W), 0.5, np.float32), None, white, 1.0, skylit=True)
    rendered = compose(picture, WeatherLayers(rain=rain), ("rain",))
    assert np.abs(rendered[: H // 4] - 0.8).max() < 0.01
    assert np.allclose(rendered[H // 2 :], 0.5, atol=0.02)  # half of 0.2, half of the sky


def test_labels_and_severity_name_what_was_rendered(banks, scene):
    for names in [s for n in range(5) for s in itertools.combinations(WEATHERS, n)]:
        example = render_example(np.random.default_rng(3), banks, *scene, names, ("haze",))
        assert example.labels.dtype == np.float32
        mist = {"haze"} if "rain" in names and weather_with_mist(banks, scene, 3, names) else set()
        assert [bool(x) for x in example.labels] == [w in {*names, *mist} for w in WEATHERS]
        assert [x > 0 for x in example.severity] == [w in {*names, *mist} for w in WEATHERS]


def weather_with_mist(banks, scene, seed, names):
    """Whether this seed's rain brings mist, drawn as render_example draws it."""
    rng = np.random.default_rng(seed)
    weather.sample_camera(rng, H, W, banks.noise)
    defocus(rng, *scene)
    return sample_weather(rng, banks, H, W, scene[1], names).mist is not None


def test_taking_the_rain_away_leaves_the_mist_that_it_brought_and_the_haze_has_it(banks, scene, monkeypatch):
    plain_camera(monkeypatch)
    seeds = [s for s in range(40) if sample_weather(np.random.default_rng(s), banks, H, W, scene[1], ("rain",)).mist is not None]
    assert 5 < len(seeds) < 35
    for seed in seeds:
        example, full = (render_example(np.random.default_rng(seed), banks, *scene, ("rain",), remove) for remove in (("rain",), WEATHERS))
        layers = sample_weather(np.random.default_rng(seed), banks, H, W, scene[1], ("rain",))
        mist_alone = weather.example.render_haze(scene[0], layers.mist)
        assert np.abs(example.target - mist_alone).max() <= 0.5 / 255 + 1e-6  # rounding to 8 bit
        assert np.abs(full.target - scene[0]).max() <= 0.5 / 255 + 1e-6
        assert example.labels.tolist() == [1, 0, 1, 0] and example.severity[2] > 0


def test_haze_follows_the_scattering_law_on_a_case_done_by_hand():
    # d = ln 2, beta = 1: t = 1/2, so I = 0.2 / 2 + 0.8 / 2 = 0.5; beta = 2: t = 1/4, I = 0.05 + 0.6 = 0.65
    picture = np.full((2, 2, 3), 0.2, np.float32)
    distance = np.full((2, 2), np.log(2), np.float32)
    for beta, expected in ((1, 0.5), (2, 0.65)):
        layer = HazeLayer(transmission(distance, beta), np.full((2, 2, 3), 0.8, np.float32))
        assert np.allclose(compose(picture, WeatherLayers(haze=layer), ("haze",)), expected, atol=1e-6)


def test_haze_hides_what_is_far_more_than_what_is_near(banks, scene):
    far, near = [], []
    for seed in range(30):
        layer = all_layers(banks, scene, seed).haze
        far.append(layer.transmission[: H // 4].mean())
        near.append(layer.transmission[-H // 4 :].mean())
    assert np.mean(far) < np.mean(near) - 0.1


def test_however_dense_the_haze_some_of_the_scene_comes_through(banks, scene):
    for seed in range(40):
        assert all_layers(banks, scene, seed).haze.transmission.min() > 0.045  # exp(-3)


def test_streaks_of_clear_rain_only_add_light(banks):
    dark, flat = np.full((H, W, 3), 0.1, np.float32), np.full((H, W), 0.5, np.float32)
    seen = 0
    for seed in range(30):
        layers = sample_weather(np.random.default_rng(seed), banks, H, W, flat, ("rain",))
        if layers.mist is None and layers.rain.opacity == 0:
            seen += 1
            assert (compose(dark, layers, ("rain",)) >= dark).all()
    assert seen > 3


def test_a_downpour_hides_much_more_than_other_rain():
    """Photographs of downpours: streaks over a good part of the picture. Mean change of the dark part of a scene under a bright sky, over 30 draws."""
    banks = make_banks(np.random.default_rng(1), streaks=6, flakes=1, drops=1, clouds=2)
    scene, depth = np.full((H, W, 3), 0.15, np.float32), np.full((H, W), 0.5, np.float32)
    scene[: H // 3] = 0.9

    def change(downpours):
        layers = [sample_weather(np.random.default_rng(seed), banks, H, W, depth, ("rain",), downpours) for seed in range(30)]
        assert all(layer.present <= {"rain", "haze"} for layer in layers)
        return np.mean([(compose(scene, layer, ("rain",)) - scene)[H // 3 :].mean() for layer in layers])

    assert change(1.0) > 1.5 * change(0.0)


def test_a_drop_shows_the_scene_upside_down(banks):
    ramp = np.repeat(np.linspace(0, 1, H, dtype=np.float32)[:, None], W, 1)
    turned = []
    for seed in range(20):
        layer = sample_weather(np.random.default_rng(seed), banks, H, W, ramp, ("raindrop",)).raindrop
        inside = layer.alpha > 0.6
        slope = np.gradient(layer.map_y, axis=0)[inside]
        turned.append(np.median(slope) if inside.sum() > 50 else -1)
    assert np.median(turned) < -0.5  # going down in the drop goes up in the scene


def test_drops_far_out_of_focus_add_one_grey_light(banks, scene, monkeypatch):
    """As regression in photographs through wet glass finds it: y = (1 - a) x + a c, c the same for all drops of a picture."""
    monkeypatch.setattr(weather.raindrop, "DULL_SHARE", 1.0)
    picture, mean = scene[0], scene[0].mean((0, 1))
    for seed in range(5):
        layer = sample_weather(np.random.default_rng(seed), banks, H, W, scene[1], ("raindrop",)).raindrop
        layer = replace(layer, even=1.0, dull=np.full((H, W), 1.5, np.float32), shade=np.ones((H, W), np.float32), keep=1.0, light=np.zeros(3, np.float32), wet=None)
        light = 1.5 * (0.8 * mean.mean() + 0.2 * mean)
        expected = picture + layer.alpha[..., None] * (light - picture)
        assert np.allclose(compose(picture, WeatherLayers(raindrop=layer), ("raindrop",)), expected.clip(0, 1), atol=1e-5)


def test_banks_wear_out_only_where_they_are_refreshed():
    banks = make_banks(np.random.default_rng(1), streaks=4, flakes=4, drops=4, clouds=4)
    before = [list(x) for x in (banks.streaks, banks.flakes, banks.drops, banks.clouds)]
    refresh_banks(banks, np.random.default_rng(2), share=0.5)
    for old, new in zip(before, (banks.streaks, banks.flakes, banks.drops, banks.clouds)):
        assert sum(a is not b for a, b in zip(old, new)) == 2


def test_pictures_larger_than_the_banks_are_covered(banks):
    clean, depth = np.full((700, 900, 3), 0.3, np.float32), np.full((700, 900), 0.5, np.float32)
    example = render_example(np.random.default_rng(3), banks, clean, depth, WEATHERS, WEATHERS)
    assert example.degraded.shape == clean.shape


def test_the_mixture_holds_clean_pictures_each_weather_alone_and_together():
    rng = np.random.default_rng(6)
    drawn = [sample_weathers(rng) for _ in range(4000)]
    share = lambda *names: sum(set(d) == set(names) for d in drawn) / len(drawn)
    assert 0.08 < share() < 0.12
    assert all(share(w) > 0.08 for w in WEATHERS)
    assert share("rain", "haze") > 0.03 and share("snow", "haze") > 0.03 and share("rain", "raindrop") > 0.03


def test_refined_depth_keeps_near_and_far_and_finds_the_edge_of_the_picture():
    clean = np.full((64, 96, 3), 0.2, np.float32)
    clean[:, 40:] = 0.8
    small = np.zeros((8, 12), np.uint8)
    small[:, 5:] = 255  # its edge is smeared over 8 px when enlarged
    depth = refine_depth(small, clean)
    assert depth.dtype == np.float32 and depth.shape == (64, 96) and 0 <= depth.min() and depth.max() <= 1
    plain = cv2.resize(small, (96, 64), interpolation=cv2.INTER_LINEAR) / 255
    assert np.abs(np.diff(depth, axis=1)).max() > 2 * np.abs(np.diff(plain, axis=1)).max()
    assert depth[:, :20].mean() < 0.15 and depth[:, -20:].mean() > 0.85


def test_unknown_weathers_and_missing_layers_are_refused(banks, scene):
    with pytest.raises(ValueError, match="hail"):
        sample_weather(np.random.default_rng(1), banks, H, W, scene[1], ("hail",))
    with pytest.raises(ValueError, match="the text 'rain'"):
        sample_weather(np.random.default_rng(1), banks, H, W, scene[1], "rain")
    with pytest.raises(ValueError, match="layers with snow"):
        compose(scene[0], WeatherLayers(), ("snow",))
    with pytest.raises(ValueError, match="depth of"):
        sample_weather(np.random.default_rng(1), banks, H, W, scene[1][:10], ("haze",))


def test_dense_haze_takes_its_light_from_the_scene():
    """I = J t + A (1 - t); a skylit airlight is a factor of the scene's own light and no brighter than white; glow carries what is bright and dark into it."""
    scene, t = np.full((24, 24, 3), 0.8, np.float32), np.full((24, 24), 0.5, np.float32)
    layer = lambda airlight, **kind: HazeLayer(t, np.full((24, 24, 3), airlight, np.float32), **kind)
    np.testing.assert_allclose(render_haze(scene, layer(0.9, skylit=True)), 0.8 * 0.5 + 0.9 * 0.8 * 0.5, atol=1e-6)  # float32
    np.testing.assert_allclose(render_haze(np.full_like(scene, 0.95), layer(1.2, skylit=True)), 0.95 * 0.5 + 0.5, atol=1e-6)
    np.testing.assert_allclose(render_haze(scene, layer(0.6, glow=1.0)), render_haze(scene, layer(0.6)), atol=1e-5)  # an even scene lights it evenly

    window = np.full((240, 240, 3), 0.2, np.float32)
    window[:, 120:] = 0.6
    layer = HazeLayer(np.full((240, 240), 0.5, np.float32), np.full((240, 240, 3), 0.5, np.float32), glow=0.5, glow_reach=0.1)
    hazy = render_haze(window, layer)
    # Three deviations (72 pixels) from the edge the blur is over, to 0.3 %: A = 0.5 + 0.5 (J - 0.4).
    np.testing.assert_allclose(hazy[:, 20], 0.2 * 0.5 + 0.4 * 0.5, atol=2e-3)
    np.testing.assert_allclose(hazy[:, 220], 0.6 * 0.5 + 0.6 * 0.5, atol=2e-3)
    # At the edge the airlight is the mean of both sides: what is seen sharp is J t alone.
    np.testing.assert_allclose(hazy[120, 121] - hazy[120, 118], 0.4 * 0.5, atol=0.02)
