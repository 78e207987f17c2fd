"""Rain: a picture and layers of streaks -> the picture with streaks in front of it; and the mist that heavy rain brings, which is haze.

O = a (B + sum of far streaks) + (1 - a) A, near streaks in front; a = exp(-beta d) (after JORDER, arXiv:1609.07769). The mist a B + (1 - a) A is
drawn apart: no picture tells whose it is, so it counts as haze, and taking the rain away leaves it.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from weather.haze import HazeLayer
from weather.layers import coloured, cut, log_uniform, sky_light, three_channels, uniform

@dataclass(frozen=True)
class RainLayer:
    far: np.ndarray  # float32 [H,W], streaks behind the mist, as faint as it leaves them
    near: np.ndarray | None  # float32 [H,W], streaks in front of it
    colour: np.ndarray  # float32 [3]
    opacity: float  # 0: light of a streak is added; 1: it takes the place of what is behind
    skylit: bool = False  # colour is a factor of the scene's own light: a drop shows the sky, upside down


def sample_rain(rng, streaks, clouds, height, width, depth, densest=2.2, downpours=0.0):
    """Draws one rain: thin or thick streaks of one direction, heavy rain with mist of beta up to `densest`; a share `downpours` of `sample_downpour`. Returns (RainLayer, HazeLayer | None)."""
    bank = streaks[int(rng.integers(len(streaks)))]
    flip = rng.random() < 0.5
    scale = 1.0 if rng.random() < 0.5 else uniform(rng, 0.7, 2.2)
    take = lambda tier: cut(rng, [bank[tier]], height, width, scale, flip)[0]
    cloud = lambda: cut(rng, [clouds[int(rng.integers(len(clouds)))]], height, width, uniform(rng, 0.8, 2))[0]
    take_scaled = lambda tier, low, high: cut(rng, [bank[tier]], height, width, uniform(rng, low, high), flip)[0]
    if downpours and rng.random() < downpours:
        return sample_downpour(rng, take_scaled, cloud, depth)
    if rng.random() < 0.15:
        return sample_natural_rain(rng, take_scaled, cloud, depth)
    kind = rng.random()
    transmission, airlight, near = None, np.ones(3, np.float32), None
    tint = np.array([uniform(rng, -0.04, 0.01), 0, uniform(rng, -0.01, 0.05)], np.float32)
    if kind < 0.58:  # streaks added to the picture, clear air: a few faint ones as often as a downpour
        shape = rng.random()
        if shape < 0.8:
            far = take("mid" if shape < 0.3 else "long" if shape < 0.6 else "broad") * uniform(rng, 0.4, 1.0)
        else:
            far = smeared_streaks(rng, take("sheet"))
        if rng.random() < 0.4:
            far += take("fine") * uniform(rng, 0.2, 1.0)
        if rng.random() < 0.25:
            near = take("near") * uniform(rng, 0.4, 1)
        colour, opacity = uniform(rng, 0.8, 1.05) + tint * (rng.random() < 0.5), 0.0 if rng.random() < 0.65 else rng.random()
    elif kind < 0.7:  # fine rain, more of it in front of what is far
        far = take("fine") * uniform(rng, 0.4, 1.0) + take("fine") * uniform(rng, 0, 0.8)
        far *= uniform(rng, 0.3, 1) + depth * 0.7
        colour, opacity = uniform(rng, 0.6, 1) + tint, rng.random() * 0.8
        if rng.random() < 0.4:
            near = take("near") * uniform(rng, 0.2, 0.7)
    else:  # heavy rain: several layers, mist
        far = take("fine") * uniform(rng, 0.3, 1) + take("mid") * uniform(rng, 0, 0.8)
        far += (take("sheet") - 0.15) * uniform(rng, 0, 0.8)
        np.clip(far, 0, None, out=far)
        near = take("mid") * uniform(rng, 0, 0.7) if rng.random() < 0.6 else smeared_streaks(rng, take("sheet"))
        if rng.random() < 0.4:
            near += take("near") * uniform(rng, 0.2, 0.8)
        beta, start = uniform(rng, 0.2, densest), uniform(rng, 0, 0.6)
        distance = start + (1 - start) * depth
        if rng.random() < 0.4:  # gusts
            distance = distance * (1 + uniform(rng, 0.1, 0.6) * (2 * cloud() - 1))
        transmission = cv2.exp(distance * np.float32(-beta))
        airlight = (uniform(rng, 0.5, 0.95) + tint).astype(np.float32)
        colour, opacity = airlight * uniform(rng, 0.95, 1.25), rng.random()
    if rng.random() < 0.3:  # denser here, thinner there
        far *= uniform(rng, 0, 0.6) + 1.2 * cloud()
    np.clip(far, 0, 1, out=far)
    if near is not None:
        np.clip(near, 0, 1, out=near)
    return rain_and_mist(far, near, np.broadcast_to(np.float32(colour), 3).astype(np.float32), float(opacity), transmission, airlight)


def sample_natural_rain(rng, take, cloud, depth):
    """Faint rain: several sheets of thin grey streaks that hide rather than add. `take(tier, low, high)`: a layer at a scale between; `cloud()`: a smooth map."""
    far = take("fine", 0.6, 1.1) * uniform(rng, 0.5, 1.0)
    for _ in range(int(rng.integers(4))):
        far += take("fine", 0.5, 1.3) * uniform(rng, 0.2, 0.9)
    if rng.random() < 0.5:
        far += (take("sheet", 0.4, 0.9) - 0.25) * uniform(rng, 0, 0.7)
    if rng.random() < 0.4:
        far += take("mid", 0.4, 0.8) * uniform(rng, 0.2, 0.8)
    if rng.random() < 0.5:  # more of it in front of what is far
        far *= uniform(rng, 0.2, 0.7) + depth
    if rng.random() < 0.4:  # squalls
        far *= uniform(rng, 0.2, 0.8) + cloud()
    np.clip(far, 0, 1, out=far)
    far *= uniform(rng, 0.15, 0.85)
    return under_the_sky(rng, far, take, depth, near=(0.1, 0.6), beta=(0.05, 0.9), brightest=1.1, opacity=(0.7, 1))


def sample_downpour(rng, take, cloud, depth):
    """Dense rain as photographs of downpours show it: fine bright streaks on streaks over most of the picture. `take` and `cloud` as in `sample_natural_rain`."""
    far = sum(take("fine", 0.5, 1.6) * uniform(rng, 0.5, 1.0) for _ in range(int(rng.integers(2, 6))))
    if rng.random() < 0.6:
        far += take("mid", 0.4, 0.9) * uniform(rng, 0.3, 1.0)
    if rng.random() < 0.3:
        far += take("long", 0.5, 1.2) * uniform(rng, 0.3, 1.0)
    if rng.random() < 0.5:
        far += smeared_streaks(rng, take("sheet", 0.4, 1.0)) * uniform(rng, 0.3, 1.0)
    if rng.random() < 0.3:  # squalls
        far *= uniform(rng, 0.4, 0.9) + 0.8 * cloud()
    bright = float(np.quantile(far[::2, ::2], uniform(rng, 0.93, 0.995)))
    far *= log_uniform(rng, 0.15, 0.9) / max(bright, 0.02)  # so bright are the brightest streaks
    np.clip(far, 0, 1, out=far)
    return under_the_sky(rng, far, take, depth, near=(0.2, 0.8), beta=(0.1, 1.2), brightest=1.2, opacity=(0.4, 1))


def under_the_sky(rng, far, take, depth, near, beta, brightest, opacity):
    """Far streaks [H,W] as bright as the sky (a factor of 0.8 to `brightest`), unseen in front of it; with them perhaps streaks close to the lens, out of focus, and mist.

    `near`, `beta` and `opacity`: ranges of the strength of the close ones, of the mist's density and of how much the streaks hide.
    """
    close = None
    if rng.random() < 0.3:
        blur = 2 * int(rng.integers(1, 4)) + 1
        close = cv2.blur(take("near", 0.5, 1.3), (blur, blur)) * uniform(rng, *near)
    transmission = None
    if rng.random() < 0.5:
        start = uniform(rng, 0, 0.4)
        transmission = cv2.exp((start + (1 - start) * depth) * np.float32(-uniform(rng, *beta)))
    grey = np.float32(uniform(rng, 0.8, brightest)) * np.array([1, 1, 1 + uniform(rng, -0.01, 0.04)], np.float32)
    return rain_and_mist(far, close, grey, uniform(rng, *opacity), transmission, grey * np.float32(uniform(rng, 0.8, 1)), skylit=True)


def rain_and_mist(far, near, colour, opacity, transmission, airlight, skylit=False):
    """(RainLayer, HazeLayer of its mist or None); mist of `transmission` [H,W] and `airlight` [3] lies before the far streaks."""
    if transmission is None:
        return RainLayer(far, near, colour, opacity, skylit), None
    mist = HazeLayer(transmission, np.broadcast_to(np.float32(airlight), (*far.shape, 3)), skylit)
    return RainLayer(far * transmission, near, colour, opacity, skylit), mist


def smeared_streaks(rng, sheet):
    """The brightest threads of a sheet of rain: streaks of uneven length and width that run into each other."""
    threshold = uniform(rng, 0.5, 0.8)
    return (sheet - threshold).clip(0, None) * (uniform(rng, 0.4, 1.0) / (1 - threshold))


def render_rain(picture, rain):
    """float32 [H,W,3] in [0,1] -> the same with rain."""
    colour = rain.colour * sky_light(picture) if rain.skylit else rain.colour
    out = add_streaks(picture, rain.far, colour, rain.opacity)
    if rain.near is not None:
        out = add_streaks(out, rain.near, colour, rain.opacity)
    return np.clip(out, 0, 1, out=out)


def add_streaks(picture, mask, colour, opacity):
    out = coloured(mask, colour)
    out += picture if opacity == 0 else picture * three_channels(1 - opacity * mask)
    return out
