"""How large vehicles are where they drive: what is far smaller than all that pass is none.

A manhole may look like a car in every crop, but not one of the size that cars have at its place.
Learnt from what was seen to drive by; before anything did, nothing is said against anybody.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from edge.geometry import Box
from edge.tracking import Track

_DRIVEN = 0.35
"""A vehicle drives when it is farther from where it was first seen than this share of its size."""
_FAR_SMALLER = 0.25
"""Of the size (square root of the area) of what drives there. A car seen from its end beside a
coach from its side is 0.27; a motorcycle is told by its kind."""
_NEAR = 0.35
"""What drives counts for a place under its footprint, grown by this share."""
_KEPT = 600
_AWAITED = 20


@dataclass(frozen=True, slots=True)
class _Passed:
    track: int
    box: Box


class Sizes:
    """What has driven through the view of one camera."""

    def __init__(self) -> None:
        self._passed: deque[_Passed] = deque(maxlen=_KEPT)
        self._seen: dict[int, list[Box]] = {}
        """Where each vehicle in view was since it was last known to drive."""

    def note(self, tracks: Sequence[Track]) -> None:
        """Take in one look."""
        self._seen = {track.id: self._seen.get(track.id, []) for track in tracks}
        for track in tracks:
            seen = self._seen[track.id]
            seen.append(track.box)
            if not track.standing and seen[0].shift(track.box) > _DRIVEN:
                # It drove at the looks before too; from here it is watched anew.
                self._passed.extend(_Passed(track.id, box) for box in seen)
                seen[:] = [track.box]
            del seen[1:-_AWAITED]

    def plausible(self, track: Track) -> bool:
        """Whether a vehicle of this size may be where it is."""
        if track.label == "motorcycle":
            return True
        x, y = track.box.centre[0], track.box.y2
        sizes: dict[int, float] = {}
        for each in self._passed:
            ground = each.box.footprint().grown(_NEAR)
            if (
                each.track != track.id
                and ground.x1 <= x <= ground.x2
                and ground.y1 <= y <= ground.y2
            ):
                sizes[each.track] = each.box.size
        return not sizes or track.box.size >= _FAR_SMALLER * median(sizes.values())
