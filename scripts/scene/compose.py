"""Puts a crop back over its still base, with soft edges."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.scene.shots import Border, Tick

Picture = NDArray[np.uint8]
SOFT_EDGE_PX = 10
SAME_GREY = 12.0
"""Grey levels up to which two pictures of one place agree: what the denoiser leaves."""


class PictureMissing(Exception):
    """A picture of the plan is not on disk."""


def read_picture(path: Path) -> Picture:
    picture = cv2.imread(str(path))
    if picture is None:
        raise PictureMissing(f"{path} is missing or broken; remove it and render again")
    return np.asarray(picture, np.uint8)


def laid_over(base: Picture, crop: Picture, border: Border) -> Picture:
    """Edges that coincide with the frame's are hard, the others fade over SOFT_EDGE_PX.

    A crop smaller than its border is enlarged, and keeps the base's detail where nothing changed.
    """
    x0, y0, x1, y1 = border
    height, width = y1 - y0, x1 - x0
    under = base[y0:y1, x0:x1]
    over = crop.astype(np.float32)
    if crop.shape[:2] != (height, width):
        over = _enlarged(crop, under)
    tall, wide = base.shape[:2]
    columns, rows = np.arange(width) + 1.0, np.arange(height) + 1.0
    far = np.full(max(width, height), float(SOFT_EDGE_PX))
    left = columns if x0 > 0 else far[:width]
    right = columns[::-1] if x1 < wide else far[:width]
    above = rows if y0 > 0 else far[:height]
    below = rows[::-1] if y1 < tall else far[:height]
    weight = np.minimum(np.minimum(left, right)[None], np.minimum(above, below)[:, None])
    weight = np.clip(weight / SOFT_EDGE_PX, 0, 1)[..., None]
    result = base.copy()
    result[y0:y1, x0:x1] = np.rint(over * weight + under * (1 - weight)).astype(np.uint8)
    return result


def _enlarged(crop: Picture, under: Picture) -> NDArray[np.float32]:
    """The crop at the size of what lies under it. Where both agree at the crop's size, the finer
    detail of what lies under is put back: else the ground would blur whenever somebody moves."""
    small, size = (crop.shape[1], crop.shape[0]), (under.shape[1], under.shape[0])
    coarse = cv2.resize(under, small, interpolation=cv2.INTER_AREA)
    difference = cv2.absdiff(crop, np.asarray(coarse, np.uint8)).max(2)
    spread = cv2.GaussianBlur(cv2.dilate(difference, np.ones((3, 3), np.uint8)), (0, 0), 1.5)
    agree = np.clip(1 - (spread.astype(np.float32) - SAME_GREY) / SAME_GREY, 0, 1)
    agree = cv2.resize(agree, size, interpolation=cv2.INTER_LINEAR)[..., None]
    large = cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    blurred = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    sharp = large + agree * (under.astype(np.float32) - blurred)
    return np.asarray(np.clip(sharp, 0, 255), np.float32)


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
