"""The network of our own models: condition (condition.py), prompt pool (prompts.py), general prompts and the denoiser (denoiser.py).

All that is global goes through the prompts; the denoiser is local. Layout of a forward pass:

    view, patches -> ConditionEncoder -> query -> PromptPool -> weather_prompts
    view -> depth encoder -> depth_tokens -> GeneralPrompts -> depth_prompts
    degraded, noisy_residual, timestep, weather_prompts, depth_prompts -> Denoiser -> residual
"""

from dataclasses import asdict

import torch
from torch import nn

from attention import CrossAttention
from condition import ConditionEncoder
from denoiser import Denoiser
from model_config import ModelConfig
from prompts import WEATHERS, PromptPool


class GeneralPrompts(nn.Module):
    """General prompts attend to depth tokens [B,N,Cd]: P_gd = CA(P_g, F_d), no residual -> depth_prompts [B,G,C]."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.prompts = nn.Parameter(torch.randn(config.general_prompts, config.prompt_channels))
        self.key = nn.Parameter(torch.randn(config.prompt_channels))
        self.transform = nn.Linear(config.depth_channels, config.prompt_channels)
        self.attention = CrossAttention(config.prompt_channels, config.prompt_channels, config.prompt_channels, config.attention_heads)

    def forward(self, depth_tokens):
        features = self.transform(depth_tokens)  # [B,N,C]
        return self.attention(self.prompts[None].expand(len(features), -1, -1), features)


class Restorer(nn.Module):
    """A whole model but for the depth encoder, which is trained before and then held fixed."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.condition = ConditionEncoder(config.condition_width, config.condition_peaks, config.condition_blocks, config.condition_mirrored, config.prompt_channels)
        self.pool = PromptPool(config.pool_size, config.prompt_length, config.prompt_channels, config.top_k)
        self.general = GeneralPrompts(config)
        self.denoiser = Denoiser(config)

    def prompts(self, view, patches, depth_tokens, remove, jitter: bool = False):
        """Once per picture: (query [B,C], weather_prompts [B,kL,C], chosen ids [B,k], depth_prompts [B,G,C])."""
        query = self.condition(view, patches).float()
        weather_prompts, ids = self.pool.select(scale_gradient(query, 0.1), remove, jitter)
        depth_prompts = self.general(depth_tokens)
        if not self.config.use_pool:
            weather_prompts = weather_prompts * 0
        if not self.config.use_depth_prompts:
            depth_prompts = depth_prompts * 0
        return query, weather_prompts, ids, depth_prompts

    def checkpoint_config(self):
        return asdict(self.config)


def scale_gradient(x, factor: float):
    """x, its gradient scaled: the query learns what the weather is from labels first, and only then from the restoration's noisier wishes."""
    return x * factor + x.detach() * (1 - factor)


def all_weathers(batch: int, device=None) -> torch.Tensor:
    """The `remove` that asks for everything: [B,A] of ones."""
    return torch.ones(batch, len(WEATHERS), device=device)
