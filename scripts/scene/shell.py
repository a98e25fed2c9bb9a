"""A vehicle's skin: stacks of super-ellipse plan curves (a wall stack and a greenhouse stack).

Every surface point has coordinates (u, v): u in 0..1 runs by arc length from the middle of the
front to the middle of the rear on one flank, v in 0..1 from sill to shoulder. Textures use the
same coordinates, so a lamp drawn in metres never slips from its corner. x is forward, y is
left, z is up, in metres.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.scene.catalogue import Body, Greenhouse, Model
from scripts.scene.curves import Grid, smooth

Xyz = tuple[Grid, Grid, Grid]
WALL, CAP = 0, 1
ARC_SAMPLES = 8001


@dataclass(frozen=True, slots=True)
class Skin:
    """vertices (n, 3); faces as index lists; uv one (k, 2) per face corner; part WALL or CAP
    per face.
    """

    vertices: NDArray[np.float64]
    faces: list[list[int]]
    uv: list[list[NDArray[np.float64]]]
    part: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Resolution:
    around: int = 150
    up: int = 34
    fillet: int = 6
    cap: int = 20


def ring(
    angle: Grid,
    ends: tuple[Grid, Grid],
    middle_x: float,
    half_width: Grid,
    powers: tuple[float, float],
) -> tuple[Grid, Grid]:
    """Super-ellipse |x|^n + |y|^n = 1 with its own half length and power ahead of and behind
    `middle_x`.
    """
    c, s = np.cos(angle), np.sin(angle)
    n = np.where(c >= 0, powers[0], powers[1])
    r = (np.abs(c) ** n + np.abs(s) ** n) ** (-1.0 / n)
    c, s = c * r, s * r
    front, rear = ends
    x = np.where(c >= 0, middle_x + (front - middle_x) * c, middle_x + (middle_x - rear) * c)
    return x, half_width * s


class Surface:
    """Points of one stack. `reference_v` is the height whose arc length defines u."""

    crown_m: float
    fillet_m: float
    crown_reach_m: float

    def __init__(self, reference_v: float) -> None:
        angle = np.linspace(0, np.pi, ARC_SAMPLES)
        x, y = self.plan(angle, np.full(ARC_SAMPLES, reference_v), 0.0)
        self._arc = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
        self._angle = angle
        self.half_girth_m = float(self._arc[-1])

    def plan(self, angle: Grid, v: Grid, inset_m: float) -> tuple[Grid, Grid]:
        raise NotImplementedError

    def height(self, x: Grid, v: Grid) -> Grid:
        raise NotImplementedError

    def angle(self, u: Grid) -> Grid:
        return np.asarray(np.interp(u * self.half_girth_m, self._arc, self._angle))

    def points(self, u: Grid, v: Grid, inset_m: float = 0.0) -> Xyz:
        x, y = self.plan(self.angle(u), v, inset_m)
        return x, y, self.height(x, v)

    def skin(self, resolution: Resolution) -> Skin:
        return _weld(*_quads(self, resolution))


class BodySurface(Surface):
    def __init__(self, body: Body) -> None:
        self.body = body
        self.crown_m, self.fillet_m, self.crown_reach_m = body.crown, body.fillet, 1.0
        super().__init__(0.35)

    def plan(self, angle: Grid, v: Grid, inset_m: float) -> tuple[Grid, Grid]:
        b = self.body
        front = b.length / 2 - smooth(v, b.nose) - inset_m
        rear = -b.length / 2 + smooth(v, b.tail) + inset_m
        half = b.width / 2 - smooth(v, b.tuck) - inset_m
        return ring(angle, (front, rear), b.middle_x, half, b.powers)

    def height(self, x: Grid, v: Grid) -> Grid:
        low, high = smooth(x, self.body.sill), smooth(x, self.body.shoulder)
        return low + v * (high - low)


class GreenhouseSurface(Surface):
    def __init__(self, greenhouse: Greenhouse) -> None:
        self.greenhouse = greenhouse
        self.crown_m, self.fillet_m, self.crown_reach_m = greenhouse.crown, greenhouse.fillet, 0.45
        super().__init__(0.4)

    def plan(self, angle: Grid, v: Grid, inset_m: float) -> tuple[Grid, Grid]:
        g = self.greenhouse
        ends = smooth(v, g.windscreen) - inset_m, smooth(v, g.rear_screen) + inset_m
        return ring(angle, ends, g.middle_x, smooth(v, g.half_width) - inset_m, g.powers)

    def height(self, x: Grid, v: Grid) -> Grid:
        base = self.greenhouse.base_z
        return base + v * (smooth(x, self.greenhouse.roof) - base)


def _rows(surface: Surface, res: Resolution) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wall rows then fillet rows of one flank: (rows, around, 3), and v of each row."""
    u = np.linspace(0, 1, res.around)
    rows, heights = [], []
    for v in np.linspace(0, 1, res.up):
        rows.append(np.stack(surface.points(u, np.full(res.around, v)), -1))
        heights.append(float(v))
    top = rows[-1]
    one = np.ones(res.around)
    for k in range(1, res.fillet + 1):
        a = k / res.fillet * np.pi / 2 * 0.8
        x, y, _ = surface.points(u, one, surface.fillet_m * (1 - np.cos(a)))
        rows.append(np.stack([x, y, top[:, 2] + surface.fillet_m * 0.55 * np.sin(a)], -1))
        heights.append(1.0)
    return np.array(rows), np.array(heights)


def _cap(surface: Surface, top: NDArray[np.float64], res: Resolution) -> NDArray[np.float64]:
    """Crowned lid over the last row: (around, cap + 1, 3)."""
    across = np.linspace(1, -1, res.cap + 1)
    end = np.minimum(top[0, 0] - top[:, 0], top[:, 0] - top[-1, 0]) / surface.crown_reach_m
    rise = 1 - (1 - np.clip(end, 0, 1)) ** 2
    lid = np.zeros((res.around, res.cap + 1, 3))
    lid[..., 0] = top[:, 0:1]
    lid[..., 1] = top[:, 1:2] * across
    lid[..., 2] = top[:, 2:3] + surface.crown_m * rise[:, None] * (1 - np.abs(across) ** 2.2)[None]
    return lid


def _quads(
    surface: Surface, res: Resolution
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int32]]:
    rows, heights = _rows(surface, res)
    count, around = len(rows), res.around
    u = np.linspace(0, 1, around)
    uv_side = np.stack(np.broadcast_arrays(u[None], heights[:, None]), -1).reshape(-1, 2)
    j, i = np.meshgrid(np.arange(count - 1), np.arange(around - 1), indexing="ij")
    a = (j * around + i).ravel()
    quad = np.stack([a, a + 1, a + around + 1, a + around], -1)
    part = np.where(j.ravel() < res.up - 1, WALL, CAP)
    lid = _cap(surface, rows[-1], res)
    width = res.cap + 1
    i2, j2 = np.meshgrid(np.arange(around - 1), np.arange(res.cap), indexing="ij")
    b = (i2 * width + j2).ravel()
    lid_quad = np.stack([b, b + width, b + width + 1, b + 1], -1)
    left, right = rows.reshape(-1, 3), rows.reshape(-1, 3) * np.array([1, -1, 1])
    n = len(left)
    vertices = np.concatenate([left, right, lid.reshape(-1, 3)])
    uv = np.concatenate(
        [uv_side, uv_side, np.stack([np.repeat(u, width), np.ones(around * width)], -1)]
    )
    faces = np.concatenate([quad, quad[:, ::-1] + n, lid_quad + 2 * n])
    parts = np.concatenate([part, part, np.full(len(lid_quad), CAP)]).astype(np.int32)
    return vertices, uv, faces, parts


def _weld(
    vertices: NDArray[np.float64],
    uv: NDArray[np.float64],
    faces: NDArray[np.int64],
    part: NDArray[np.int32],
) -> Skin:
    """Join vertices closer than 0.05 mm and drop the faces that this leaves without area."""
    key = np.round(vertices * 20000).astype(np.int64)
    _, first, inverse = np.unique(key, axis=0, return_index=True, return_inverse=True)
    inverse = inverse.ravel()
    kept_faces, kept_uv, kept_part = [], [], []
    for corners, which in zip(faces.tolist(), part.tolist(), strict=True):
        loop: list[int] = []
        loop_uv: list[NDArray[np.float64]] = []
        for corner in corners:
            welded = int(inverse[corner])
            if welded not in loop:
                loop.append(welded)
                loop_uv.append(uv[corner])
        if len(loop) >= 3:
            kept_faces.append(loop)
            kept_uv.append(loop_uv)
            kept_part.append(which)
    return Skin(vertices[first], kept_faces, kept_uv, np.array(kept_part, np.int32))


def under_glass(model: Model, skin: Skin) -> NDArray[np.bool_]:
    """Faces of the body's lid that lie inside the cabin, and would hide the seats."""
    g, inset = model.greenhouse, 0.045
    middle = np.array([skin.vertices[f].mean(0) for f in skin.faces])
    x, y, z = middle.T
    v = np.clip((z - g.base_z) / (smooth(x, g.roof) - g.base_z), 0, 1)
    front, rear = smooth(v, g.windscreen) - inset, smooth(v, g.rear_screen) + inset
    half = smooth(v, g.half_width) - inset
    ahead = x > g.middle_x
    length = np.where(ahead, front - g.middle_x, g.middle_x - rear)
    n = np.where(ahead, *g.powers)
    inside = np.abs((x - g.middle_x) / length) ** n + np.abs(y / half) ** n < 1
    return np.asarray(inside & (skin.part == CAP) & (z > g.base_z))
