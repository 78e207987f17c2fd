"""What the condition sees: area averages and native patches."""

import cv2
import numpy as np

from views import image_view, native_patches, resize_area, view_size


def test_views_have_about_16384_pixels_and_sides_of_multiples_of_16():
    assert view_size(256, 256) == (128, 128)
    assert view_size(321, 481) == (112, 160)
    assert view_size(6000, 8000) == (112, 144)
    assert view_size(1, 4000) == (16, 512)
    assert view_size(1, 1) == (128, 128)


def test_area_averaging_keeps_the_mean_and_equals_opencvs_when_shrinking():
    picture = np.random.default_rng(0).random((90, 130, 3), dtype=np.float32)
    ours = resize_area(picture, 32, 48)
    assert abs(ours.mean() - picture.mean()) < 1e-6
    np.testing.assert_allclose(ours, cv2.resize(picture, (48, 32), interpolation=cv2.INTER_AREA), atol=1e-5)


def test_a_view_of_one_pixel_repeats_it():
    assert np.allclose(image_view(np.full((1, 1, 3), 0.25, np.float32)), 0.25)


def test_patches_cover_corners_and_middle_and_repeat_the_border_of_small_pictures():
    picture = np.random.default_rng(0).random((100, 200, 3), dtype=np.float32)
    patches = native_patches(picture)
    np.testing.assert_array_equal(patches[0], picture[:64, :64])
    np.testing.assert_array_equal(patches[4], picture[18:82, 68:132])
    np.testing.assert_array_equal(patches[8], picture[36:, 136:])
    small = native_patches(picture[:1, :1])
    assert small.shape == (9, 64, 64, 3) and (small == picture[0, 0]).all()
