"""The self-test of every shipped model: a small picture and the same restored by its fp32 graphs on the CPU, as PNG beside the weights.

    python self_test.py

Browsers restore the one and compare with the other before they trust a backend (packages/sdk, `local`). Run it whenever weights are exported, after
export_onnx.py; the manifest gets the entry `selfTest`. No checkpoint is needed.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from export_onnx import file_entry
from parity import SEED, made_up_picture
from restore import restore
from shipped import MODELS, ShippedModel

HEIGHT, WIDTH = 43, 61  # small, for software adapters are slow; odd, so that it is padded; height is not width


def write_self_test(name: str, models: Path) -> dict:
    """Writes the two pictures and returns the manifest's part."""
    model = ShippedModel(name, models=models)
    degraded = made_up_picture(HEIGHT, WIDTH)
    restored = restore(model, model.depth_encoder, degraded, seed=SEED)["picture"]
    folder = models / "weights" / name
    entries = {}
    for role, picture in {"degraded": degraded, "restored": restored}.items():
        path = folder / f"self-test.{role}.png"
        rgb = np.floor(picture * 255 + 0.5).astype(np.uint8)
        cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 9])
        entries[role] = file_entry(path, models)
    return {**entries, "seed": SEED}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of manifest.json (default: this one's parent)")
    options = parser.parse_args()
    path = options.models / "manifest.json"
    manifest = json.loads(path.read_text())
    for name, entry in manifest["models"].items():
        entry["selfTest"] = write_self_test(name, options.models)
        print(f"{name}: {sum(part['bytes'] for part in entry['selfTest'].values() if isinstance(part, dict))} bytes")
    path.write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
