"""Training batches for the depth encoder: photographs with pseudo-depth and rendered scenes -> clean and degraded views and their depth.

Batch i is a pure function of (seed, i).
"""

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

import weather
from clean_pictures import REGION_PX, CleanPictures
from data import as_uint8
from depth.encoder import HEAD_CELLS, VIEW_MULTIPLE_PX
from prompts import WEATHERS
from depth.scenes import render_scene

VIEW_PX = REGION_PX // 2
DEPTH_PX = VIEW_PX // VIEW_MULTIPLE_PX * HEAD_CELLS  # what the depth head predicts of such a view


class DepthBatches(Dataset):
    """Item i is batch i: `pairs` views with weather and without, then `extra` views without; depth of all that are without.

    `pictures` may be None: then all are rendered scenes.
    """

    def __init__(self, pictures: CleanPictures | None, seed: int, pairs: int, extra: int, scene_share: float, batches_a_bank: int = 400):
        self.pictures, self.seed, self.pairs, self.extra = pictures, seed, pairs, extra
        self.scene_share = scene_share if pictures else 1.0
        self.batches_a_bank, self.bank_number, self.banks = batches_a_bank, None, None

    def __len__(self):
        return 2**31

    def __getitem__(self, batch: int):
        rng = np.random.default_rng([self.seed, 0, batch])
        number = batch // self.batches_a_bank
        if number != self.bank_number:  # streaks, flakes and drops wear out
            self.banks, self.bank_number = weather.make_banks(np.random.default_rng([self.seed, 1, number])), number
        degraded, clean, depth = [], [], []
        for _ in range(self.pairs):
            region, region_depth = self.region(rng, REGION_PX)
            example = weather.render_example(rng, self.banks, region, region_depth, sample_some_weather(rng), WEATHERS)
            degraded.append(to_view(example.degraded))
            clean.append(to_view(example.clean))
            depth.append(region_depth)
        for _ in range(self.extra):
            region, region_depth = self.region(rng, VIEW_PX)
            clean.append(as_uint8(region ** np.float32(rng.uniform(0.7, 1.4))))
            depth.append(region_depth)
        depth = [cv2.resize(d, (DEPTH_PX, DEPTH_PX), interpolation=cv2.INTER_AREA) for d in depth]
        return {"degraded": np.stack(degraded), "clean": np.stack(clean), "depth": np.stack(depth).astype(np.float32)}

    def region(self, rng, side: int):
        """clean float32 [side,side,3], depth float32 [side,side]."""
        if rng.random() < self.scene_share:
            return render_scene(rng, side, side)
        return self.pictures.region(rng, int(rng.integers(len(self.pictures.pictures))), side)


def sample_some_weather(rng):
    """As in training of the restorer, but never none."""
    while not (weathers := weather.sample_weathers(rng)):
        pass
    return weathers


def to_view(picture):
    """float32 [2h,2w,3] -> uint8 [h,w,3], by area."""
    return as_uint8(cv2.resize(picture, (picture.shape[1] // 2, picture.shape[0] // 2), interpolation=cv2.INTER_AREA))


def depth_loader(batches: DepthBatches, steps: int, workers: int) -> DataLoader:
    """Batches 0..steps-1, in order, prepared in worker processes while the network works."""
    settings = {"prefetch_factor": 8, "persistent_workers": True} if workers else {}
    return DataLoader(batches, batch_size=None, sampler=range(steps), num_workers=workers, **settings)


def to_views(pictures, device="cpu"):
    """uint8 [B,h,w,3] -> float32 [B,3,h,w] in [0,1], channels-last in memory."""
    views = torch.as_tensor(pictures).to(device).movedim(-1, -3).float() / 255
    return views.contiguous(memory_format=torch.channels_last)
