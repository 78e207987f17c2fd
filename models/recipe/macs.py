"""Multiply-adds (MACs) of a whole restoration at 256x256: convolutions, linear layers and attention, both steps and the conditioning."""

import torch
from torch.utils.flop_counter import FlopCounterMode


def macs_of(module, *inputs) -> int:
    """MACs of one call in use, out of training; PyTorch counts two operations for each."""
    module.eval().requires_grad_(False)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(*inputs)
    return counter.get_total_flops() // 2


def count_macs(model, depth_encoder) -> dict:
    """{"denoiserPass", "condition", "depth", "generalPrompts", "total"} at 256x256, total = two passes and the conditioning."""
    config = model.config
    picture, view = torch.rand(1, 3, 256, 256), torch.rand(1, 3, 128, 128)
    prompts = torch.rand(1, config.top_k * config.prompt_length, config.prompt_channels)
    general = torch.rand(1, config.general_prompts, config.prompt_channels)
    counts = {
        "denoiserPass": macs_of(model.denoiser, picture, picture, torch.tensor([500.0]), prompts, general),
        "condition": macs_of(model.condition, view, torch.rand(1, 9, 3, 64, 64)),
        "depth": macs_of(depth_encoder, view),
        "generalPrompts": macs_of(model.general, torch.rand(1, 64, config.depth_channels)),
    }
    return {**counts, "total": 2 * counts["denoiserPass"] + counts["condition"] + counts["depth"] + counts["generalPrompts"]}
