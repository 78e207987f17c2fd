"""Muon for convolution filters, AdamW for everything else, and one learning-rate schedule: warm-up, constant, decay to zero.

Muon (Jordan et al. 2024) takes the momentum of a filter, as a matrix [out, in*kh*kw], to its nearest orthogonal matrix by five
Newton-Schulz steps before it is applied. PyTorch's own Muon takes matrices only, so filters want this small one.
"""

import torch
from torch import nn

from precision import training_dtype


def orthogonalise(matrices: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Nearest (semi-)orthogonal matrices to [...,rows,columns], roughly, by a quintic Newton-Schulz iteration, in bfloat16 where that is fast: rough is enough."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    x = (x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)).to(training_dtype(x.device.type))
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).float()


class Muon(torch.optim.Optimizer):
    """Momentum with orthogonalised updates, for 4-D filters; lr is scaled by sqrt(max(1, rows/columns))."""

    def __init__(self, parameters, lr=0.012, momentum=0.95, weight_decay=0.0):
        super().__init__(parameters, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            by_shape = {}  # filters of one shape are orthogonalised together: many small products cost more than one large
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape.setdefault(parameter.shape, []).append(parameter)
            for parameters in by_shape.values():
                updates = orthogonalise(torch.stack([self.momentum(p, group["momentum"]) for p in parameters]))
                scale = max(1, updates.shape[1] / updates.shape[2]) ** 0.5
                for parameter, update in zip(parameters, updates):
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.add_(update.reshape(parameter.shape), alpha=-group["lr"] * scale)

    def momentum(self, parameter, decay):
        """Nesterov momentum of a filter as a matrix [out, in*kh*kw]."""
        gradient = parameter.grad.contiguous().flatten(1)
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(gradient)
        return gradient.lerp(state["momentum"].lerp_(gradient, 1 - decay), decay)


def make_optimizers(model: nn.Module, rate: float):
    """(Muon, AdamW) over a model: filters of 4 dimensions but the last convolution go to Muon at ten times AdamW's rate."""
    filters, rest = [], []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            (filters if parameter.ndim == 4 and "ending" not in name else rest).append(parameter)
    return Muon(filters, lr=10 * rate), torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.99), weight_decay=1e-4)


def rate_at(step: int, steps: int, warmup: int, decay: int) -> float:
    """Factor of the learning rate in [0,1]: linear warm-up, constant, linear decay over the last `decay` steps."""
    return min(1.0, (step + 1) / warmup, max(steps - step, 0) / decay if decay else 1.0)


def set_rate(optimizers, rate: float, factor: float):
    muon, adamw = optimizers
    for group in muon.param_groups:
        group["lr"] = 10 * rate * factor
    for group in adamw.param_groups:
        group["lr"] = rate * factor
