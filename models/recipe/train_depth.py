"""Trains the depth encoder on photographs with pseudo-depth and on rendered scenes, with weather that its tokens learn to ignore; and measures it.

    MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456 OMP_WAIT_POLICY=PASSIVE \
    python train_depth.py --data ../../../shared/data --threads 1 -o ../../.cache/depth-nano.pt
    python train_depth.py --data ../../../shared/data --evaluate ../../.cache/depth-nano.pt

DATA holds clean/*.webp and depth/*.png of the same names; without --data it trains and is measured on rendered scenes alone. (The environment
above lets glibc keep its memory and threads sleep while they wait.)
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from clean_pictures import CleanPictures
from depth.encoder import DepthEncoder, DepthHead, load_depth_encoder, load_depth_head, save_depth_encoder
from depth.data import DepthBatches, depth_loader, to_views
from depth.losses import depth_loss, token_spread_loss, weather_consistency_loss
from evaluate_depth import evaluate_depth
from optimizer import make_optimizers, rate_at, set_rate
from precision import autocast


@dataclass(frozen=True)
class DepthTrainConfig:
    """Everything a run's result depends on, saved in its checkpoint."""

    seed: int = 1
    steps: int = 1500
    rate: float = 1.2e-3  # AdamW's; Muon takes ten times as much
    warmup: int = 100
    decay_share: float = 0.5  # of the steps, at the end
    pairs: int = 16  # views with weather and without, a batch
    extra: int = 24  # more views without
    scene_share: float = 0.1
    uses: int = 3  # steps for each batch prepared: rendering takes longer than a step
    pool: int = 100  # batches kept for that, the oldest goes first
    consistency: float = 0.3
    spread: float = 0.1
    gradient_clip: float = 5.0


def train_depth(data: Path | None, config: DepthTrainConfig, workers: int = 1, device: str = "cpu", log=print):
    """-> (encoder, head) in evaluation mode. `log` gets a line every hundred steps."""
    torch.manual_seed(config.seed)
    encoder, head = DepthEncoder(), DepthHead()
    both = nn.ModuleDict({"encoder": encoder, "head": head}).to(device, memory_format=torch.channels_last).train()
    optimizers = make_optimizers(both, config.rate)
    pictures = CleanPictures.load(data, validation=False) if data else None
    batches = DepthBatches(pictures, config.seed, config.pairs, config.extra, config.scene_share)
    started, sums = time.time(), {}
    prepared = depth_loader(batches, -(-config.steps // config.uses), workers)
    for step, batch in enumerate(mixed_with_earlier(prepared, config.uses, config.pool, np.random.default_rng(config.seed))):
        set_rate(optimizers, config.rate, rate_at(step, config.steps, config.warmup, round(config.decay_share * config.steps)))
        for name, value in train_step(encoder, head, optimizers, batch, config, device).items():
            sums[name] = sums.get(name, 0) + value
        if (step + 1) % 100 == 0:
            log(f"{step + 1} {time.time() - started:.0f} s " + " ".join(f"{name} {float(value) / 100:.4f}" for name, value in sums.items()))
            sums = {}
    both.eval().requires_grad_(False)
    last = next(iter(depth_loader(batches, 1, 0)))
    standardise_tokens(encoder, head, to_views(last["clean"], device))
    return encoder, head


def mixed_with_earlier(batches, uses: int, pool: int, rng):
    """Each batch once, and after each `uses - 1` random ones of the last `pool`; each mirrored by chance, so that it comes back changed."""
    kept = []
    for batch in batches:
        kept = [*kept, batch][-pool:]
        for chosen in [batch, *(kept[i] for i in rng.integers(len(kept), size=uses - 1))]:
            across = slice(None, None, int(rng.choice((-1, 1))))
            yield {name: np.ascontiguousarray(np.asarray(pictures)[:, :, across]) for name, pictures in chosen.items()}


def train_step(encoder, head, optimizers, batch, config: DepthTrainConfig, device="cpu"):
    """One batch through losses, backward and both optimizers; the parts of the loss."""
    degraded, clean = to_views(batch["degraded"], device), to_views(batch["clean"], device)
    depth, pairs = torch.as_tensor(batch["depth"]).to(device), len(degraded)
    with autocast(device):
        token_map = encoder.token_map(torch.cat([degraded, clean]))  # [B,Cd,h/16,w/16]
        predicted = head(token_map)
    predicted, tokens = predicted.float(), token_map.float().flatten(2).transpose(1, 2)
    losses = {
        "depth": depth_loss(predicted[pairs:], depth),
        "depth_in_weather": depth_loss(predicted[:pairs], depth[:pairs]),
        "consistency": weather_consistency_loss(tokens[:pairs], tokens[pairs : 2 * pairs]),
        "spread": token_spread_loss(tokens[pairs:]),
    }
    total = losses["depth"] + losses["depth_in_weather"] + config.consistency * losses["consistency"] + config.spread * losses["spread"]
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    total.backward()
    parameters = [*encoder.parameters(), *head.parameters()]
    torch.nn.utils.clip_grad_norm_(parameters, config.gradient_clip)
    for optimizer in optimizers:
        optimizer.step()
    return {name: loss.detach() for name, loss in losses.items()}


@torch.no_grad()
def standardise_tokens(encoder: DepthEncoder, head: DepthHead, views):
    """Folds mean and spread of the tokens into the weights: channels of mean 0, spread 1 over all of them together; the predicted depth stays the same."""
    tokens = encoder(views).flatten(0, 1)  # [n,Cd]
    mean = tokens.mean(0)
    spread = (tokens - mean).square().mean().sqrt()
    head.to_depth.bias += (head.to_depth.weight[..., 0, 0] @ mean[:, None])[:, 0]
    head.to_depth.weight *= spread
    encoder.to_tokens.bias -= mean
    encoder.to_tokens.bias /= spread
    encoder.to_tokens.weight /= spread


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="folder with clean/ and depth/; without it: rendered scenes alone")
    parser.add_argument("-o", "--output", type=Path, default=Path("../../.cache/depth-nano.pt"))
    parser.add_argument("--evaluate", type=Path, metavar="CHECKPOINT", help="only measure this one")
    parser.add_argument("--steps", type=int, default=DepthTrainConfig.steps)
    parser.add_argument("--seed", type=int, default=DepthTrainConfig.seed)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, help="of PyTorch; 1 where other work shares the cores")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.evaluate:
        figures = evaluate_depth(load_depth_encoder(options.evaluate), load_depth_head(options.evaluate), options.data)
    else:
        config = DepthTrainConfig(seed=options.seed, steps=options.steps)
        print(f"# {asdict(config)} data {'photographs and scenes' if options.data else 'scenes'}", flush=True)
        encoder, head = train_depth(options.data, config, options.workers, options.device, log=lambda line: print(line, flush=True))
        encoder, head = encoder.cpu(), head.cpu()
        save_depth_encoder(options.output, encoder, head, {}, asdict(config))  # so that nothing is lost if measuring fails
        figures = evaluate_depth(encoder, head, options.data)
        save_depth_encoder(options.output, encoder, head, figures, asdict(config))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
