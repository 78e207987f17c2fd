"""The camera: a clean scene -> what it is before the weather (night, exposure, shake), and a rendered picture -> what the file holds (noise, JPEG)."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from weather.layers import log_uniform, uniform


@dataclass(frozen=True)
class Camera:
    gain: np.ndarray  # float32 [3], on the scene
    gamma: float
    black: np.ndarray | None  # float32 [3], what black becomes in faded or flat pictures: not haze, to be left alone
    shake: np.ndarray | None  # float32 [k,k], motion blur of the scene
    noise: np.ndarray | None  # float32 [H,W,3], the same for every picture of this camera
    jpeg_quality: int | None  # 1 to 100; None keeps every pixel
    sharpen: float  # how much of what a 3-pixel blur takes away is added again, as cameras do


def sample_camera(rng, height, width, noise_bank=None):
    """Draws a camera: mostly daylight; night, shake, noise and JPEG now and then. `noise_bank`: normal numbers [B,B,3] to cut from."""
    gain, gamma, shake, noise = np.ones(3, np.float32), 1.0, None, None
    kind = rng.random()
    if kind < 0.06:  # night
        gain, gamma = (uniform(rng, 0.25, 0.7) * (1 + rng.normal(0, 0.08, 3))).astype(np.float32), uniform(rng, 1.0, 1.5)
    elif kind < 0.4:  # exposure, and dim rooms
        gain, gamma = np.full(3, log_uniform(rng, 0.55, 1.25), np.float32), uniform(rng, 0.8, 1.3)
    black = None
    if rng.random() < 0.2:
        black = (uniform(rng, 0.02, 0.22) * (1 + rng.normal(0, 0.15, 3))).clip(0, 0.3).astype(np.float32)
    if rng.random() < 0.04:
        shake = shake_kernel(rng)
    if rng.random() < 0.4:
        noise = noise_field(rng, height, width, noise_bank)
        if rng.random() < 0.4:  # grain wider than a pixel, as after demosaicing
            noise = cv2.GaussianBlur(noise, (3, 3), 0) * np.float32(2)
        noise = noise * np.float32(0.002 + 0.028 * rng.random() ** 2)
    quality = int(rng.integers(40, 96)) if rng.random() < 0.4 else None
    return Camera(gain, gamma, black, shake, noise, quality, uniform(rng, 0.2, 1.0) if rng.random() < 0.15 else 0.0)


def shake_kernel(rng):
    k, angle, length = 7, rng.random() * math.pi, uniform(rng, 1, 3)
    kernel = np.zeros((k, k), np.float32)
    dx, dy = math.cos(angle) * length, math.sin(angle) * length
    ends = [(round((k // 2 + s * dx) * 16), round((k // 2 + s * dy) * 16)) for s in (-1, 1)]
    cv2.line(kernel, *ends, 1.0, 1, cv2.LINE_AA, 4)
    kernel[k // 2, k // 2] += 0.01
    return kernel / kernel.sum()


def noise_field(rng, height, width, bank):
    if bank is None or height > bank.shape[0] or width > bank.shape[1]:
        return rng.standard_normal((height, width, 3), dtype=np.float32)
    y, x = rng.integers(bank.shape[0] - height + 1), rng.integers(bank.shape[1] - width + 1)
    return bank[y : y + height, x : x + width]


def expose(clean, camera):
    """What happens to the scene before there is weather: float32 [H,W,3] in [0,1] -> the same. A plain camera returns `clean` itself."""
    scene = clean
    if camera.gamma != 1:
        scene = cv2.pow(scene, camera.gamma)
    if not np.all(camera.gain == 1):
        scene = scene * camera.gain
    if camera.black is not None:
        scene = scene * (1 - camera.black) + camera.black
    if camera.shake is not None:
        scene = cv2.filter2D(scene, -1, camera.shake, borderType=cv2.BORDER_REFLECT)
    return scene if scene is clean else np.clip(scene, 0, 1)


def lit(picture, mean):
    """float32 [H,W,3] in [0,1], brought to this mean, or as near as |k| <= 0.9 comes, by v + k v (1 - v), which keeps black and white (as after haze: restore_auto.py)."""
    room = picture * (1 - picture)
    k = np.clip((mean - picture.mean()) / max(float(room.mean()), 1e-6), -0.9, 0.9)
    return picture + np.float32(k) * room


def develop(picture, camera):
    """Noise, sharpening, rounding to 8 bit, JPEG: float32 [H,W,3] in [0,1] -> what a file of it holds, as float32 multiples of 1/255."""
    if camera.noise is not None:
        picture = picture + camera.noise
    if camera.sharpen:
        picture = picture + np.float32(camera.sharpen) * (picture - cv2.GaussianBlur(picture, (3, 3), 0))
    file = cv2.convertScaleAbs(np.clip(picture, 0, 1), alpha=255)
    if camera.jpeg_quality is not None:
        _, data = cv2.imencode(".jpg", file[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, camera.jpeg_quality])
        file = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return file.astype(np.float32) * np.float32(1 / 255)
