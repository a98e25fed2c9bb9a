"""Road, lane paint, kerbs, pavement; dry or wet."""

from typing import Any

import numpy as np

from scripts.scene.blender.nodes import Nodes, Palette, Socket, picture
from scripts.scene.blender.solids import box, boxes, lathe, rectangle
from scripts.scene.markings import asphalt, lane_paint
from scripts.scene.model import Lane

NEW_YELLOW, OLD_YELLOW = (0.66, 0.38, 0.03), (0.45, 0.28, 0.07)


def add_ground(
    lane: Lane, wet: float, palette: Palette, rng: np.random.Generator
) -> tuple[float, float]:
    """Lays the road between the lane's far kerb and a near kerb. Returns the y of both kerbs."""
    top = max(p[1] for p in lane.polygon)
    near, far = -6.0, top + 0.0
    road = _road_material(lane, wet, rng)
    rectangle("road", (-60, near), (60, far), 0, road)
    kerb = _noisy("kerb", (0.30, 0.29, 0.27), (0.42, 0.41, 0.38), 6)
    pavement = _noisy("pavement", (0.26, 0.20, 0.17), (0.38, 0.31, 0.27), 3, bricks=5)
    soil = _noisy("soil", (0.07, 0.05, 0.03), (0.12, 0.09, 0.05), 8)
    stones = [
        ((k + 0.5, y, 0.06), (0.985, 0.15, 0.18))
        for k in range(-30, 60)
        for y in (far + 0.07, near - 0.07)
    ]
    boxes("kerbstones", stones, kerb, bevel=0.015)
    rectangle("pavement", (-60, far + 0.14), (60, far + 1.7), 0.145, pavement)
    rectangle("pavement2", (-60, near - 2), (60, near - 0.14), 0.145, pavement)
    rectangle("bed", (-60, far + 1.7), (60, far + 5.6), 0.16, soil)
    rectangle(
        "far",
        (-200, -200),
        (200, 200),
        -0.03,
        _noisy("dirt", (0.15, 0.14, 0.12), (0.2, 0.19, 0.17), 1),
    )
    _ironwork(far, palette)
    return near, far


def _ironwork(far: float, palette: Palette) -> None:
    iron = palette.plain("iron", (0.05, 0.045, 0.04), 0.5, 0.7)
    hole = palette.plain("hole", (0.002, 0.002, 0.002), 0.9)
    lathe(
        "manhole",
        [(0.0001, 0.004), (0.34, 0.004), (0.36, 0.001)],
        iron,
        axis="z",
        at=(-4.9, -1.4, 0),
    )
    for x in (-9.5, 2.8, 11.0):
        box("drain", (x, far - 0.2, 0.002), (0.5, 0.26, 0.008), iron)
        for k in range(7):
            box("slot", (x - 0.21 + k * 0.07, far - 0.2, 0.0065), (0.03, 0.2, 0.002), hole)


def _noisy(name: str, dark: Any, light: Any, scale: float, bricks: float = 0) -> Any:
    n = Nodes(name)
    place = n.place()
    colour = n.mix(n.noise(scale, 8, place), dark, light)
    if bricks:
        brick = n.add("ShaderNodeTexBrick")
        n.feed(brick.inputs["Vector"], place)
        brick.inputs["Scale"].default_value, brick.inputs["Mortar Size"].default_value = (
            bricks,
            0.015,
        )
        for slot, value in (("Color1", 1.0), ("Color2", 0.72), ("Mortar", 0.34)):
            brick.inputs[slot].default_value = (value, value, value, 1)
        colour = n.mix(1.0, colour, brick.outputs[0], "MULTIPLY")
    return n.finish(n.surface(Base_Color=colour, Roughness=0.8))


def _road_material(lane: Lane, wet: float, rng: np.random.Generator) -> Any:
    n = Nodes("road")
    place = n.place()
    seam = n.image(
        picture("asphalt", asphalt(rng)[::-1]), n.mapped(place, (1 / 11, 1 / 11, 1)), "REPEAT"
    )
    broad, fine = n.noise(0.35, 5, place), n.noise(140, 3, place)
    value = n.math("ADD", seam, n.math("MULTIPLY", n.math("SUBTRACT", broad, 0.5), 0.12))
    value = n.math("MULTIPLY", value, 0.24 * (1 - 0.45 * wet))
    value = n.math("MULTIPLY", value, n.math("ADD", n.math("MULTIPLY", fine, 0.9), 0.55))
    grey = n.add("ShaderNodeCombineXYZ")
    for slot, tone in zip(grey.inputs, (1.03, 1.0, 0.97), strict=True):
        n.feed(slot, n.math("MULTIPLY", value, tone))
    paint = _painted(n, lane, place, fine, rng)
    yellow = n.mix(n.math("MULTIPLY", seam, 0.5), NEW_YELLOW, OLD_YELLOW)
    colour = n.mix(paint, grey.outputs[0], yellow)
    rough: Socket = n.math("SUBTRACT", 0.92, n.math("MULTIPLY", paint, 0.25))
    if wet:
        puddle = n.math(
            "MULTIPLY", n.math("SUBTRACT", n.noise(0.6, 4, place), 0.42), 5.0, clamp=True
        )
        film = n.math("ADD", 0.55 * wet, n.math("MULTIPLY", puddle, 0.45 * wet), clamp=True)
        rough = n.math("SUBTRACT", rough, n.math("MULTIPLY", film, 0.82))
    relief = n.math("ADD", fine, n.math("MULTIPLY", seam, 1.2))
    bump = n.bump(relief, 0.35 * (1 - 0.8 * wet), 0.006)
    return n.finish(n.surface(Base_Color=colour, Roughness=rough, Normal=bump))


def _painted(n: Nodes, lane: Lane, place: Socket, fine: Socket, rng: np.random.Generator) -> Socket:
    cover, (x0, y0, x1, y1) = lane_paint(lane.polygon, lane.words, lane.wear, rng)
    width, height = x1 - x0, y1 - y0
    at = n.mapped(place, (1 / width, 1 / height, 1), (-x0 / width, -y0 / height, 0))
    image = n.image(picture("lane", cover[::-1]), at, "CLIP")
    grit = n.math("ADD", n.math("MULTIPLY", fine, 0.5), 0.62)
    return n.math("MULTIPLY", image, grit, clamp=True)
