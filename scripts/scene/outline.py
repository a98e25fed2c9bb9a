"""What the camera sees of a solid: projection, silhouette, and who hides whom; numpy and OpenCV
only.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.scene.timeline import Placed

Mask = NDArray[np.uint8]
NEAR_M = 0.3


@dataclass(frozen=True, slots=True)
class View:
    """rotation, shift: world to camera (looking along -z); focal in pixels; size (width,
    height).
    """

    rotation: NDArray[np.float64]
    shift: NDArray[np.float64]
    focal: float
    size: tuple[int, int]

    @property
    def eye(self) -> NDArray[np.float64]:
        return np.asarray(-self.rotation.T @ self.shift)

    def project(
        self, points: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pixels (n, 2) from the upper left, and depth (n,) in metres; depth <= 0 is behind the
        lens.
        """
        seen = points @ self.rotation.T + self.shift
        depth = -seen[:, 2]
        safe = np.where(depth > 1e-3, depth, 1e-3)
        width, height = self.size
        x = width / 2 + self.focal * seen[:, 0] / safe
        y = height / 2 - self.focal * seen[:, 1] / safe
        return np.stack([x, y], -1), depth


@dataclass(frozen=True, slots=True)
class Solid:
    """vertices (n, 3) and triangles (m, 3) in the actor's coordinates; plates: side -> corners
    (4, 3), upper left, upper right, lower right, lower left as read.
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int32]
    plates: dict[str, NDArray[np.float64]]


def placed_points(points: NDArray[np.float64], where: Placed) -> NDArray[np.float64]:
    c, s = np.cos(where.heading), np.sin(where.heading)
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    return np.asarray(points @ turn + np.array([where.x, where.y, 0.0]))


def silhouette(solid: Solid, where: Placed, view: View) -> Mask:
    """255 where the solid would be seen if nothing stood before it; (height, width)."""
    width, height = view.size
    mask: Mask = np.zeros((height, width), np.uint8)
    world = placed_points(solid.vertices, where)
    pixels, depth = view.project(world)
    ahead = depth[solid.triangles] > NEAR_M
    corners = np.clip(pixels, -8000, 8000)[solid.triangles[ahead.all(1)]]
    shown = (corners[..., 0].max(1) > 0) & (corners[..., 0].min(1) < width)
    shown &= (corners[..., 1].max(1) > 0) & (corners[..., 1].min(1) < height)
    for triangle in np.round(corners[shown] * 16).astype(np.int32):
        cv2.fillConvexPoly(mask, triangle, (255,), cv2.LINE_8, 4)
    for triangle in solid.triangles[ahead.any(1) & ~ahead.all(1)]:
        cut, _ = view.project(_before_lens(world[triangle], depth[triangle]))
        outline = np.round(np.clip(cut, -8000, 8000) * 16).astype(np.int32)
        cv2.fillConvexPoly(mask, outline, (255,), cv2.LINE_8, 4)
    return mask


def _before_lens(triangle: NDArray[np.float64], depth: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of a triangle that lies beyond the near plane; 3 or 4 corners."""
    kept = []
    for i in range(3):
        j = (i + 1) % 3
        if depth[i] > NEAR_M:
            kept.append(triangle[i])
        if (depth[i] > NEAR_M) != (depth[j] > NEAR_M):
            t = (NEAR_M - depth[i]) / (depth[j] - depth[i])
            kept.append(triangle[i] + t * (triangle[j] - triangle[i]))
    return np.array(kept)


def box_of(mask: Mask) -> tuple[float, float, float, float] | None:
    """x0, y0, x1, y1 of the marked pixels, or None."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if len(rows) == 0:
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def is_before(a: NDArray[np.float64], b: NDArray[np.float64], eye: NDArray[np.float64]) -> bool:
    """Whether ground figure `a` can hide `b`: a line between the two has `a` and the eye on one
    side.

    Both are convex and counter-clockwise, (n, 2). Where they overlap, the nearer middle is
    before.
    """
    for figure, other, own in ((a, b, True), (b, a, False)):
        for p, q in zip(figure, np.roll(figure, -1, axis=0), strict=True):
            way = q - p
            side = way[0] * (other[:, 1] - p[1]) - way[1] * (other[:, 0] - p[0])
            if (side < 0).all():
                eye_side = way[0] * (eye[1] - p[1]) - way[1] * (eye[0] - p[0])
                return bool((eye_side >= 0) == own)
    return bool(np.linalg.norm(a.mean(0) - eye[:2]) < np.linalg.norm(b.mean(0) - eye[:2]))
