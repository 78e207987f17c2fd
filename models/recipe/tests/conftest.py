"""Lets the tests import the recipe's files as the recipe itself does; and made-up pictures to train on."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from clean_pictures import is_validation  # noqa: E402 - the path above


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder like the real one: clean/, depth/ and one pair."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for part in ("clean", "depth", "pairs/rain100l/input", "pairs/rain100l/target"):
        (folder / part).mkdir(parents=True)
    names = [f"p{i}" for i in range(60)]
    for name in [n for n in names if is_validation(n)][:1] + [n for n in names if not is_validation(n)][:3]:
        picture = cv2.resize(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8), (400, 300), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / "clean" / f"{name}.webp"), picture)
        cv2.imwrite(str(folder / "depth" / f"{name}.png"), np.linspace(255, 0, 96 * 128, dtype=np.uint8).reshape(96, 128))
    pair = cv2.resize(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8), (60, 50), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(folder / "pairs/rain100l/input/a.png"), pair)
    cv2.imwrite(str(folder / "pairs/rain100l/target/a.png"), pair // 2)
    return folder
