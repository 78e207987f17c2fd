"""Rendered scenes: repeatable, varied, and their depth is what the camera would measure."""

import numpy as np
import pytest

from depth.scenes import KINDS, Frame, log_depth, render_scene
from depth.scene_surfaces import Surface, make_texture, periodic_noise

PLAIN = Surface(np.array([0.5, 0.5, 0.5], np.float32), np.array([0.5, 0.5, 0.5], np.float32), np.ones((128, 128), np.float32), 1.0, 0.0)


def looking_ahead(height=31, width=41):
    """Rays of a camera that looks along z, 90 degrees wide."""
    y, x = np.meshgrid(np.linspace(0.75, -0.75, height), np.linspace(-1, 1, width), indexing="ij")
    return np.stack([x, y, np.ones_like(x)], -1).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_a_scene_is_a_picture_and_its_depth_from_near_to_far(kind):
    clean, depth = render_scene(np.random.default_rng(2), 96, 144, kind)
    assert clean.shape == (96, 144, 3) and clean.dtype == np.float32 and 0 <= clean.min() and clean.max() <= 1
    assert depth.shape == (96, 144) and depth.dtype == np.float32 and depth.min() == 0 and depth.max() == 1
    assert clean.std() > 0.02 and np.isfinite(clean).all()


def test_the_same_seed_gives_the_same_scene_and_another_seed_another():
    first, again, other = (render_scene(np.random.default_rng(seed), 64, 64) for seed in (7, 7, 8))
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])
    assert np.abs(first[0] - other[0]).mean() > 0.02


def test_ground_depth_is_eye_height_over_slope():
    rays = looking_ahead()
    frame = Frame(rays, np.array([0, 1.5, 0], np.float32))
    frame.plane(1, 0.0, PLAIN)
    below = rays[..., 1] < -0.05
    np.testing.assert_allclose(frame.distance[below], -1.5 / rays[..., 1][below], rtol=1e-4)  # float32
    assert not frame.hit[rays[..., 1] > 0.01].any() and (frame.normal[below] == (0, 1, 0)).all()


def test_a_box_hides_what_is_behind_it_and_faces_the_camera():
    frame = Frame(looking_ahead(), np.array([0, 1, 0], np.float32))
    frame.plane(2, 20.0, PLAIN)
    frame.box((-1, 0, 4), (1, 2, 6), PLAIN)
    frame.box((-2, 0, 8), (2, 2, 9), PLAIN)
    assert frame.distance[15, 20] == pytest.approx(4, rel=1e-4) and tuple(frame.normal[15, 20]) == (0, 0, -1)
    assert frame.distance[0, 0] == pytest.approx(20, rel=1e-4)


def test_a_ball_is_nearest_in_its_middle():
    frame = Frame(looking_ahead(), np.array([0, 1, 0], np.float32))
    frame.ball((0, 1, 5), (1, 1, 1), PLAIN)
    assert frame.distance[15, 20] == pytest.approx(4, rel=1e-4) and frame.distance[frame.hit].min() == frame.distance[15, 20]
    np.testing.assert_allclose(frame.normal[15, 20], (0, 0, -1), atol=1e-5)


def test_depth_is_logarithmic():
    depth = log_depth(np.array([[1, 1, 10, 100]], np.float32).repeat(50, 0))
    np.testing.assert_allclose(depth[0], [0, 0, 0.5, 1], atol=1e-6)


def test_textures_stay_in_range():
    for seed in range(12):
        texture = make_texture(np.random.default_rng(seed))
        assert texture.shape == (128, 128) and texture.dtype == np.float32 and 0 <= texture.min() and texture.max() <= 1


def test_noise_repeats_without_a_seam():
    for seed in range(6):
        noise = periodic_noise(np.random.default_rng(seed))
        inside = np.abs(np.diff(noise, axis=1)).mean(0)
        assert np.abs(noise[:, 0] - noise[:, -1]).mean() < 1.5 * inside.max()


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="room"):
        render_scene(np.random.default_rng(0), 32, 32, "cave")
