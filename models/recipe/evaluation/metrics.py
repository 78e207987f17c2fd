"""PSNR and SSIM on RGB and on luma, for pictures [H,W,3] in [0,1].

PSNR = 10 log10(1 / MSE), MSE over all pixels and channels, capped at 100 dB (equal pictures). Luma is BT.601 as in the field's tables
(MATLAB's rgb2ycbcr without its offset: Y = (65.481 R + 128.553 G + 24.966 B) / 255). SSIM: Wang et al. 2004, Gaussian window 11, sigma 1.5,
K = 0.01, 0.03, population moments, window positions inside the picture only, mean over channels.
"""

import cv2
import numpy as np


def luma(picture):
    return picture @ np.array([65.481, 128.553, 24.966], picture.dtype) / 255


def psnr(a, b) -> float:
    mse = float(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2))
    return min(100.0, -10 * np.log10(max(mse, 1e-30)))


def ssim(a, b) -> float:
    if a.ndim == 3:
        return float(np.mean([ssim(a[..., c], b[..., c]) for c in range(a.shape[2])]))
    a, b = a.astype(np.float64), b.astype(np.float64)

    def mean(x):
        return cv2.GaussianBlur(x, (11, 11), 1.5)[5:-5, 5:-5]

    ma, mb = mean(a), mean(b)
    va, vb, cov = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    c1, c2 = 0.01**2, 0.03**2
    return float((((2 * ma * mb + c1) * (2 * cov + c2)) / ((ma**2 + mb**2 + c1) * (va + vb + c2))).mean())


def quantised(picture):
    """As a file would hold it: 8 bit."""
    return np.rint(np.clip(picture, 0, 1) * 255) / 255


def compare(restored, target) -> dict:
    """psnr, ssim, psnr_y, ssim_y of two pictures, both quantised to 8 bit."""
    a, b = quantised(restored).astype(np.float32), quantised(target).astype(np.float32)
    return {"psnr": psnr(a, b), "ssim": ssim(a, b), "psnr_y": psnr(luma(a), luma(b)), "ssim_y": ssim(luma(a), luma(b))}
