"""A new condition encoder for a trained model: it learns to ask the pool what the old one asks, and to name the weathers better.

    python fit_condition.py --from runs/lite/last.pt --model lite --data ../../../shared/data --out runs/lite/condition.pt --minutes 15
    python train.py --model lite --init runs/lite/condition.pt …

On several cores, as train.py: python -m torch.distributed.run --nproc-per-node 2 -- fit_condition.py … Every few minutes the condition is saved as it is.

The condition is a hundredth of the work of a training step, so alone it sees five times as many pictures in the same time. The pool learns along with it; the
denoiser, which waits, is then trained on with both. With a teacher the pool and the general prompts are the teacher's and held, so that a small model asks as
a larger one does that grew from it (runs/nano-5):

    python fit_condition.py --from runs/nano/last.pt --teacher runs/lite/last.pt --model nano --data ../../../shared/data --out runs/nano/condition.pt
"""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

import torch
import torch.nn.functional as F

from checkpoint import load_checkpoint, save_checkpoint
from clean_pictures import CleanPictures
from data import WeatherBatches, batch_loader, to_tensors
from grow import widen
from model import Restorer
from model_config import CONFIGS, config_from
from optimizer import make_optimizers, rate_at, set_rate
from precision import autocast
from prompts import balance_loss, key_spread_loss, label_loss, pull_loss
from team import Team

REGIONS, RATE, SAME_QUERY = 16, 1e-3, 1.0
TOLD_MINUTES = 4.0  # between two looks at the pictures kept out of training, for which the training waits; and between two saves
WRONG = 4.0  # how fast a picture that the old condition reads wrong stops to be an example of what to ask


def load(saved: dict) -> Restorer:
    """The model of a checkpoint, averaged and held."""
    model = Restorer(config_from(saved["model_config"]))
    model.load_state_dict(saved["averaged"])
    return model.eval().requires_grad_(False)


def new_condition(saved: dict, name: str, **changes) -> tuple[Restorer, Restorer]:
    """(the trained model, one of the sizes in CONFIGS[name], but for these changes, with all of its weights but the condition's)."""
    old = load(saved)
    new = Restorer(config_from({**asdict(CONFIGS[name]), **changes}))
    sizes = lambda model: {k: v.shape for k, v in model.state_dict().items() if not k.startswith("condition.")}
    if different := sorted(k for k, _ in sizes(old).items() ^ sizes(new).items()):
        raise ValueError(f"Expected a model that differs from {name} in its condition alone, got other sizes of {different[0]}; grow it first (grow.py).")
    new.load_state_dict({k: v for k, v in saved["averaged"].items() if not k.startswith("condition.")}, strict=False)
    begins = old.condition.state_dict()
    with torch.no_grad():
        for parameter_name, parameter in new.condition.named_parameters():
            if parameter_name in begins:  # a block that the old one lacks begins as the identity
                begin_as(parameter_name, parameter, begins[parameter_name], statistics(old), statistics(new))
    return old, new


def take_prompts(student: Restorer, teacher: Restorer):
    """The teacher's pool and general prompts, held; their sizes are the same in all our models."""
    for part in ("pool", "general"):
        getattr(student, part).load_state_dict(getattr(teacher, part).state_dict())
        getattr(student, part).requires_grad_(False)


def statistics(model: Restorer) -> int:
    """Kinds of them that the condition's head reads, side by side: means and deviations of view and patches, and perhaps the patches' peaks."""
    return 5 if model.config.condition_peaks else 4


def begin_as(name: str, parameter, old, kinds_old: int, kinds: int):
    """Puts the old condition's filters where their channels are among new ones, so that the new one begins near it: what it saw comes first in each kind of statistics."""
    if parameter.shape == old.shape:
        parameter.copy_(old)
    elif name.startswith(("head.0.", "head.1.weight")):
        width_old, width = old.shape[-1] // kinds_old, parameter.shape[-1] // kinds
        for kind in range(min(kinds_old, kinds)):
            parameter[..., kind * width :][..., :width_old] = old[..., kind * width_old :][..., :width_old]
    else:
        widen(name, parameter, old, heads=1)


def condition_losses(old: Restorer, new: Restorer, batch) -> dict:
    """What the query is trained by: the labels, the pool's order, and to ask what the old condition (or the teacher's) asks."""
    view, patches, labels, severity = (batch[key] for key in ("view", "patches", "labels", "severity"))
    with autocast(view.device):
        query = new.condition(view, patches).float()
        with torch.no_grad():
            asked = old.condition(view, patches).float()
    with torch.no_grad():
        told = old.pool.presence(old.pool.similarity(asked)[1])
        right = torch.stack([torch.exp(-WRONG * label_loss(*one)) for one in zip(told, labels, severity)])  # [B], 1 where the old one is sure and right
    cosine, weight = new.pool.similarity(query)
    affinities = new.pool.affinities()
    return {
        "label": label_loss(new.pool.presence(weight), labels, severity),
        "query": SAME_QUERY * (right * (1 - F.cosine_similarity(query, asked))).mean(),
        "pull": 0.1 * pull_loss(cosine, affinities, labels),
        "balance": 0.05 * balance_loss(weight, affinities, labels),
        "spread": 0.05 * key_spread_loss(new.pool.keys),
    }


@torch.no_grad()
def held_out_label_loss(model: Restorer, batches: list) -> float:
    """Binary cross-entropy of the report, as in use, over batches of pictures kept out of training."""
    training = model.condition.training
    model.condition.eval()
    losses = [label_loss(model.pool.presence(model.pool.similarity(model.condition(b["view"], b["patches"]).float())[1]), b["labels"], b["severity"]) for b in batches]
    model.condition.train(training)
    return float(torch.stack(losses).mean())


def fit(options):
    team = Team.join()
    report = (lambda text: print(text, flush=True)) if team.rank == 0 else lambda text: None
    saved = load_checkpoint(options.source)
    torch.manual_seed(options.seed)
    old, new = new_condition(saved, options.model, **options.model_config)
    new.condition.to(memory_format=torch.channels_last)
    for part in (new.denoiser, new.general):
        part.requires_grad_(False)
    if options.teacher:
        old = load(load_checkpoint(options.teacher))
        take_prompts(new, old)
    optimizers = make_optimizers(new, RATE)
    training = WeatherBatches(CleanPictures.load(options.data, validation=False), options.seed, REGIONS, 1, 16)
    held_out = WeatherBatches(CleanPictures.load(options.data, validation=True), 2024, REGIONS, 1, 16)
    held_out = [to_tensors(held_out[i]) for i in range(24)]
    report(f"held-out label loss of the old one {held_out_label_loss(old, held_out):.4f}")
    sums, steps = {}, 0
    for step, batch in enumerate(batch_loader(training, 0, 10**9, options.workers, team.rank, team.size)):
        if step == 0:
            started = told = time.time()  # waiting for the first batch does not count
        spent = team.as_the_first((time.time() - started) / (60 * options.minutes))
        if spent >= 1:
            break
        set_rate(optimizers, RATE, min(rate_at(step, 10**9, 100, 0), 2 * (1 - spent)))  # to zero over the second half
        losses = condition_losses(old, new, to_tensors(batch))
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        sum(losses.values()).backward()
        team.average_gradients(new)
        torch.nn.utils.clip_grad_norm_(new.parameters(), 5.0)
        for optimizer in optimizers:
            optimizer.step()
        sums, steps = {k: sums.get(k, 0.0) + float(v.detach()) for k, v in losses.items()}, steps + 1
        if team.rank == 0 and time.time() - told > 60 * TOLD_MINUTES:
            report(f"step {step} | {' '.join(f'{k} {v / steps:.3f}' for k, v in sums.items())} | held-out label loss {held_out_label_loss(new, held_out):.4f}")
            save(new, options.out)
            sums, steps, told = {}, 0, time.time()
    if team.rank == 0:
        report(f"held-out label loss of the new one {held_out_label_loss(new, held_out):.4f}")
        save(new, options.out)


def save(model: Restorer, path: Path):
    save_checkpoint(path, averaged=model.state_dict(), model_config=model.checkpoint_config())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source", type=Path, required=True, help="checkpoint of the trained model; its averaged weights are taken")
    parser.add_argument("--teacher", type=Path, help="checkpoint of a model to ask as, whose pool and general prompts are taken (default: the trained model asks as itself)")
    parser.add_argument("--model", choices=sorted(CONFIGS), default="lite")
    parser.add_argument("--model-config", type=json.loads, default={}, help='changes to the sizes of --model, JSON, such as {"condition_blocks": [0, 1, 1]}')
    parser.add_argument("--data", type=Path, required=True, help="folder with clean/ and depth/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--workers", type=int, default=1, help="rendering processes (default 1)")
    parser.add_argument("--seed", type=int, default=1)
    fit(parser.parse_args())


if __name__ == "__main__":
    main()
