"""Vehicles that are followed but have no stay yet: where each was, and whether it has settled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edge.findings import shown_by
from edge.geometry import Box
from edge.lanes import Lane, best_lane
from edge.looks import Look
from edge.open_stay import sample
from edge.standing import Spot, Standing, standing
from edge.stay_events import Sample, StayRules
from edge.stay_moves import MOVES, Phase, Step
from edge.stay_snapshot import Ended

_PASSING_S = 1.5

_STEADY_S = 2.0

_ROLL_IN_S = 5.0
"""A vehicle may be seen in a lane this long before it stands in it."""


@dataclass(slots=True)
class _Trail:
    spots: list[Spot] = field(default_factory=list)
    phase: Phase = Phase.WATCHING


class Newcomers:
    """The trails of all tracks, those of vehicles with a stay included."""

    def __init__(self, rules: StayRules, lanes: Mapping[str, Lane]) -> None:
        self._rules = rules
        self._lanes = lanes
        self._trails: dict[int, _Trail] = {}
        self._blind_s = float("-inf")
        self._searches: list[float] = []

    def follow(self, look: Look, lanes: Mapping[int, str | None]) -> None:
        """Add this look to the trails; drop those not seen for longer than the lane may go
        unsearched."""
        rules = self._rules
        keep_s = 2 * rules.settle_s + rules.scan_s
        if look.searched:
            self._searches.append(look.t_s)
        while self._searches and look.t_s - self._searches[0] > keep_s:
            self._searches.pop(0)
        for each in look.sightings:
            trail = self._trails.setdefault(each.track, _Trail())
            if trail.spots and self._interrupted(trail.spots[-1].t_s, look.t_s):
                trail.spots, trail.phase = [], Phase.WATCHING
            lane = lanes[each.track]
            trail.spots.append(
                Spot(look.t_s, each.box, lane, each.score, each.label, each.appearance, each.empty)
            )
            while look.t_s - trail.spots[0].t_s > keep_s:
                trail.spots.pop(0)
        for track in [
            track
            for track, trail in self._trails.items()
            if look.t_s - trail.spots[-1].t_s > rules.scan_s + rules.blink_s
        ]:
            del self._trails[track]

    def blinded(self, t_s: float) -> None:
        """The camera saw nothing at t_s."""
        self._blind_s = t_s

    def _interrupted(self, before_s: float, t_s: float) -> bool:
        """Seconds in which nobody could see do not count as standing."""
        return before_s < self._blind_s and t_s - before_s > self._rules.blink_s

    def lane(self, track: int) -> str | None:
        """The lane that the vehicle was in when last seen."""
        trail = self._trails.get(track)
        return trail.spots[-1].lane if trail else None

    def passing(self, t_s: float) -> frozenset[int]:
        """Tracks on the move: farther from where they were a moment ago than a still box shakes."""
        moving = set()
        for track, trail in self._trails.items():
            now = trail.spots[-1]
            before = [s for s in trail.spots if now.t_s - s.t_s >= _PASSING_S] or trail.spots[:1]
            if now.t_s == t_s and now.box.shift(before[-1].box) > self._rules.still:
                moving.add(track)
        return frozenset(moving)

    def arriving(self, t_s: float) -> bool:
        """Whether a vehicle in a lane has not settled yet."""
        return any(self._arriving(trail, t_s) for trail in self._trails.values())

    def rolling(self, t_s: float) -> bool:
        """Whether one of those has not kept to its place for a moment yet: when it came to stand
        is told by the looks of these seconds."""
        return any(
            self._arriving(trail, t_s) and not self._steady(trail)
            for trail in self._trails.values()
        )

    def _arriving(self, trail: _Trail, t_s: float) -> bool:
        last, first = trail.spots[-1], trail.spots[0]
        return (
            last.lane is not None
            and t_s - last.t_s <= self._rules.blink_s
            and last.t_s - first.t_s < self._rules.settle_s + _ROLL_IN_S
        )

    def _steady(self, trail: _Trail) -> bool:
        last = trail.spots[-1]
        recent = [spot for spot in trail.spots if last.t_s - spot.t_s <= _STEADY_S + 1e-6]
        long = recent[0] is not trail.spots[0] or last.t_s - recent[0].t_s >= _STEADY_S
        return long and all(last.box.shift(spot.box) <= self._rules.still for spot in recent)

    def standing(self, track: int) -> Standing | None:
        """How the vehicle stands now."""
        trail = self._trails.get(track)
        return standing(trail.spots, self._rules) if trail else None

    def settled(self, track: int, ended: Sequence[Ended]) -> tuple[str, Standing] | None:
        """Lane and standing of a vehicle that has stood for settle_s; None for all others.

        The place where it stands must itself be in the lane: on its way a vehicle beside the lane,
        near the camera, may have covered more of it. What an earlier stay at the same place or of
        the same track has counted is not counted again.
        """
        trail = self._trails[track]
        until_s = max(
            (each.until_s for each in ended if each.bars(track, trail.spots[-1].box, self._rules)),
            default=float("-inf"),
        )
        spots = [spot for spot in trail.spots if spot.t_s > until_s]
        stood = standing(spots, self._rules)
        lane = spots[-1].lane if spots else None
        trail.phase = _phase(trail.phase, stood)
        if stood is None or lane is None or trail.phase is not Phase.SETTLING:
            return None
        still_there = stood.end_s == spots[-1].t_s
        long = stood.end_s - stood.begin_s >= self._rules.settle_s
        enough = stood.looks >= self._rules.settled_looks and self._often(stood)
        here = self._lane_around(stood.box, lane)
        if not (still_there and long and enough) or here is None:
            return None
        trail.phase = MOVES[trail.phase, Step.SETTLED]
        return here, stood

    def _lane_around(self, box: Box, last: str) -> str | None:
        """The lane that a place is in, whatever covered more on the way: the last, if it is."""
        enter, drawn = self._rules.threshold, self._lanes[last]
        if enter.holds(drawn.overlap(box), was_in=False, cut=drawn.cut(box)):
            return last
        best = best_lane(list(self._lanes.values()), box, None, enter)
        return best.id if best is not None else None

    def _often(self, stood: Standing) -> bool:
        searches = sum(stood.begin_s <= t_s <= stood.end_s for t_s in self._searches)
        return stood.proven or stood.looks >= self._rules.seen_share * searches

    def samples(self, track: int, stood: Standing, lane: Lane) -> list[Sample]:
        """The looks of a standing vehicle, as samples of its stay."""
        return [
            sample(
                spot.t_s,
                spot.box,
                lane.overlap(spot.box),
                shown_by(self._rules, spot.empty, detected=True),
                spot.score,
            )
            for spot in self._trails[track].spots
            if stood.begin_s <= spot.t_s
        ]


def _phase(phase: Phase, stood: Standing | None) -> Phase:
    """Watching until it has kept to one place at two looks, and again when it moves on."""
    stopped = stood is not None and stood.looks >= 2
    if phase is Phase.WATCHING and stopped:
        return MOVES[phase, Step.STOPPED]
    if phase is Phase.SETTLING and not stopped:
        return MOVES[phase, Step.MOVED]
    return phase if phase is Phase.SETTLING else Phase.WATCHING
