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
from edge.tracking import Track

_CONFIRMED = 1.4
"""The second looks must reach so many times the detector's own threshold, in the mean."""
_STAYED_IOU = 0.6
_NEARLY_IN = 0.1
"""Overlap with a lane from which a vehicle is looked at twice; 0.30 would take it in."""
_WAIT_SHARE = 0.3
_URGENT_SHARE = 0.6
"""Shares of `settle_s`: asked once it has stood this long; all crops are in when it has stood
that long, so that nothing settles before it was doubted."""
_ENOUGH = 2 * CROPS
_MOST = 6 * CROPS
_PLAIN = 0.2
"""A mean that far from the threshold, in shares of it, needs no more than _ENOUGH answers."""
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

    def believed(self, image: Picture, tracks: Sequence[Track], t_s: float) -> tuple[Track, ...]:
        """Those of the tracks that may be shown to the rules. Asks about one of them, and about
        all that would settle soon."""
        near = [track for track in tracks if self._in_lane(track.box)]
        for track in near:
            self._follow(track, t_s)
        due = [track for track in near if self._due(self._cases[track.id], t_s)]
        due = [track for track in due if not _hidden(track, tracks)]
        due.sort(key=lambda track: len(self._cases[track.id].answers))
        for i, track in enumerate(due):
            case = self._cases[track.id]
            urgent = t_s - case.since_s >= _URGENT_SHARE * self._settle_s
            wanted = max(1, CROPS - len(case.answers)) if urgent else 1
            for _ in range(wanted if urgent or i == 0 else 0):
                self._ask(image, track, case, t_s)
        self._forget()
        judged = {track.id for track in near if not self._passed(self._cases[track.id])}
        return tuple(track for track in tracks if track.id not in judged)

    def _in_lane(self, box: Box) -> bool:
        return any(lane.overlap(box) >= _NEARLY_IN for lane in self._lanes)

    def _follow(self, track: Track, t_s: float) -> None:
        case = self._cases.pop(track.id, None) or _Case(track.box, t_s)
        if case.box.iou(track.box) <= _STAYED_IOU:
            case.box, case.since_s = track.box, t_s
        # Put back last: the dictionary keeps those seen last at its end.
        self._cases[track.id] = case

    def _due(self, case: _Case, t_s: float) -> bool:
        if t_s - case.since_s < _WAIT_SHARE * self._settle_s:
            return False
        count = len(case.answers)
        if count < _ENOUGH:
            return True
        mean = sum(case.answers) / count
        if case.asked < _MOST and abs(mean / self._floor - 1) <= _PLAIN:
            return True
        again_s = _ASK_AGAIN_S if mean >= self._floor else _ASK_DOUBTED_S
        return t_s - case.asked_s >= again_s

    def _ask(self, image: Picture, track: Track, case: _Case, t_s: float) -> None:
        answer = self._detector.confirm(image, track.box, case.asked)
        case.answers = [*case.answers, answer][-_MOST:]
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
