"""Haze: a picture and its depth -> I = J t + A (1 - t), t = exp(-beta d): the scattering law (Koschmieder), with patches, colour and glow.

Glow: dense haze scatters light more than once, so that the scene itself lights it: A is bright about windows and lamps and dark under tables (Narasimhan and
Nayar, CVPR 2003, of light sources). The scene comes through twice then, sharp and weak by t, and blurred and strong by A.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from weather.layers import cut, log_uniform, sky_light, three_channels, uniform

MAX_OPTICAL_DEPTH = 3.0  # a twentieth of the scene's light comes through: beyond that nobody can tell what was there

OPEN_SHARE = 0.7  # of haze lies in the open or fills a room evenly; the rest is machine haze, dense and lit by the scene


@dataclass(frozen=True)
class HazeLayer:
    transmission: np.ndarray  # float32 [H,W] in (0,1]
    airlight: np.ndarray  # float32 [H,W,3] in [0,1]; to 1.2 where skylit
    skylit: bool = False  # airlight is a factor of the scene's own light
    glow: float = 0.0  # how much of the scene's blurred differences of brightness the airlight shows, 0 to 1
    glow_reach: float = 0.15  # deviation of that blur, in short sides of the picture


def sample_haze(rng, clouds, height, width, depth, foreground=False):
    """Draws one haze: outdoor by depth, indoor by depth, or dense machine haze in patches. `foreground`: in the open, and what is at depth 0 is clear of it."""
    kind, skylit, glow = rng.random() * (OPEN_SHARE if foreground else 1), False, 0.0
    cloud = lambda scale: cut(rng, [clouds[int(rng.integers(len(clouds)))]], height, width, scale, rng.random() < 0.5, rng.random() < 0.5)[0]
    if kind < OPEN_SHARE:
        beta, near = (uniform(rng, 0.6, 3.5), uniform(rng, 0, 0.04)) if foreground else (uniform(rng, 0.4, 2.4), uniform(rng, 0, 0.45))
        distance = near + (1 - near) * depth ** np.float32(uniform(rng, 0.7, 1.8))
        level, tint = uniform(rng, *((0.8, 1.03) if rng.random() < 0.25 else (0.6, 1.0))), haze_tint(rng, 0.015)
        glow = uniform(rng, 0.1, 0.6) if rng.random() < 0.15 else 0.0
    else:  # machine haze: everything is in it
        beta, near = uniform(rng, 1.0, 3.0), uniform(rng, 0.3, 0.8)
        distance = near + (1 - near) * depth
        skylit = rng.random() < 0.8  # lit by the room's own lamps: a bright veil hides a bright room
        level, tint = uniform(rng, 0.62, 1.0) if skylit else uniform(rng, 0.5, 0.95), haze_tint(rng, 0.03)
        glow = uniform(rng, 0.3, 1.05) if skylit or rng.random() < 0.5 else 0.0
    patchy = 0.0 if rng.random() < 0.4 else uniform(rng, 0.1, 0.9 if kind >= OPEN_SHARE else 0.6)
    if patchy:
        distance = distance * (1 + patchy * (2 * cloud(uniform(rng, 0.8, 2)) - 1))
    colour = (level + tint).astype(np.float32)
    airlight = np.broadcast_to(colour, (height, width, 3))
    if rng.random() < 0.4:  # light falls unevenly
        light = uniform(rng, 0.05, 0.3) * (2 * cloud(uniform(rng, 1.5, 3)) - 1)
        airlight = airlight + three_channels(light) * (1 + haze_tint(rng, 0.4)).astype(np.float32)
    np.minimum(distance, MAX_OPTICAL_DEPTH / beta, out=distance)
    return HazeLayer(transmission(distance, beta), np.clip(airlight, 0, 1.2 if skylit else 1).astype(np.float32), skylit, glow, log_uniform(rng, 0.06, 0.3))


def transmission(distance, beta):
    """t = exp(-beta d), float32 [H,W]; d and beta in inverse units of each other."""
    return cv2.exp(np.asarray(distance, np.float32) * np.float32(-beta))


def render_haze(picture, haze):
    """float32 [H,W,3] in [0,1] -> the same in haze."""
    airlight = haze.airlight * whitened(sky_light(picture)) if haze.skylit else haze.airlight
    if haze.glow:
        airlight = airlight + np.float32(haze.glow) * blurred_differences(picture, haze.glow_reach)
    airlight = np.clip(airlight, 0, 1)
    out = picture - airlight
    out *= three_channels(haze.transmission)
    out += airlight
    return np.clip(out, 0, 1, out=out)


def whitened(light):
    """Light [3] nearer to grey: droplets of haze scatter every colour alike, and light comes from outside the picture too."""
    return np.float32(0.4) * light + np.float32(0.6) * light.mean()


def blurred_differences(picture, reach):
    """The picture minus its mean colour, float32 [H,W,3], blurred by a Gaussian of `reach` short sides (on a copy 48 pixels wide: nothing finer is left)."""
    height, width = picture.shape[:2]
    scale = 48 / min(height, width)
    size = max(2, round(width * scale)), max(2, round(height * scale))
    small = cv2.GaussianBlur(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), (0, 0), 48 * reach)
    return cv2.resize(small - picture.mean((0, 1)), (width, height), interpolation=cv2.INTER_CUBIC)


def haze_tint(rng, amount):
    """[3]: bluish to yellowish, as real haze is; hardly ever green or purple."""
    warm = rng.normal(0, amount) * (3 if rng.random() < 0.12 else 1)  # now and then sand or dusk
    return np.array([warm, rng.normal(0, amount / 5), -warm * uniform(rng, 0.8, 1.3)])
