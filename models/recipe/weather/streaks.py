"""Streaks of rain: periodic layers of one direction, made beforehand, that rain is cut out of."""

import math

import cv2
import numpy as np

from weather.layers import BANK_PX, as_bank, log_uniform, scatter, uniform


def make_streaks(rng):
    """One direction of rain: periodic uint8 layers of fine, mid, near, broad bright and long faint streaks, and a sheet of rain too dense to tell apart."""
    angle = math.radians(rng.normal(0, 17) if rng.random() < 0.7 else uniform(rng, -70, 70))
    spread = math.radians(uniform(rng, 0, 3))
    length = uniform(rng, 0.6, 1.4)

    def stamps(count, widths, lengths, softness, taper=(0.08, 0.5)):
        return [
            streak_stamp(rng, uniform(rng, *lengths) * length, uniform(rng, *widths), angle + rng.normal(0, 1) * spread, uniform(rng, *softness), uniform(rng, *taper))
            for _ in range(count)
        ]

    width = uniform(rng, 1.0, 4.0)
    fine = scatter(rng, stamps(24, (0.7, 1.6), (8, 34), (0.3, 1.2)), int(log_uniform(rng, 300, 3500)), 0.08, uniform(rng, 0.3, 0.9))
    mid = scatter(rng, stamps(32, (width * 0.5, width * 1.4), (14, 62), (0.2, 1.5)), int(2600 * log_uniform(rng, 0.15, 1.2) / width), 0.06, uniform(rng, 0.5, 1.2))
    near = scatter(rng, stamps(12, (3, 10), (28, 75), (0.5, 1.8)), int(uniform(rng, 20, 170)), 0.1, uniform(rng, 0.3, 0.8))
    wide, long = uniform(rng, 2, 5.5), uniform(rng, 20, 60)
    broad_stamps = stamps(16, (wide * 0.7, wide * 1.3), (long * 0.7, long * 1.3), (0.1, 0.8), (0.02, 0.2))
    broad = scatter(rng, broad_stamps, int(log_uniform(rng, 40, 1200) * 2 / wide), 0.1, uniform(rng, 0.5, 1.1), overwrite=rng.random() < 0.5)
    soft = uniform(rng, 0.8, 3.5)
    long_stamps = stamps(16, (soft * 0.6, soft * 1.6), (45, 150), (0.8, 2.2), (0.2, 0.5))
    long = scatter(rng, long_stamps, int(log_uniform(rng, 150, 2200) / soft**0.5), 0.03, log_uniform(rng, 0.12, 0.7))
    return {"fine": as_bank(fine), "mid": as_bank(mid), "near": as_bank(near), "broad": as_bank(broad), "long": as_bank(long), "sheet": as_bank(rain_sheet(rng, angle))}


def streak_stamp(rng, length, width, angle, softness, taper):
    """One streak, peak 1; `angle` from the vertical; softness 0 gives a hard edge, 1 an edge as wide as the streak; `taper` is the share of it over which an end fades."""
    sx, sy = math.sin(angle), math.cos(angle)
    half_y = math.ceil(abs(sy) * length / 2 + width + 2)
    half_x = math.ceil(abs(sx) * length / 2 + width + 2)
    y, x = np.mgrid[-half_y : half_y + 1, -half_x : half_x + 1].astype(np.float32)
    y += rng.random() - 0.5
    x += rng.random() - 0.5
    along, across = x * sx + y * sy, np.abs(x * sy - y * sx)
    edge = max(1.0, softness * width)
    profile = ((width / 2 - across) / edge + 0.5).clip(0, 1)
    profile *= profile * (3 - 2 * profile)
    ends = ((length / 2 - np.abs(along)) / max(1.0, taper * length)).clip(0, 1) ** uniform(rng, 0.5, 1.3)
    return (profile * ends).astype(np.float32)


def rain_sheet(rng, angle):
    """Noise smeared along the rain: float32 in [0,1], mean about 0.3."""
    length = int(uniform(rng, 16, 80))
    noise = rng.standard_normal((BANK_PX, BANK_PX), dtype=np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), uniform(rng, 0.5, 1.3))  # threads wider than a pixel: else they break up into dots
    kernel = np.zeros((length * 2 + 1,) * 2, np.float32)
    dx, dy = math.sin(angle) * length / 2, math.cos(angle) * length / 2
    cv2.line(kernel, (round(length - dx), round(length - dy)), (round(length + dx), round(length + dy)), 1.0, 1, cv2.LINE_AA)
    reach = math.ceil(length / 2) + 1
    kernel = kernel[length - reach : length + reach + 1, length - reach : length + reach + 1]
    padded = cv2.copyMakeBorder(noise, reach, reach, reach, reach, cv2.BORDER_WRAP)
    smeared = cv2.filter2D(padded, -1, kernel)[reach:-reach, reach:-reach]
    smeared /= smeared.std()
    return (0.3 + 0.25 * smeared).clip(0, 1)
