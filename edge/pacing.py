"""Which frames of a stream somebody will look at, so that as few as can be are decoded. Pure.

A frame can be decoded only after all since the last keyframe. So the looks are laid onto the
keyframes: each keyframe is looked at, then every `step_s` from it, and what comes after the last
look before the next keyframe is never decoded at all.
"""

from dataclasses import dataclass
from enum import StrEnum


class Pace(StrEnum):
    """How closely a camera is to be watched. Idle: nothing changes, keyframes are enough. Calm:
    things move, but nothing comes, stops or leaves in a lane. Full: every sample counts."""

    IDLE = "idle"
    CALM = "calm"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Wish:
    """`step_s`: seconds between two looks; None looks at every frame."""

    step_s: float | None = None
    keyframes_only: bool = False


_EARLY_S = 0.001
_OFTEN_SHARE = 0.75
"""Keyframes that come oftener than this share of a step are not all looked at."""
_BEFORE_SHARE = 0.2
"""A frame that comes before its turn by no more than this share of a step stands for it."""
_LATE_SHARE = 0.25
"""A keyframe may come later than expected by this share of a step."""


@dataclass(slots=True)
class Pacer:
    """Tells frame by frame whether it is wanted. Times are PTS of one connection."""

    wish: Wish = Wish()
    gop_s: float | None = None
    """Seconds between the last two keyframes."""
    _key_s: float | None = None
    _due_s: float = float("-inf")
    _given_s: float | None = None

    def ask(self, wish: Wish) -> None:
        """What is wanted from now on. A nearer look is due at once."""
        if wish == self.wish:
            return
        self.wish = wish
        if self._given_s is not None and wish.step_s is not None:
            self._due_s = min(self._due_s, self._given_s + wish.step_s)

    def keyframe(self, pts_s: float) -> None:
        """A keyframe comes: the cheapest frame to look at."""
        if self._key_s is not None and pts_s > self._key_s:
            self.gop_s = pts_s - self._key_s
        elif self._key_s is not None and pts_s < self._key_s:
            # The stream's clock has jumped: what was due by the old one is due now.
            self._given_s = None
            self._due_s = pts_s
        self._key_s = pts_s
        step_s = self.wish.step_s
        if step_s is None or self.gop_s is None or self.gop_s >= _OFTEN_SHARE * step_s:
            self._due_s = min(self._due_s, pts_s)

    def wants(self, pts_s: float | None, keyframe: bool) -> bool:
        """Whether the frame is to be looked at."""
        if self.wish.keyframes_only and not keyframe:
            return False
        if self.wish.step_s is None or pts_s is None:
            return True
        return pts_s >= self._due_s - _EARLY_S

    def give(self, pts_s: float | None) -> None:
        """The frame was given out; the next one is due a step later, counted from the keyframe."""
        step_s = self.wish.step_s
        if pts_s is None or step_s is None:
            return
        self._given_s = pts_s
        base_s = self._key_s if self._key_s is not None and self._key_s <= pts_s else pts_s
        steps = int((pts_s - base_s) / step_s + _BEFORE_SHARE) + 1
        self._due_s = base_s + steps * step_s
        next_key_s = base_s + (self.gop_s or 0.0)
        if next_key_s > pts_s and self._due_s > next_key_s - step_s / 2:
            self._due_s = max(self._due_s, next_key_s + _LATE_SHARE * step_s)
