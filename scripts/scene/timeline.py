"""Where every actor is at a time, and when it stands: from the poses of the scene file, without
Blender.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scripts.scene.catalogue import LIGHT, MODELS
from scripts.scene.curves import Grid, smooth
from scripts.scene.model import Actor, Light, Point2, Scene

STEP_S = 0.02
STANDS_BELOW_MPS = 0.02
TRAIL_M = 1.8
PERSON_HEIGHT = 1.75
TURNS_ABOVE_MPS = 0.15
"""Below this speed the direction of travel is too uncertain to steer by: the heading is held."""


@dataclass(frozen=True, slots=True)
class Placed:
    """heading: radians from +x; travelled: metres since the actor came."""

    x: float
    y: float
    heading: float
    travelled: float
    door_open: bool = False


class Track:
    """One actor's motion, sampled every STEP_S and interpolated between."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.begin, self.end = actor.path[0].t, actor.path[-1].t
        self._one_pose = len(actor.path) == 1
        if self._one_pose:
            self.end = math.inf
        count = 2 if self._one_pose else max(2, round((self.end - self.begin) / STEP_S) + 1)
        self.times = np.linspace(self.begin, self.begin if self._one_pose else self.end, count)
        self.x = self._coordinate(0)
        self.y = self._coordinate(1)
        step = max(float(self.times[1] - self.times[0]), 1e-9)
        vx, vy = np.gradient(self.x) / step, np.gradient(self.y) / step
        if self._one_pose:
            vx, vy = np.zeros(2), np.zeros(2)
        self.speed = np.hypot(vx, vy)
        self.heading = self._headings(vx, vy)
        self.travelled = np.concatenate(
            [[0.0], np.cumsum(np.hypot(np.diff(self.x), np.diff(self.y)))]
        )

    def _coordinate(self, axis: int) -> Grid:
        if self._one_pose:
            return np.full(2, float(self.actor.path[0].at[axis]))
        return _through(self.times, [(p.t, p.at[axis]) for p in self.actor.path])

    def _headings(self, vx: Grid, vy: Grid) -> Grid:
        """The rear axle follows the middle on a rod of TRAIL_M, as a trailer does; standing
        changes nothing.
        """
        moving = np.flatnonzero(self.speed > TURNS_ABOVE_MPS)
        way = np.arctan2(vy, vx) + (math.pi if self.actor.reversing else 0.0)
        if self.actor.heading_deg is not None:
            angle = math.radians(self.actor.heading_deg)
        else:
            angle = float(way[moving[0]]) if len(moving) else 0.0
        rod = TRAIL_M if self.actor.model in MODELS else 0.3
        step = float(self.times[1] - self.times[0])
        headings = np.full(len(self.times), angle)
        for i in range(1, len(self.times)):
            if self.speed[i] > TURNS_ABOVE_MPS:
                angle += min(1.0, self.speed[i] * step / rod) * math.sin(float(way[i]) - angle)
            headings[i] = angle
        return headings

    def at(self, t: float) -> Placed | None:
        """None before the first and after the last pose."""
        if t < self.begin - 1e-9 or t > self.end + 1e-9:
            return None
        x, y, heading, travelled = (
            float(np.interp(t, self.times, v))
            for v in (self.x, self.y, self.heading, self.travelled)
        )
        open_now = any(a <= t < b for a, b in self.actor.door_open)
        return Placed(x, y, heading, travelled, open_now)

    def stands(self) -> list[tuple[float, float]]:
        """Intervals of standing still, (begin, end); end is inf where the path ends standing."""
        if self._one_pose:
            return [(self.begin, math.inf)]
        found: list[tuple[float, float]] = []
        for before, after in pairwise(self.actor.path):
            if math.dist(before.at, after.at) < STANDS_BELOW_MPS:
                begin = found.pop()[0] if found and found[-1][1] == before.t else before.t
                found.append((begin, after.t))
        return found


def _through(times: Grid, points: list[tuple[float, float]]) -> Grid:
    """Monotone cubic through the poses; free ends keep their speed, stands are exactly still."""
    return smooth(times, points)


def size_of(actor: Actor) -> tuple[float, float, float]:
    """Rear end, front end (x) and half width of the actor's footprint, in its own coordinates."""
    if actor.model in MODELS:
        model = MODELS[actor.model]
        return (*model.extent_x, model.half_width)
    if actor.model in LIGHT:
        length, width, _ = LIGHT[actor.model]
        return -length / 2, length / 2, width / 2
    return -0.2, 0.2, 0.25


def height_of(actor: Actor) -> float:
    """Metres from the ground to the roof."""
    if actor.model in LIGHT:
        return LIGHT[actor.model][2]
    if actor.model not in MODELS:
        return PERSON_HEIGHT
    model = MODELS[actor.model]
    roof = max(z for _, z in model.greenhouse.roof)
    return max(roof, model.cargo.z[1]) if model.cargo else roof


def footprint(actor: Actor, where: Placed) -> NDArray[np.float64]:
    """The four corners on the ground, (4, 2) metres, counter-clockwise."""
    rear, front, half = size_of(actor)
    corners = np.array([(rear, -half), (front, -half), (front, half), (rear, half)])
    c, s = math.cos(where.heading), math.sin(where.heading)
    turn = np.array([[c, s], [-s, c]])
    return np.asarray(corners @ turn + np.array([where.x, where.y]))


def area(polygon: NDArray[np.float64]) -> float:
    x, y = polygon[:, 0], polygon[:, 1]
    return float(0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))


def clipped(subject: NDArray[np.float64], convex: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sutherland-Hodgman: the part of `subject` inside the convex counter-clockwise polygon."""
    points = [tuple(p) for p in subject]
    for (ax, ay), (bx, by) in zip(convex, np.roll(convex, -1, axis=0), strict=True):
        kept: list[tuple[float, float]] = []
        for p, q in zip(points, [*points[1:], *points[:1]], strict=True):
            dp = (bx - ax) * (p[1] - ay) - (by - ay) * (p[0] - ax)
            dq = (bx - ax) * (q[1] - ay) - (by - ay) * (q[0] - ax)
            if dp >= 0:
                kept.append(p)
            if (dp >= 0) != (dq >= 0):
                t = dp / (dp - dq)
                kept.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
        points = kept
        if not points:
            break
    return np.array(points, float).reshape(-1, 2)


def overlap(part: NDArray[np.float64], lane: list[Point2]) -> float:
    """Share of the convex `part` (counter-clockwise) that lies in the lane, which may have any
    shape.
    """
    inside = clipped(np.array(lane, float), part)
    return area(inside) / area(part) if len(inside) >= 3 else 0.0


@dataclass(frozen=True, slots=True)
class Stay:
    """A vehicle standing in the lane; end is None where it still stands when the clip ends."""

    vehicle: str
    begin: float
    end: float | None


ENTERS_AT = 0.30


def stays(scene: Scene) -> list[Stay]:
    """Every standing of a vehicle with at least ENTERS_AT of its ground in the lane, in order
    of begin.
    """
    found = []
    for actor in scene.actors:
        if not actor.is_vehicle:
            continue
        track = Track(actor)
        for begin, end in track.stands():
            if begin >= scene.seconds or end <= 0:
                continue
            where = track.at(max(begin, 0.0))
            assert where is not None
            if overlap(footprint(actor, where), scene.lane.polygon) >= ENTERS_AT:
                last = None if end >= scene.seconds else end
                found.append(Stay(actor.id, max(begin, 0.0), last))
    return sorted(found, key=lambda stay: stay.begin)


def light_at(scene: Scene, t: float) -> Light:
    return [light for light in scene.lights if light.since <= t + 1e-9][-1]
