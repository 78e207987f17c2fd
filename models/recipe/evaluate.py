"""Measures a model: every pair set, rendered validation weather, clean pictures, `remove` and the weather report; prints tables.

    python evaluate.py --data ../../../shared/data                                         # the shipped nano
    python evaluate.py --data ../../../shared/data --checkpoint runs/nano/last.pt --depth-encoder ../../.cache/depth-nano.pt

PSNR and SSIM as defined in metrics.py, on RGB and on luma (Y), mean over pictures, of the input and after steps 1 and 2.
"""

import argparse
import json
from pathlib import Path

import numpy as np

import weather
from checkpoint import load_model
from data import CleanPictures, read_rgb
from depth.encoder import load_depth_encoder
from metrics import compare
from prompts import WEATHERS
from restore import restore
from shipped import ShippedModel

VALIDATION_SEED = 2024
RENDERED_KINDS = {
    "rain": ("rain",), "snow": ("snow",), "haze": ("haze",), "raindrop": ("raindrop",),
    "rain+haze": ("rain", "haze"), "snow+haze": ("snow", "haze"), "rain+raindrop": ("rain", "raindrop"),
}  # fmt: skip


def float_rgb(path: Path) -> np.ndarray:
    return read_rgb(path).astype(np.float32) / 255


def pair_set(folder: Path, limit=None):
    """(name, degraded, target) of a folder with input/ and target/."""
    for path in sorted((folder / "input").iterdir())[:limit]:
        yield path.stem, float_rgb(path), float_rgb(folder / "target" / path.name)


def rendered_set(data: Path, weathers, count: int, remove=WEATHERS):
    """(number, rendered example) over pictures kept out of training; a fixed seed, so always the same."""
    pictures = CleanPictures.load(data, validation=True)
    banks = weather.make_banks(np.random.default_rng([VALIDATION_SEED, 1]))
    for i in range(count):
        rng = np.random.default_rng([VALIDATION_SEED, 0, i])
        clean, depth = pictures.region(rng, i % len(pictures.pictures))
        yield i, weather.render_example(rng, banks, clean, depth, weathers, remove)


def measure(model, depth_encoder, degraded, target, remove=WEATHERS) -> dict:
    """Figures of the input and of the restored picture after step 1 and step 2."""
    result = restore(model, depth_encoder, degraded, remove)
    first = degraded - result["predictions"][0].clamp(-1, 1)[0].movedim(0, -1).numpy()
    return {"input": compare(degraded, target), "step1": compare(first, target), "step2": compare(result["picture"], target), "presence": result["presence"]}


def mean_figures(rows: list[dict]) -> dict:
    stages = ("input", "step1", "step2")
    figures = {stage: {key: float(np.mean([row[stage][key] for row in rows])) for key in rows[0][stage]} for stage in stages}
    gains = [row["step2"]["psnr"] - row["input"]["psnr"] for row in rows]
    return {"pictures": len(rows), **figures, "gain": float(np.mean(gains)), "worse": int(sum(g < 0 for g in gains))}


def evaluate_pairs(model, depth_encoder, data: Path, limit=None) -> dict:
    sets = [f for f in sorted((data / "pairs").iterdir()) if (f / "input").is_dir()]
    return {f.name: mean_figures([measure(model, depth_encoder, y, x) for _, y, x in pair_set(f, limit)]) for f in sets}


def evaluate_rendered(model, depth_encoder, data: Path, count=16) -> dict:
    return {
        kind: mean_figures([measure(model, depth_encoder, e.degraded, e.target) for _, e in rendered_set(data, weathers, count)])
        for kind, weathers in RENDERED_KINDS.items()
    }


def evaluate_clean(model, depth_encoder, data: Path, count=16) -> dict:
    """Clean pictures to themselves: held-out ones whole, and the targets of the rain pairs."""
    held_out = CleanPictures.load(data, validation=True).pictures[:count]
    rows = [restore(model, depth_encoder, p.astype(np.float32) / 255)["picture"] for p in held_out]
    own = [compare(r, p.astype(np.float32) / 255)["psnr"] for r, p in zip(rows, held_out)]
    targets = [x for _, _, x in pair_set(data / "pairs" / "rain100l")][:count]
    rain = [compare(restore(model, depth_encoder, x)["picture"], x)["psnr"] for x in targets]
    return {"held-out": float(np.mean(own)), "held-out minimum": float(np.min(own)), "rain100l targets": float(np.mean(rain)), "rain100l targets minimum": float(np.min(rain))}


def evaluate_remove(model, depth_encoder, data: Path, count=40) -> dict:
    """On rain + haze, is `remove: rain` nearer to the haze-only picture than the full restoration is? Share of pictures."""
    nearer, gain = [], []
    for _, example in rendered_set(data, ("rain", "haze"), count, remove=("rain",)):
        only_rain = compare(restore(model, depth_encoder, example.degraded, ("rain",))["picture"], example.target)["psnr"]
        everything = compare(restore(model, depth_encoder, example.degraded)["picture"], example.target)["psnr"]
        nearer.append(only_rain > everything)
        gain.append(only_rain - compare(example.degraded, example.target)["psnr"])
    return {"pictures": count, "nearer": float(np.mean(nearer)), "gain": float(np.mean(gain))}


def evaluate_report(model, depth_encoder, data: Path, count=16) -> dict:
    """Confusion of the weather report: mean presence of each weather, by what was rendered."""
    kinds = {"clean": (), **RENDERED_KINDS}
    table = {}
    for kind, weathers in kinds.items():
        found = [restore(model, depth_encoder, e.degraded, steps=1)["presence"] for _, e in rendered_set(data, weathers, count)]
        table[kind] = {w: float(np.mean([f[w] for f in found])) for w in WEATHERS}
    return table


def table(figures: dict) -> str:
    head = "| set | pictures | input | step 1 | step 2 | gain | worse | SSIM in / out | PSNR-Y in / out |\n|---|---|---|---|---|---|---|---|---|"
    rows = [
        f"| {name} | {f['pictures']} | {f['input']['psnr']:.2f} | {f['step1']['psnr']:.2f} | {f['step2']['psnr']:.2f} | {f['gain']:+.2f} | {f['worse']} "
        f"| {f['input']['ssim']:.4f} / {f['step2']['ssim']:.4f} | {f['input']['psnr_y']:.2f} / {f['step2']['psnr_y']:.2f} |"
        for name, f in figures.items()
    ]
    return "\n".join([head, *rows])


EVALUATIONS = {
    "pairs": evaluate_pairs, "rendered": evaluate_rendered, "clean": evaluate_clean, "remove": evaluate_remove, "report": evaluate_report,
}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="nano", help="a shipped model of ../manifest.json (default nano)")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint of train.py in its place; needs --depth-encoder")
    parser.add_argument("--depth-encoder", type=Path, help="checkpoint of train_depth.py")
    parser.add_argument("--data", type=Path, required=True, help="folder with clean/, depth/ and pairs/")
    parser.add_argument("--sets", default=",".join(EVALUATIONS), help="which to run, comma-separated (default: all)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    if (options.checkpoint is None) != (options.depth_encoder is None):
        parser.error("--checkpoint and --depth-encoder go together: the depth encoder that the checkpoint was trained with")
    if options.checkpoint:
        model, depth_encoder = load_model(options.checkpoint), load_depth_encoder(options.depth_encoder)
    else:
        model = ShippedModel(options.model)
        depth_encoder = model.depth_encoder
    figures = {}
    for name in options.sets.split(","):
        figures[name] = EVALUATIONS[name](model, depth_encoder, options.data)
        print(f"\n{name}")
        print(table(figures[name]) if name in ("pairs", "rendered") else json.dumps(figures[name], indent=1), flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
