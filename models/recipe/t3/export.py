"""`t3` and its depth encoder -> four ONNX graphs, the prompt pool and a manifest, all in one folder (docs/model-contract.md)."""

import copy
import json
import shutil
from pathlib import Path

import torch
from torch import nn

from t3.depth_anything_v1 import PATCH_PX, DepthTokens
from diffusion import BETA_END, BETA_START, TIMESTEPS, TRAIN_TIMESTEPS
from macs import macs_of
from onnx_graph import file_entry
from t3.onnx_pieces import export_pieces
from t3.network import CHANNELS, DEPTH_CHANNELS, GENERAL_PROMPTS, MULTIPLE_PX, PROMPT_LENGTH, T3, TIME_CHANNELS, TOP_K, WIDTH, Encoded

CARD = Path(__file__).parent.parent.parent / "cards" / "t3.md"
# The network averages over its whole input, so tiles are as large as memory allows; a picture up to this size is one tile, as in the reference.
TILE = {"sizePx": 768, "overlapPx": 96, "multiplePx": 1}  # any side: the graphs pad by themselves
VIEW_AREA_PX = 720 * 720  # attention over depth tokens grows with the square of the area; the reference has no limit
ENCODED = ["bottleneck", "query", "time_embedding", "intro_features", "skip_0", "skip_1", "skip_2", "skip_3"]


class EncoderGraph(nn.Module):
    """degraded, noisy_residual [1,3,H,W], timestep [1] -> bottleneck, query, time_embedding, intro_features, skip_0 .. skip_3."""

    def __init__(self, denoiser):
        super().__init__()
        self.denoiser = copy.deepcopy(denoiser)
        self.denoiser.intro = with_input_channels(denoiser.intro, 8)  # WebGPU miscomputes 6

    def forward(self, degraded, noisy_residual, timestep):
        *features, skips = self.denoiser.encode(degraded, noisy_residual, timestep)
        return (*features, *skips)


class DecoderGraph(nn.Module):
    """What the encoder gave, keys and values of the prompts, `degraded` for its size alone -> residual [1,3,H,W]."""

    def __init__(self, denoiser):
        super().__init__()
        self.denoiser = denoiser

    def forward(self, bottleneck, time_embedding, intro_features, skip_0, skip_1, skip_2, skip_3, weather_key_values, depth_key_values, degraded):
        encoded = Encoded(bottleneck, None, time_embedding, intro_features, (skip_0, skip_1, skip_2, skip_3))
        return self.denoiser.decode(encoded, weather_key_values, depth_key_values, degraded.shape[-2:])


class GeneralPromptsGraph(nn.Module):
    """depth_tokens [1,N,384] -> depth_prompts [1,256,1024], depth_key_values [1,256,2048]. The prompts' queries are constant: computed here, once."""

    def __init__(self, model: T3):
        super().__init__()
        self.general, self.depth_attention = model.general, model.denoiser.depth_attention
        self.queries = nn.Parameter(model.general.attention.query(model.general.prompts), requires_grad=False)

    def forward(self, depth_tokens):
        attention = self.general.attention
        depth_prompts = attention.attend(self.queries, attention.key_values(self.general.transform(depth_tokens)))
        return depth_prompts, self.depth_attention.key_values(depth_prompts)


def with_input_channels(convolution: nn.Conv2d, channels: int) -> nn.Conv2d:
    """The same convolution with more input channels, whose weights are zero."""
    weight = convolution.weight.detach()
    wide = nn.Conv2d(channels, weight.shape[0], weight.shape[2:], padding=convolution.padding)
    wide.weight = nn.Parameter(torch.cat([weight, weight.new_zeros(weight.shape[0], channels - weight.shape[1], *weight.shape[2:])], 1))
    wide.bias = nn.Parameter(convolution.bias.detach().clone())
    return wide.requires_grad_(False)


@torch.no_grad()
def export_t3(model: T3, depth_model, folder: Path, weights: str, normalise: bool = False, antialias: bool = False, version: str = "1.0.0") -> dict:
    """Writes everything into `folder`, manifest.json last; returns t3's manifest entry."""
    folder.mkdir(parents=True, exist_ok=True)
    depth_tokens = DepthTokens(depth_model, normalise)
    entries = {name: export_pieces(*graph[:-1], folder / name, graph[-1]) for name, graph in graphs(model, depth_tokens).items()}
    spec = {
        "version": version,
        "title": "T3-DiffWeather (Chen et al., ECCV 2024), converted from the authors' checkpoint",
        "licence": "none stated by the authors; for your own use",
        "trainingData": "Snow100K, Outdoor-Rain and RainDrop, by the authors; see the model card.",
        "card": "card.md",
        "weathers": [],
        "residualSign": "clean-minus-degraded",
        "schedule": {
            "kind": "linear", "trainTimesteps": TRAIN_TIMESTEPS, "betaStart": BETA_START, "betaEnd": BETA_END, "timesteps": list(TIMESTEPS), "clip": 1,
        },
        "promptQuery": "every-step",
        "view": {"kind": "bilinear", "areaPx": VIEW_AREA_PX, "multiplePx": PATCH_PX, "antialias": antialias},
        "tile": {**TILE, "receptiveFieldPx": receptive_field_px(model)},
        "macs256": count_macs(model, depth_tokens),
        "graphs": entries,
        "promptPool": export_pool(model, folder / "prompt-pool.bin"),
        "convertedFrom": {"weights": weights, "normaliseDepth": normalise},
    }  # fmt: skip
    shutil.copyfile(CARD, folder / "card.md")
    manifest = {"version": 1, "defaultModel": "t3", "models": {"t3": spec}}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return spec


def graphs(model: T3, depth_tokens: DepthTokens) -> dict:
    """name -> (module, example inputs by name, output names, dynamic axes, scopes kept in float32)."""
    encoder = EncoderGraph(model.denoiser)
    picture, timestep = torch.rand(1, 3, 50, 70), torch.tensor([500.0])
    encoded = dict(zip(ENCODED, encoder(picture, picture, timestep)))
    side = {2: "height", 3: "width"}
    inner = {name: {2: f"{name}_height", 3: f"{name}_width"} for name in encoded if encoded[name].ndim == 4}
    key_values = {
        "weather_key_values": torch.randn(1, TOP_K * PROMPT_LENGTH, 2 * CHANNELS),
        "depth_key_values": torch.randn(1, GENERAL_PROMPTS, 2 * CHANNELS),
    }
    kept = {name: value for name, value in encoded.items() if name != "query"}
    return {
        "encoder": (
            encoder, {"degraded": picture, "noisy_residual": picture, "timestep": timestep}, ENCODED,
            {"degraded": side, "noisy_residual": side, **inner}, ("/time/",),
        ),
        "decoder": (DecoderGraph(model.denoiser), {**kept, **key_values, "degraded": picture}, ["residual"], {**inner, "degraded": side, "residual": side}, ()),
        "general-prompts": (
            GeneralPromptsGraph(model), {"depth_tokens": torch.rand(1, 20, DEPTH_CHANNELS)}, ["depth_prompts", "depth_key_values"],
            {"depth_tokens": {1: "tokens"}}, (),
        ),
        "depth": (
            depth_tokens, {"view": torch.rand(1, 3, 4 * PATCH_PX, 5 * PATCH_PX)}, ["depth_tokens"], {"view": side, "depth_tokens": {1: "tokens"}},
            ("/position/",),
        ),
    }  # fmt: skip


def export_pool(model: T3, path: Path) -> dict:
    """Writes keys [P,C] and the sub-prompts' keys and values for attention [P,L,2C] as little-endian float32; returns the manifest's part."""
    tensors = {"keys": model.pool.keys, "keyValues": model.denoiser.weather_attention.key_values(model.pool.prompts)}
    path.write_bytes(b"".join(t.detach().numpy().astype("<f4").tobytes() for t in tensors.values()))
    return {**file_entry(path, path.parent), "topK": TOP_K, "tensors": {name: list(t.shape) for name, t in tensors.items()}}


def receptive_field_px(model: T3) -> int:
    """How many pixels away the convolutions of one pass reach. What is averaged over the whole input comes on top."""
    denoiser = model.denoiser
    radius = 2  # intro and ending
    for level, stage in enumerate(denoiser.encoder):
        radius += 2**level * (len(stage) + len(denoiser.decoder[len(denoiser.encoder) - 1 - level]))
    return radius + MULTIPLE_PX * len(denoiser.middle) + MULTIPLE_PX - 1  # and the cell of the coarsest grid


@torch.no_grad()
def count_macs(model: T3, depth_tokens: DepthTokens) -> dict:
    """MACs at 256x256: {"denoiserPass", "depth", "generalPrompts", "total", "referencePass"}, total = two passes and the conditioning.

    `referencePass` is a pass of the network as released, which computes the depth prompts and all keys and values again at every step.
    """
    with torch.device("meta"):  # counted by shapes alone
        model, depth_tokens = T3(len(model.pool.keys)), copy.deepcopy(depth_tokens).to("meta")
        encoder, decoder, general = EncoderGraph(model.denoiser), DecoderGraph(model.denoiser), GeneralPromptsGraph(model)
        picture, timestep, view = torch.rand(1, 3, 256, 256), torch.rand(1), torch.rand(1, 3, 252, 252)
        key_values = torch.rand(1, TOP_K * PROMPT_LENGTH, 2 * CHANNELS), torch.rand(1, GENERAL_PROMPTS, 2 * CHANNELS)
        depth_features, depth_prompts = torch.rand(1, 18 * 18, DEPTH_CHANNELS), torch.rand(1, GENERAL_PROMPTS, CHANNELS)
    encoded = dict(zip(ENCODED, encoder(picture, picture, timestep)))
    encoded.pop("query")
    counts = {
        "denoiserPass": macs_of(encoder, picture, picture, timestep) + macs_of(decoder, *encoded.values(), *key_values, picture),
        "depth": macs_of(depth_tokens, view),
        "generalPrompts": macs_of(general, depth_features),
    }
    total = 2 * counts["denoiserPass"] + counts["depth"] + counts["generalPrompts"]
    reference_pass = macs_of(model.general, depth_features) + macs_of(model, picture, picture, timestep, depth_prompts)
    return {**counts, "total": total, "referencePass": reference_pass}
