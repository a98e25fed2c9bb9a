"""Small numeric curves and signed-distance shapes in metres; numpy only.

Every distance is negative inside its shape. Grids may have any shape; results have the same.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float64]
Points = Sequence[tuple[float, float]]


def smooth(x: Grid, points: Points) -> Grid:
    """Monotone cubic through `points` (Fritsch-Carlson, harmonic-mean slopes), held beyond the
    ends.
    """
    ordered = np.array(sorted(points), float)
    xs, ys = ordered[:, 0], ordered[:, 1]
    if len(xs) == 1:
        return np.full(np.shape(x), ys[0])
    step = np.diff(xs)
    slope = np.diff(ys) / step
    tangent = np.zeros_like(ys)
    tangent[0], tangent[-1] = slope[0], slope[-1]
    product = slope[:-1] * slope[1:]
    total = slope[:-1] + slope[1:]
    safe = np.where(np.abs(total) < 1e-12, 1.0, total)
    tangent[1:-1] = np.where(product <= 0, 0.0, 2 * product / safe)
    clipped = np.clip(np.asarray(x, float), xs[0], xs[-1])
    i = np.clip(np.searchsorted(xs, clipped) - 1, 0, len(step) - 1)
    t = (clipped - xs[i]) / step[i]
    left = (1 + 2 * t) * (1 - t) ** 2 * ys[i] + t * (1 - t) ** 2 * step[i] * tangent[i]
    right = t * t * (3 - 2 * t) * ys[i + 1] + t * t * (t - 1) * step[i] * tangent[i + 1]
    return np.asarray(left + right)


def smooth_at(x: float, points: Points) -> float:
    return float(smooth(np.array(float(x)), points))


def cover(distance: Grid, edge_m: float = 0.004) -> Grid:
    """Coverage 0..1 of a shape from its signed distance, blurred over `edge_m`."""
    return np.asarray(np.clip(0.5 - distance / edge_m, 0, 1))


def segment(px: Grid, py: Grid, start: tuple[float, float], end: tuple[float, float]) -> Grid:
    (ax, ay), (bx, by) = start, end
    dx, dy = bx - ax, by - ay
    t = np.clip(((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy + 1e-12), 0, 1)
    return np.asarray(np.hypot(px - ax - t * dx, py - ay - t * dy))


def polyline(px: Grid, py: Grid, points: Points) -> Grid:
    sides = [segment(px, py, a, b) for a, b in pairwise(points)]
    return np.asarray(np.minimum.reduce(sides))


def polygon(px: Grid, py: Grid, points: Points, round_m: float = 0.0) -> Grid:
    """Signed distance to a simple polygon whose corners are rounded outward by `round_m`."""
    distance = np.full(np.shape(px), 1e9)
    inside = np.zeros(np.shape(px), bool)
    for start, end in zip(points, [*points[1:], points[0]], strict=True):
        distance = np.minimum(distance, segment(px, py, start, end))
        (ax, ay), (bx, by) = start, end
        crosses = (ay > py) != (by > py)
        inside ^= crosses & (px < (bx - ax) * (py - ay) / (by - ay + 1e-12) + ax)
    return np.where(inside, -distance, distance) - round_m


def rectangle(
    px: Grid,
    py: Grid,
    centre: tuple[float, float],
    half: tuple[float, float],
    round_m: float = 0.01,
) -> Grid:
    qx = np.abs(px - centre[0]) - half[0] + round_m
    qy = np.abs(py - centre[1]) - half[1] + round_m
    outside = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0))
    return np.asarray(outside + np.minimum(np.maximum(qx, qy), 0) - round_m)


def stripes(value: Grid, period_m: float, half_width_m: float) -> Grid:
    """Distance to bars of `half_width_m`, one every `period_m` of `value`."""
    return np.asarray(np.abs((value / period_m) % 1 - 0.5) * period_m - half_width_m)
