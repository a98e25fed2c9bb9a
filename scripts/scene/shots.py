"""Which pictures a clip needs: one still of each set of standing actors, one crop of each
moving moment.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scripts.scene.model import Light, Scene
from scripts.scene.outline import Solid, View, box_of, placed_points, silhouette
from scripts.scene.timeline import Placed, Track, light_at

Border = tuple[int, int, int, int]
PAD_PX_PER_M = 0.35
"""Margin around a moving actor, in metres at its distance: contact shadow and reflection on the
ground.
"""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is to be seen at one tick of rendered motion."""

    t: float
    light: Light
    placed: dict[str, Placed]
    standing: frozenset[str]

    def still(self) -> "Moment":
        """The same without what moves."""
        kept = {name: p for name, p in self.placed.items() if name in self.standing}
        return Moment(self.t, self.light, kept, self.standing)

    @property
    def key(self) -> str:
        """Names the picture by everything that it depends on inside one scene."""
        places = [
            (n, round(p.x, 4), round(p.y, 4), round(p.heading, 4), p.door_open)
            for n, p in sorted(self.placed.items())
        ]
        swing = [
            (n, round(p.travelled, 3))
            for n, p in sorted(self.placed.items())
            if n not in self.standing
        ]
        said = repr((self.light.model_dump(), places, swing))
        return hashlib.sha256(said.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Shot:
    moment: Moment
    border: Border | None

    @property
    def name(self) -> str:
        return (
            f"{self.moment.key}.png"
            if self.border is None
            else f"{self.moment.key}-{'_'.join(map(str, self.border))}.png"
        )


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment, its still base, and the crop that is laid over it (None where nothing moves in
    view).
    """

    moment: Moment
    base: Shot
    crop: Shot | None


def moment_at(scene: Scene, tracks: Mapping[str, Track], t: float) -> Moment:
    placed, standing = {}, set()
    for name, track in tracks.items():
        where = track.at(t)
        if where is None:
            continue
        placed[name] = where
        if any(begin <= t + 1e-9 and t <= end + 1e-9 for begin, end in track.stands()):
            standing.add(name)
    return Moment(t, light_at(scene, t), placed, frozenset(standing))


def plan_ticks(scene: Scene, solids: Mapping[str, Solid], view: View) -> list[Tick]:
    tracks = {actor.id: Track(actor) for actor in scene.actors}
    ticks = []
    for k in range(math.ceil(scene.seconds * scene.motion_fps)):
        moment = moment_at(scene, tracks, k / scene.motion_fps)
        base = Shot(moment.still(), None)
        moving = [name for name in moment.placed if name not in moment.standing]
        border = _border(scene, moment, moving, solids, view)
        crop = Shot(moment, border) if border else None
        ticks.append(Tick(moment, base, crop))
    return ticks


def wanted(ticks: list[Tick]) -> list[Shot]:
    """Every picture once, stills first."""
    stills = {tick.base.name: tick.base for tick in ticks}
    crops = {tick.crop.name: tick.crop for tick in ticks if tick.crop}
    return [*stills.values(), *crops.values()]


def _border(
    scene: Scene, moment: Moment, moving: list[str], solids: Mapping[str, Solid], view: View
) -> Border | None:
    width, height = view.size
    boxes = []
    beams = {a.id for a in scene.actors if a.lamps == "beam"}
    for name in moving:
        where = moment.placed[name]
        if name in beams and moment.light.kind in ("lamps", "ir", "dusk"):
            return (0, 0, width, height)
        box = box_of(silhouette(solids[name], where, view))
        shadow = _shadow_box(solids[name], where, moment.light, view)
        for found in (box, shadow):
            if found and found[0] < width and found[2] > 0 and found[1] < height and found[3] > 0:
                pad = 0.10 * (found[2] - found[0]) + 6
                boxes.append(
                    (found[0] - pad, found[1] - pad * 0.7, found[2] + pad, found[3] + pad * 0.7)
                )
    if not boxes:
        return None
    x0, y0, x1, y1 = (
        f(column) for f, column in zip((min, min, max, max), zip(*boxes, strict=True), strict=True)
    )
    border = max(0, int(x0)), max(0, int(y0)), min(width, int(x1) + 1), min(height, int(y1) + 1)
    return border if border[2] - border[0] >= 8 and border[3] - border[1] >= 8 else None


def _shadow_box(
    solid: Solid, where: Placed, light: Light, view: View
) -> tuple[float, float, float, float] | None:
    """Bounds of the shadow on the ground under the sun, in pixels, not clipped."""
    if light.kind != "sun":
        return None
    low, high = solid.vertices.min(0), solid.vertices.max(0)
    corners = np.array(
        [
            (x, y, z)
            for x in (low[0], high[0])
            for y in (low[1], high[1])
            for z in (0, high[2] * 0.9)
        ]
    )
    points = placed_points(corners, where)
    e, a = math.radians(light.elevation_deg), math.radians(light.azimuth_deg)
    reach = points[:, 2:] / math.tan(e)
    points = points - np.concatenate([reach * math.cos(a), reach * math.sin(a), points[:, 2:]], 1)
    pixels, depth = view.project(points)
    if (depth <= 0.3).any():
        return None
    return (
        float(pixels[:, 0].min()),
        float(pixels[:, 1].min()),
        float(pixels[:, 0].max()),
        float(pixels[:, 1].max()),
    )
