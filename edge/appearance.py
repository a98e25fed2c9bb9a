"""What a place in the picture looks like, whatever the light.

A small grey copy of the frame is normalised locally (mean taken away, divided by the local spread),
so that a cloud, headlights, a gain step or the switch to infrared change it little while another
vehicle changes it much. Patches of it are compared by normalised cross-correlation.
"""

import base64
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Box

GREY_WIDTH = 320
"""Enough for a car of 30 px; a look costs about a millisecond at this width."""
_SIGMA = 5.0
_FLOOR = 6.0
"""Grey levels of spread below which a region counts as flat: sensor noise is not texture."""
_THUMB = 32
_SMALLEST = 6
_SEARCH = 0.06
"""A place is looked for within this share of its size: cameras sway a little."""

Pixels = NDArray[np.uint8]
Values = NDArray[np.float32]


@dataclass(frozen=True)
class Grey:
    """A small grey copy of a frame. `scale` is small pixels per frame pixel, in x and in y."""

    pixels: Pixels
    scale: tuple[float, float]

    @cached_property
    def normal(self) -> Values:
        """The locally normalised picture, float32, around -3 to 3."""
        grey = self.pixels.astype(np.float32)
        centred = grey - cv2.GaussianBlur(grey, (0, 0), _SIGMA)
        spread = np.sqrt(cv2.GaussianBlur(centred * centred, (0, 0), _SIGMA))
        return np.asarray(centred / (spread + _FLOOR), np.float32)

    @cached_property
    def sharpness(self) -> float:
        """Variance of the Laplacian over the picture's: falls with defocus, not with light."""
        laplacian = cv2.Laplacian(self.pixels, cv2.CV_32F)
        return float(laplacian.var() / (float(self.pixels.var()) + 25.0))

    def window(self, box: Box) -> tuple[int, int, int, int]:
        """`box` (frame pixels) as x1, y1, x2, y2 in small pixels, cut to the picture."""
        height, width = self.pixels.shape
        return (
            int(np.clip(round(box.x1 * self.scale[0]), 0, width)),
            int(np.clip(round(box.y1 * self.scale[1]), 0, height)),
            int(np.clip(round(box.x2 * self.scale[0]), 0, width)),
            int(np.clip(round(box.y2 * self.scale[1]), 0, height)),
        )


@dataclass(frozen=True)
class Patch:
    """One place at one time: its box (frame pixels) and its normalised pixels at small scale."""

    box: Box
    values: Values

    @cached_property
    def thumb(self) -> Values:
        """The patch at a fixed size, so that places of different sizes can be compared."""
        return np.asarray(
            cv2.resize(self.values, (_THUMB, _THUMB), interpolation=cv2.INTER_AREA), np.float32
        )

    def to_text(self) -> str:
        """The patch as text, in steps of 1/32, for the snapshot of open stays."""
        steps = np.clip(np.round(self.values * 32), -127, 127).astype(np.int8)
        height, width = steps.shape
        corners = ",".join(
            f"{value:.2f}" for value in (self.box.x1, self.box.y1, self.box.x2, self.box.y2)
        )
        return f"{corners},{width},{height}:{base64.b64encode(steps.tobytes()).decode()}"


def patch_from_text(text: str) -> Patch:
    """Read what `Patch.to_text` wrote. Raises ValueError for anything else."""
    head, _, body = text.partition(":")
    numbers = [float(part) for part in head.split(",")]
    if len(numbers) != 6:
        raise ValueError(f"patch must begin with six numbers, got {head[:60]!r}")
    width, height = int(numbers[4]), int(numbers[5])
    steps = np.frombuffer(base64.b64decode(body, validate=True), np.int8)
    if steps.size != width * height:
        raise ValueError(f"patch must have {width}x{height} values, got {steps.size}")
    values = steps.reshape(height, width).astype(np.float32) / np.float32(32)
    return Patch(Box(*numbers[:4]), values)


def small_grey(image: Pixels, width: int = GREY_WIDTH) -> Grey:
    """The small grey copy of a BGR frame (height x width x 3, uint8)."""
    full_height, full_width = image.shape[:2]
    # Averaging every pixel of a 1080p frame costs ten times as much and shows nothing more.
    step = max(1, full_width // (2 * width))
    size = (
        min(width, full_width),
        max(1, round(full_height * min(width, full_width) / full_width)),
    )
    # Every `step`th pixel of every `step`th row, in a sixth of the time that a slice takes.
    sparse = (-(-full_width // step), -(-full_height // step))
    small = cv2.resize(image, sparse, interpolation=cv2.INTER_NEAREST) if step > 1 else image
    small = cv2.resize(small, size, interpolation=cv2.INTER_AREA)
    grey = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    return Grey(np.asarray(grey, np.uint8), (size[0] / full_width, size[1] / full_height))


def patch(grey: Grey, box: Box) -> Patch | None:
    """The patch at `box`, or None where too little of it lies in the picture."""
    x1, y1, x2, y2 = grey.window(box)
    if x2 - x1 < _SMALLEST or y2 - y1 < _SMALLEST:
        return None
    return Patch(box, grey.normal[y1:y2, x1:x2].copy())


def similarity(one: Patch, other: Patch) -> float:
    """How alike two patches are, -1 to 1: correlation at a fixed size. Flat patches give 0."""
    return correlation(one.thumb, other.thumb)


def place_similarity(anchor: Patch, now: Grey) -> float | None:
    """How much the anchor's place looks as it did, -1 to 1, best over a small sway.

    None where the place now lies too far outside the picture to tell.
    """
    x1, y1, x2, y2 = now.window(anchor.box)
    height, width = anchor.values.shape
    if (x2 - x1, y2 - y1) != (width, height):
        return None
    sway_x, sway_y = 1 + round(width * _SEARCH), 1 + round(height * _SEARCH)
    field = now.normal[
        max(0, y1 - sway_y) : y2 + sway_y,
        max(0, x1 - sway_x) : x2 + sway_x,
    ]
    if float(anchor.values.std()) < 0.05 or float(field.std()) < 0.05:
        return 0.0
    return float(cv2.matchTemplate(field, anchor.values, cv2.TM_CCOEFF_NORMED).max())


def correlation(one: Values, other: Values) -> float:
    """Pearson's correlation of two arrays of one shape; 0 where either is flat."""
    a, b = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / norm) if norm > 1e-6 else 0.0
