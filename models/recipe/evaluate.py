"""Measures a model and prints tables: every pair set, rendered validation weather, weather as the literature renders it, clean pictures, `remove`, the weather
report, the pool, safety, and how much is taken out of real photographs.

    python evaluate.py --data ../../../shared/data                                         # the shipped nano
    python evaluate.py --data ../../../shared/data --checkpoint runs/nano/last.pt --depth-encoder ../../.cache/depth-nano.pt

PSNR and SSIM as defined in evaluation/metrics.py, on RGB and on luma (Y), mean over pictures, of the input and after steps 1 and 2. Pictures are restored as
the product does by default (`scale: 'auto'`, restore_auto.py); the column native is one pass over all weather in the picture's own size.
"""

import argparse
import json
from pathlib import Path

from checkpoint import load_model
from depth.encoder import load_depth_encoder
from evaluation.photographs import evaluate_photographs
from evaluation.prompting import evaluate_pool, evaluate_remove, evaluate_report
from evaluation.restoration import evaluate_clean, evaluate_pairs, evaluate_rendered, evaluate_textbook
from evaluation.safety import evaluate_safety
from shipped import ShippedModel

EVALUATIONS = {
    "pairs": evaluate_pairs, "rendered": evaluate_rendered, "textbook": evaluate_textbook, "clean": evaluate_clean, "remove": evaluate_remove, "report": evaluate_report,
    "pool": evaluate_pool, "safety": evaluate_safety, "photographs": evaluate_photographs,
}  # fmt: skip


def restoration_table(figures: dict) -> str:
    head = "| set | pictures | input | native | step 1 | step 2 | gain | worse | SSIM in / out | PSNR-Y in / out |\n|---|---|---|---|---|---|---|---|---|---|"
    rows = [
        f"| {name} | {f['pictures']} | {f['input']['psnr']:.2f} | {f['native']['psnr']:.2f} | {f['step1']['psnr']:.2f} | {f['step2']['psnr']:.2f} | {f['gain']:+.2f} | {f['worse']} "
        f"| {f['input']['ssim']:.4f} / {f['step2']['ssim']:.4f} | {f['input']['psnr_y']:.2f} / {f['step2']['psnr_y']:.2f} |"
        for name, f in figures.items()
    ]
    return "\n".join([head, *rows])


def plain_table(figures: dict) -> str:
    """{row: {column: number}} as a table."""
    columns = list(next(iter(figures.values())))
    cell = lambda value: f"{value:.2f}" if isinstance(value, float) else str(value)
    rows = [f"| {name} | " + " | ".join(cell(row[c]) for c in columns) + " |" for name, row in figures.items()]
    return "\n".join(["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|", *rows])


TABLES = {name: restoration_table for name in ("pairs", "rendered", "textbook")} | {name: plain_table for name in ("clean", "remove", "report", "safety", "photographs")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="nano", help="a shipped model of ../manifest.json (default nano)")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint of train.py in its place; needs --depth-encoder")
    parser.add_argument("--depth-encoder", type=Path, help="checkpoint of train_depth.py")
    parser.add_argument("--data", type=Path, required=True, help="folder with clean/, depth/, pairs/ and real/")
    parser.add_argument("--sets", default=",".join(EVALUATIONS), help="which to run, comma-separated (default: all)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    if (options.checkpoint is None) != (options.depth_encoder is None):
        parser.error("--checkpoint and --depth-encoder go together: the depth encoder that the checkpoint was trained with")
    if unknown := sorted(set(options.sets.split(",")) - set(EVALUATIONS)):
        parser.error(f"--sets knows {', '.join(EVALUATIONS)}; got {', '.join(unknown)}")
    if options.checkpoint:
        model, depth_encoder = load_model(options.checkpoint), load_depth_encoder(options.depth_encoder)
    else:
        model = ShippedModel(options.model)
        depth_encoder = model.depth_encoder
    figures = {}
    for name in options.sets.split(","):
        figures[name] = EVALUATIONS[name](model, depth_encoder, options.data)
        print(f"\n{name}")
        print(TABLES.get(name, lambda f: json.dumps(f, indent=1))(figures[name]), flush=True)
        if options.json:
            options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
