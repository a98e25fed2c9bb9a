"""Boxes and polygons in the pixels of a frame, and how much one covers of the other.

Exact up to rounding: shares come from clipping, never from counting pixels. GeometryError is the
one refusal, with a sentence for the person who drew the polygon.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot, isfinite, sqrt

Point = tuple[float, float]

FOOTPRINT_SHARE = 0.5
"""Lower part of a vehicle's box that is taken for the ground it covers. Seen from a camera on a
wall or mast (15-45 degrees down), wheels and shadow fill about this much; the roof is the rest."""


class GeometryError(ValueError):
    """A polygon that encloses no plain area."""


@dataclass(frozen=True, slots=True)
class Box:
    """Upright rectangle: left, top, right, bottom in pixels, y downwards.

    Raises ValueError when a side is not a number or the corners are the wrong way round.
    """

    x1: float
    y1: float
    x2: float
    y2: float

    def __post_init__(self) -> None:
        sides = (self.x1, self.y1, self.x2, self.y2)
        if not all(isfinite(side) for side in sides) or self.x2 < self.x1 or self.y2 < self.y1:
            raise ValueError(f"a box must be left, top, right, bottom, got {sides}")

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def size(self) -> float:
        """Side of the square of the same area: the measure for shifts."""
        return sqrt(self.area)

    @property
    def centre(self) -> Point:
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    def shared(self, other: "Box") -> float:
        """Area in both, in square pixels."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        return width * height if width > 0 and height > 0 else 0.0

    def iou(self, other: "Box") -> float:
        """Shared area over joint area, 0-1."""
        shared = self.shared(other)
        joint = self.area + other.area - shared
        return shared / joint if joint > 0 else 0.0

    def inside(self, other: "Box") -> float:
        """Share of this box's area that lies inside the other, 0-1."""
        return self.shared(other) / self.area if self.area > 0 else 0.0

    def shift(self, other: "Box") -> float:
        """How far the box moved or changed: mean move of its corners over its size.

        0 is the same box; 0.1 is a tenth of the vehicle's own size in the picture, so that near
        and far vehicles are judged alike.
        """
        near = hypot(self.x1 - other.x1, self.y1 - other.y1)
        far = hypot(self.x2 - other.x2, self.y2 - other.y2)
        return (near + far) / 2 / max(sqrt(self.size * other.size), 1.0)

    def grown(self, share: float) -> "Box":
        """The box with this share of its sides added around it."""
        dx, dy = self.width * share, self.height * share
        return Box(self.x1 - dx, self.y1 - dy, self.x2 + dx, self.y2 + dy)

    def moved(self, right: float, down: float) -> "Box":
        """The box so many pixels farther right and down."""
        return Box(self.x1 + right, self.y1 + down, self.x2 + right, self.y2 + down)

    def footprint(self, share: float = FOOTPRINT_SHARE) -> "Box":
        """The lower part of the box: where the vehicle touches the ground."""
        return Box(self.x1, self.y2 - share * self.height, self.x2, self.y2)


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed plain area, corners in order; the last joins the first.

    Raises GeometryError for fewer than three corners, crossing sides or no area.
    """

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        if not all(isfinite(x) and isfinite(y) for x, y in self.points):
            raise GeometryError(f"corners of a polygon must be numbers, got {self.points}")
        if len(set(self.points)) < 3:
            raise GeometryError(
                f"a polygon needs at least three different corners, got {len(set(self.points))}"
            )
        crossing = _crossing(self.points)
        if crossing is not None:
            raise GeometryError(
                f"sides of a polygon must not cross, but side {crossing[0] + 1} meets "
                f"side {crossing[1] + 1}; give the corners in order around the area"
            )
        if self.area < 1e-9:
            raise GeometryError("a polygon must enclose an area, but all its corners are in a line")

    @property
    def area(self) -> float:
        return abs(_signed_area(self.points))

    @property
    def bounds(self) -> Box:
        xs, ys = [x for x, _ in self.points], [y for _, y in self.points]
        return Box(min(xs), min(ys), max(xs), max(ys))

    def contains(self, x: float, y: float) -> bool:
        """Whether the point lies inside (even-odd rule; sides themselves go either way)."""
        inside = False
        for (ax, ay), (bx, by) in _sides(self.points):
            if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
                inside = not inside
        return inside

    def covered_area(self, box: Box) -> float:
        """Area of the box inside the polygon, by Sutherland-Hodgman clipping against the box.

        For a concave polygon the clipped outline may hold doubled edges; they enclose nothing, so
        the area stays exact.
        """
        return abs(_signed_area(self.clipped(box)))

    def clipped(self, box: Box) -> list[Point]:
        """The outline of what of the polygon lies inside the box; empty where nothing does."""
        outline: Sequence[Point] = self.points
        for keep, cross in _edges(box):
            outline = _clip(outline, keep, cross)
        return list(outline)

    def covered_share(self, box: Box) -> float:
        """Share of the box's area inside the polygon, 0-1; 0 for a box without area."""
        return min(self.covered_area(box) / box.area, 1.0) if box.area > 0 else 0.0


def _sides(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    return list(zip(points, [*points[1:], *points[:1]], strict=True))


def _signed_area(points: Sequence[Point]) -> float:
    return sum(ax * by - bx * ay for (ax, ay), (bx, by) in _sides(points)) / 2


def _edges(box: Box) -> list[tuple[Callable[[Point], bool], Callable[[Point, Point], Point]]]:
    """For each side of the box: which points to keep, and where a line crosses it."""

    def at_x(x: float) -> Callable[[Point, Point], Point]:
        return lambda a, b: (x, a[1] + (b[1] - a[1]) * (x - a[0]) / (b[0] - a[0]))

    def at_y(y: float) -> Callable[[Point, Point], Point]:
        return lambda a, b: (a[0] + (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]), y)

    return [
        (lambda p: p[0] >= box.x1, at_x(box.x1)),
        (lambda p: p[0] <= box.x2, at_x(box.x2)),
        (lambda p: p[1] >= box.y1, at_y(box.y1)),
        (lambda p: p[1] <= box.y2, at_y(box.y2)),
    ]


def _clip(
    outline: Sequence[Point], keep: Callable[[Point], bool], cross: Callable[[Point, Point], Point]
) -> list[Point]:
    kept: list[Point] = []
    for a, b in _sides(outline) if outline else []:
        if keep(a) != keep(b):
            kept += [cross(a, b), b] if keep(b) else [cross(a, b)]
        elif keep(b):
            kept.append(b)
    return kept


def _crossing(points: Sequence[Point]) -> tuple[int, int] | None:
    """Numbers of two sides that meet anywhere but at a shared corner; None where none do."""
    sides = _sides(points)
    for i, one in enumerate(sides):
        for j in range(i + 1, len(sides)):
            neighbours = j == i + 1 or (i == 0 and j == len(sides) - 1)
            if not neighbours and _meet(one, sides[j]):
                return i, j
    return None


def _meet(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    (a, b), (c, d) = one, other
    if _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0:
        return True
    return any(_on(p, one) for p in other) or any(_on(p, other) for p in one)


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _on(p: Point, side: tuple[Point, Point]) -> bool:
    a, b = side
    return (
        abs(_turn(a, b, p)) < 1e-9
        and min(a[0], b[0]) <= p[0] <= max(a[0], b[0])
        and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])
    )
