"""Looks twice at what stands in a lane, before it can become a stay.

A manhole or a road marking that the detector takes for a vehicle does not move, so that time alone
would make a stay of it. A vehicle that is found in other crops too is believed; the mean of many
decides. What merely passes is not asked about: it makes no stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from edge.detector import CROPS
from edge.geometry import Box
from edge.inference import Picture
from edge.lanes import Lane
from edge.sizes import Sizes
from edge.tracking import Track

_CONFIRMED = 1.4
"""The second looks must reach so many times the detector's own threshold, in the mean."""
_STAYED_IOU = 0.6
_NEARLY_IN = 0.1
"""Overlap with a lane from which a vehicle is looked at twice; 0.30 would take it in."""
_ANSWERS = 3 * CROPS
_SPREAD = 0.8
"""So many answers are wanted by this share of `settle_s`, evenly over the time, so that no car
that passes and no single light decides, and that nothing settles before it was doubted."""
_STOOD_SHARE = 0.1
"""Asked once it has kept to its place for this share of `settle_s`."""
_AT_ONCE = CROPS
"""Answers a look for all vehicles together, but for those that are about to settle."""
_URGENT_SHARE = 0.6
_ASK_AGAIN_S = 60.0
_ASK_DOUBTED_S = 1.0
_HIDDEN = 0.3
_KNOWN = 400


class Confirming(Protocol):
    """What of the detector is needed."""

    @property
    def min_score(self) -> float: ...

    def confirm(self, image: Picture, box: Box, crop: int) -> float: ...


@dataclass(slots=True)
class _Case:
    """One vehicle: where it has kept to since when, and what was answered about it."""

    box: Box
    since_s: float
    answers: list[float] = field(default_factory=list)
    asked: int = 0
    asked_s: float = float("-inf")


class Doubt:
    """The second looks of one camera."""

    def __init__(self, lanes: tuple[Lane, ...], detector: Confirming, settle_s: float) -> None:
        self._lanes = lanes
        self._detector = detector
        self._settle_s = settle_s
        self._floor = _CONFIRMED * detector.min_score
        self._cases: dict[int, _Case] = {}
        self._sizes = Sizes()

    def believed(self, image: Picture, tracks: Sequence[Track], t_s: float) -> tuple[Track, ...]:
        """Those of the tracks that may be shown to the rules. Asks about one of them, and about
        all that would settle soon."""
        near = [track for track in tracks if self._in_lane(track.box)]
        for track in near:
            self._follow(track, t_s)
        asked = 0
        for track in sorted(near, key=lambda track: len(self._cases[track.id].answers)):
            case = self._cases[track.id]
            wanted = 0 if _hidden(track, tracks) else self._wanted(case, t_s)
            urgent = t_s - case.since_s >= _URGENT_SHARE * self._settle_s
            for _ in range(wanted):
                if asked < _AT_ONCE or urgent:
                    self._ask(image, track, case, t_s)
                    asked += 1
        self._forget()
        self._sizes.note(tracks)
        doubted = {
            track.id
            for track in near
            if not (self._passed(self._cases[track.id]) and self._sizes.plausible(track))
        }
        return tuple(track for track in tracks if track.id not in doubted)

    def _in_lane(self, box: Box) -> bool:
        return any(lane.overlap(box) >= _NEARLY_IN for lane in self._lanes)

    def _follow(self, track: Track, t_s: float) -> None:
        case = self._cases.pop(track.id, None) or _Case(track.box, t_s)
        if case.box.iou(track.box) <= _STAYED_IOU:
            case.box, case.since_s = track.box, t_s
        # Put back last: the dictionary keeps those seen last at its end.
        self._cases[track.id] = case

    def _wanted(self, case: _Case, t_s: float) -> int:
        """How many more answers about it are wanted by now."""
        stood_s = t_s - case.since_s
        if stood_s < _STOOD_SHARE * self._settle_s:
            return 0
        if case.asked < _ANSWERS:
            by_now = _ANSWERS * min(stood_s / (_SPREAD * self._settle_s), 1.0)
            return max(0, round(by_now) - case.asked)
        again_s = _ASK_AGAIN_S if self._passed(case) else _ASK_DOUBTED_S
        return 1 if t_s - case.asked_s >= again_s else 0

    def _ask(self, image: Picture, track: Track, case: _Case, t_s: float) -> None:
        answer = self._detector.confirm(image, track.box, case.asked)
        case.answers = [*case.answers, answer][-_ANSWERS:]
        case.asked += 1
        case.asked_s = t_s

    def _passed(self, case: _Case) -> bool:
        """Until every crop has been asked, nothing is said against it."""
        count = len(case.answers)
        return count < CROPS or sum(case.answers) / count >= self._floor

    def _forget(self) -> None:
        while len(self._cases) > _KNOWN:
            del self._cases[next(iter(self._cases))]


def _hidden(track: Track, tracks: Sequence[Track]) -> bool:
    """Whether another vehicle is before it just now: that would speak against it."""
    return any(
        other.id != track.id
        and other.box.y2 > track.box.y2
        and track.box.inside(other.box) > _HIDDEN
        for other in tracks
    )
