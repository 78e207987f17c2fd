"""Noise schedule, one DDIM step, the 2-step sampler and the noise plate: pure functions over an opaque denoiser.

In: degraded pictures [B,3,H,W] and a denoiser f(x_t, t) -> estimate of the clean residual. Out: the degradation residual.
The same functions, with the same names, stand in packages/core/src/sampler.
"""

import numpy as np
import torch

TRAIN_TIMESTEPS, BETA_START, BETA_END = 1000, 1e-4, 0.02
TIMESTEPS = (500, 0)  # "leading" spacing of two steps


def noise_schedule() -> torch.Tensor:
    """alphas_cumprod [1000], float64. Linear betas (Ho et al. 2020, arXiv:2006.11239)."""
    betas = torch.linspace(BETA_START, BETA_END, TRAIN_TIMESTEPS, dtype=torch.float64)
    return torch.cumprod(1 - betas, 0)


ALPHAS_CUMPROD = noise_schedule()


def add_noise(residual, noise, alpha_cumprod):
    """r_t = sqrt(ᾱ_t) r + sqrt(1-ᾱ_t) ε. `alpha_cumprod` is a float or a tensor [B,1,1,1]."""
    if not torch.is_tensor(alpha_cumprod):
        alpha_cumprod = torch.tensor(alpha_cumprod)
    return alpha_cumprod.sqrt() * residual + (1 - alpha_cumprod).sqrt() * noise


def ddim_step(noisy_residual, predicted_residual, t: int, t_prev: int | None, clip: float = 1.0):
    """One deterministic DDIM update (eta = 0) from t to t_prev; None means "to the clean residual" (ᾱ = 1).

    The noise estimate takes the prediction before it is clipped, as the reference does.
    Source: Song et al. 2020 (arXiv:2010.02502), formula (12).
    """
    clipped = predicted_residual.clamp(-clip, clip)
    if t_prev is None:
        return clipped
    alpha, alpha_prev = float(ALPHAS_CUMPROD[t]), float(ALPHAS_CUMPROD[t_prev])
    predicted_noise = (noisy_residual - alpha**0.5 * predicted_residual) / (1 - alpha) ** 0.5
    return alpha_prev**0.5 * clipped + (1 - alpha_prev) ** 0.5 * predicted_noise


def sample_residual(denoiser, noise, steps: int = 2):
    """Noise -> DDIM steps -> degradation residual in [-1,1]. Returns (residual, prediction of every step)."""
    timesteps = TIMESTEPS[:steps]
    state, predictions = noise, []
    for t, t_prev in zip(timesteps, (*timesteps[1:], None)):
        prediction = denoiser(state, t)
        predictions.append(prediction)
        state = ddim_step(state, prediction, t, t_prev)
    return state, predictions


def hash32(x: np.ndarray) -> np.ndarray:
    """lowbias32 by Chris Wellons: a 32-bit integer hash, on uint32 arrays."""
    x = x.astype(np.uint32)
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def noise_plate(seed: int, side: int = 256) -> np.ndarray:
    """Normal numbers [3,side,side] as a function of seed and place: Irwin-Hall sums of 12, exact in integers (docs/model-contract.md)."""
    key = hash32(np.array([seed], np.uint32))
    index = np.arange(3 * side * side * 12, dtype=np.uint64).astype(np.uint32)
    k = (hash32(index ^ key) >> np.uint32(8)).astype(np.float64).reshape(-1, 12).sum(1)
    return ((k - 6 * 2**24 + 6) / 2**24).astype(np.float32).reshape(3, side, side)


def gaussian_noise(seed: int, height: int, width: int) -> torch.Tensor:
    """The plate repeated over a picture: [1,3,height,width]."""
    plate = noise_plate(seed)
    rows, columns = np.arange(height) % plate.shape[1], np.arange(width) % plate.shape[2]
    return torch.from_numpy(plate[:, rows][:, :, columns])[None]
