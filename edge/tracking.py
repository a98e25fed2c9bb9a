"""From boxes to identities over time: which detections of one look are the vehicles of the last.

Everything is measured in seconds and in the vehicle's own size, so that half or ten times the
frames make the same tracks. Kinds are ignored: detectors call one car a car, a van and a truck.
A track is a hint; who stands where is decided in stays.py, where appearance and plate count too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

from edge.geometry import Box


class Found(Protocol):
    """What the detector hands in."""

    @property
    def box(self) -> Box: ...
    @property
    def label(self) -> str: ...
    @property
    def score(self) -> float: ...


@dataclass(frozen=True, slots=True)
class TrackingRules:
    """Seconds, and shares of the vehicle's own size.

    double       overlap (IoU) from which two boxes of one look are one vehicle
    level        they also are where they end at one height, to this share of theirs,
    ground       and their footprints overlap (IoU) from this on: two boxes side by side on one car
    nested       they also are where one lies inside the other by this share,
    part         and is no smaller than this share of it: a cab and its lorry, no car before it
    stand_s      a vehicle that kept to its place this long stands
    still        it keeps to its place while its box shifts less than this
    keep_s       how long a moving vehicle that is not found is awaited
    keep_still_s the same for a standing one: parked cars come back when the bus has gone
    reach        a moving vehicle is looked for this far from where it should be,
    reach_per_s  and this much farther for each second since it was seen
    reach_most   but never farther
    reach_still  how far from its place a standing one is looked for
    grown        a box of one vehicle grows or shrinks at most this many times in area
    yield_s      a standing vehicle leaves a box to a moving one that explains it as well, where
                 that one was seen within this time
    """

    double: float = 0.6
    level: float = 0.08
    ground: float = 0.45
    nested: float = 0.85
    part: float = 0.4
    stand_s: float = 2.0
    still: float = 0.15
    keep_s: float = 4.0
    keep_still_s: float = 120.0
    reach: float = 0.5
    reach_per_s: float = 0.5
    reach_most: float = 1.2
    reach_still: float = 0.35
    grown: float = 2.2
    yield_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Track:
    """One vehicle as found in this look. `standing`: it kept to its place for stand_s."""

    id: int
    box: Box
    label: str
    score: float
    standing: bool
    since_s: float


@dataclass(slots=True)
class _Vehicle:
    id: int
    since_s: float
    seen_s: float
    box: Box
    place: Box
    placed_s: float
    speed: tuple[float, float] = (0.0, 0.0)

    def standing(self, t_s: float, rules: TrackingRules) -> bool:
        return t_s - self.placed_s >= rules.stand_s

    def expected(self, t_s: float) -> Box:
        """Where it should be now: at its place, or farther along its way."""
        ahead_s = min(t_s - self.seen_s, 2.0)
        dx, dy = self.speed[0] * ahead_s, self.speed[1] * ahead_s
        return Box(self.box.x1 + dx, self.box.y1 + dy, self.box.x2 + dx, self.box.y2 + dy)


class Tracker:
    """The vehicles of one camera."""

    def __init__(self, rules: TrackingRules | None = None) -> None:
        self._rules = rules or TrackingRules()
        self._vehicles: dict[int, _Vehicle] = {}
        self._next = 1
        self._before_s = float("-inf")

    def update(self, t_s: float, found: Sequence[Found]) -> list[Track]:
        """The vehicles found at t_s, with their identities; those not found are remembered only.

        Raises ValueError when time goes back.
        """
        if any(vehicle.seen_s > t_s for vehicle in self._vehicles.values()):
            raise ValueError(f"time must not go back, got {t_s} s after a later look")
        self._forget(t_s)
        owners = self._assign(t_s, found)
        kept = self._without_doubles(found, owners)
        self._before_s = t_s
        return [self._seen(t_s, found[i], owners.get(i)) for i in kept]

    def places(self) -> list[Box]:
        """Where the vehicles that are awaited were last seen."""
        return [vehicle.box for vehicle in self._vehicles.values()]

    def remembered(self) -> list[Box]:
        """Where standing vehicles are that may come back into view: places not to be taken for
        empty."""
        return [
            vehicle.place
            for vehicle in self._vehicles.values()
            if vehicle.standing(vehicle.seen_s, self._rules)
        ]

    def _without_doubles(self, found: Sequence[Found], owners: dict[int, int]) -> list[int]:
        """Of boxes on one vehicle (its kinds and its parts compete) the one that best goes on
        with the oldest track, else the surest. Indices into `found`."""

        def order(i: int) -> tuple[float, float, float]:
            owner = owners.get(i)
            since_s = self._vehicles[owner].since_s if owner is not None else inf
            return since_s, -found[i].score, found[i].box.x1

        kept: list[int] = []
        for i in sorted(range(len(found)), key=order):
            if not any(self._double(found[i].box, found[j].box) for j in kept):
                kept.append(i)
        return kept

    def _double(self, a: Box, b: Box) -> bool:
        if a.iou(b) >= self._rules.double or self._same_ground(a, b):
            return True
        nested = max(a.inside(b), b.inside(a)) >= self._rules.nested
        return nested and self._rules.part <= a.area / max(b.area, 1) <= 1 / self._rules.part

    def _same_ground(self, a: Box, b: Box) -> bool:
        """Whether both stand on the same line and on much of the same ground: two cannot."""
        level = abs(a.y2 - b.y2) <= self._rules.level * min(a.height, b.height)
        return level and a.footprint().iou(b.footprint()) >= self._rules.ground

    def _assign(self, t_s: float, boxes: Sequence[Found]) -> dict[int, int]:
        """Best pairs first: index of the box -> id of the vehicle."""
        pairs = sorted(
            (cost, vehicle.id, i)
            for vehicle in self._vehicles.values()
            for i, each in enumerate(boxes)
            if (cost := self._cost(t_s, vehicle, each.box)) is not None
        )
        owners: dict[int, int] = {}
        for _, vehicle_id, i in pairs:
            if i not in owners and vehicle_id not in owners.values():
                owners[i] = vehicle_id
        return owners

    def _cost(self, t_s: float, vehicle: _Vehicle, box: Box) -> float | None:
        """How badly the box fits the vehicle; None where it cannot be it."""
        rules, away_s = self._rules, t_s - vehicle.seen_s
        if not 1 / rules.grown <= (box.area + 1) / (vehicle.box.area + 1) <= rules.grown:
            return None
        if vehicle.standing(vehicle.seen_s, rules) and away_s > 0:
            shift = vehicle.place.shift(box)
            if shift <= rules.reach_still:
                return shift + (0.1 if self._moving_there(t_s, vehicle, box) else 0.0)
        shift = vehicle.expected(t_s).shift(box)
        if vehicle.since_s == vehicle.seen_s:
            # Seen once, it has no speed yet. Later its old place is no place to look for it: the
            # next car of a queue is there.
            shift = min(shift, vehicle.box.shift(box))
        if self._given_up(t_s, vehicle, rules.keep_s):
            return None
        reach = min(rules.reach + rules.reach_per_s * away_s, rules.reach_most)
        return shift if shift <= reach else None

    def _moving_there(self, t_s: float, standing: _Vehicle, box: Box) -> bool:
        return any(
            other.id != standing.id
            and not other.standing(other.seen_s, self._rules)
            and other.since_s < other.seen_s
            and t_s - other.seen_s <= self._rules.yield_s
            and other.expected(t_s).shift(box) <= self._rules.reach_still
            for other in self._vehicles.values()
        )

    def _seen(self, t_s: float, each: Found, owner: int | None) -> Track:
        vehicle = self._vehicles.get(owner) if owner is not None else None
        if vehicle is None:
            vehicle = _Vehicle(self._next, t_s, t_s, each.box, each.box, t_s)
            self._vehicles[vehicle.id] = vehicle
            self._next += 1
        else:
            self._move(t_s, vehicle, each.box)
        standing = vehicle.standing(t_s, self._rules)
        return Track(vehicle.id, each.box, each.label, each.score, standing, vehicle.since_s)

    def _move(self, t_s: float, vehicle: _Vehicle, box: Box) -> None:
        passed_s = t_s - vehicle.seen_s
        if passed_s > 0:
            (ax, ay), (bx, by) = vehicle.box.centre, box.centre
            new = (bx - ax) / passed_s, (by - ay) / passed_s
            share = min(passed_s / 0.5, 1.0)
            vehicle.speed = (
                vehicle.speed[0] + share * (new[0] - vehicle.speed[0]),
                vehicle.speed[1] + share * (new[1] - vehicle.speed[1]),
            )
        if vehicle.place.shift(box) > self._rules.still:
            vehicle.place, vehicle.placed_s = box, t_s
        elif vehicle.standing(t_s, self._rules):
            vehicle.speed = (0.0, 0.0)
        vehicle.box, vehicle.seen_s = box, t_s

    def _forget(self, t_s: float) -> None:
        rules = self._rules
        for vehicle in list(self._vehicles.values()):
            standing = vehicle.standing(vehicle.seen_s, rules)
            if self._given_up(t_s, vehicle, rules.keep_still_s if standing else rules.keep_s):
                del self._vehicles[vehicle.id]

    def _given_up(self, t_s: float, vehicle: _Vehicle, keep_s: float) -> bool:
        """Out of time, and missed at the look before: rare looks alone lose nobody."""
        return t_s - vehicle.seen_s > keep_s and vehicle.seen_s < self._before_s
