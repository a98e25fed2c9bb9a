"""Fire lanes as drawn in a camera's view, and how far a vehicle stands in one."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.geometry import FOOTPRINT_SHARE, Box, GeometryError, Polygon
from edge.wire.records import lane_version

_EDGE_PX = 2.0
"""A box nearer to the frame's border than this is taken for cut off by it."""
_CUT_FOOTPRINT_SHARE = 0.25
"""Of a vehicle cut off at the bottom the wheels are out of sight: only the lowest visible strip
comes near the ground it stands on."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A polygon in whole pixels of a frame of the given (width, height).

    Raises GeometryError when a corner lies outside the frame.
    """

    id: str
    polygon: Polygon
    frame_size: tuple[int, int]

    def __post_init__(self) -> None:
        width, height = self.frame_size
        for x, y in self.polygon.points:
            if not (0 <= x <= width and 0 <= y <= height):
                raise GeometryError(
                    f"lane {self.id} lies outside the frame: corner {x:g},{y:g}; "
                    f"the frame is {width}x{height}"
                )

    @property
    def points(self) -> list[tuple[int, int]]:
        """The corners as whole pixels."""
        return [(round(x), round(y)) for x, y in self.polygon.points]

    @property
    def version(self) -> str:
        """The hash that names this drawing of the lane."""
        return lane_version(self.id, self.frame_size, self.points)

    def cut(self, box: Box) -> bool:
        """Whether the frame's border cuts the vehicle off, so that its ground is part unseen."""
        width, height = self.frame_size
        return (
            box.x1 <= _EDGE_PX
            or box.y2 >= height - _EDGE_PX
            or box.x2 >= width - _EDGE_PX
            or box.y1 <= _EDGE_PX
        )

    def overlap(self, box: Box) -> float:
        """Share of the vehicle's ground footprint inside the lane, 0-1."""
        below = box.y2 >= self.frame_size[1] - _EDGE_PX
        share = _CUT_FOOTPRINT_SHARE if below else FOOTPRINT_SHARE
        return self.polygon.covered_share(box.footprint(share))


@dataclass(frozen=True, slots=True)
class LaneInView:
    """A lane as drawn, in a view that has moved by so many pixels right and down since then."""

    drawn: Lane
    moved: tuple[int, int] = (0, 0)

    @property
    def points(self) -> list[tuple[int, int]]:
        """The corners in pixels of the view: what of the lane is still in the frame."""
        dx, dy = self.moved
        if (dx, dy) == (0, 0):
            return self.drawn.points
        width, height = self.drawn.frame_size
        visible = self.drawn.polygon.clipped(Box(-dx, -dy, width - dx, height - dy))
        points = [(round(x) + dx, round(y) + dy) for x, y in visible]
        return [(min(max(x, 0), width), min(max(y, 0), height)) for x, y in points]

    @property
    def version(self) -> str:
        return lane_version(self.drawn.id, self.drawn.frame_size, self.points)


def visible_share(lane: Lane, moved: tuple[float, float]) -> float:
    """How much of a lane is still in the frame of a view that has moved so far, 0-1."""
    width, height = lane.frame_size
    seen = lane.polygon.covered_area(Box(-moved[0], -moved[1], width - moved[0], height - moved[1]))
    return seen / max(lane.polygon.area, 1.0)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Shares of the footprint at which a vehicle counts as in the lane and as out of it.

    The distance between the two keeps a box that trembles at the line from coming and going.
    A vehicle cut off by the frame's border needs more to come in: part of its ground is unseen.
    """

    enter: float = 0.30
    leave: float = 0.15
    enter_cut: float = 0.50

    def holds(self, overlap: float, was_in: bool, cut: bool = False) -> bool:
        """Whether the vehicle is in the lane, given where it was at the look before."""
        if was_in:
            return overlap >= self.leave
        return overlap >= (max(self.enter, self.enter_cut) if cut else self.enter)


def best_lane(
    lanes: Sequence[Lane], box: Box, current: str | None, threshold: Threshold
) -> Lane | None:
    """The one lane that a vehicle is in; None for outside all.

    Where lanes overlap, the lane it is in already keeps it until left; then the greater share.
    """
    for lane in lanes:
        if lane.id == current and threshold.holds(lane.overlap(box), was_in=True):
            return lane
    shares = [(lane.overlap(box), lane) for lane in lanes if lane.id != current]
    entered = [
        (share, lane)
        for share, lane in shares
        if threshold.holds(share, was_in=False, cut=lane.cut(box))
    ]
    return max(entered, key=lambda each: each[0])[1] if entered else None
