"""What each mechanism earns: equal short runs, each without one of them, and a table of what they reach.

    python ablate.py --data ../../../shared/data --depth-encoder ../../.cache/depth-nano.pt --run runs/ablation --steps 4000
    python ablate.py … --steps 500 --init runs/shipped/nano.pt --config '{"rate": 5e-4, "crops": 1, "crop_px": 160}'

From nothing, a mechanism may show by how soon the network learns; from trained weights (`--init`) by what is lost once the rest has had so many steps to make
up for it. Each run sees the same batches, its rate falls to zero over the last third; the full model runs with two seeds, for what a seed alone changes. A
run that is there already is not run again, so a cut ablation goes on; other settings want another `--run`.
"""

import argparse
import json
from argparse import Namespace
from pathlib import Path

import numpy as np

from checkpoint import load_checkpoint, load_model
from depth.encoder import load_depth_encoder
from evaluation.restoration import evaluate_clean, evaluate_pairs, evaluate_rendered
from train import train

VARIANTS = {  # name: (changes of TrainConfig, changes of ModelConfig)
    "full model": ({}, {}),
    "full model, another seed": ({"seed": 2}, {}),
    "without pool": ({}, {"use_pool": False}),
    "without depth prompts": ({}, {"use_depth_prompts": False}),
    "without contrastive prompt loss": ({"without": ["contrastive"]}, {}),
    "without scale-and-shift": ({}, {"use_film": False}),
    "one step": ({"sampler_steps": 1}, {}),
    "clean picture in place of residual": ({}, {"use_residual": False}),
}


def run_variant(name: str, options) -> dict:
    """Trains a variant unless it is there, measures it, and returns a row of the table."""
    train_changes, model_changes = VARIANTS[name]
    folder = options.run / name.replace(" ", "-").replace(",", "")
    figures = folder / "figures.json"
    if figures.exists():
        return json.loads(figures.read_text())
    path = folder / "last.pt"
    if not path.exists() or load_checkpoint(path)["step"] < options.steps:
        train(Namespace(
            model="nano", data=options.data, depth_encoder=options.depth_encoder, run=folder, resume=None, init=options.init, steps=options.steps, decay=options.steps // 3,
            config=json.dumps({**json.loads(options.config), **train_changes}), model_config=json.dumps(model_changes), workers=1, compile=False, device=options.device, log_every=200, validate_minutes=None,
        ))  # fmt: skip
    row = measure_row(load_model(path), load_depth_encoder(options.depth_encoder), options, f"step{train_changes.get('sampler_steps', 2)}")
    figures.write_text(json.dumps(row))
    return row


def measure_row(model, depth_encoder, options, last: str) -> dict:
    """PSNR after the `last` step: Rain100L, gains on rendered weather, clean pictures to themselves."""
    rain = evaluate_pairs(model, depth_encoder, options.data, limit=options.pictures)["rain100l"]
    rendered = evaluate_rendered(model, depth_encoder, options.data, count=options.pictures, more=False)
    gains = {kind: f[last]["psnr"] - f["input"]["psnr"] for kind, f in rendered.items()}
    clean = evaluate_clean(model, depth_encoder, options.data, count=options.pictures)["held-out"]
    return {"Rain100L step 1": rain["step1"]["psnr"], "Rain100L": rain[last]["psnr"], "mean gain": float(np.mean(list(gains.values()))), **gains, "clean": clean["mean"]}


def table(rows: dict[str, dict]) -> str:
    columns = list(next(iter(rows.values())))
    lines = [f"| {name} | " + " | ".join(f"{row[c]:.2f}" for c in columns) + " |" for name, row in rows.items()]
    return "\n".join(["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|", *lines])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clean/, depth/ and pairs/")
    parser.add_argument("--depth-encoder", type=Path, required=True, help="checkpoint of train_depth.py")
    parser.add_argument("--run", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--steps", type=int, default=4000, help="of each run (default 4000)")
    parser.add_argument("--init", type=Path, help="checkpoint whose averaged weights each run starts from (default: from nothing)")
    parser.add_argument("--config", default="{}", help="JSON of TrainConfig fields that all runs share")
    parser.add_argument("--pictures", type=int, default=16, help="of each kind that are measured (default 16)")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    rows = {}
    for name in VARIANTS:
        rows[name] = run_variant(name, options)
        print(table(rows), flush=True)


if __name__ == "__main__":
    main()
