"""The processes that train one model together, one a core: python -m torch.distributed.run --nproc-per-node 2 -- train.py …"""

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist


@dataclass(frozen=True)
class Team:
    """The processes that train one model together, each on batches of its own."""

    rank: int = 0
    size: int = 1

    @staticmethod
    def join() -> "Team":
        """As torch.distributed.run set it up; alone when the script was started by itself."""
        if "WORLD_SIZE" not in os.environ:
            return Team()
        dist.init_process_group("gloo")
        return Team(dist.get_rank(), dist.get_world_size())

    def as_the_first(self, number: float) -> float:
        """What the first process says, in all of them: clocks differ, and the rate must not."""
        if self.size == 1:
            return number
        said = torch.tensor([number], dtype=torch.float64)
        dist.broadcast(said, 0)
        return float(said)

    def average_gradients(self, model):
        """Every process leaves with the mean of all their gradients, in one message."""
        if self.size == 1:
            return
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        whole = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(whole)
        for gradient, mean in zip(gradients, (whole / self.size).split([g.numel() for g in gradients])):
            gradient.copy_(mean.view_as(gradient))
