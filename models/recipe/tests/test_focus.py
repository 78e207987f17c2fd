"""Shallow depth of field: discs of light away from the focus, and only there."""

import numpy as np

from weather import focus


def test_most_photographs_stay_as_they_are():
    rng, clean, depth = np.random.default_rng(1), np.full((8, 8, 3), 0.5, np.float32), np.zeros((8, 8), np.float32)
    kept = [focus.defocus(rng, clean, depth) is clean for _ in range(400)]
    assert abs(np.mean(kept) - (1 - focus.SHARE)) < 0.08  # four deviations


def test_a_disc_weighs_one_and_is_round():
    for radius in (1.5, 3.2, 6):
        kernel = focus.disc(radius)
        np.testing.assert_allclose(kernel.sum(), 1, rtol=1e-5)
        np.testing.assert_array_equal(kernel, kernel.T)
        assert kernel[0, 0] == 0 and kernel[len(kernel) // 2, len(kernel) // 2] == kernel.max()


def test_what_is_far_from_the_focus_is_blurred_and_what_is_near_stays(monkeypatch):
    """The focus is never beyond 0.6 and sharp to 0.2 around at most: depth 1 is always out of it; smooth areas keep their colour."""
    monkeypatch.setattr(focus, "SHARE", 1)
    texture = np.random.default_rng(2).random((64, 64, 1)).astype(np.float32).repeat(3, 2) * 0.6  # no highlights
    for seed in range(8):
        blurred = focus.defocus(np.random.default_rng(seed), texture, np.ones((64, 64), np.float32))
        assert blurred.dtype == np.float32 and blurred.std() < 0.5 * texture.std()
    depth = np.linspace(0, 1, 64, dtype=np.float32)[None].repeat(64, 0)
    for seed in range(8):
        change = np.abs(focus.defocus(np.random.default_rng(seed), texture, depth) - texture).mean((0, 2))
        assert (change == 0).any() and change[-1] > 0.05
    flat = np.full((32, 32, 3), 0.4, np.float32)
    np.testing.assert_allclose(focus.defocus(np.random.default_rng(3), flat, np.ones((32, 32), np.float32)), flat, atol=1e-3)  # two powers of float32
