"""The paper's own network, as released: degraded picture, noisy residual, timestep, prompts -> estimate of the clean residual `clean - degraded`.

Written from the description of Chen et al. 2024 (T3-DiffWeather, arXiv:2409.15739) and of NAFNet (Chen et al. 2022, arXiv:2204.04676); weights
come from the authors' checkpoint by `../convert_reference.py`. The denoiser is cut in two where the pool is queried:

    degraded, noisy_residual, timestep -> encode -> bottleneck, query -> select -> weather prompts -> decode -> residual

Unlike our own models it is not local: channel attention and the query average over the whole input, its zero padding included.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

WIDTH = 64
ENCODER_BLOCKS = (1, 1, 1, 18)
DECODER_BLOCKS = (1, 1, 1, 1)
CHANNELS = WIDTH << len(ENCODER_BLOCKS)  # 1024, at 1/16
MULTIPLE_PX = 16
TIME_CHANNELS = 256
PROMPT_LENGTH, GENERAL_PROMPTS, HEADS = 64, 256, 8
TOP_K = 5
DEPTH_CHANNELS = 384
LAYER_NORM_EPS = 1e-5


class Encoded(NamedTuple):
    """What the first half gives to the second. P: the padded sides, multiples of 16."""

    bottleneck: torch.Tensor  # [B,1024,Hp/16,Wp/16]
    query: torch.Tensor  # [B,1024], the bottleneck's mean over all positions
    time_embedding: torch.Tensor  # [B,256]
    intro_features: torch.Tensor  # [B,64,Hp,Wp]
    skips: tuple[torch.Tensor, ...]  # [B,64,Hp,Wp], [B,128,Hp/2,Wp/2], [B,256,Hp/4,Wp/4], [B,512,Hp/8,Wp/8]


class T3(nn.Module):
    """The whole network but for the depth encoder: 70,041,475 parameters with a pool of 20, 69,375,875 with a pool of 10."""

    def __init__(self, pool_size: int = 20):
        super().__init__()
        self.denoiser = Denoiser()
        self.pool = PromptPool(pool_size)
        self.general = GeneralPrompts()

    def weather_key_values(self, ids):
        """Chosen sub-prompts ids [B,k] -> keys and values of their tokens for the decoder [B,kL,2C]."""
        return self.denoiser.weather_attention.key_values(self.pool.prompts[ids].flatten(1, 2))

    def depth_key_values(self, depth_prompts):
        """depth_prompts [B,G,C] -> keys and values for the decoder [B,G,2C]; once per picture."""
        return self.denoiser.depth_attention.key_values(depth_prompts)

    def forward(self, degraded, noisy_residual, timestep, depth_prompts):
        """One denoiser pass with plain cosine top-k: [B,3,H,W] twice, [B], [B,G,C] -> residual [B,3,H,W], not clipped."""
        encoded = self.denoiser.encode(degraded, noisy_residual, timestep)
        weather = self.weather_key_values(self.pool.select(encoded.query))
        return self.denoiser.decode(encoded, weather, self.depth_key_values(depth_prompts), degraded.shape[-2:])


class Denoiser(nn.Module):
    """Time-modulated NAFNet; prompts enter once, after the middle block, without a residual connection."""

    def __init__(self):
        super().__init__()
        widths = [WIDTH << level for level in range(len(ENCODER_BLOCKS) + 1)]
        blocks = lambda n, channels: nn.ModuleList(Block(channels) for _ in range(n))
        self.time = TimeEmbedding()
        self.intro = nn.Conv2d(6, WIDTH, 3, padding=1)
        self.encoder = nn.ModuleList(blocks(n, c) for n, c in zip(ENCODER_BLOCKS, widths))
        self.down = nn.ModuleList(nn.Conv2d(c, 2 * c, 2, stride=2) for c in widths[:-1])
        self.middle = blocks(1, widths[-1])
        self.weather_attention = CrossAttention()
        self.depth_attention = CrossAttention()
        self.up = nn.ModuleList(nn.Sequential(nn.Conv2d(2 * c, 4 * c, 1, bias=False), nn.PixelShuffle(2)) for c in widths[-2::-1])
        self.decoder = nn.ModuleList(blocks(n, c) for n, c in zip(DECODER_BLOCKS, widths[-2::-1]))
        self.ending = nn.Conv2d(WIDTH, 3, 3, padding=1)

    def encode(self, degraded, noisy_residual, timestep) -> Encoded:
        """[B,3,H,W] twice, timestep [B] -> Encoded. Right and bottom are padded with zeros to a multiple of 16."""
        height, width = degraded.shape[-2:]
        x = torch.cat([degraded, noisy_residual], 1)
        # The released convolution has 6 input channels; its two graphs get 8 (export.py), the added ones zero.
        more_channels = self.intro.in_channels - x.shape[1]
        x = F.pad(x, (0, -width % MULTIPLE_PX, 0, -height % MULTIPLE_PX, 0, more_channels))
        time_embedding = self.time(timestep)
        x = intro_features = self.intro(x)
        skips = []
        for stage, down in zip(self.encoder, self.down):
            for block in stage:
                x = block(x, time_embedding)
            skips.append(x)
            x = down(x)
        for block in self.middle:
            x = block(x, time_embedding)
        return Encoded(x, x.mean((2, 3)), time_embedding, intro_features, tuple(skips))

    def decode(self, encoded: Encoded, weather_key_values, depth_key_values, size):
        """Encoded, keys and values of the prompts [B,kL,2C] and [B,G,2C], size (H, W) -> residual [B,3,H,W]."""
        x = encoded.bottleneck
        tokens = x.flatten(2).transpose(1, 2)  # [B,hw,C]
        tokens = self.weather_attention(tokens, weather_key_values)
        tokens = self.depth_attention(tokens, depth_key_values)
        x = tokens.transpose(1, 2).reshape(x.shape)
        for up, skip, stage in zip(self.up, reversed(encoded.skips), self.decoder):
            x = up(x) + skip
            for block in stage:
                x = block(x, encoded.time_embedding)
        height, width = size
        return self.ending(x + encoded.intro_features)[..., :height, :width]


class TimeEmbedding(nn.Module):
    """timestep [B] -> 32 cosines, 32 sines -> [B,256]."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(64, 2 * TIME_CHANNELS)
        self.out = nn.Linear(TIME_CHANNELS, TIME_CHANNELS)

    def forward(self, timestep):
        return self.out(simple_gate(self.hidden(self.sinusoid(timestep)), TIME_CHANNELS))

    def sinusoid(self, timestep):
        """cos(t w_i), then sin(t w_i), w_i = 10000^(-i/32), i = 0..31: [B,64].

        Whole turns are taken off the angle first: WGSL promises nothing for cos and sin outside [-pi, pi].
        """
        frequencies = torch.tensor([10000 ** (-i / 32) for i in range(32)], dtype=timestep.dtype, device=timestep.device)
        angle = timestep[:, None] * frequencies
        turns = torch.floor(angle / (2 * math.pi) + 0.5)
        angle = angle - turns * 6.28125 - turns * (2 * math.pi - 6.28125)  # the first product is exact
        return torch.cat([angle.cos(), angle.sin()], -1)


class Block(nn.Module):
    """NAFNet's block with a scale and a shift by the timestep before each half: [B,c,h,w], time [B,256] -> [B,c,h,w]."""

    def __init__(self, channels):
        super().__init__()
        self.channels = channels
        self.modulation = nn.Linear(TIME_CHANNELS // 2, 4 * channels)
        self.norm1 = ChannelNorm(channels)
        self.expand1 = nn.Conv2d(channels, 2 * channels, 1)
        self.depthwise = nn.Conv2d(2 * channels, 2 * channels, 3, padding=1, groups=2 * channels)
        self.channel_attention = nn.Conv2d(channels, channels, 1)
        self.project1 = nn.Conv2d(channels, channels, 1)
        self.gain1 = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.norm2 = ChannelNorm(channels)
        self.expand2 = nn.Conv2d(channels, 2 * channels, 1)
        self.project2 = nn.Conv2d(channels, channels, 1)
        self.gain2 = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x, time_embedding):
        c = self.channels
        modulation = self.modulation(simple_gate(time_embedding, TIME_CHANNELS // 2))[:, :, None, None]  # [B,4c,1,1]
        shift1, scale1, shift2, scale2 = (modulation[:, i * c : (i + 1) * c] for i in range(4))
        y = self.norm1(x) * (1 + scale1) + shift1
        y = simple_gate(self.depthwise(self.expand1(y)), c)
        y = y * self.channel_attention(y.mean((2, 3), keepdim=True))  # no sigmoid
        x = x + self.project1(y) * self.gain1
        y = self.norm2(x) * (1 + scale2) + shift2
        return x + self.project2(simple_gate(self.expand2(y), c)) * self.gain2


class ChannelNorm(nn.Module):
    """Layer norm over the channels of each pixel of [B,c,h,w]: population variance, a gain and no bias."""

    def __init__(self, channels):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1, channels, 1, 1))

    def forward(self, x):
        gain = self.gain.flatten()
        return F.layer_norm(x.permute(0, 2, 3, 1), gain.shape, gain, None, LAYER_NORM_EPS).permute(0, 3, 1, 2)


class CrossAttention(nn.Module):
    """CA(q, c) = softmax(Q K^T / sqrt(128)) V, 8 heads of 128, then a linear layer. No norm, no residual."""

    def __init__(self):
        super().__init__()
        self.query = nn.Linear(CHANNELS, CHANNELS)
        self.key_value = nn.Linear(CHANNELS, 2 * CHANNELS)
        self.out = nn.Linear(CHANNELS, CHANNELS)

    def key_values(self, context):
        """context [B,K,C] -> K, then V, side by side [B,K,2C]."""
        return self.key_value(context)

    def forward(self, tokens, key_values):
        """tokens [B,Q,C], key_values [B,K,2C] -> [B,Q,C]."""
        return self.attend(self.query(tokens), key_values)

    def attend(self, queries, key_values):
        """The same from queries already projected [B,Q,C]."""
        split = lambda x: x.unflatten(-1, (HEADS, CHANNELS // HEADS)).transpose(1, 2)  # [B,heads,tokens,d]
        key, value = split(key_values[..., :CHANNELS]), split(key_values[..., CHANNELS:])
        scale = (CHANNELS // HEADS) ** -0.5
        attention = (split(queries) * scale @ key.transpose(-2, -1)).softmax(-1)  # [B,heads,Q,K]
        return self.out((attention @ value).transpose(1, 2).flatten(2))


class PromptPool(nn.Module):
    """N sub-prompts of 64 tokens x 1024, each with a key [1024]."""

    def __init__(self, pool_size):
        super().__init__()
        self.prompts = nn.Parameter(torch.randn(pool_size, PROMPT_LENGTH, CHANNELS))
        self.keys = nn.Parameter(torch.randn(pool_size, CHANNELS))

    def cosine(self, query):
        """query [B,C] -> cosine to every key [B,N]."""
        return F.normalize(query, dim=-1) @ F.normalize(self.keys, dim=-1).T

    def select(self, query):
        """query [B,C] -> ids [B,5] of the nearest keys, best first: a pure function of each picture's query."""
        return self.cosine(query).topk(TOP_K, dim=-1).indices


class GeneralPrompts(nn.Module):
    """General prompts attend to depth tokens: P_gd = CA(P_g, F_d), no residual. Once per picture."""

    def __init__(self):
        super().__init__()
        self.prompts = nn.Parameter(torch.randn(1, GENERAL_PROMPTS, CHANNELS))
        self.key = nn.Parameter(torch.randn(1, CHANNELS))  # used by the contrastive loss only
        self.transform = nn.Linear(DEPTH_CHANNELS, CHANNELS)
        self.attention = CrossAttention()

    def forward(self, depth_tokens):
        """depth_tokens [B,n,384] -> depth_prompts [B,256,1024]."""
        context = self.attention.key_values(self.transform(depth_tokens))
        return self.attention(self.prompts.expand(depth_tokens.shape[0], -1, -1), context)


def simple_gate(x, channels):
    """x [B,2c,...] -> [B,c,...]: the first half of the channels times the second, the network's only activation."""
    return x[:, :channels] * x[:, channels:]  # not `chunk`: in a graph it would ask for the shape at every call


def reference_prompt_loss(general_key, depth_features, chosen_keys):
    """The contrastive prompt loss as the authors' code has it (the paper's differs: prompts.contrastive_prompt_loss).

    Mean over the batch of gamma(K_g, F_d)^2 - sum over i of gamma(K_s^i, K_g)^2, gamma(a, b) = 1 - cos(a, b).
    general_key [1,C], depth_features [B,C] (projected depth tokens, averaged), chosen_keys [B,k,C] -> [].
    """
    pull = 1 - F.cosine_similarity(general_key, depth_features, dim=-1)  # [B]
    push = 1 - F.cosine_similarity(chosen_keys, general_key[:, None], dim=-1)  # [B,k]
    return (pull.square() - push.square().sum(-1)).mean()
