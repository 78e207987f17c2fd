"""The schedule, the sampler and the noise: against published numbers and against their own definitions."""

from pathlib import Path

import numpy as np
import torch

from diffusion import ALPHAS_CUMPROD, add_noise, ddim_step, gaussian_noise, hash32, noise_plate, sample_residual

T3_PARTS = Path(__file__).parents[4] / "shared" / "fixtures" / "t3" / "parts.npz"


def test_schedule_has_the_published_values():
    assert abs(float(ALPHAS_CUMPROD[0]) - 0.9999) < 1e-12
    assert abs(float(ALPHAS_CUMPROD[500]) - 0.0777966584) < 1e-10
    assert abs(float(ALPHAS_CUMPROD[999]) - 4.0358298e-5) < 1e-12


def test_ddim_returns_to_the_trajectory_when_the_prediction_is_right():
    residual, noise = torch.rand(2, 3, 4, 5) - 0.5, torch.randn(2, 3, 4, 5)
    state = add_noise(residual, noise, float(ALPHAS_CUMPROD[500]))
    expected = add_noise(residual, noise, float(ALPHAS_CUMPROD[0]))
    torch.testing.assert_close(ddim_step(state, residual, 500, 0), expected, atol=1e-5, rtol=0)


def test_noise_estimate_takes_the_prediction_before_the_clip():
    state, prediction = torch.zeros(1, 1, 1, 1), torch.full((1, 1, 1, 1), 2.0)
    a, a0 = float(ALPHAS_CUMPROD[500]), float(ALPHAS_CUMPROD[0])
    expected = a0**0.5 * 1.0 + (1 - a0) ** 0.5 * (-(a**0.5) * 2.0 / (1 - a) ** 0.5)
    assert abs(ddim_step(state, prediction, 500, 0).item() - expected) < 1e-6


def test_two_steps_visit_500_and_0_and_end_clipped():
    visited = []

    def denoiser(state, t):
        visited.append(t)
        return torch.full_like(state, 3.0)

    residual, predictions = sample_residual(denoiser, torch.randn(1, 3, 2, 2))
    assert visited == [500, 0] and len(predictions) == 2 and residual.max() == 1


def test_noise_is_normal_repeats_and_depends_on_the_seed():
    plate = noise_plate(3)
    assert abs(plate.mean()) < 0.01 and abs(plate.std() - 1) < 0.01
    assert not np.array_equal(plate, noise_plate(4))
    noise = gaussian_noise(3, 300, 520)[0].numpy()
    np.testing.assert_array_equal(noise[:, 256:300, 256:512], plate[:, :44])


def test_hash32_gives_the_values_worked_by_hand():
    # lowbias32(0) = 0; lowbias32(1) from the definition in plain integers.
    x = 1
    x = ((x ^ (x >> 16)) * 0x7FEB352D) % 2**32
    x = ((x ^ (x >> 15)) * 0x846CA68B) % 2**32
    assert hash32(np.array([0, 1])).tolist() == [0, x ^ (x >> 16)]
