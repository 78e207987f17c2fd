"""Which numbers training multiplies in: bfloat16 where the machine has instructions for it, float32 where bfloat16 would be emulated.

Emulated, a convolution takes ten to twenty times as long as in float32 (48 channels, one core of an AMD EPYC 7003 with AVX2: 4 against 52 GFLOP/s); with
AVX-512 and bfloat16 it takes half as long.
"""

from functools import cache

import torch


@cache
def training_dtype(device_type: str) -> torch.dtype:
    """torch.bfloat16 or torch.float32, for "cpu" by what the processor says of itself; accelerators have bfloat16."""
    if device_type != "cpu":
        return torch.bfloat16
    can = torch.cpu.get_capabilities()
    return torch.bfloat16 if can.get("avx512_bf16") or can.get("amx_bf16") else torch.float32


def autocast(device: torch.device | str) -> torch.autocast:
    """The context that a training step's forward pass runs in."""
    device_type = torch.device(device).type
    return torch.autocast(device_type, torch.bfloat16, enabled=training_dtype(device_type) is torch.bfloat16)
