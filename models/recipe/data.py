"""Training batches: a clean picture and its depth -> weather rendered over a 256x256 region -> view, patches and small crops.

Batch i is a pure function of (seed, i), so a run resumes exactly. The condition sees the whole region, as in use it sees the
whole picture; the denoiser is trained on small crops of it.
"""

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

import weather
from clean_pictures import REGION_PX, CleanPictures
from prompts import WEATHERS
from views import native_patches
from weather.foreground import SHARE, SHARE_IN_HAZE

TURNED_SHARE = 0.2  # of the photographs in rain, in snow and in fair weather
LIT_SHARE, LIT_MEAN = 0.5, (0.42, 0.68)  # of the scenes in haze: lit at least to a mean from here, as bright rooms and scenes under a white sky are
DOWNPOURS = 0.35  # of rain, as dense as photographs show it; networks that saw none leave it (in the evaluation they have a row of their own)
GREY_SHARE = 0.06  # of all pictures: black and white photographs
WHOLE_SHARE, WHOLE_PX = 0.3, 160  # of those in haze alone: seen whole, about so small, as haze is looked at (restore_auto.py)


def sample_remove(rng, weathers) -> tuple[str, ...]:
    """What a training example asks to have removed: mostly everything; in a mixture as often a part of it; else a random set (which may miss what is there).

    Rain counts as a mixture, for it may bring mist, which is haze.
    """
    present = frozenset(weathers) | ({"haze"} if "rain" in weathers else set())
    mixed = len(present) > 1
    if rng.random() < (0.5 if mixed else 0.8):
        return WEATHERS
    while True:
        asked = tuple(w for w, wanted in zip(WEATHERS, rng.random(len(WEATHERS)) < 0.5) if wanted)
        if asked and (not mixed or 0 < len(present & set(asked)) < len(present)):
            return asked


class WeatherBatches(Dataset):
    """Item i is batch i: a dict of uint8 pictures (NHWC) and float32 labels, ready for `to_tensors`."""

    def __init__(self, pictures: CleanPictures, seed: int, regions: int, crops: int, crop_px: int, batches_a_bank: int = 400):
        self.pictures, self.seed = pictures, seed
        self.regions, self.crops, self.crop_px = regions, crops, crop_px
        self.batches_a_bank, self.bank_number, self.banks = batches_a_bank, None, None

    def __len__(self):
        return 2**31

    def bank(self, batch: int):
        """Pre-made streaks, flakes and drops; they wear out, so every few hundred batches there are new ones."""
        number = batch // self.batches_a_bank
        if number != self.bank_number:
            self.banks = weather.make_banks(np.random.default_rng([self.seed, 1, number]))
            self.bank_number = number
        return self.banks

    def __getitem__(self, batch: int):
        rng = np.random.default_rng([self.seed, 0, batch])
        banks = self.bank(batch)
        examples = [self.example(rng, banks) for _ in range(self.regions)]
        return {key: np.stack([e[key] for e in examples]) for key in examples[0]}

    def example(self, rng, banks):
        weathers = weather.sample_weathers(rng)
        lines_matter = not set(weathers) - {"rain", "snow"}
        whole = set(weathers) == {"haze"} and rng.random() < WHOLE_SHARE
        clean, depth = self.pictures.region(rng, self.pictures.choose(rng, weathers), turned=TURNED_SHARE if lines_matter else 0, whole=whole)
        if lines_matter:
            clean = weather.add_structures(rng, clean)
        if "haze" in weathers and rng.random() < LIT_SHARE:
            clean = weather.lit(clean, max(float(clean.mean()), rng.uniform(*LIT_MEAN)))
        foreground = rng.random() < (SHARE_IN_HAZE if "haze" in weathers else SHARE)
        if foreground:
            clean, depth = weather.add_foreground(rng, banks.clouds, clean, depth, *self.pictures.region(rng, int(rng.integers(len(self.pictures.pictures)))))
        remove = sample_remove(rng, weathers)
        rendered = weather.render_example(rng, banks, clean, depth, weathers, remove, DOWNPOURS, foreground)
        degraded, target = rendered.degraded, rendered.target
        if rng.random() < GREY_SHARE:
            degraded, target = (cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB) for picture in (degraded, target))
        degraded, target = weather.add_frame(rng, (degraded, target))
        if whole:
            side = max(WHOLE_PX, self.crop_px)  # the condition sees all of it, whatever the crops
            degraded, target = (cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA) for picture in (degraded, target))
        y, x = rng.integers(0, len(degraded) - self.crop_px + 1, (2, self.crops))
        cut = lambda picture: np.stack([picture[a : a + self.crop_px, b : b + self.crop_px] for a, b in zip(y, x)])
        return {
            "view": as_uint8(cv2.resize(degraded, (REGION_PX // 2,) * 2, interpolation=cv2.INTER_AREA)),
            "patches": as_uint8(native_patches(degraded)),
            "degraded": as_uint8(cut(degraded)),
            "target": as_uint8(cut(target)),
            "labels": rendered.labels.astype(np.float32),
            "severity": rendered.severity.astype(np.float32),
            "remove": np.array([w in remove for w in WEATHERS], np.float32),
        }


def as_uint8(picture):
    return np.rint(picture * 255).clip(0, 255).astype(np.uint8)


def batch_loader(batches: WeatherBatches, first: int, last: int, workers: int = 1, rank: int = 0, size: int = 1) -> DataLoader:
    """Batches of steps first..last-1, in order, prepared in worker processes; of `size` training processes, the one of this `rank` gets every `size`-th batch."""
    sampler = range(first * size + rank, last * size + rank, size)
    return DataLoader(batches, batch_size=None, sampler=sampler, num_workers=workers, prefetch_factor=6 if workers else None)


def to_tensors(batch, device="cpu"):
    """A batch of `WeatherBatches` -> float32 tensors: view [B,3,h,w], patches [B,9,3,64,64], crops [B*n,3,c,c] channels-last."""

    def picture(x, channels_last=False):
        x = torch.as_tensor(x).to(device)
        x = x.flatten(0, 1) if channels_last else x
        x = x.movedim(-1, -3).float() / 255
        return x.contiguous(memory_format=torch.channels_last) if channels_last else x

    return {
        "view": picture(batch["view"]).contiguous(memory_format=torch.channels_last),
        "patches": picture(batch["patches"]),
        "degraded": picture(batch["degraded"], channels_last=True),
        "target": picture(batch["target"], channels_last=True),
        "labels": torch.as_tensor(batch["labels"]).to(device),
        "severity": torch.as_tensor(batch["severity"]).to(device),
        "remove": torch.as_tensor(batch["remove"]).to(device),
    }
