"""One photograph restored in PyTorch, untiled: the reference for the TypeScript core.

In: picture [H,W,3] float32 RGB in [0,1]. Out: restored picture of the same size, and what was found on the way.
"""

import numpy as np
import torch

from diffusion import gaussian_noise, sample_residual
from prompts import WEATHERS
from views import image_view, native_patches

MULTIPLE_PX = 8


def to_nchw(picture: np.ndarray) -> torch.Tensor:
    """[H,W,3] (or [P,H,W,3]) -> [1,3,H,W] ([P,3,H,W]) float32."""
    tensor = torch.from_numpy(np.ascontiguousarray(picture, dtype=np.float32)).movedim(-1, -3)
    return (tensor[None] if tensor.ndim == 3 else tensor).contiguous()


def pad_to_multiple(picture: torch.Tensor, multiple: int = MULTIPLE_PX) -> torch.Tensor:
    """Reflects right and bottom to a multiple; a side too short to reflect is clamped to what there is."""
    for axis in (-2, -1):
        side = picture.shape[axis]
        index = torch.arange(-(-side // multiple) * multiple)
        index = torch.where(index < side, index, (2 * (side - 1) - index).clamp(0, side - 1))
        picture = picture.index_select(axis, index)
    return picture


@torch.no_grad()
def restore(model, depth_encoder, picture: np.ndarray, remove=WEATHERS, seed: int = 0, steps: int = 2, strength: float = 1.0) -> dict:
    """Restores a picture; returns every intermediate under the contract's names (docs/model-contract.md)."""
    view, patches = to_nchw(image_view(picture)), to_nchw(native_patches(picture))
    wanted = torch.tensor([[float(w in remove) for w in WEATHERS]])
    depth_tokens = depth_encoder(view)
    query, weather_prompts, ids, depth_prompts = model.prompts(view, patches[None], depth_tokens, wanted)
    degraded = to_nchw(picture)
    padded = pad_to_multiple(degraded)
    noise = gaussian_noise(seed, *padded.shape[-2:])
    denoiser = lambda state, t: model.denoiser(padded, state, torch.tensor([float(t)]), weather_prompts, depth_prompts)
    residual, predictions = sample_residual(denoiser, noise, steps)
    height, width = degraded.shape[-2:]
    residual = residual[..., :height, :width]
    restored = (degraded - strength * residual).clamp(0, 1)
    presence = model.pool.presence(model.pool.similarity(query)[1])[0]
    return {
        "view": view, "patches": patches, "depth_tokens": depth_tokens, "query": query, "selected": ids, "weather_prompts": weather_prompts,
        "depth_prompts": depth_prompts, "predictions": [p[..., :height, :width] for p in predictions], "residual": residual,
        "restored": restored, "picture": restored[0].movedim(0, -1).numpy(), "presence": dict(zip(WEATHERS, presence.tolist())),
    }  # fmt: skip
