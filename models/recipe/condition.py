"""The condition: what a picture's view and native-scale patches tell of its weather, as a query to the prompt pool."""

import torch
import torch.nn.functional as F
from torch import nn


class Refine(nn.Module):
    """ReLU, then residual blocks x + conv3x3(ReLU(conv3x3(x))), ReLU; they begin as the identity."""

    def __init__(self, channels, blocks):
        super().__init__()
        self.blocks = nn.ModuleList(nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, channels, 3, padding=1)) for _ in range(blocks))
        for block in self.blocks:
            nn.init.zeros_(block[-1].weight)
            nn.init.zeros_(block[-1].bias)

    def forward(self, x):
        x = F.relu(x)
        for block in self.blocks:
            x = F.relu(x + block(x))
        return x


class ConditionEncoder(nn.Module):
    """view [B,3,h,w] and native-scale patches [B,P,3,64,64] -> query [B,C]: what weather, how much.

    Streaks and flakes are fine, so the trunk starts at half resolution; contrast tells of haze, so deviations are kept beside means. Out of training a
    mirrored condition asks with the mean of what the picture and its mirror image ask: two looks err less than one, and both pictures get the same prompts.
    """

    def __init__(self, width: int, peaks: bool, blocks: tuple[int, ...], mirrored: bool, channels: int):
        """`width`, `peaks`, `blocks` and `mirrored` as in model_config.ModelConfig; `channels`: C, those of a prompt."""
        super().__init__()
        w, self.peaks, self.mirrored = width, peaks, mirrored

        def trunk():
            return nn.Sequential(
                nn.PixelUnshuffle(2), nn.Conv2d(12, w, 3, stride=2, padding=1), Refine(w, blocks[0]),
                nn.Conv2d(w, 2 * w, 3, stride=2, padding=1), Refine(2 * w, blocks[1]),
                nn.Conv2d(2 * w, 3 * w, 3, stride=2, padding=1), Refine(3 * w, blocks[2]),
            )  # fmt: skip

        self.view_trunk, self.patch_trunk = trunk(), trunk()
        self.deep = nn.Sequential(nn.Conv2d(3 * w, 3 * w, 3, padding=1), nn.ReLU())
        # No bias at the end: a constant part of the query would drown what differs between pictures.
        statistics = (15 if self.peaks else 12) * w
        self.head = nn.Sequential(nn.LayerNorm(statistics), nn.Linear(statistics, 128), nn.ReLU(), nn.Linear(128, channels, bias=False))

    def forward(self, view, patches):
        if self.mirrored and not self.training:
            return sum(self.query(torch.cat([view, view.flip(-1)]), torch.cat([patches, patches.flip(-1)])).chunk(2)) / 2
        return self.query(view, patches)

    def query(self, view, patches):
        """One look: [B,C]."""
        view, patches = (view - 0.45) / 0.25, (patches - 0.45) / 0.25
        seen = self.deep(self.view_trunk(view)).flatten(2)  # [B,3w,places]
        fine = self.patch_trunk(patches.flatten(0, 1)).flatten(2)  # [BP,3w,places]
        fine = fine.unflatten(0, patches.shape[:2]).transpose(1, 2).flatten(2)  # [B,3w,P*places]
        peaks = [fine.float().amax(-1)] if self.peaks else []
        return self.head(torch.cat([*mean_and_deviation(seen), *mean_and_deviation(fine), *peaks], -1))


def mean_and_deviation(features):
    """[B,c,places] -> mean and standard deviation over the places, both [B,c]."""
    features = features.float()
    mean = features.mean(-1)
    return mean, ((features - mean[..., None]).square().mean(-1) + 1e-4).sqrt()
