"""What rendered scenes are made of: textures, surfaces (a point and its normal -> a colour) and skies, all drawn from a generator."""

from dataclasses import dataclass

import cv2
import numpy as np

TEXTURE_PX = 128
PALETTES = {  # colours that such things have; each is varied
    "ground": ((0.35, 0.42, 0.22), (0.45, 0.40, 0.30), (0.55, 0.53, 0.50), (0.30, 0.34, 0.20), (0.72, 0.66, 0.52), (0.8, 0.82, 0.85)),
    "road": ((0.35, 0.35, 0.36), (0.5, 0.49, 0.47), (0.25, 0.25, 0.27), (0.55, 0.48, 0.4)),
    "house": ((0.75, 0.70, 0.62), (0.60, 0.38, 0.30), (0.82, 0.80, 0.76), (0.45, 0.45, 0.48), (0.80, 0.68, 0.45), (0.3, 0.33, 0.38)),
    "floor": ((0.55, 0.40, 0.27), (0.65, 0.62, 0.58), (0.35, 0.27, 0.2), (0.75, 0.72, 0.68)),
    "ceiling": ((0.9, 0.89, 0.86), (0.8, 0.8, 0.8)),
    "wall": ((0.85, 0.82, 0.76), (0.7, 0.75, 0.78), (0.75, 0.62, 0.5), (0.55, 0.6, 0.5), (0.9, 0.9, 0.9)),
    "thing": ((0.65, 0.15, 0.12), (0.15, 0.25, 0.5), (0.8, 0.75, 0.7), (0.12, 0.12, 0.13), (0.7, 0.55, 0.2), (0.25, 0.4, 0.25), (0.45, 0.3, 0.2)),
    "trunk": ((0.3, 0.22, 0.16), (0.4, 0.36, 0.3)),
    "leaves": ((0.18, 0.3, 0.1), (0.3, 0.38, 0.15), (0.55, 0.4, 0.12), (0.12, 0.22, 0.12)),
}


@dataclass(frozen=True)
class Surface:
    """A base and a second colour, mixed by a texture laid on by world position."""

    base: np.ndarray  # [3]
    other: np.ndarray  # [3]
    texture: np.ndarray  # float32 [T,T] in [0,1], periodic
    texture_m: float  # metres from one repeat of the texture to the next
    windows_m: float  # 0, or metres from window to window on upright faces

    def colour(self, points, normals, pixel_m):
        """points, normals [n,3], pixel_m [n]: width of a pixel there -> colours [n,3]; textures finer than a pixel fade to their mean."""
        upright = np.abs(normals[:, 1]) < 0.5
        along = np.where(np.abs(normals[:, 0]) > np.abs(normals[:, 2]), points[:, 2], points[:, 0])
        u = np.where(upright, along, points[:, 0])
        v = np.where(upright, points[:, 1], points[:, 2])
        sample = self.texture[texel(v, self.texture_m), texel(u, self.texture_m)]
        detail = np.clip(self.texture_m / 24 / np.maximum(pixel_m, 1e-6), 0, 1)
        mix = 0.5 + (sample - 0.5) * detail
        if self.windows_m:
            pane = ((u / self.windows_m) % 1 > 0.45) & ((v / self.windows_m) % 1 > 0.5) & upright
            mix = np.where(pane, 1.6 * np.clip(self.windows_m / 6 / np.maximum(pixel_m, 1e-6), 0, 1), mix * 0.5)
        return self.base + (self.other - self.base) * mix[:, None].astype(np.float32)


def texel(position, repeat_m):
    return np.floor(position * (TEXTURE_PX / repeat_m)).astype(np.int64) % TEXTURE_PX


def make_surface(rng, textures, kind) -> Surface:
    """`kind` is a key of PALETTES."""
    palette = PALETTES[kind]
    base = np.array(palette[int(rng.integers(len(palette)))], np.float32) * np.float32(uniform(rng, 0.6, 1.2)) + rng.normal(0, 0.04, 3).astype(np.float32)
    other = base * np.float32(uniform(rng, 0.2, 1.1)) + rng.normal(0, 0.06, 3).astype(np.float32)
    size = {"ground": (1, 12), "road": (2, 10), "leaves": (0.5, 3), "house": (1, 6)}.get(kind, (0.4, 3))
    windows = uniform(rng, 1.5, 4) if kind == "house" and rng.random() < 0.7 else 0.0
    return Surface(base.clip(0.02, 1), other.clip(0.02, 1), textures[int(rng.integers(len(textures)))], uniform(rng, *size), windows)


def make_texture(rng):
    """float32 [T,T] in [0,1], periodic: clouds of several sizes, planks, tiles, bricks, or dots."""
    y, x = np.mgrid[0:TEXTURE_PX, 0:TEXTURE_PX]
    grain = periodic_noise(rng)
    kind = rng.integers(5)
    if kind == 0:
        return grain
    n = int(2 ** rng.integers(2, 5))
    cell = TEXTURE_PX // n
    if kind == 1:  # planks
        pattern = rng.random(n)[x // cell % n]
    elif kind == 2:  # tiles, at times as on a chessboard
        pattern = ((x // cell + y // cell) % 2) if rng.random() < 0.5 else rng.random((n, n))[y // cell, x // cell]
    elif kind == 3:  # bricks with joints
        row = y // cell
        joint = (y % cell < max(1, cell // 8)) | ((x + row % 2 * cell) % (2 * cell) < max(1, cell // 8))
        pattern = np.where(joint, 1.0, 0.35)
    else:
        pattern = (np.hypot(x % cell - cell / 2, y % cell - cell / 2) < cell * 0.3).astype(np.float32)
    share = uniform(rng, 0.4, 0.9)
    return (share * pattern + (1 - share) * grain).astype(np.float32)


def periodic_noise(rng):
    """float32 [T,T] in [0,1]: octaves of random values, each finer one weaker."""
    total, falloff = np.zeros((TEXTURE_PX, TEXTURE_PX), np.float32), uniform(rng, 0.5, 1)
    for octave, n in enumerate((4, 8, 16, 32, 64)):
        values = np.pad(rng.random((n, n), dtype=np.float32), 2, mode="wrap")
        step = TEXTURE_PX // n
        large = cv2.resize(values, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
        total += np.float32(falloff**octave) * large[2 * step : 2 * step + TEXTURE_PX, 2 * step : 2 * step + TEXTURE_PX]
    total -= total.min()
    return total / total.max()


def render_sky(rng, rays, textures):
    """Sky [H,W,3] for each ray, and the colour [3] of the air at the horizon: blue, overcast or dusk, with clouds."""
    kind = rng.random()
    if kind < 0.45:
        top, horizon = np.array([0.2, 0.42, 0.75]), np.array([0.72, 0.82, 0.92])
    elif kind < 0.8:
        top, horizon = np.array([0.62, 0.66, 0.7]), np.array([0.82, 0.83, 0.84])
    else:
        top, horizon = np.array([0.22, 0.25, 0.42]), np.array([0.93, 0.65, 0.42])
    strength = uniform(rng, 0.5, 1.08)
    top, horizon = ((c * strength + rng.normal(0, 0.03, 3)).astype(np.float32) for c in (top, horizon))
    up = np.clip(rays[..., 1] / np.linalg.norm(rays, axis=-1), 0, 1)
    sky = horizon + (top - horizon) * (up ** np.float32(0.6))[..., None]
    cloudiness = uniform(rng, -0.4, 1)
    if cloudiness > 0:
        noise = periodic_noise(rng)
        high = np.maximum(up, 0.03)[..., None]
        place = rays[..., ::2] / high / np.linalg.norm(rays, axis=-1, keepdims=True) * uniform(rng, 0.05, 0.25)
        v, u = (place[..., 1] * TEXTURE_PX).astype(np.int64) % TEXTURE_PX, (place[..., 0] * TEXTURE_PX).astype(np.int64) % TEXTURE_PX
        cover = cv2.GaussianBlur(np.clip((noise[v, u] - (1 - cloudiness)) * 3, 0, 1), (0, 0), 1) * np.clip(up * 6, 0, 1)
        sky += (np.float32(strength * 0.95) - sky) * cover[..., None]
    return sky.astype(np.float32), horizon


def uniform(rng, low, high, size=None):
    return low + (high - low) * rng.random(size)
