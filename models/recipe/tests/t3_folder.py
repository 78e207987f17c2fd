"""The stand-in checkpoint converted, and what the authors' code gave for it as plain files: a folder for the tests in TypeScript.

    python tests/t3_folder.py FOLDER        # writes FOLDER/t3 (graphs, pool, manifest.json), FOLDER/arrays.json and FOLDER/arrays.bin

arrays.json: name (`64x96/query_t500`, `parts/alphas_cumprod`) -> {"dims", "offset"}; arrays.bin: little-endian float32, offsets in numbers.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

RECIPE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(RECIPE), str(RECIPE / "tests")]

from convert_reference import load_reference  # noqa: E402
from t3.export import export_t3  # noqa: E402
from reference_t3 import CASES, load_case  # noqa: E402
from stand_in_t3 import FIXTURES, stand_in_checkpoint, stand_in_tensors  # noqa: E402


def write_arrays(folder: Path):
    """Every array of the fixtures; float64 ones are rounded."""
    arrays = {f"{case}/{name}": value for case in CASES for name, value in load_case(case).items()}
    with np.load(FIXTURES / "parts.npz") as parts:
        arrays |= {f"parts/{name}": value for name, value in parts.items()}
    index, offset = {}, 0
    with (folder / "arrays.bin").open("wb") as file:
        for name, value in arrays.items():
            file.write(np.ascontiguousarray(value, "<f4").tobytes())
            index[name] = {"dims": list(value.shape), "offset": offset}
            offset += value.size
    (folder / "arrays.json").write_text(json.dumps(index))


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "stand-in.ckpt"
    torch.save(stand_in_checkpoint(stand_in_tensors()), checkpoint)
    try:
        export_t3(*load_reference(checkpoint), folder / "t3", weights="ema")
    finally:
        checkpoint.unlink()
    write_arrays(folder)


if __name__ == "__main__":
    main()
