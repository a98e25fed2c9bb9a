"""The truth of a clip: what is where in every frame, every stay, every camera event.

Boxes are the silhouette's bounds clipped to the frame (also of parts that another vehicle
hides). Posts, trees and the hedge are not counted as hiding. Times are seconds of the clip's
presentation time.
"""

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from scripts.scene.catalogue import MODELS
from scripts.scene.model import CAMERA_EVENTS, Actor, Scene
from scripts.scene.outline import Mask, Solid, View, box_of, is_before, placed_points, silhouette
from scripts.scene.timeline import Placed, area, clipped, footprint, light_at, overlap, stays

Pixel = tuple[float, float]
Box = tuple[float, float, float, float]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class VehicleTruth(Part):
    """visible: share of the silhouette inside the frame that no other actor hides.

    in_lane: lower third of the box against the lane polygon, as the edge measures it;
    ground_in_lane: the real footprint on the ground. plate_corners: upper left, upper right,
    lower right, lower left as read; None when the plate faces away or lies outside the frame.
    plate_visible: share of it that is not hidden.
    """

    id: str
    vehicle_class: str
    model: str
    box: Box
    visible: float
    plate: str | None
    plate_style: str | None
    plate_side: Literal["front", "rear"] | None
    plate_corners: tuple[Pixel, Pixel, Pixel, Pixel] | None
    plate_visible: float
    in_lane: float
    ground_in_lane: float
    standing: bool


class FrameTruth(Part):
    t: float
    light: str
    vehicles: list[VehicleTruth]
    people: list[Box]


class StayTruth(Part):
    vehicle: str
    begin: float
    end: float | None


class CameraEvent(Part):
    type: str
    begin: float
    end: float


class ClipTruth(Part):
    clip: str
    fps: float
    width: int
    height: int
    seconds: float
    lane: list[Pixel]
    lane_m: list[Pixel]
    frames: list[FrameTruth]
    stays: list[StayTruth]
    camera_events: list[CameraEvent]

    def write(self, path: Path) -> None:
        """JSON with one frame a line, so that a change reads well in a diff."""
        head = self.model_dump(mode="json", exclude={"frames"})
        lines = [
            json.dumps(f.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))
            for f in self.frames
        ]
        text = json.dumps(head, ensure_ascii=False, indent=1)
        body = (
            text[: text.rindex("}")].rstrip()
            + ',\n "frames": [\n  '
            + ",\n  ".join(lines)
            + "\n ]\n}\n"
        )
        path.write_text(body, encoding="utf-8")


def read_truth(path: Path) -> ClipTruth:
    return ClipTruth.model_validate_json(path.read_text(encoding="utf-8"))


def class_of(actor: Actor) -> str:
    return MODELS[actor.model].vehicle_class if actor.model in MODELS else "ebike"


class Witness:
    """Tells the truth of a moment. Outlines of standing actors are remembered."""

    def __init__(self, scene: Scene, solids: Mapping[str, Solid], view: View) -> None:
        self.scene, self.solids, self.view = scene, solids, view
        self.by_id = {actor.id: actor for actor in scene.actors}
        self.lane_px = self._lane_pixels()
        self._masks: dict[tuple[str, Placed], Mask] = {}

    def _lane_pixels(self) -> NDArray[np.float64]:
        """The lane clipped to the part of the ground that the camera can see, in pixels."""
        lane = np.array(self.scene.lane.polygon, float)
        edges = np.concatenate(
            [
                np.linspace(a, b, 40, endpoint=False)
                for a, b in zip(lane, np.roll(lane, -1, 0), strict=True)
            ]
        )
        ground = np.concatenate([edges, np.zeros((len(edges), 1))], 1)
        pixels, depth = self.view.project(ground)
        pixels = pixels[depth > 0.3]
        width, height = self.view.size
        frame = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
        return simplified(clipped(pixels, frame))

    def outline(self, name: str, where: Placed) -> Mask:
        key = (name, where)
        if key not in self._masks:
            if len(self._masks) > 24:
                self._masks.clear()
            self._masks[key] = silhouette(self.solids[name], where, self.view)
        return self._masks[key]

    def frame(self, t: float, placed: Mapping[str, Placed], standing: frozenset[str]) -> FrameTruth:
        masks = {name: self.outline(name, where) for name, where in placed.items()}
        grounds = {name: footprint(self.by_id[name], where) for name, where in placed.items()}
        vehicles, people = [], []
        for name, where in placed.items():
            box = box_of(masks[name])
            if box is None:
                continue
            if not self.by_id[name].is_vehicle:
                people.append(box)
                continue
            hiding = [
                masks[o]
                for o in placed
                if o != name and is_before(grounds[o], grounds[name], self.view.eye)
            ]
            hidden = np.maximum.reduce([*hiding, np.zeros_like(masks[name])])
            vehicles.append(
                self._vehicle(name, where, box, (masks[name], hidden), name in standing)
            )
        return FrameTruth(
            t=round(t, 4), light=light_at(self.scene, t).kind, vehicles=vehicles, people=people
        )

    def _vehicle(
        self, name: str, where: Placed, box: Box, masks: tuple[Mask, Mask], standing: bool
    ) -> VehicleTruth:
        actor = self.by_id[name]
        own, hidden = masks
        visible = 1 - np.count_nonzero(own & hidden) / np.count_nonzero(own)
        side, corners, clear = self._plate(name, where, hidden)
        return VehicleTruth(
            id=name,
            vehicle_class=class_of(actor),
            model=actor.model,
            box=box,
            visible=round(float(visible), 3),
            plate=actor.plate.text if actor.plate else None,
            plate_style=actor.plate.style if actor.plate else None,
            plate_side=side,
            plate_corners=corners,
            plate_visible=round(clear, 3),
            in_lane=round(self.box_in_lane(box), 3),
            ground_in_lane=round(overlap(footprint(actor, where), self.scene.lane.polygon), 3),
            standing=standing,
        )

    def box_in_lane(self, box: Box) -> float:
        """Share of the lower third of the box that lies in the lane's picture."""
        x0, y0, x1, y1 = box
        top = y1 - (y1 - y0) / 3
        lower = np.array([(x0, top), (x1, top), (x1, y1), (x0, y1)], float)
        inside = clipped(self.lane_px, lower)
        return area(inside) / area(lower) if len(inside) >= 3 else 0.0

    def _plate(
        self, name: str, where: Placed, hidden: Mask
    ) -> tuple[Literal["front", "rear"] | None, tuple[Pixel, Pixel, Pixel, Pixel] | None, float]:
        width, height = self.view.size
        sides: tuple[Literal["front", "rear"], ...] = ("front", "rear")
        for side in sides:
            if side not in self.solids[name].plates:
                continue
            pixels, depth = self.view.project(placed_points(self.solids[name].plates[side], where))
            turned = (pixels[1] - pixels[0])[0] * (pixels[3] - pixels[0])[1] - (
                pixels[1] - pixels[0]
            )[1] * (pixels[3] - pixels[0])[0]
            in_frame = (
                (pixels >= 0).all()
                and (pixels[:, 0] < width).all()
                and (pixels[:, 1] < height).all()
            )
            if turned <= 4 or depth.min() <= 0 or not in_frame:
                continue
            a, b, c, d = ((round(float(x), 1), round(float(y), 1)) for x, y in pixels)
            return side, (a, b, c, d), _clear_share(pixels, hidden)
        return None, None, 0.0


def _clear_share(pixels: NDArray[np.float64], hidden: Mask) -> float:
    """Share of a grid of points on the plate that no nearer actor covers."""
    s, t = (
        g.ravel()[:, None]
        for g in np.meshgrid(np.linspace(0.05, 0.95, 12), np.linspace(0.1, 0.9, 5))
    )
    points = (1 - t) * ((1 - s) * pixels[0] + s * pixels[1]) + t * (
        (1 - s) * pixels[3] + s * pixels[2]
    )
    x, y = points.astype(int).T
    return float(np.mean(hidden[y, x] == 0))


def simplified(polygon: NDArray[np.float64], tolerance_px: float = 0.5) -> NDArray[np.float64]:
    """Without the points that lie on the line between their neighbours."""
    kept: list[NDArray[np.float64]] = []
    n = len(polygon)
    for i in range(n):
        before, here, after = polygon[i - 1], polygon[i], polygon[(i + 1) % n]
        way, off = after - before, here - before
        length = float(np.hypot(*way))
        if length > 1e-9 and abs(way[0] * off[1] - way[1] * off[0]) / length > tolerance_px:
            kept.append(here)
    return np.array(kept)


def clip_truth(scene: Scene, witness: Witness, frames: list[FrameTruth]) -> ClipTruth:
    width, height = scene.camera.size
    events = [
        CameraEvent(type=e.kind, begin=e.begin, end=min(e.end, scene.seconds))
        for e in scene.effects
        if e.kind in CAMERA_EVENTS
    ]
    events += [
        CameraEvent(type=f"light:{before.kind}>{after.kind}", begin=after.since, end=after.since)
        for before, after in pairwise(scene.lights)
    ]
    return ClipTruth(
        clip=f"{scene.name}.mp4",
        fps=scene.fps,
        width=width,
        height=height,
        seconds=scene.seconds,
        lane=[(round(float(x), 1), round(float(y), 1)) for x, y in witness.lane_px],
        lane_m=[(float(x), float(y)) for x, y in scene.lane.polygon],
        frames=frames,
        stays=[StayTruth(vehicle=s.vehicle, begin=s.begin, end=s.end) for s in stays(scene)],
        camera_events=sorted(events, key=lambda e: e.begin),
    )
