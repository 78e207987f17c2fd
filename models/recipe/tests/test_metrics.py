"""PSNR and SSIM against values worked by hand."""

import numpy as np

from evaluation.metrics import compare, luma, psnr, ssim


def test_psnr_of_a_tenth_is_20_db_and_of_equal_pictures_100():
    a = np.full((32, 32, 3), 0.5)
    assert abs(psnr(a, a + 0.1) - 20) < 1e-9 and psnr(a, a) == 100


def test_ssim_is_one_for_equal_pictures_and_the_luminance_term_for_flat_ones():
    a = np.full((32, 32), 0.5)
    assert abs(ssim(a, a) - 1) < 1e-12
    assert abs(ssim(a, a + 0.2) - (2 * 0.35 + 1e-4) / (0.25 + 0.49 + 1e-4)) < 1e-9


def test_luma_of_white_is_219_of_255():
    assert abs(luma(np.ones((1, 1, 3)))[0, 0] - 219 / 255) < 1e-9


def test_comparison_is_of_8_bit_pictures():
    a = np.full((32, 32, 3), 100 / 255)
    assert compare(a, a + 0.3 / 255)["psnr"] == 100
