"""Measures the option `scale` of the command on large photographs with weather in proportion; prints a table.

    python evaluate_scale.py --pictures FOLDER                     # photographs of 12 megapixels and more
    python evaluate_scale.py --pictures FOLDER --megapixels 4 --scales native,auto,0.5 --kinds rain,clean

The pictures are restored by `npm run fairweather`, so this measures what is shipped. PSNR in RGB against the picture without weather, mean over pictures.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np

from clean_pictures import read_rgb
from evaluation.large_pictures import read_at, render_in_proportion
from evaluation.metrics import psnr
from evaluation.restoration import RENDERED_KINDS
from weather import make_banks

REPOSITORY = Path(__file__).parent.parent.parent
KINDS = {**RENDERED_KINDS, "clean": ()}
SEED = 2024


def render_pictures(folder: Path, pictures: list, kind: str, megapixels: float, short_side: int) -> dict:
    """Writes the pictures in their weather into `folder`; returns the truth, uint8 [H,W,3] by name."""
    banks = make_banks(np.random.default_rng([SEED, 1]))
    truths = {}
    for number, path in enumerate(pictures):
        truth = truths[path.stem] = read_at(path, megapixels)
        rng = np.random.default_rng([SEED, number, list(KINDS).index(kind)])
        degraded = render_in_proportion(rng, banks, truth, KINDS[kind], short_side) if KINDS[kind] else truth
        cv2.imwrite(str(folder / f"{path.stem}.png"), cv2.cvtColor(degraded, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return truths


def restore_folder(folder: Path, out: Path, scale: str) -> list:
    """The reports of the command, one a picture."""
    words = ["npm", "run", "--silent", "fairweather", "--", "restore", str(folder), "-o", str(out), "--scale", scale, "--json"]
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"The command ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def mean_psnr(folder: Path, truths: dict) -> float:
    def figure(name, truth):
        (found,) = folder.glob(f"{name}.*")
        return psnr(read_rgb(found).astype(np.float32) / 255, truth.astype(np.float32) / 255)

    return float(np.mean([figure(name, truth) for name, truth in truths.items()]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, required=True, help="folder with clear photographs of 12 megapixels and more")
    parser.add_argument("--megapixels", default="1,4,12")
    parser.add_argument("--scales", default="native,auto")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--short-side", type=int, default=480, help="weather is drawn as in a picture whose shorter side has so many pixels (default 480)")
    options = parser.parse_args()
    scales = options.scales.split(",")
    pictures = sorted(p for p in options.pictures.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"))
    print(f"| megapixels | weather | pictures | input | {' | '.join(scales)} | factors of {scales[-1]} |")
    print("|---" * (5 + len(scales)) + "|")
    for megapixels in map(float, options.megapixels.split(",")):
        large_enough = [p for p in pictures if read_rgb(p).size / 3 > 0.85e6 * megapixels]
        for kind in options.kinds.split(","):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name) / "input"
                folder.mkdir()
                truths = render_pictures(folder, large_enough, kind, megapixels, options.short_side)
                cells = [f"{mean_psnr(folder, truths):.2f}"]
                for scale in scales:
                    reports = restore_folder(folder, Path(name) / scale, scale)
                    cells.append(f"{mean_psnr(Path(name) / scale, truths):.2f}")
                factors = sorted({round(report["scale"]["factor"], 2) for report in reports})
                print(f"| {megapixels:g} | {kind} | {len(truths)} | {' | '.join(cells)} | {', '.join(map(str, factors))} |", flush=True)


if __name__ == "__main__":
    main()
