"""Losses of the depth encoder: predicted and known depth maps, tokens with and without weather -> what training lowers."""

import torch
import torch.nn.functional as F


def depth_loss(predicted, known):
    """Depth maps [B,h,w] -> scalar: L1 after each map is brought to mean 0 and spread 1 (MiDaS: Ranftl et al. 2020, arXiv:1907.01341), L1 as they
    stand at half the weight, and L1 between their slopes over one, two and four cells."""
    a, b = normalised_depth(predicted), normalised_depth(known)
    slopes = sum(slope_loss(a[:, ::step, ::step], b[:, ::step, ::step]) for step in (1, 2, 4))
    return F.l1_loss(a, b) + 0.5 * F.l1_loss(predicted, known) + 0.5 * slopes


def normalised_depth(depth, floor: float = 0.05):
    """[B,h,w] minus its mean, over its mean absolute deviation (and a floor, so that a flat wall does not blow up)."""
    centred = depth - depth.mean((-2, -1), keepdim=True)
    return centred / (centred.abs().mean((-2, -1), keepdim=True) + floor)


def slope_loss(a, b):
    difference = a - b
    return difference.diff(dim=-1).abs().mean() + difference.diff(dim=-2).abs().mean()


def weather_consistency_loss(degraded_tokens, clean_tokens):
    """Tokens [B,N,Cd] of the same picture with and without weather -> scalar: squared difference over the variance of the clean ones.

    The clean side gets no gradient: the weather is to be ignored, not the scene. Collapse does not pay, since depth is read from both.
    """
    goal = clean_tokens.detach()
    variance = goal.var(dim=(0, 1), unbiased=False).mean()
    return F.mse_loss(degraded_tokens, goal) / (variance + 1e-6)


def token_spread_loss(tokens):
    """Tokens [B,N,Cd] -> scalar: keeps every channel's spread from falling under 1 (the variance term of VICReg: Bardes et al. 2022, arXiv:2105.04906)."""
    return F.relu(1 - torch.sqrt(tokens.flatten(0, 1).var(dim=0) + 1e-4)).mean()
