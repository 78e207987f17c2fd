"""What the condition sees of a picture [H,W,3]: a small view of the whole by area averaging, and nine native-scale patches.

The same rules stand in packages/core/src/conditioning; golden fixtures hold the two together (docs/model-contract.md).
"""

import math

import numpy as np

VIEW_AREA_PX, VIEW_MULTIPLE_PX, VIEW_MAX_SIDE_PX = 128 * 128, 16, 512
PATCH_GRID, PATCH_SIZE_PX = 3, 64


def view_size(height: int, width: int) -> tuple[int, int]:
    """(height, width) of the view: about VIEW_AREA_PX pixels, sides multiples of 16 between 16 and 512."""
    scale = math.sqrt(VIEW_AREA_PX / (height * width))

    def side(length):
        rounded = math.floor(length * scale / VIEW_MULTIPLE_PX + 0.5) * VIEW_MULTIPLE_PX
        return min(max(rounded, VIEW_MULTIPLE_PX), VIEW_MAX_SIDE_PX)

    return side(height), side(width)


def area_weights(size_in: int, size_out: int) -> np.ndarray:
    """[out,in]: overlap of output cell i = [i, i+1) * in/out with every input sample, divided by in/out; rows sum to 1."""
    ratio = size_in / size_out
    start = np.arange(size_out)[:, None] * ratio
    samples = np.arange(size_in)[None]
    overlap = np.minimum(start + ratio, samples + 1) - np.maximum(start, samples)
    return (overlap.clip(0) / ratio).astype(np.float64)


def resize_area(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """[H,W,3] -> [height,width,3] float32 by area averaging."""
    rows, columns = area_weights(picture.shape[0], height), area_weights(picture.shape[1], width)
    return np.einsum("hH,HWc,wW->hwc", rows, picture.astype(np.float64), columns, optimize=True).astype(np.float32)


def image_view(picture: np.ndarray) -> np.ndarray:
    """[H,W,3] -> [h,w,3], the view."""
    return resize_area(picture, *view_size(*picture.shape[:2]))


def native_patches(picture: np.ndarray) -> np.ndarray:
    """[H,W,3] -> [9,64,64,3]: windows on a 3x3 grid, row by row; outside the picture its border is repeated."""
    height, width = picture.shape[:2]

    def origins(side):
        return [math.floor(j * max(side - PATCH_SIZE_PX, 0) / (PATCH_GRID - 1) + 0.5) for j in range(PATCH_GRID)]

    window = np.arange(PATCH_SIZE_PX)
    return np.stack([
        picture[np.minimum(y + window, height - 1)][:, np.minimum(x + window, width - 1)]
        for y in origins(height)
        for x in origins(width)
    ])  # fmt: skip
