"""Contact sheets: pictures before and after, side by side, to look at.

    python look.py --checkpoint runs/nano/last.pt --depth-encoder ../../.cache/depth-nano.pt -o sheet.png ../../../shared/data/real/rain/*
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from checkpoint import load_model
from clean_pictures import read_rgb
from depth.encoder import load_depth_encoder
from restore_auto import restore_auto


def labelled(picture, text):
    picture = np.ascontiguousarray((picture * 255).round().astype(np.uint8))
    cv2.putText(picture, text, (5, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(picture, text, (5, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1, cv2.LINE_AA)
    return picture


def before_and_after(model, depth_encoder, path: Path, height: int) -> np.ndarray:
    """uint8 [height, 2w, 3]: the picture and its restoration, the weather report written on it."""
    picture = read_rgb(path).astype(np.float32) / 255
    result = restore_auto(model, depth_encoder, picture)
    found = " ".join(f"{w} {p:.2f}" for w, p in result["presence"].items())
    pair = np.concatenate([labelled(picture, path.stem), labelled(result["picture"].clip(0, 1), found)], 1)
    return cv2.resize(pair, (round(pair.shape[1] * height / pair.shape[0]), height), interpolation=cv2.INTER_AREA)


def contact_sheet(tiles: list, columns: int) -> np.ndarray:
    """Tiles of one height, `columns` to a row, padded with white."""
    rows = [np.concatenate(tiles[i : i + columns], 1) for i in range(0, len(tiles), columns)]
    width = max(row.shape[1] for row in rows)
    return np.concatenate([np.pad(row, ((0, 4), (0, width - row.shape[1]), (0, 0)), constant_values=255) for row in rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--depth-encoder", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--height", type=int, default=240)
    parser.add_argument("--columns", type=int, default=2)
    parser.add_argument("pictures", nargs="+", type=Path)
    options = parser.parse_args()
    model, depth_encoder = load_model(options.checkpoint), load_depth_encoder(options.depth_encoder)
    tiles = [before_and_after(model, depth_encoder, path, options.height) for path in options.pictures]
    cv2.imwrite(str(options.output), cv2.cvtColor(contact_sheet(tiles, options.columns), cv2.COLOR_RGB2BGR))
    print(f"{len(tiles)} pictures in {options.output}")


if __name__ == "__main__":
    main()
