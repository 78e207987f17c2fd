"""Trains one of our models on weather rendered on the fly; resumes exactly where it was.

    MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456 \
    python train.py --model nano --data ../../../shared/data --depth-encoder ../../.cache/depth-nano.pt --run runs/nano --steps 40000

The learning rate warms up, stays, and falls to zero over the last `--decay` steps; `constant.pt` keeps the state from before the fall, so that
a run can be taken up again and lengthened: `--resume runs/nano/constant.pt --steps 80000`. Interrupted? The same command goes on from
`last.pt`, written every few minutes. (The environment above lets glibc keep its memory: a fifth of the time, measured.)

On several cores, one process a core is faster than one process of several threads (by 45 % on two, measured); their gradients are averaged:

    OMP_NUM_THREADS=1 python -m torch.distributed.run --nproc-per-node 2 -- train.py …
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from checkpoint import AveragedWeights, load_checkpoint, save_checkpoint
from clean_pictures import CleanPictures
from data import WeatherBatches, batch_loader, to_tensors
from depth.encoder import load_depth_encoder
from evaluation.restoration import evaluate_clean, evaluate_pairs, evaluate_rendered
from losses import LossConfig, batch_losses
from model import Restorer
from model_config import CONFIGS, config_from
from optimizer import make_optimizers, rate_at, set_rate
from precision import autocast
from prompts import WEATHERS
from team import Team


@dataclass(frozen=True)
class TrainConfig(LossConfig):
    """Everything that a run's result depends on, saved in its checkpoints."""

    seed: int = 1
    rate: float = 1.2e-3  # AdamW's; Muon takes ten times as much
    warmup: int = 200
    regions: int = 8  # pictures a batch and process, each rendered as a region of 256x256
    crops: int = 6  # small crops of each region, for the denoiser
    crop_px: int = 64
    random_timestep_share: float = 0.1
    frozen_first: float = 0.0  # share of the batches that learn from the second pass alone
    denoiser_alone: bool = False  # condition and prompts are held: they wander, and once good they are kept (runs/lite-14)
    gradient_clip: float = 5.0


def train_step(model, depth_encoder, optimizers, batch, noise_bank, step: int, config: TrainConfig, team: Team = Team()):
    """One batch: losses, backward, both optimizers; noise is a random stretch of the bank. Returns the parts of the loss and what the log wants."""
    random_timestep = None
    torch.manual_seed((config.seed << 32) + step)  # noise is a function of the step: a resumed run sees the same
    if torch.rand(()) < config.random_timestep_share:
        random_timestep = int(torch.randint(0, 1000, ()))
    freeze_first = bool(torch.rand(()) < config.frozen_first)  # the same in every process: none waits for another
    torch.manual_seed((config.seed << 32) + step * team.size + team.rank)
    degraded = batch["degraded"]
    start = int(torch.randint(0, len(noise_bank) - degraded.numel(), ()))
    noise = torch.empty_like(degraded).copy_(noise_bank[start : start + degraded.numel()].reshape(degraded.shape))
    with autocast(degraded.device):
        total, losses, seen = batch_losses(model, depth_encoder, batch, noise, config, random_timestep, freeze_first)
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    total.backward()
    team.average_gradients(model)
    torch.nn.utils.clip_grad_norm_(model.parameters(), config.gradient_clip)
    for optimizer in optimizers:
        optimizer.step()
    return losses, seen


class RunningLog:
    """Means since the last line: losses, gain in dB by weather, use of sub-prompts by weather, speed."""

    def __init__(self, pool_size):
        self.pool_size = pool_size
        self.clear()

    def clear(self):
        self.losses, self.gains, self.crops, self.started = {}, {}, 0, time.time()
        self.use = np.zeros((len(WEATHERS), self.pool_size))

    def add(self, losses, seen, batch):
        for name, value in losses.items():
            self.losses.setdefault(name, []).append(float(value.detach()))
        labels = batch["labels"].cpu().numpy()
        regions = len(labels)
        before = seen["truth"].square().mean((1, 2, 3)).reshape(regions, -1).mean(1)
        after = (seen["truth"] - seen["residual"]).square().mean((1, 2, 3)).reshape(regions, -1).mean(1)
        for i, label in enumerate(labels):
            kind = "+".join(w for w, there in zip(WEATHERS, label) if there) or "clean"
            if before[i] > 1e-7:
                self.gains.setdefault(kind, []).append(10 * float(torch.log10(before[i] / after[i].clamp_min(1e-8))))
            else:
                self.gains.setdefault("psnr unchanged", []).append(-10 * float(torch.log10(after[i].clamp_min(1e-8))))
            for a in np.flatnonzero(label):
                np.add.at(self.use[a], [j for j in seen["ids"][i].tolist() if j >= 0], 1)
        self.crops += len(seen["truth"])

    def line(self, step: int) -> str:
        parts = " ".join(f"{name} {np.mean(values):.3f}" for name, values in self.losses.items())
        gains = " ".join(f"{kind} {np.mean(values):.2f}" for kind, values in sorted(self.gains.items()))
        used = {w: int((row > 0.02 * max(row.sum(), 1)).sum()) for w, row in zip(WEATHERS, self.use)}
        speed = self.crops / (time.time() - self.started)
        return f"{time.strftime('%H:%M:%S')} step {step} | {parts} | gain dB: {gains} | sub-prompts used {used} | {speed:.0f} crops/s"


def validate(model, averaged, depth_encoder, data: Path) -> dict:
    """A short look with the averaged weights: 10 rain pairs, 6 rendered pictures a weather, 6 clean ones."""
    model = Restorer(model.config).to(next(model.parameters()).device)  # not the trained one: that may be compiled for crops of one size
    model.load_state_dict(averaged.weights)
    model.eval().requires_grad_(False)
    pairs = evaluate_pairs(model, depth_encoder, data, limit=10)
    rendered = evaluate_rendered(model, depth_encoder, data, count=6, more=False)
    clean = evaluate_clean(model, depth_encoder, data, count=6)
    short = lambda f: [round(f["input"]["psnr"], 2), round(f["step1"]["psnr"], 2), round(f["step2"]["psnr"], 2)]
    return {**{k: short(v) for k, v in pairs.items()}, **{k: round(v["gain"], 2) for k, v in rendered.items()}, "clean": {k: [round(v["mean"], 1), v["worst"]] for k, v in clean.items()}}


def start(options, device):
    """(model, optimizers, averaged weights, step, config): new, or as a checkpoint left them."""
    last = options.run / "last.pt"
    source = last if last.exists() else options.resume
    if source is None:
        config = TrainConfig(**json.loads(options.config))
        torch.manual_seed(config.seed)
        model = Restorer(config_from({**asdict(CONFIGS[options.model]), **json.loads(options.model_config)})).to(device, memory_format=torch.channels_last)
        if options.init:
            missing = model.load_state_dict(load_checkpoint(options.init)["averaged"], strict=False)
            print(f"starts from the weights of {options.init}; {missing}", flush=True)
        return model, make_optimizers(model, config.rate), AveragedWeights(model), 0, config
    saved = load_checkpoint(source)
    config = replace(TrainConfig(**saved["train_config"]), **json.loads(options.config))
    model = Restorer(config_from(saved["model_config"])).to(device, memory_format=torch.channels_last)
    model.load_state_dict(saved["model"])
    optimizers = make_optimizers(model, config.rate)
    for optimizer, state in zip(optimizers, saved["optimizers"]):
        optimizer.load_state_dict(state)
    averaged = AveragedWeights(model)
    averaged.weights = {k: v.to(device) for k, v in saved["averaged"].items()}
    print(f"goes on from {source} at step {saved['step']}", flush=True)
    return model, optimizers, averaged, saved["step"], config


def hold_prompts(model, averaged: AveragedWeights):
    """Everything but the denoiser takes its averaged weights and keeps them; the condition asks as in use."""
    model.condition.eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not name.startswith("denoiser."):
                parameter.copy_(averaged.weights[name])
                parameter.requires_grad_(False)


def train(options):
    device, team = torch.device(options.device), Team.join()
    options.run.mkdir(parents=True, exist_ok=True)
    model, optimizers, averaged, step, config = start(options, device)
    if config.denoiser_alone:
        hold_prompts(model, averaged)
    if options.compile:
        model.denoiser.predict = torch.compile(model.denoiser.predict, dynamic=False)
    depth_encoder = load_depth_encoder(options.depth_encoder).to(device).requires_grad_(False)
    pictures = CleanPictures.load(options.data, validation=False)
    batches = WeatherBatches(pictures, config.seed, config.regions, config.crops, config.crop_px)
    noise_bank = torch.randn(2**23, generator=torch.Generator().manual_seed(config.seed)).to(device)  # drawing afresh costs 8 % of the time
    log, saved_at, validated_at = RunningLog(model.config.pool_size), time.time(), time.time()

    def save(name):
        if team.rank > 0:
            return
        save_checkpoint(
            options.run / name, model=model.state_dict(), averaged=averaged.weights, optimizers=[o.state_dict() for o in optimizers], step=step,
            model_config=model.checkpoint_config(), train_config=asdict(config),
        )  # fmt: skip

    def report(line):
        if team.rank > 0:
            return
        print(line, flush=True)
        with open(options.run / "log.txt", "a") as file:
            file.write(line + "\n")

    report(f"# {options.model} {asdict(config)} {asdict(model.config)} steps {options.steps} decay {options.decay} processes {team.size}")
    for batch in batch_loader(batches, step, options.steps, options.workers, team.rank, team.size):
        if step == options.steps - options.decay:
            save("constant.pt")
        set_rate(optimizers, config.rate, rate_at(step, options.steps, config.warmup, options.decay))
        batch = to_tensors(batch, device)
        losses, seen = train_step(model, depth_encoder, optimizers, batch, noise_bank, step, config, team)
        averaged.update(model, step)
        log.add(losses, seen, batch)
        step += 1
        if step % options.log_every == 0:
            report(log.line(step))
            log.clear()
        if time.time() - saved_at > 180:
            save("last.pt")
            saved_at = time.time()
        if team.rank == 0 and options.validate_minutes and time.time() - validated_at > 60 * options.validate_minutes:
            report(f"validation at step {step}: {json.dumps(validate(model, averaged, depth_encoder, options.data))}")
            validated_at = time.time()
    save("last.pt")
    if team.rank == 0 and options.validate_minutes is not None:
        report(f"validation at step {step}: {json.dumps(validate(model, averaged, depth_encoder, options.data))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=sorted(CONFIGS), default="nano")
    parser.add_argument("--data", type=Path, required=True, help="folder with clean/, depth/ and pairs/")
    parser.add_argument("--depth-encoder", type=Path, required=True, help="checkpoint of train_depth.py")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoints and log; goes on from its last.pt")
    parser.add_argument("--resume", type=Path, help="checkpoint to start from when the run has no last.pt")
    parser.add_argument("--init", type=Path, help="checkpoint whose averaged weights a new run starts from, with fresh optimizers")
    parser.add_argument("--steps", type=int, default=40_000, help="steps in all (default 40000)")
    parser.add_argument("--decay", type=int, default=5_000, help="the last steps, over which the rate falls to zero (default 5000)")
    parser.add_argument("--config", default="{}", help="JSON of TrainConfig fields to change")
    parser.add_argument("--model-config", default="{}", help='JSON of ModelConfig fields to change, such as {"use_pool": false}')
    parser.add_argument("--workers", type=int, default=1, help="rendering processes (default 1)")
    parser.add_argument("--compile", action="store_true", help="fuse what lies between the convolutions (torch.compile): faster by a sixth, wants a C++ compiler and a minute")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--log-every", type=int, default=100)
    parser.add_argument("--validate-minutes", type=float, default=15, help="0: only at the end")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
