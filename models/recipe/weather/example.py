"""Weather for training: a clean picture and its depth -> the picture in rain, snow, haze and raindrops, and what is left when some are removed.

All pictures are float32 RGB [H,W,3] in [0,1]. Every random choice comes from the generator that is passed in.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from weather.camera import Camera, develop, expose, sample_camera
from weather.focus import defocus
from weather.haze import HazeLayer, render_haze, sample_haze
from weather.layers import BANK_PX, as_bank, smooth_noise
from weather.rain import RainLayer, render_rain, sample_rain
from weather.raindrop import RaindropLayer, make_drops, render_raindrops, sample_raindrops
from weather.snow import SnowLayer, make_flakes, render_snow, sample_snow
from weather.streaks import make_streaks

WEATHERS = ("rain", "snow", "haze", "raindrop")  # also the order in which they are rendered, after the mist of rain

MIXTURES = (  # share, weathers
    (0.10, ()),
    (0.29, ("rain",)),
    (0.10, ("snow",)),
    (0.15, ("haze",)),
    (0.14, ("raindrop",)),
    (0.07, ("rain", "haze")),
    (0.04, ("snow", "haze")),
    (0.04, ("rain", "raindrop")),
    (0.02, ("haze", "raindrop")),
    (0.03, ("rain", "snow")),
    (0.02, ("rain", "haze", "raindrop")),
)


@dataclass
class WeatherBanks:
    """Pre-made periodic layers of BANK_PX a side, to cut, flip, scale and mix."""

    streaks: list  # of {tier: uint8 [B,B]}
    flakes: list  # of {tier: uint8 [B,B]}
    drops: list  # of DropBank
    clouds: list  # of uint8 [B,B]
    noise: np.ndarray  # float32 [B,B,3], normal


@dataclass(frozen=True)
class WeatherLayers:
    """One draw of weather for one picture; None where a weather was not wanted."""

    rain: RainLayer | None = None
    snow: SnowLayer | None = None
    haze: HazeLayer | None = None
    raindrop: RaindropLayer | None = None
    mist: HazeLayer | None = None  # what heavy rain brings; it counts as haze

    @property
    def present(self) -> frozenset:
        """The weathers that these layers hold."""
        return frozenset(w for w in WEATHERS if getattr(self, w) is not None) | ({"haze"} if self.mist else set())


@dataclass(frozen=True)
class RenderedExample:
    degraded: np.ndarray  # float32 [H,W,3]: all the weathers
    target: np.ndarray  # float32 [H,W,3]: without those that were to be removed
    clean: np.ndarray  # float32 [H,W,3]: without any
    labels: np.ndarray  # float32 [4] in the order of WEATHERS: 1 where the weather is in `degraded`
    severity: np.ndarray  # float32 [4]: mean absolute change that each weather made when it was added


def make_banks(rng, streaks=16, flakes=10, drops=16, clouds=8) -> WeatherBanks:
    """Banks of so many sets of layers (about 100 MB and a second or two)."""
    return WeatherBanks(
        [make_streaks(rng) for _ in range(streaks)],
        [make_flakes(rng) for _ in range(flakes)],
        [make_drops(rng) for _ in range(drops)],
        [as_bank(smooth_noise(rng)) for _ in range(clouds)],
        rng.standard_normal((BANK_PX, BANK_PX, 3), dtype=np.float32),
    )


def refresh_banks(banks: WeatherBanks, rng, share=0.1) -> None:
    """Replaces this share of the layers (at least one of each kind) by new ones, in place."""
    makers = ((banks.streaks, make_streaks), (banks.flakes, make_flakes), (banks.drops, make_drops), (banks.clouds, lambda r: as_bank(smooth_noise(r))))
    for layers, make in makers:
        for i in rng.choice(len(layers), max(1, round(share * len(layers))), replace=False):
            layers[i] = make(rng)


def sample_weathers(rng) -> tuple[str, ...]:
    """Which weathers a training example has: clean, one, or a mixture (MIXTURES)."""
    shares = np.cumsum([share for share, _ in MIXTURES])
    return MIXTURES[min(int(np.searchsorted(shares, rng.random() * shares[-1], side="right")), len(MIXTURES) - 1)][1]


def sample_weather(rng, banks: WeatherBanks, height: int, width: int, depth, weathers: Iterable[str], downpours=0.0, foreground=False) -> WeatherLayers:
    """Draws the random layers of the wanted weathers, and with rain perhaps mist; depth float32 [H,W] in [0,1], 0 nearest.

    `downpours`: share of rain that is dense; `foreground`: haze begins behind what is at depth 0 (foreground.py).
    """
    wanted = checked(weathers)
    if depth.shape != (height, width):
        raise ValueError(f"Expected depth of [{height},{width}], got {list(depth.shape)}; bring it to the picture's size with refine_depth.")
    veil = 0.7 if "haze" in wanted else 2.2  # two dense veils would leave nothing of the scene
    rain, mist = sample_rain(rng, banks.streaks, banks.clouds, height, width, depth, veil, downpours) if "rain" in wanted else (None, None)
    return WeatherLayers(
        rain=rain,
        mist=mist,
        snow=sample_snow(rng, banks.flakes, height, width, depth) if "snow" in wanted else None,
        haze=sample_haze(rng, banks.clouds, height, width, depth, foreground) if "haze" in wanted else None,
        raindrop=sample_raindrops(rng, banks.drops, banks.clouds, height, width) if "raindrop" in wanted else None,
    )


def compose(clean, layers: WeatherLayers, weathers: Iterable[str]):
    """The picture with only these weathers, from the same layers; `clean` itself when there are none."""
    return compose_stages(clean, layers, weathers)[-1][1]


def compose_stages(clean, layers, weathers):
    """[("clean", picture), (weather, picture with it too), ...] in the order of WEATHERS, the mist of rain first, as haze; what is not asked for adds no stage."""
    wanted = checked(weathers)
    if missing := [w for w in WEATHERS if w in wanted - layers.present]:
        raise ValueError(f"Expected layers with {missing[0]}, got none; ask sample_weather for it.")
    steps = (
        ("haze", render_haze, layers.mist), ("rain", render_rain, layers.rain), ("snow", render_snow, layers.snow),
        ("haze", render_haze, layers.haze), ("raindrop", render_raindrops, layers.raindrop),
    )  # fmt: skip
    stages = [("clean", clean)]
    for weather, render, layer in steps:
        if weather in wanted and layer is not None:
            stages.append((weather, render(stages[-1][1], layer)))
    return stages


def render_example(rng, banks: WeatherBanks, clean, depth, weathers: Iterable[str], remove: Iterable[str], downpours=0.0, foreground=False) -> RenderedExample:
    """One training example: every weather in `degraded`, those in `remove` gone from `target`, through the same camera; the last two as for `sample_weather`."""
    cv2.setNumThreads(1)
    removed = checked(remove)
    height, width = clean.shape[:2]
    camera = sample_camera(rng, height, width, banks.noise)
    scene = expose(defocus(rng, clean, depth), camera)
    layers = sample_weather(rng, banks, height, width, depth, weathers, downpours, foreground)
    present = layers.present
    stages = compose_stages(scene, layers, present)
    degraded = develop(stages[-1][1], camera)
    kept = present - removed
    clean_file = degraded if not present else develop(scene, camera) if not kept or kept != present else None
    target = degraded if kept == present else clean_file if not kept else develop(compose(scene, layers, kept), camera)
    severity = np.zeros(len(WEATHERS), np.float32)
    for (_, before), (weather, after) in zip(stages, stages[1:]):
        severity[WEATHERS.index(weather)] += np.abs(after[::2, ::2] - before[::2, ::2]).mean()
    labels = np.array([w in present for w in WEATHERS], np.float32)
    return RenderedExample(degraded, target, develop(scene, camera) if clean_file is None else clean_file, labels, severity)


def refine_depth(depth_small, clean):
    """uint8 [h,w] -> float32 [H,W] in [0,1], its edges moved to those of the picture (guided filter, He et al. 2010, at half size)."""
    height, width = clean.shape[:2]
    half = (max(1, width // 2), max(1, height // 2))
    guide = cv2.cvtColor(clean, cv2.COLOR_RGB2GRAY)
    small_guide = cv2.resize(guide, half, interpolation=cv2.INTER_AREA)
    depth = cv2.resize(depth_small, half, interpolation=cv2.INTER_LINEAR).astype(np.float32) * np.float32(1 / 255)
    size = (2 * max(2, min(half) // 16) + 1,) * 2
    box = lambda x: cv2.blur(x, size, borderType=cv2.BORDER_REFLECT)
    mean_guide, mean_depth = box(small_guide), box(depth)
    slope = (box(small_guide * depth) - mean_guide * mean_depth) / (box(small_guide * small_guide) - mean_guide**2 + 1e-3)
    offset = mean_depth - slope * mean_guide
    slope, offset = (cv2.resize(box(x), (width, height), interpolation=cv2.INTER_LINEAR) for x in (slope, offset))
    return np.clip(slope * guide + offset, 0, 1)


def checked(weathers) -> frozenset:
    if isinstance(weathers, str):
        raise ValueError(f"Expected a collection of weathers, got the text {weathers!r}; write ({weathers!r},).")
    wanted = frozenset(weathers)
    if unknown := sorted(wanted - set(WEATHERS)):
        raise ValueError(f"Expected weathers out of {WEATHERS}, got {unknown}.")
    return wanted
