"""Puts a crop back over its still base, with soft edges."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.scene.shots import Border, Tick

Picture = NDArray[np.uint8]
SOFT_EDGE_PX = 10


class PictureMissing(Exception):
    """A picture of the plan is not on disk."""


def read_picture(path: Path) -> Picture:
    picture = cv2.imread(str(path))
    if picture is None:
        raise PictureMissing(f"{path} is missing or broken; remove it and render again")
    return np.asarray(picture, np.uint8)


def laid_over(base: Picture, crop: Picture, border: Border) -> Picture:
    """Edges that coincide with the frame's are hard, the others fade over SOFT_EDGE_PX."""
    x0, y0, x1, y1 = border
    height, width = y1 - y0, x1 - x0
    if crop.shape[:2] != (height, width):
        crop = np.asarray(
            cv2.resize(crop, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8
        )
    tall, wide = base.shape[:2]
    columns, rows = np.arange(width) + 1.0, np.arange(height) + 1.0
    far = np.full(max(width, height), float(SOFT_EDGE_PX))
    left = columns if x0 > 0 else far[:width]
    right = columns[::-1] if x1 < wide else far[:width]
    above = rows if y0 > 0 else far[:height]
    below = rows[::-1] if y1 < tall else far[:height]
    weight = (
        np.minimum(np.minimum(left, right)[None], np.minimum(above, below)[:, None]) / SOFT_EDGE_PX
    )
    weight = np.clip(weight, 0, 1)[..., None]
    result = base.copy()
    under = result[y0:y1, x0:x1]
    result[y0:y1, x0:x1] = (crop * weight + under * (1 - weight)).astype(np.uint8)
    return result


class Album:
    """Composed frames of a plan. The last bases are kept decoded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._bases: dict[str, Picture] = {}

    def frame(self, tick: Tick) -> Picture:
        base = self._bases.get(tick.base.name)
        if base is None:
            if len(self._bases) > 3:
                self._bases.clear()
            base = self._bases[tick.base.name] = read_picture(self.folder / tick.base.name)
        if tick.crop is None:
            return base
        assert tick.crop.border is not None
        return laid_over(base, read_picture(self.folder / tick.crop.name), tick.crop.border)
