"""Whether and since when a vehicle stands, found in retrospect from where it was seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from edge.geometry import Box
from edge.stay_events import StayRules

_REFERENCE_S = 5.0
_TREMBLE = 3.0
"""A box that trembles by its usual amount is within this many times the median tremble."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a vehicle was seen at one look, and the lane it was in (None for outside all)."""

    t_s: float
    box: Box
    lane: str | None
    score: float
    label: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A vehicle stood around `box` from the look at begin_s to the one at end_s; its box shook
    by no more than `tremble`, in shares of its size."""

    begin_s: float
    end_s: float
    box: Box
    tremble: float
    looks: int


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

    Looks back from the last spot for as long as the vehicle was in the same lane and within its
    own tremble of where it is now. One wild box among still ones does not count as a move.
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
    return _back(spots, here, bound, rules)


def _back(spots: Sequence[Spot], here: Box, bound: float, rules: StayRules) -> Standing | None:
    still: list[Spot] = []
    later_s, wild = spots[-1].t_s, 0
    for spot in reversed(spots):
        too_long = later_s - spot.t_s > rules.scan_s + rules.blink_s
        if too_long or spot.lane != spots[-1].lane:
            break
        later_s = spot.t_s
        if here.shift(spot.box) <= bound:
            still.append(spot)
            wild = 0
            continue
        wild += 1
        if wild > 1:
            break
    if not still:
        return None
    return Standing(still[-1].t_s, still[0].t_s, here, bound, len(still))
