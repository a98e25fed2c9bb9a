"""The lane as it looks when it is empty, and what stands in it that was not there then.

Learnt slowly, and only where no vehicle is known to stand. It never begins a stay by itself: it
tells whether a place is empty again (which ends a stay), and whether something stands still where
the detector sees nothing (which keeps one).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.appearance import Grey, Values, correlation
from edge.geometry import Box, Polygon

_GROW = 0.15
"""Boxes are grown by this share before learning: a shadow belongs to its vehicle."""


@dataclass(frozen=True, slots=True)
class BackgroundRules:
    """Seconds and shares by which the background is learnt and compared."""

    learn_s: float = 90.0
    known_s: float = 4.0
    static_s: float = 10.0
    absorb_s: float = 3600.0
    known_share: float = 0.7
    window_px: int = 9
    alike: float = 0.5
    still: float = 0.75
    smallest_share: float = 0.15


@dataclass
class LaneBackground:
    """The empty look of one view. Feed it every look, in order of time."""

    rules: BackgroundRules = field(default_factory=BackgroundRules)
    _empty: Values | None = None
    _known_s: Values | None = None
    _static_s: Values | None = None
    _last: Grey | None = None
    _last_s: float = 0.0

    def look(self, grey: Grey, t_s: float, occupied: Sequence[Box]) -> None:
        """Take in one look; `occupied` are the boxes (frame pixels) of all vehicles in view.

        Raises ValueError where time runs backwards.
        """
        if self._last is not None and t_s < self._last_s:
            raise ValueError(f"time went backwards: {t_s:.3f} after {self._last_s:.3f}")
        if self._empty is None or self._empty.shape != grey.normal.shape:
            self._begin(grey)
        elapsed_s = t_s - self._last_s if self._last is not None else 0.0
        self._measure_stillness(grey, elapsed_s)
        self._learn(grey, self._free(grey, occupied), elapsed_s)
        self._last, self._last_s = grey, t_s

    def similarity(self, box: Box) -> float | None:
        """How much the place looks empty now, -1 to 1; None where its empty look is not known."""
        if self._last is None or self._empty is None or self._known_s is None:
            return None
        x1, y1, x2, y2 = self._last.window(box)
        if x2 - x1 < 4 or y2 - y1 < 4:
            return None
        known = self._known_s[y1:y2, x1:x2] >= self.rules.known_s
        if float(known.mean()) < self.rules.known_share:
            return None
        empty, now = self._empty[y1:y2, x1:x2], self._last.normal[y1:y2, x1:x2]
        return correlation(empty[known], now[known])

    def foreground(self, polygon: Polygon) -> list[Box]:
        """Boxes (frame pixels) inside the lane of what has stood still for `static_s` and was
        not there when the lane was empty."""
        if self._last is None or self._static_s is None:
            return []
        mask = self._lane_mask(polygon) & (self._static_s >= self.rules.static_s)
        closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        count, _, stats, _ = cv2.connectedComponentsWithStats(closed)
        scale_x, scale_y = self._last.scale
        lane = polygon.bounds
        smallest = self.rules.smallest_share * min(lane.width * scale_x, lane.height * scale_y)
        boxes = []
        for x, y, width, height, area in stats[1:count]:
            if min(width, height) >= max(5.0, smallest) and area >= 0.4 * width * height:
                boxes.append(
                    Box(x / scale_x, y / scale_y, (x + width) / scale_x, (y + height) / scale_y)
                )
        return boxes

    def _begin(self, grey: Grey) -> None:
        self._empty = grey.normal.copy()
        self._known_s = np.zeros_like(grey.normal)
        self._static_s = np.zeros_like(grey.normal)
        self._last = None

    def _free(self, grey: Grey, occupied: Sequence[Box]) -> NDArray[np.bool_]:
        free = np.ones(grey.normal.shape, np.bool_)
        for box in occupied:
            dx, dy = box.width * _GROW, box.height * _GROW
            x1, y1, x2, y2 = grey.window(Box(box.x1 - dx, box.y1 - dy, box.x2 + dx, box.y2 + dy))
            free[y1:y2, x1:x2] = False
        return free

    def _learn(self, grey: Grey, free: NDArray[np.bool_], elapsed_s: float) -> None:
        assert self._empty is not None
        assert self._known_s is not None
        assert self._static_s is not None
        # What has stood for an hour without ever being called a vehicle is part of the place.
        settled = (self._static_s < self.rules.static_s / 2) | (
            self._static_s >= self.rules.absorb_s
        )
        learn = free & settled
        fresh = learn & (self._known_s <= 0)
        self._empty[fresh] = grey.normal[fresh]
        rate = np.float32(1.0 - np.exp(-elapsed_s / self.rules.learn_s))
        self._empty[learn] += rate * (grey.normal[learn] - self._empty[learn])
        self._known_s[learn] += np.float32(max(elapsed_s, 1e-3))

    def _measure_stillness(self, grey: Grey, elapsed_s: float) -> None:
        """Count the seconds for which a pixel has looked other than empty and has not moved."""
        assert self._empty is not None
        assert self._known_s is not None
        assert self._static_s is not None
        if self._last is None:
            return
        size = self.rules.window_px
        other = local_correlation(self._empty, grey.normal, size) < self.rules.alike
        still = local_correlation(self._last.normal, grey.normal, size) > self.rules.still
        known = self._known_s >= self.rules.known_s
        counting = other & still & known
        self._static_s[counting] += np.float32(elapsed_s)
        self._static_s[~other] = 0.0

    def _lane_mask(self, polygon: Polygon) -> NDArray[np.bool_]:
        assert self._last is not None
        scale = np.array(self._last.scale, np.float32)
        points = np.round(np.array(polygon.points, np.float32) * scale).astype(np.int32)
        mask = np.zeros(self._last.normal.shape, np.uint8)
        cv2.fillPoly(mask, [points], (1,))
        return mask.astype(np.bool_)


def local_correlation(one: Values, other: Values, size_px: int) -> Values:
    """Correlation of two pictures around each pixel, 0 to 1-ish; flat against flat counts as 1."""
    kernel = (size_px, size_px)
    product = cv2.boxFilter(one * other, -1, kernel)
    energy_one = cv2.boxFilter(one * one, -1, kernel)
    energy_other = cv2.boxFilter(other * other, -1, kernel)
    # A constant in both terms makes flat ground agree with flat ground instead of with noise.
    return np.asarray(
        (product + 0.05) / (np.sqrt(np.maximum(energy_one * energy_other, 0)) + 0.05), np.float32
    )
