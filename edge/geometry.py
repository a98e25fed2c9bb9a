"""Boxes and polygons in pixels of the full frame. Pure.

GeometryError        a polygon that encloses no plain area
"""

from dataclasses import dataclass
from itertools import combinations


class GeometryError(ValueError):
    """The corners make no plain area."""


@dataclass(frozen=True, slots=True)
class Box:
    """Upper left and lower right corner."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        return max(0.0, self.width) * max(0.0, self.height)


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed area of three or more corners that does not cross itself."""

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(self.points) < 3:
            raise GeometryError(f"a polygon needs at least 3 corners, got {len(self.points)}")
        sides = list(zip(self.points, (*self.points[1:], self.points[0]), strict=True))
        for first, second in combinations(sides, 2):
            if _cross(*first, *second):
                raise GeometryError(f"the sides {first} and {second} cross each other")
        if self.area < 1e-6:
            raise GeometryError("the corners enclose no area")

    @property
    def area(self) -> float:
        """By the shoelace formula."""
        turned = (*self.points[1:], self.points[0])
        doubled = sum(
            x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(self.points, turned, strict=True)
        )
        return abs(doubled) / 2


_Point = tuple[float, float]


def _cross(a: _Point, b: _Point, c: _Point, d: _Point) -> bool:
    return _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0


def _turn(a: _Point, b: _Point, c: _Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
