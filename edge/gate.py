"""When to spend a detection: on a change in the lane, and every `scan_s` whether or not.

A parked car is never forgotten because nothing moves: the heartbeat looks at the lane anyway.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.appearance import Grey, Values
from edge.geometry import Box

_BLUR_PX = 5
_JOIN_PX = 7
"""Changes nearer to each other than this are of one vehicle."""
_CHANGED_NORMAL = 0.5
"""Step in the locally normalised picture that noise at night does not reach after blurring; a dark
car on dark ground hardly goes beyond it."""


@dataclass
class Gate:
    """Watches the part of the view that matters (`region`, frame pixels) for change."""

    region: Box
    scan_s: float = 10.0
    changed_share: float = 0.001
    busy_s: float = 4.0
    _shown: Values | None = None
    _moved: NDArray[np.bool_] | None = None
    _grey: Grey | None = None
    _detected_s: float = field(default=-np.inf)
    _changed_s: float = field(default=-np.inf)

    def look(self, grey: Grey, t_s: float) -> bool:
        """Whether to run the detector on this frame. Call once a look, in order of time."""
        now = self._crop(grey)
        changed = self._shown is None or self._shown.shape != now.shape
        moved: NDArray[np.bool_] | None = None
        if self._shown is not None and not changed:
            moved = np.abs(now - self._shown) > _CHANGED_NORMAL
            changed = float(moved.mean()) > self.changed_share
        self._moved, self._grey = moved if changed else None, grey
        self._shown = now
        if changed:
            self._changed_s = t_s
        due = changed or self.busy(t_s) or t_s - self._detected_s >= self.scan_s
        if due:
            self._detected_s = t_s
        return due

    def changes(self) -> list[Box]:
        """Where something changed since the look before, in pixels of the frame."""
        if self._moved is None or self._grey is None:
            return []
        x, y, _, _ = self._grey.window(self.region)
        joined = cv2.dilate(self._moved.astype(np.uint8), np.ones((_JOIN_PX, _JOIN_PX), np.uint8))
        count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
        sx, sy = self._grey.scale
        return [
            Box((x + left) / sx, (y + top) / sy, (x + left + wide) / sx, (y + top + high) / sy)
            for left, top, wide, high, _ in stats[1:count].tolist()
        ]

    def changed_since(self, t_s: float) -> bool:
        """Whether anything changed later than that."""
        return self._changed_s > t_s

    def busy(self, t_s: float) -> bool:
        """Whether something moved within `busy_s`: then frames are wanted at the full rate."""
        return t_s - self._changed_s < self.busy_s

    def searched(self, t_s: float) -> None:
        """The detector ran for another reason: the heartbeat counts from there."""
        self._detected_s = t_s

    def _crop(self, grey: Grey) -> Values:
        x1, y1, x2, y2 = grey.window(self.region)
        crop = grey.normal[y1:y2, x1:x2]
        return np.asarray(cv2.blur(crop, (_BLUR_PX, _BLUR_PX)), np.float32)
