"""The denoiser: picture, noisy residual, timestep and prompts -> the degradation residual.

It is local (3x3 convolutions and attention from each position to the prompts, no pooling, no normalisation), so that a tiled restoration equals the untiled one.
"""

import torch
import torch.nn.functional as F
from torch import nn

from attention import CrossAttention
from diffusion import BETA_END, BETA_START, TRAIN_TIMESTEPS
from model_config import ModelConfig

CLEAN_DEVIATION = 0.25  # of a photograph's numbers around 0.5


class PromptAttention(nn.Module):
    """Embeds prompts [B,K,C] into a feature map [B,c,h,w], position by position: F + CA(F, prompts)."""

    def __init__(self, channels, config: ModelConfig):
        super().__init__()
        self.attention = CrossAttention(channels, config.prompt_channels, config.attention_channels, config.attention_heads)

    def forward(self, features, prompts):
        tokens = features.flatten(2).transpose(1, 2)  # [B,hw,c]
        embedded = self.attention(tokens, prompts).transpose(1, 2)
        return features + embedded.reshape(features.shape)


class Block(nn.Module):
    """conv3x3 -> scale-and-shift by the prompts and the timestep -> leaky ReLU -> conv3x3, residual.

    Leaky, for with plain ReLU and Muon's large early steps whole blocks died: their filters turned against the pictures' mean brightness.
    """

    def __init__(self, channels, embedding_channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.film = nn.Linear(embedding_channels, 2 * channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x, embedding):
        scale, shift = self.film(embedding)[:, :, None, None].chunk(2, 1)  # [B,c,1,1]
        return x + self.conv2(F.leaky_relu(self.conv1(x) * (1 + scale) + shift, 0.1))


class TimestepFeatures(nn.Module):
    """timestep [B] -> sinusoid [B,64] and the gain [B] of the noisy residual; a module of its own, since fp16 does not hold its angles."""

    def __init__(self):
        super().__init__()
        self.register_buffer("frequencies", 10000 ** (-torch.arange(32) / 32), persistent=False)

    def forward(self, timestep):
        angle = timestep[:, None] * self.frequencies  # [B,32]
        return torch.cat([angle.cos(), angle.sin()], -1), wiener_gain(timestep)


def wiener_gain(timestep, residual_deviation: float = 0.1):
    """Factor [B] that turns r_t into the best linear guess of a residual of that deviation: 0.003 at t = 500, where r_t is nearly all noise, 0.99 at t = 0.

    sqrt(ᾱ) σ² / (ᾱ σ² + 1 - ᾱ); a learned gain fell to zero for both steps.
    """
    alpha, variance = alpha_of(timestep), residual_deviation**2
    return alpha.sqrt() * variance / (alpha * variance + 1 - alpha)


def alpha_of(timestep):
    """ᾱ_t [B] = exp(-sum of betas), within 4 % of what the product gives."""
    slope = (BETA_END - BETA_START) / (2 * (TRAIN_TIMESTEPS - 1))
    return torch.exp(-(BETA_START + slope * timestep) * (timestep + 1))


class Denoiser(nn.Module):
    """f(degraded, noisy_residual, timestep, prompts) -> estimate of the clean residual; a U-net at 1/2, 1/4, 1/8."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        c, e = config.widths, config.embedding_channels
        self.timestep = TimestepFeatures()
        self.embed_timestep = nn.Linear(64, e)
        self.embed_weather = nn.Linear(config.prompt_channels, e, bias=False)
        self.embed_depth = nn.Linear(config.prompt_channels, e, bias=False)
        self.embed = nn.Linear(e, e)

        blocks = lambda n, channels: nn.ModuleList(Block(channels, e) for _ in range(n))
        self.intro = nn.Conv2d(24, c[0], 3, padding=1)
        self.encoder = nn.ModuleList(blocks(n, ci) for n, ci in zip(config.encoder_blocks, c))
        self.down = nn.ModuleList(nn.Conv2d(c[i], c[i + 1], 2, stride=2) for i in range(len(c) - 1))
        self.middle = blocks(config.middle_blocks, c[-1])
        self.weather_attention = PromptAttention(c[-1], config)
        self.depth_attention = PromptAttention(c[-1], config)
        self.up = nn.ModuleList(nn.Conv2d(c[i + 1], 4 * c[i], 1, bias=False) for i in range(len(c) - 1))
        self.decoder = nn.ModuleList(blocks(n, ci) for n, ci in zip(config.decoder_blocks, c))
        self.ending = nn.Conv2d(c[0], 12, 3, padding=1)
        nn.init.zeros_(self.ending.weight)  # starts from the identity: residual 0
        nn.init.zeros_(self.ending.bias)

    def embedding(self, sinusoid, weather_prompts, depth_prompts):
        """sinusoid [B,64], prompts -> conditioning vector [B,e]."""
        time = F.relu(self.embed_timestep(sinusoid))
        if not self.config.use_film:
            return torch.zeros_like(time)
        prompts = self.embed_weather(weather_prompts.mean(1)) + self.embed_depth(depth_prompts.mean(1))
        return F.relu(self.embed(time + prompts))

    def forward(self, degraded, noisy_residual, timestep, weather_prompts, depth_prompts):
        sinusoid, gain = self.timestep(timestep)
        embedding = self.embedding(sinusoid, weather_prompts, depth_prompts)
        centred = degraded - 0.5
        if not self.config.use_residual:  # r = degraded - clean, so sqrt(ᾱ) (degraded - 0.5) - r_t is the noisy clean picture, with the noise's sign changed
            noisy_clean = alpha_of(timestep).sqrt()[:, None, None, None] * centred - noisy_residual
            return centred - self.predict(centred, noisy_clean * wiener_gain(timestep, CLEAN_DEVIATION)[:, None, None, None], embedding, weather_prompts, depth_prompts)
        return self.predict(centred, noisy_residual * gain[:, None, None, None], embedding, weather_prompts, depth_prompts)

    def predict(self, centred, state, embedding, weather_prompts, depth_prompts):
        """The U-net: picture minus 0.5 and scaled state, [B,3,H,W] each -> [B,3,H,W]."""
        x = torch.cat([centred, state], 1)  # [B,6,H,W]
        x = self.intro(F.pixel_unshuffle(x, 2))
        skips = []
        for stage, down in zip(self.encoder, self.down):
            for block in stage:
                x = block(x, embedding)
            skips.append(x)
            x = down(x)
        x = self.middle[0](x, embedding)
        x = self.weather_attention(x, weather_prompts)
        x = self.depth_attention(x, depth_prompts)
        for block in self.middle[1:]:
            x = block(x, embedding)
        for stage, up, skip in zip(reversed(self.decoder), reversed(self.up), reversed(skips)):
            x = F.pixel_shuffle(up(x), 2) + skip
            for block in stage:
                x = block(x, embedding)
        return F.pixel_shuffle(self.ending(x), 2)

    def receptive_field_px(self):
        """How many pixels away an input can still change an output, for one pass (upper bound)."""
        levels = len(self.config.widths)
        radius = 2 * 2  # intro and ending at 1/2
        for level in range(levels - 1):
            radius += 2 * 2 ** (level + 1) * (self.config.encoder_blocks[level] + self.config.decoder_blocks[level])
        radius += 2 * 2**levels * self.config.middle_blocks
        return radius + 2**levels - 1  # and the cell of the coarsest grid
