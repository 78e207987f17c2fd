"""The clean photographs of a data folder and their depth, in memory: which are kept out of training, which comes next, and square regions of them."""

import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

import weather

REGION_PX = 256
MISTY_SHARE = 0.15  # of the clean photographs


def is_validation(name: str) -> bool:
    """Whether a picture (file name without extension) is kept out of training: one in twenty, by its name."""
    return zlib.crc32(name.encode()) % 20 == 0


def read_rgb(path: Path) -> np.ndarray:
    """uint8 [H,W,3], RGB."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"Expected a picture that OpenCV reads, got {path}; is it complete?")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


@dataclass(frozen=True)
class CleanPictures:
    """Clean photographs and their pseudo-depth, decoded and held in memory (about 1 GB for 1,600)."""

    pictures: list  # uint8 [H,W,3]
    depths: list  # uint8 [h,w], 0 nearest
    names: list
    misty: np.ndarray  # int [n]: those of the least contrast, faded or misty by nature
    texture: np.ndarray  # float32 [pictures], how much fine detail each has

    @staticmethod
    def load(folder: Path, validation: bool) -> "CleanPictures":
        cv2.setNumThreads(1)  # a thread pool started here would hang the worker processes that fork later
        paths = sorted(p for p in (folder / "clean").glob("*.webp") if is_validation(p.stem) == validation)
        if not paths:
            raise FileNotFoundError(f"Expected clean/*.webp and depth/*.png in {folder}, found none; pass --data FOLDER.")
        depths = [cv2.imread(str(folder / "depth" / f"{p.stem}.png"), cv2.IMREAD_GRAYSCALE) for p in paths]
        pictures = [read_rgb(p) for p in paths]
        misty = np.argsort([contrast_of(picture) for picture in pictures])[: max(1, round(MISTY_SHARE * len(pictures)))]
        return CleanPictures(pictures, depths, [p.stem for p in paths], misty, np.array([texture_of(picture) for picture in pictures], np.float32))

    def choose(self, rng, weathers) -> int:
        """Which picture comes next. One that gets no weather is often misty or faded by nature: only such pictures can teach that this mist belongs.

        Rain falls often before the finer grained of two pictures: grass and branches are where streaks are hard to see.
        """
        if not weathers and rng.random() < 0.5:
            return int(rng.choice(self.misty))
        one, other = (int(i) for i in rng.integers(len(self.pictures), size=2))
        return other if "rain" in weathers and self.texture[other] > self.texture[one] and rng.random() < 0.5 else one

    def region(self, rng, index: int, side: int = REGION_PX, turned: float = 0.0, whole: bool = False):
        """A random square region at a random scale, perhaps mirrored: clean float32 [side,side,3], depth float32 [side,side].

        `turned`: share that lies on its side, so that horizons, steps and shelves become upright lines, as streaks are. `whole`: as large a square as there is.
        """
        picture, depth = self.pictures[index], self.depths[index]
        height, width = picture.shape[:2]
        short = min(height, width)
        span = short if whole else int(rng.integers(min(side, short), short + 1)) if rng.random() < 0.5 else min(side, short)
        y, x = int(rng.integers(0, height - span + 1)), int(rng.integers(0, width - span + 1))
        clean = picture[y : y + span, x : x + span]
        sy, sx = depth.shape[0] / height, depth.shape[1] / width
        depth = depth[int(y * sy) : max(int((y + span) * sy), int(y * sy) + 2), int(x * sx) : max(int((x + span) * sx), int(x * sx) + 2)]
        if span != side:
            clean = cv2.resize(clean, (side, side), interpolation=cv2.INTER_AREA if span > side else cv2.INTER_CUBIC)
        if rng.random() < 0.5:
            clean, depth = clean[:, ::-1], depth[:, ::-1]
        if turned and rng.random() < turned:
            clean, depth = np.rot90(clean), np.rot90(depth)
        clean = np.ascontiguousarray(clean).astype(np.float32) / 255
        return clean, weather.refine_depth(np.ascontiguousarray(depth), clean)


def contrast_of(picture) -> float:
    """Between the darkest and the brightest parts of a picture, 0 to 1: what haze, and a faded or misty scene, has little of."""
    small = cv2.cvtColor(cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    low, high = np.percentile(small, (2, 95))
    return float(high - low) / 255


def texture_of(picture) -> float:
    """Mean difference to a blurred copy, 0 to 1, on a picture of the size that regions are cut from."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    return float(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.5)).mean())
