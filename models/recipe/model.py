"""The network of our own models: condition encoder (condition.py), general prompts and a local denoiser that predicts the degradation residual.

All that is global goes through the prompts; the denoiser is local (3x3 convolutions and attention from each position to the prompts, no
pooling, no normalisation), so that a tiled restoration equals the untiled one. Layout of a forward pass:

    view, patches -> ConditionEncoder -> query -> PromptPool -> weather_prompts
    view -> depth encoder -> depth_tokens -> GeneralPrompts -> depth_prompts
    degraded, noisy_residual, timestep, weather_prompts, depth_prompts -> Denoiser -> residual
"""

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn

from condition import ConditionEncoder
from diffusion import BETA_END, BETA_START, TRAIN_TIMESTEPS
from prompts import WEATHERS, PromptPool


CLEAN_DEVIATION = 0.25  # of a photograph's numbers around 0.5


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of a model. Widths are channels at 1/2, 1/4 and 1/8 of the picture's resolution."""

    name: str = "nano"
    widths: tuple[int, ...] = (24, 48, 80)
    encoder_blocks: tuple[int, ...] = (0, 1)
    middle_blocks: int = 2
    decoder_blocks: tuple[int, ...] = (1, 1)
    embedding_channels: int = 128
    prompt_channels: int = 96
    prompt_length: int = 8
    pool_size: int = 20
    top_k: int = 5
    general_prompts: int = 16
    attention_channels: int = 32
    attention_heads: int = 4
    depth_channels: int = 64
    condition_width: int = 24
    condition_peaks: bool = False  # the patches' largest answers beside their means: a single faint streak
    condition_blocks: tuple[int, ...] = (0, 0, 0)  # residual blocks of the condition at 1/4, 1/8 and 1/16
    condition_mirrored: bool = False  # out of training it looks at the mirror image too
    # Ablations: what is switched off is replaced by nothing (zeros), at the same cost.
    use_pool: bool = True
    use_depth_prompts: bool = True
    use_film: bool = True
    use_residual: bool = True  # else the network works on the clean picture in place of the residual


CONFIGS = {
    "nano": ModelConfig(),
    "lite": ModelConfig(
        name="lite", widths=(32, 64, 128), encoder_blocks=(1, 2), middle_blocks=3, decoder_blocks=(2, 2), attention_channels=96,
        condition_width=48, condition_peaks=True, condition_blocks=(1, 1, 1), condition_mirrored=True,
    ),  # fmt: skip
}


class CrossAttention(nn.Module):
    """CA(query tokens [B,Q,Cq], context [B,K,Cc]) -> [B,Q,Cq]; softmax(Q K^T / sqrt(d)) V, then a linear layer."""

    def __init__(self, query_channels, context_channels, channels, heads):
        super().__init__()
        self.heads, self.scale = heads, (channels // heads) ** -0.5
        self.query = nn.Linear(query_channels, channels)
        self.key_value = nn.Linear(context_channels, 2 * channels)
        self.out = nn.Linear(channels, query_channels)

    def forward(self, tokens, context):
        key, value = self.key_value(context).chunk(2, -1)
        split = lambda x: x.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # [B,heads,tokens,d]
        query, key, value = split(self.query(tokens)), split(key), split(value)
        attention = (query * self.scale @ key.transpose(-2, -1)).softmax(-1)  # [B,heads,Q,K]
        return self.out((attention @ value).transpose(1, 2).flatten(2))


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


def config_from(saved: dict) -> ModelConfig:
    """A ModelConfig from its saved dict (lists become tuples)."""
    return ModelConfig(**{k: tuple(v) if isinstance(v, list) else v for k, v in saved.items()})


def all_weathers(batch: int, device=None) -> torch.Tensor:
    """The `remove` that asks for everything: [B,A] of ones."""
    return torch.ones(batch, len(WEATHERS), device=device)
