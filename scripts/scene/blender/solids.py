"""Meshes of plain solids: boxes, lathes, tubes, quads, leaf clouds."""

from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np

Xyz = tuple[float, float, float]
BOX_FACES = [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]


def link(item: Any, parent: Any = None, at: Xyz | None = None) -> Any:
    bpy.context.scene.collection.objects.link(item)
    if parent is not None:
        item.parent = parent
    if at is not None:
        item.location = at
    return item


def empty(name: str, parent: Any = None, at: Xyz | None = None) -> Any:
    return link(bpy.data.objects.new(name, None), parent, at)


def mesh(
    name: str,
    vertices: Any,
    faces: Any,
    materials: Sequence[Any],
    parent: Any = None,
    *,
    smooth: bool = True,
    uv: Any = None,
    material_of_face: Any = None,
) -> Any:
    data = bpy.data.meshes.new(name)
    data.from_pydata(np.asarray(vertices, float).tolist(), [], [tuple(map(int, f)) for f in faces])
    for material in materials:
        data.materials.append(material)
    if material_of_face is not None:
        data.polygons.foreach_set("material_index", np.asarray(material_of_face, np.int32))
    if smooth:
        data.polygons.foreach_set("use_smooth", np.ones(len(data.polygons), bool))
    if uv is not None:
        data.uv_layers.new(name="uv").data.foreach_set("uv", np.asarray(uv, np.float32).ravel())
    data.update()
    return link(bpy.data.objects.new(name, data), parent)


def box(
    name: str,
    at: Xyz,
    size: Xyz,
    material: Any,
    parent: Any = None,
    bevel: float = 0.0,
    turn: Xyz | None = None,
) -> Any:
    x, y, z = (side / 2 for side in size)
    corners = [
        (-x, -y, -z),
        (x, -y, -z),
        (x, y, -z),
        (-x, y, -z),
        (-x, -y, z),
        (x, -y, z),
        (x, y, z),
        (-x, y, z),
    ]
    item = mesh(name, corners, BOX_FACES, [material], parent, smooth=bevel > 0)
    item.location = at
    if turn:
        item.rotation_euler = turn
    if bevel > 0:
        edge = item.modifiers.new("edge", "BEVEL")
        edge.width, edge.segments, edge.limit_method = bevel, 2, "NONE"
    return item


def boxes(
    name: str,
    places: Sequence[tuple[Xyz, Xyz]],
    material: Any,
    parent: Any = None,
    bevel: float = 0.0,
) -> Any:
    """Many upright boxes (middle, size) as one object: thousands of objects cost Blender
    seconds.
    """
    unit = (
        np.array(
            [
                (-1, -1, -1),
                (1, -1, -1),
                (1, 1, -1),
                (-1, 1, -1),
                (-1, -1, 1),
                (1, -1, 1),
                (1, 1, 1),
                (-1, 1, 1),
            ]
        )
        / 2
    )
    corners = np.concatenate([unit * np.array(size) + np.array(at) for at, size in places])
    faces = (np.array(BOX_FACES)[None] + 8 * np.arange(len(places))[:, None, None]).reshape(-1, 4)
    item = mesh(name, corners, faces, [material], parent, smooth=bevel > 0)
    if bevel > 0:
        edge = item.modifiers.new("edge", "BEVEL")
        edge.width, edge.segments, edge.limit_method = bevel, 2, "NONE"
    return item


def pillow(
    name: str, at: Xyz, size: Xyz, material: Any, parent: Any = None, turn: Xyz | None = None
) -> Any:
    """A box with soft, rounded sides (seats, mirrors, limbs)."""
    item = box(name, at, size, material, parent, min(size) * 0.28, turn)
    soft = item.modifiers.new("soft", "SUBSURF")
    soft.levels = soft.render_levels = 2
    return item


def lathe(
    name: str,
    profile: Sequence[tuple[float, float]],
    material: Any,
    parent: Any = None,
    *,
    sides: int = 32,
    axis: str = "y",
    at: Xyz | None = None,
) -> Any:
    """`profile` of (radius, height) turned about an axis."""
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    radius = np.array([p[0] for p in profile])
    height = np.array([p[1] for p in profile])
    across, along = np.outer(np.cos(angle), radius), np.outer(np.sin(angle), radius)
    up = np.broadcast_to(height, across.shape)
    order = (across, up, along) if axis == "y" else (across, along, up)
    k = len(profile)
    faces = [
        (i * k + j, i * k + j + 1, (i + 1) % sides * k + j + 1, (i + 1) % sides * k + j)
        for i in range(sides)
        for j in range(k - 1)
    ]
    item = mesh(name, np.stack(order, -1).reshape(-1, 3), faces, [material], parent)
    if at:
        item.location = at
    return item


def tube(
    name: str,
    points: Sequence[Any],
    radius: float,
    material: Any,
    parent: Any = None,
    *,
    loop: bool = False,
) -> Any:
    curve = bpy.data.curves.new(name, "CURVE")
    curve.dimensions = "3D"
    spline = curve.splines.new("POLY")
    spline.points.add(len(points) - 1)
    for target, point in zip(spline.points, points, strict=True):
        target.co = (*point, 1)
    spline.use_cyclic_u = loop
    curve.bevel_depth, curve.bevel_resolution = radius, 2
    curve.materials.append(material)
    return link(bpy.data.objects.new(name, curve), parent)


def rectangle(
    name: str, low: tuple[float, float], high: tuple[float, float], z: float, material: Any
) -> Any:
    corners = [
        (low[0], low[1], z),
        (high[0], low[1], z),
        (high[0], high[1], z),
        (low[0], high[1], z),
    ]
    return mesh(
        name, corners, [(0, 1, 2, 3)], [material], smooth=False, uv=[c[:2] for c in corners]
    )


def leaves(
    name: str, points: np.ndarray, size: float, material: Any, rng: np.random.Generator
) -> Any:
    """One small random quad at each of the (n, 3) points."""
    n = len(points)
    a = rng.normal(size=(n, 3))
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    b = np.cross(a, rng.normal(size=(n, 3)))
    b /= np.linalg.norm(b, axis=1, keepdims=True)
    s = size * rng.uniform(0.6, 1.3, (n, 1))
    corners = np.stack(
        [points - a * s, points + b * s * 0.45, points + a * s, points - b * s * 0.45], 1
    )
    data = bpy.data.meshes.new(name)
    data.vertices.add(4 * n)
    data.vertices.foreach_set("co", corners.astype(np.float32).ravel())
    data.loops.add(4 * n)
    data.loops.foreach_set("vertex_index", np.arange(4 * n, dtype=np.int32))
    data.polygons.add(n)
    data.polygons.foreach_set("loop_start", np.arange(0, 4 * n, 4, dtype=np.int32))
    data.update(calc_edges=True)
    data.validate()
    data.materials.append(material)
    return link(bpy.data.objects.new(name, data))


def family(item: Any) -> Any:
    """The object and all that hangs on it."""
    yield item
    for child in item.children:
        yield from family(child)
