"""Training losses: a batch and a model -> one number to minimise, and the parts of it for the log."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from diffusion import ALPHAS_CUMPROD, TIMESTEPS, add_noise, ddim_step
from prompts import WEATHERS, balance_loss, contrastive_prompt_loss, key_spread_loss, label_loss, pull_loss

MSE_FLOOR = 1e-4  # 40 dB: below it a picture counts as right, so that clean ones do not outshout the rest
WEIGHTS = {"step1": 0.2, "step2": 1.0, "label": 1.0, "pull": 0.3, "balance": 0.05, "spread": 0.05, "contrastive": 0.05}


def log_mse(residual, target_residual, floor=MSE_FLOOR):
    """log(MSE + floor) of each crop [B]: relative to the error, so that it serves light and heavy weather alike."""
    return torch.log((residual.float() - target_residual).square().mean((1, 2, 3)) + floor)


def exchange_prompts(weather_prompts, labels, remove, share: float):
    """Gives this share of the pictures the weather prompts [B,kL,C] of another one with the same weathers [B,A] of which the same are to go [B,A].

    Prompts tell how much may be had, and the denoiser believes them: too timid ones cost a decibel. So it must look for itself now and then.
    """
    kind = torch.cat([labels, remove], -1)
    source = torch.arange(len(kind), device=kind.device)
    for i in range(len(kind)):
        others = [j for j in range(len(kind)) if j != i and torch.equal(kind[i], kind[j])]
        if others and torch.rand(()) < share:
            source[i] = others[int(torch.randint(len(others), ()))]
    return weather_prompts[source]


@dataclass(frozen=True)
class LossConfig:
    """What is minimised, and what is left out of it to save time or to learn otherwise."""

    sampler_steps: int = 2
    without: tuple[str, ...] = ()  # losses that are told but not minimised, by name (WEIGHTS): ablations
    exchange: float = 0.0  # share of the pictures denoised with the weather prompts of another one in the same weather
    haze_weight: float = 1.0  # of pictures in nothing but haze; a quarter while the rate fell gained nothing (runs/lite-11f, runs/lite-11g)


def batch_losses(model, depth_encoder, batch, noise, config: LossConfig = LossConfig(), random_timestep: int | None = None, freeze_first: bool = False):
    """All parts of the loss for one batch (see data.to_tensors) and noise like its crops, and what the log wants.

    `random_timestep` trains one pass at that timestep instead of the two that the sampler visits; `freeze_first` learns from the second of the two
    alone, in two thirds of the time.
    """
    with torch.no_grad():
        depth_tokens = depth_encoder(batch["view"])
    query, weather_prompts, ids, depth_prompts = model.prompts(batch["view"], batch["patches"], depth_tokens, batch["remove"], jitter=True)
    losses = prompt_losses(model, query, ids, depth_tokens, batch["labels"], batch["severity"])

    if config.exchange:
        weather_prompts = exchange_prompts(weather_prompts, batch["labels"], batch["remove"], config.exchange)
    crops = len(batch["degraded"]) // len(query)
    weather_prompts, depth_prompts = (p.repeat_interleave(crops, 0) for p in (weather_prompts, depth_prompts))
    degraded, truth = batch["degraded"], batch["degraded"] - batch["target"]
    only_haze = (batch["labels"].sum(1) == 1) & (batch["labels"][:, WEATHERS.index("haze")] > 0)
    weight = torch.where(only_haze, config.haze_weight, 1.0).repeat_interleave(crops)

    def denoise(state, t):
        return model.denoiser(degraded, state, torch.full((len(degraded),), float(t), device=degraded.device), weather_prompts, depth_prompts).float()

    two_steps = config.sampler_steps == 2
    if random_timestep is not None:
        residual = denoise(add_noise(truth, noise, float(ALPHAS_CUMPROD[random_timestep])), random_timestep)
        losses["step2"] = (weight * log_mse(residual, truth)).mean()
    else:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not (freeze_first and two_steps)):
            first = denoise(noise, TIMESTEPS[0])
        residual = first
        losses["step1" if two_steps else "step2"] = (weight * log_mse(first, truth)).mean()  # what is given in the end weighs most
        if two_steps:
            residual = denoise(ddim_step(noise, first, *TIMESTEPS), TIMESTEPS[1])
            losses["step2"] = (weight * log_mse(residual, truth)).mean()
    total = sum(WEIGHTS[name] * value for name, value in losses.items() if name not in config.without)
    return total, losses, {"residual": residual.detach(), "truth": truth, "query": query.detach(), "ids": ids}


def prompt_losses(model, query, ids, depth_tokens, labels, severity):
    """What keeps the prompts meaningful: labels, pull, balance, spread and the contrastive prompt loss."""
    pool, affinities = model.pool, model.pool.affinities()
    cosine, weight = pool.similarity(query)
    chosen = F.embedding(ids.clamp_min(0), pool.keys)  # [B,k,C]
    depth_feature = model.general.transform(depth_tokens).float().mean(1)  # [B,C]
    return {
        "label": label_loss(pool.presence(weight), labels, severity),
        "pull": pull_loss(cosine, affinities, labels),
        "balance": balance_loss(weight, affinities, labels),
        "spread": key_spread_loss(pool.keys),
        "contrastive": contrastive_prompt_loss(model.general.key, depth_feature, chosen, ids >= 0),
    }
