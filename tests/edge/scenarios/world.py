"""A small scripted street: vehicles on paths, a detector that misses, things that stand in front,
a camera that fails. It drives the real tracker and the real rules as the shell would.

The lane is a strip in the upper half of a 1280x720 frame; the road lies below it, so that a lorry
on the road hides a car in the lane.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from uuid import UUID

from edge.geometry import Box, Polygon
from edge.identity import Appearance
from edge.lanes import Lane
from edge.looks import Look, Place, PlaceLook, Sighting
from edge.stay_events import StayEvent, StayRules
from edge.stays import Stays
from edge.tracking import Tracker
from edge.wire.records import GapReason

FRAME = (1280, 720)
LANE = Lane("gate", Polygon(((100, 300), (1100, 300), (1100, 440), (100, 440))), FRAME)
CAR = (160.0, 110.0)
RULES = StayRules(grace_s=120.0)
TREMBLE = 0.008

Keys = tuple[tuple[float, float, float], ...]
"""(t, x, y) of the middle of the lower side; straight between, absent before and after."""


def steady(_: float) -> float:
    return 1.0


def car_label(_: float) -> str:
    return "car"


@dataclass(frozen=True)
class Vehicle:
    """`hits` is the share of looks in which the detector finds it, `label` what it calls it."""

    name: str
    keys: Keys
    size: tuple[float, float] = CAR
    plate: str | None = None
    hits: Callable[[float], float] = steady
    label: Callable[[float], str] = car_label
    detected: bool = True

    def box(self, t_s: float) -> Box | None:
        for (t0, x0, y0), (t1, x1, y1) in zip(self.keys, self.keys[1:], strict=False):
            if t0 <= t_s <= t1:
                share = (t_s - t0) / (t1 - t0) if t1 > t0 else 0.0
                x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
                w, h = self.size
                return Box(x - w / 2, y - h, x + w / 2, y)
        return None


@dataclass(frozen=True)
class Fault:
    """From begin_s until end_s the camera sees nothing; `frames` is false where none even come."""

    begin_s: float
    end_s: float
    reason: GapReason
    frames: bool = True


@dataclass(frozen=True)
class Restart:
    """The daemon is gone from at_s for off_s. After a reboot the clock starts from zero, and
    `known` says whether the wall clock tells how long the box was off. A clean stop saves."""

    at_s: float
    off_s: float
    reboot: bool = False
    known: bool = True
    clean: bool = False


@dataclass(frozen=True)
class World:
    """`times` are the moments of frames. `likeness` changes what the place looks like."""

    vehicles: tuple[Vehicle, ...]
    times: tuple[float, ...]
    faults: tuple[Fault, ...] = ()
    restarts: tuple[Restart, ...] = ()
    lanes: tuple[Lane, ...] = (LANE,)
    rules: StayRules = RULES
    background: bool = True
    cues: bool = True
    mode: Callable[[float], str] = lambda _t: "day"
    dim: Callable[[float], float] = lambda _t: 0.0
    act: Callable[[float, Stays, list[StayEvent]], list[StayEvent]] = lambda _t, _s, _e: []
    seed: int = 1


def every(hz: float, until_s: float, begin_s: float = 0.0) -> tuple[float, ...]:
    return tuple(begin_s + i / hz for i in range(int((until_s - begin_s) * hz) + 1))


def ids() -> Callable[[], UUID]:
    count = iter(range(1, 10_000))
    return lambda: UUID(int=next(count))


@dataclass
class _Eye:
    """What the shell keeps between frames."""

    random: Random
    anchors: dict[UUID, tuple[int, str, str]] = field(default_factory=dict)


def _visible(world: World, t_s: float) -> list[tuple[Vehicle, Box, float]]:
    """Vehicles with their boxes and the share of each that nothing nearer hides."""
    boxes = [(v, b) for v in world.vehicles if (b := v.box(t_s)) is not None]
    result = []
    for vehicle, box in boxes:
        hidden = max(
            (box.inside(other) for v, other in boxes if v is not vehicle and other.y2 > box.y2 + 5),
            default=0.0,
        )
        result.append((vehicle, box, 1 - hidden))
    return result


def _content(world: World, place: Box, t_s: float) -> str:
    """What fills most of a place: the nearest vehicle over it."""
    over = [
        (box.y2, vehicle.name)
        for vehicle, box, _ in _visible(world, t_s)
        if place.inside(box) >= 0.5
    ]
    return max(over)[1] if over else "empty"


def _look(world: World, eye: _Eye, places: Mapping[UUID, Place], t_s: float) -> list[PlaceLook]:
    looks = []
    mode = world.mode(t_s)
    for key, place in places.items():
        content = _content(world, place.box, t_s)
        known = eye.anchors.get(key)
        if place.clear and (known is None or known[0] != place.anchor):
            known = eye.anchors[key] = (place.anchor, content, mode)
        noise = eye.random.gauss(0, 0.02)
        similarity = None
        if known is not None and known[2] == mode:
            similarity = (0.92 if content == known[1] else 0.15) + noise - world.dim(t_s)
        empty = (0.9 if content == "empty" else 0.1) + noise if world.background else None
        looks.append(PlaceLook(similarity, empty))
    return looks


def _appearance(vehicle: Vehicle, mode: str, random: Random) -> Appearance:
    own = Random(f"{vehicle.name} {mode}")
    return Appearance(tuple(own.gauss(0, 1) + random.gauss(0, 0.15) for _ in range(32)), mode)


@dataclass(frozen=True)
class _Detection:
    box: Box
    label: str
    score: float
    vehicle: Vehicle


def _detections(world: World, eye: _Eye, t_s: float) -> list[_Detection]:
    found = []
    for vehicle, box, visible in _visible(world, t_s):
        hit = eye.random.random() < vehicle.hits(t_s)
        in_frame = box.x1 < FRAME[0] and box.x2 > 0
        if not (hit and vehicle.detected and visible >= 0.5 and in_frame):
            continue
        shake = TREMBLE * box.size
        sides = [side + eye.random.gauss(0, shake) for side in (box.x1, box.y1, box.x2, box.y2)]
        shaken = Box(*(min(max(side, 0.0), 1280.0) for side in sides))
        found.append(_Detection(shaken, vehicle.label(t_s), 0.8, vehicle))
    return found


def _frame(world: World, eye: _Eye, tracker: Tracker, stays: Stays, t_s: float) -> Look:
    places = stays.places()
    blind = next((f for f in world.faults if f.begin_s <= t_s < f.end_s), None)
    if blind is not None:
        return Look(t_s, blind=blind.reason)
    detections = _detections(world, eye, t_s)
    by_box = {each.box: each.vehicle for each in detections}
    sightings = tuple(
        Sighting(
            track.id,
            track.box,
            track.score,
            track.label,
            by_box[track.box].plate,
            _appearance(by_box[track.box], world.mode(t_s), eye.random) if world.cues else None,
        )
        for track in tracker.update(t_s, detections)
    )
    looked = dict(zip(places, _look(world, eye, places, t_s), strict=True)) if world.cues else {}
    return Look(t_s, None, sightings, looked, True, world.mode(t_s))


def _ticks(world: World) -> Iterator[float]:
    """Frames, and a tick each second while no frames come."""
    dead = [f for f in world.faults if not f.frames]
    off = [(r.at_s, r.at_s + r.off_s) for r in world.restarts]
    times = [t for t in world.times if not any(f.begin_s <= t < f.end_s for f in dead)]
    times += [f.begin_s + i for f in dead for i in range(int(f.end_s - f.begin_s))]
    return iter(sorted(t for t in times if not any(a <= t < b for a, b in off)))


def run(world: World) -> list[StayEvent]:
    """All events of the world, on its own clock."""
    eye = _Eye(Random(world.seed))
    events: list[StayEvent] = []
    tracker, stays = Tracker(), Stays(world.rules, world.lanes, new_id := ids())
    saved, revision, restarts = stays.snapshot(), 0, list(world.restarts)
    saved_s, base = 0.0, 0.0
    for t_s in _ticks(world):
        if restarts and t_s >= restarts[0].at_s + restarts[0].off_s:
            restart = restarts.pop(0)
            tracker, eye = Tracker(), _Eye(eye.random)
            stays = Stays(world.rules, world.lanes, new_id)
            base = t_s - 5.0 if restart.reboot else base
            stays.restore(saved, t_s - base, t_s - saved_s if restart.known else None)
        look = _shift_look(_frame(world, eye, tracker, stays, t_s), base)
        new = stays.observe(look)
        new += world.act(t_s, stays, [*events, *new])
        events += [_shift_event(event, base) for event in new]
        stops = restarts and restarts[0].clean and t_s + 1 > restarts[0].at_s
        if stays.revision != revision or stops:
            revision, saved, saved_s = stays.revision, stays.snapshot(), t_s
    return events


def _shift_look(look: Look, base: float) -> Look:
    return (
        look
        if base == 0
        else Look(
            look.t_s - base, look.blind, look.sightings, look.places, look.searched, look.mode
        )
    )


def _shift_event(event: StayEvent, base: float) -> StayEvent:
    if base == 0:
        return event
    end_s = None if event.end_s is None else event.end_s + base
    return replace(
        event,
        t_s=event.t_s + base,
        begin_s=event.begin_s + base,
        last_seen_s=event.last_seen_s + base,
        end_s=end_s,
        gaps=tuple(replace(g, begin_s=g.begin_s + base, end_s=g.end_s + base) for g in event.gaps),
    )
