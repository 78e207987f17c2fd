"""Golden fixtures: numbers that PyTorch gives for a small made-up picture, read by the TypeScript tests and by tests/test_parity.py.

    python parity.py --checkpoint runs/nano/last.pt --depth-encoder ../../.cache/depth-nano.pt

Writes models/fixtures/<model>/golden.json (name -> dims, offset in floats, tolerance and its reason) and golden.bin (little-endian float32).
Run it whenever weights are exported: the fixtures belong to the models in manifest.json.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from checkpoint import load_model
from depth.encoder import load_depth_encoder
from diffusion import ALPHAS_CUMPROD, ddim_step, gaussian_noise, hash32, noise_plate
from prompts import WEATHERS
from restore import restore

HEIGHT, WIDTH, SEED = 75, 109, 7  # odd on purpose: padding, and height is not width
EXACT = (0.0, "integers inside, rounded once: every language gives the same bits")
ROUNDING = (1e-6, "a few float32 roundings of numbers of size 1 to 4")
GRAPH = (2e-4, "float32 convolutions summed in another order")
PICTURE = (1e-3, "two passes of the denoiser in another order of summation; a quarter of an 8-bit level")


def made_up_picture(height=HEIGHT, width=WIDTH) -> np.ndarray:
    """Waves, an edge, streaks and grain: [H,W,3] in [0,1], 8-bit values."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [0.5 + 0.25 * np.sin(x / (9 + 3 * c)) * np.cos(y / (13 - 2 * c)) + 0.15 * (x + 2 * y > 140) for c in range(3)]
    streaks = 0.3 * ((x * 5 + y) % 47 < 3)
    grain = hash32(np.arange(height * width, dtype=np.uint32)).reshape(height, width) / 2**32 * 0.06
    picture = np.stack(waves, -1) + streaks[..., None] + grain[..., None]
    return (np.rint(picture.clip(0, 1) * 255) / 255).astype(np.float32)


def golden(model, depth_encoder) -> dict:
    """name -> (array, (tolerance, why))."""
    picture = made_up_picture()
    whole = restore(model, depth_encoder, picture, seed=SEED)
    rain = restore(model, depth_encoder, picture, remove=("rain",), seed=SEED)
    one_step = restore(model, depth_encoder, picture, seed=SEED, steps=1, strength=0.5)
    narrow = restore(model, depth_encoder, made_up_picture(300, 3), seed=SEED)
    noise = gaussian_noise(SEED, 4, 300)
    prediction = torch.linspace(-1.5, 1.5, noise.numel()).reshape(noise.shape)
    chw = lambda image: np.moveaxis(image, -1, 0)[None]
    return {
        "noise.plate.seed0": (noise_plate(0)[:, :4, :16], EXACT),
        "noise.plate.seed4294967295": (noise_plate(2**32 - 1)[:, -2:, -16:], EXACT),
        "noise.repeated": (noise, EXACT),
        "schedule.alphasCumprod": (ALPHAS_CUMPROD.numpy(), (1e-7, "stored as float32")),
        "ddim.predictedResidual": (prediction, ROUNDING),
        "ddim.step": (ddim_step(noise, prediction, 500, 0), ROUNDING),
        "ddim.last": (ddim_step(noise, prediction, 0, None), ROUNDING),
        "picture.degraded": (chw(picture), (1e-7, "8-bit values")),
        "picture.view": (whole["view"], (2e-6, "area averages summed in another order")),
        "picture.patches": (whole["patches"], (1e-7, "8-bit values, moved only")),
        "condition.query": (whole["query"], GRAPH),
        "depth.tokens": (whole["depth_tokens"], GRAPH),
        "prompts.selected": (whole["selected"].float(), (0.0, "ids")),
        "prompts.weather": (whole["weather_prompts"], GRAPH),
        "prompts.selected.rain": (rain["selected"].float(), (0.0, "ids; -1 where nothing is allowed")),
        "prompts.weather.rain": (rain["weather_prompts"], GRAPH),
        "prompts.depth": (whole["depth_prompts"], GRAPH),
        "prompts.presence": (np.array([whole["presence"][w] for w in WEATHERS], np.float32), GRAPH),
        "restoration.step1": (whole["predictions"][0], PICTURE),
        "restoration.residual": (whole["residual"], PICTURE),
        "restoration.restored": (whole["restored"], PICTURE),
        "restoration.restored.rain": (rain["restored"], PICTURE),
        "restoration.restored.oneStepHalfStrength": (one_step["restored"], PICTURE),
        "narrow.degraded": (chw(made_up_picture(300, 3)), (1e-7, "8-bit values")),
        "narrow.restored": (narrow["restored"], PICTURE),
    }


def write_golden(arrays: dict, folder: Path):
    folder.mkdir(parents=True, exist_ok=True)
    index, chunks, offset = {}, [], 0
    for name, (array, (tolerance, why)) in arrays.items():
        array = np.asarray(array, dtype="<f4")
        index[name] = {"dims": list(array.shape), "file": "golden.bin", "offset": offset, "tolerance": tolerance, "why": why}
        chunks.append(array.tobytes())
        offset += array.size
    (folder / "golden.bin").write_bytes(b"".join(chunks))
    (folder / "golden.json").write_text(json.dumps(index, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--depth-encoder", type=Path, required=True)
    parser.add_argument("--fixtures", type=Path, default=Path(__file__).parent.parent / "fixtures")
    options = parser.parse_args()
    model = load_model(options.checkpoint)
    arrays = golden(model, load_depth_encoder(options.depth_encoder))
    folder = options.fixtures / model.config.name
    write_golden(arrays, folder)
    print(f"{len(arrays)} arrays in {folder}")


if __name__ == "__main__":
    main()
