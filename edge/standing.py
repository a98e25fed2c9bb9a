"""Whether and since when a vehicle stands, found in retrospect from where it was seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from edge.geometry import Box
from edge.identity import Appearance, Likeness, Marks, compare
from edge.stay_events import StayRules

_REFERENCE_S = 5.0
_TREMBLE = 3.0
"""A box that trembles by its usual amount is within this many times the median tremble."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a vehicle was seen at one look, and the lane it was in (None for outside all).
    `empty`: likeness of its ground to the lane as last seen empty, None where that is unknown."""

    t_s: float
    box: Box
    lane: str | None
    score: float
    label: str
    appearance: Appearance | None = None
    empty: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A vehicle stood around `box` from the look at begin_s to the one at end_s; its box shook
    by no more than `tremble`, in shares of its size. `proven`: all looks show the same vehicle."""

    begin_s: float
    end_s: float
    box: Box
    tremble: float
    looks: int
    proven: bool


def median_box(boxes: Sequence[Box]) -> Box:
    """The middle of the boxes, side by side; no single wild box moves it."""
    return Box(
        median(box.x1 for box in boxes),
        median(box.y1 for box in boxes),
        median(box.x2 for box in boxes),
        median(box.y2 for box in boxes),
    )


def standing(spots: Sequence[Spot], rules: StayRules) -> Standing | None:
    """How the vehicle stands now; None where it moves or is in no lane.

    Looks back from the last spot for as long as the vehicle was in the same lane, looked no other
    after it was out of sight, and was within its own tremble of where it is now. Among still
    ones, boxes that change their shape over the place and one wild box do not count as a move.
    """
    if not spots or spots[-1].lane is None:
        return None
    last = spots[-1]
    window_s = min(_REFERENCE_S, rules.settle_s / 2)
    recent = [spot.box for spot in spots if last.t_s - spot.t_s <= window_s]
    recent = recent if len(recent) >= 3 else [spot.box for spot in spots[-3:]]
    here = median_box(recent)
    tremble = median(here.shift(box) for box in recent)
    bound = min(max(_TREMBLE * tremble, rules.quiet), rules.still)
    still = _back(spots, here, bound, rules)
    if not still or _drifts(still, rules):
        return None
    return Standing(still[-1].t_s, still[0].t_s, here, bound, len(still), _proven(still, rules))


def _back(spots: Sequence[Spot], here: Box, bound: float, rules: StayRules) -> list[Spot]:
    """The spots at which it stood, latest first."""
    still: list[Spot] = []
    last, later_s, wild = spots[-1], spots[-1].t_s, 0
    for spot in reversed(spots):
        away_s = later_s - spot.t_s
        swapped = away_s > rules.blink_s and _likeness(spot, last, rules) is Likeness.OTHER
        if away_s > rules.scan_s + rules.blink_s or spot.lane != last.lane or swapped:
            break
        later_s = spot.t_s
        if here.shift(spot.box) <= bound:
            still.append(spot)
            wild = 0
            continue
        if here.iou(spot.box) >= rules.same_place:
            # Detectors take now a part, now the whole: it stood, if it stood so before as well.
            continue
        wild += 1
        if wild > 1:
            break
    return still


def _drifts(still: Sequence[Spot], rules: StayRules) -> bool:
    """Whether it rolls on, slowly: by the move between the middles of the two halves of the last
    settle_s, which tells a roll from a tremble."""
    recent = [spot for spot in still if still[0].t_s - spot.t_s <= rules.settle_s]
    half = len(recent) // 2
    if half < 2:
        return False
    later, sooner = recent[:half], recent[-half:]
    passed_s = _middle_s(later) - _middle_s(sooner)
    moved = median_box([s.box for s in sooner]).shift(median_box([s.box for s in later]))
    tremble = median(a.box.shift(b.box) for a, b in pairwise(recent))
    return moved > rules.drift_per_s * passed_s + tremble


def _middle_s(spots: Sequence[Spot]) -> float:
    return median(spot.t_s for spot in spots)


def _proven(still: Sequence[Spot], rules: StayRules) -> bool:
    return all(_likeness(spot, still[0], rules) is Likeness.SAME for spot in still)


def _likeness(a: Spot, b: Spot, rules: StayRules) -> Likeness:
    return compare(Marks(None, a.appearance), Marks(None, b.appearance), rules.likeness)[0]
