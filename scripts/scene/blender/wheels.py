"""A wheel: tyre, rim, disc, spokes. The axle is y; the outer face looks to +y."""

import math
from typing import Any

from scripts.scene.blender.nodes import Palette
from scripts.scene.blender.solids import box, empty, lathe


def _spokes(name: str, radius: float, half: float, rim: float, hub: Any, palette: Palette) -> None:
    length, count = rim - radius * 0.16, 5
    for k in range(count):
        for split in (-0.16, 0.16):
            a = 2 * math.pi * k / count + split
            reach = radius * 0.16 + length / 2
            at = (math.cos(a) * reach, half * 0.60, math.sin(a) * reach)
            size, turn = (length, 0.028, 0.03), (0, -a, 0.10)
            box(name + "_spoke", at, size, palette.alloy(), hub, 0.008, turn)


def _steel_face(
    name: str, radius: float, half: float, rim: float, hub: Any, palette: Palette
) -> None:
    """A pressed steel disc with holes, as trucks and buses have."""
    painted = palette.plain("steel_wheel", (0.36, 0.37, 0.38), 0.5, 0.3)
    dish = [
        (0.0001, half * 0.2),
        (radius * 0.3, half * 0.2),
        (radius * 0.36, half * 0.1),
        (rim * 0.84, half * 0.62),
        (rim, half * 0.66),
    ]
    lathe(name + "_dish", dish, painted, hub)
    for k in range(8):
        a = 2 * math.pi * k / 8
        at = (math.cos(a) * rim * 0.7, half * 0.42, math.sin(a) * rim * 0.7)
        hole = (radius * 0.13, 0.05, radius * 0.13)
        box(name + "_hole", at, hole, palette.black(), hub, 0.012, (0, -a, 0))


def wheel(
    name: str, radius: float, width: float, parent: Any, palette: Palette, face: str = "spokes"
) -> Any:
    """`face`: spokes of a light alloy or steel disc."""
    hub = empty(name, parent)
    half, rim = width / 2, radius * 0.70
    tread = [
        (rim, half * 0.78),
        (rim + 0.012, half * 0.93),
        (radius * 0.80, half * 1.02),
        (radius * 0.93, half * 0.93),
        (radius * 0.985, half * 0.72),
        (radius, half * 0.45),
        (radius, -half * 0.5),
        (radius * 0.97, -half * 0.9),
        (radius * 0.8, -half),
        (rim, -half * 0.8),
    ]
    lathe(name + "_tyre", tread, palette.rubber(), hub, sides=48)
    lip = [
        (rim + 0.004, half * 0.8),
        (rim - 0.006, half * 0.86),
        (rim - 0.022, half * 0.8),
        (rim - 0.03, half * 0.3),
        (rim - 0.035, -half * 0.7),
    ]
    lathe(name + "_rim", lip, palette.alloy(), hub, sides=48)
    disc = palette.plain("brake", (0.05, 0.05, 0.055), 0.5, 0.6)
    lathe(
        name + "_disc",
        [(0.0001, -half * 0.05), (radius * 0.52, -half * 0.05), (radius * 0.53, -half * 0.3)],
        disc,
        hub,
    )
    lathe(name + "_back", [(0.0001, -half * 0.35), (rim, -half * 0.35)], palette.black(), hub)
    cap = [
        (0.0001, half * 0.70),
        (0.028, half * 0.70),
        (0.036, half * 0.62),
        (radius * 0.20, half * 0.60),
        (radius * 0.23, half * 0.4),
    ]
    lathe(name + "_cap", cap, palette.alloy(), hub, sides=24)
    {"spokes": _spokes, "steel": _steel_face}[face](name, radius, half, rim, hub, palette)
    return hub
