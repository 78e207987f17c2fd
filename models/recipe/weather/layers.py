"""Pre-made weather layers: stamps scattered over a periodic square, and random pieces cut out of it."""

import math

import cv2
import numpy as np

BANK_PX = 640


def scatter(rng, stamps, count, low, high, overwrite=False):
    """`count` random stamps [h,w] at random places of a periodic float32 [BANK_PX,BANK_PX], each at a strength from low to high.

    Strengths add up, or with `overwrite` the stronger one stays.
    """
    extra = max(max(s.shape) for s in stamps)
    canvas = np.zeros((BANK_PX + extra, BANK_PX + extra), np.float32)
    picks = rng.integers(len(stamps), size=count)
    places = rng.integers(BANK_PX, size=(count, 2))
    strengths = (low + (high - low) * rng.random(count) ** 1.5).astype(np.float32)
    for pick, (y, x), strength in zip(picks.tolist(), places.tolist(), strengths):
        stamp = stamps[pick]
        place = canvas[y : y + stamp.shape[0], x : x + stamp.shape[1]]
        if overwrite:
            np.maximum(place, stamp * strength, out=place)
        else:
            place += stamp * strength
    join = np.maximum if overwrite else np.add
    canvas[:extra] = join(canvas[:extra], canvas[BANK_PX:])
    canvas[:, :extra] = join(canvas[:, :extra], canvas[:, BANK_PX:])
    return canvas[:BANK_PX, :BANK_PX]


def as_bank(layer):
    """float32 in [0,1], clipped -> uint8: a quarter of the memory."""
    return np.rint(layer.clip(0, 1) * 255).astype(np.uint8)


def cut(rng, layers, height, width, scale=1.0, flip_x=False, flip_y=False):
    """The same random piece of every layer, as float32 [height,width] each; uint8 layers come out in [0,1].

    `scale` > 1 enlarges what is in the layers. Larger pictures see the layers repeated: they are periodic.
    """
    h, w = max(2, math.ceil(height / scale)), max(2, math.ceil(width / scale))
    y, x = int(rng.integers(max(1, BANK_PX - h))), int(rng.integers(max(1, BANK_PX - w)))
    pieces = []
    for layer in layers:
        if y + h > BANK_PX or x + w > BANK_PX:
            layer = np.tile(layer, (-(-(y + h) // BANK_PX), -(-(x + w) // BANK_PX)))
        piece = layer[y : y + h, x : x + w]
        piece = piece[:: -1 if flip_y else 1, :: -1 if flip_x else 1]
        piece = piece.astype(np.float32) * np.float32(1 / 255) if piece.dtype == np.uint8 else piece.astype(np.float32)
        if (h, w) != (height, width):
            piece = cv2.resize(piece, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        pieces.append(np.ascontiguousarray(piece))
    return pieces


def smooth_noise(rng, cells=(3, 6, 12, 24), falloff=0.55):
    """Cloudy periodic float32 [BANK_PX,BANK_PX] in [0,1]: octaves of random values, each finer one weaker."""
    total = np.zeros((BANK_PX, BANK_PX), np.float32)
    for octave, n in enumerate(cells):
        values = np.pad(rng.random((n, n), dtype=np.float32), 2, mode="wrap")
        step = BANK_PX / n
        large = cv2.resize(values, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
        start = int(2 * step)
        total += falloff**octave * large[start : start + BANK_PX, start : start + BANK_PX]
    total -= total.min()
    return total / total.max()


def three_channels(mask):
    """[H,W] -> [H,W,3], the same in each channel."""
    return cv2.merge([mask, mask, mask])


def coloured(mask, colour):
    """mask [H,W] times colour [3] -> [H,W,3]."""
    return cv2.transform(mask, np.asarray(colour, np.float32).reshape(3, 1))


def uniform(rng, low, high):
    return low + (high - low) * rng.random()


def log_uniform(rng, low, high):
    """Of two sizes that differ by a factor, as often near the small one as near the large one."""
    return low * (high / low) ** rng.random()


def sky_light(picture):
    """Mean of the brightest quarter of a picture's blocks: float32 [3], at least 0.35 (weather is seen because some light falls on it)."""
    blocks = cv2.resize(picture, (12, 12), interpolation=cv2.INTER_AREA).reshape(-1, 3)
    return np.maximum(blocks[np.argsort(blocks.sum(1))[-36:]].mean(0), 0.35).astype(np.float32)
