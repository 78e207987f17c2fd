"""What the authors' code gave (../shared/fixtures/t3) against what we give, array by array under the fixtures' names, with the tolerances stated there."""

import numpy as np

from stand_in_t3 import FIXTURES

CASES = ("64x96", "50x70")
STEPS = ("t500", "t0")
STAGES = ("intro", "encoders.0", "downs.0", "encoders.1", "downs.1", "encoders.2", "downs.2", "encoders.3", "downs.3", "middle_blks") + tuple(
    f"{part}.{i}" for i in range(4) for part in ("ups", "decoders")
)
# Largest absolute difference for float32: 4 to 10 times the reference's own float32 error (README of the fixtures); other kernels sum in another order.
TOLERANCES = {
    "depth_input": 1e-5, "position_embedding": 1e-4, "depth_tokens": 1e-4, "depth_tokens_projected": 1e-4, "depth_prompts": 1e-4,
    "timestep_sinusoid": 5e-5, "time_embedding": 5e-5, "query": 3e-4, "cosine": 1e-5, "bottleneck": 1e-3, "bottleneck_prompted": 1e-3,
    "bottleneck_weather": 4e-4, "predicted_residual": 2e-4, "noisy_residual": 2e-4, "residual": 2e-4, "restored": 2e-4,
    "stage_probe": 1e-3, "stage_moments": 1e-4, "prompt_loss": 1e-5, "selected": 0,
}  # fmt: skip
RMS_TOLERANCE = 5e-5  # of the residuals
RESIDUALS = ("predicted_residual", "noisy_residual", "residual", "restored")


def load_case(case: str) -> dict:
    """"64x96" or "50x70" -> arrays by name."""
    with np.load(FIXTURES / f"case-{case}.npz") as file:
        return dict(file)


def base_name(name: str) -> str:
    """`query_t500` -> `query`."""
    return name.removesuffix("_t500").removesuffix("_t0")


def deviations(found: dict, case: dict) -> dict:
    """Largest absolute difference of every array of the case but its inputs and `residual_float64`. All of them must be found, in their shapes."""
    wanted = {name: value for name, value in case.items() if name not in ("degraded", "noise", "residual_float64")}
    assert sorted(found) == sorted(wanted)
    for name, value in wanted.items():
        assert np.shape(found[name]) == value.shape, name
    return {name: float(np.abs(np.asarray(found[name], np.float64) - value).max()) for name, value in wanted.items()}


def too_far(found: dict, case: dict) -> dict:
    """The arrays out of tolerance, with their differences: {} is what a test wants."""
    far = {name: value for name, value in deviations(found, case).items() if value > TOLERANCES[base_name(name)]}
    for name in (name for name in found if base_name(name) in RESIDUALS):
        rms = float(np.sqrt(np.mean((np.asarray(found[name], np.float64) - case[name]) ** 2)))
        if rms > RMS_TOLERANCE:
            far[f"{name} (rms)"] = rms
    return far


def describe(found: dict, case: dict) -> str:
    """A line for each kind of array: largest difference over the steps, and the tolerance."""
    worst = {}
    for name, value in deviations(found, case).items():
        worst[base_name(name)] = max(value, worst.get(base_name(name), 0))
    return "\n".join(f"{name:24} {value:.1e} of {TOLERANCES[name]:.0e}" for name, value in worst.items())


def stage_arrays(stages: dict) -> dict:
    """Stage name -> output [1,c,h,w] becomes `stage_probe` [18,16] and `stage_moments` [18,2]."""
    outputs = [np.asarray(stages[name])[0] for name in STAGES]
    probes = np.stack([x[:16, 1, 2] for x in outputs])
    moments = np.array([[x.mean(dtype=np.float64), x.std(dtype=np.float64)] for x in outputs])
    return {"stage_probe": probes, "stage_moments": moments}


def kept_rows(depth_prompts, case: dict):
    """The rows of [256,1024] that the case keeps."""
    return depth_prompts[:: len(depth_prompts) // len(case["depth_prompts"])]


def cosines(keys, query):
    return (keys @ query) / (np.linalg.norm(keys, axis=-1) * np.linalg.norm(query))
