"""A wheel: tyre, rim, disc, spokes. The axle is y; the outer face looks to +y."""

import math
from typing import Any

from scripts.scene.blender.nodes import Palette
from scripts.scene.blender.solids import box, empty, lathe


def wheel(
    name: str, radius: float, width: float, parent: Any, palette: Palette, spokes: int = 5
) -> Any:
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
    length = rim - radius * 0.16
    for k in range(spokes):
        for split in (-0.16, 0.16):
            a = 2 * math.pi * k / spokes + split
            reach = radius * 0.16 + length / 2
            at = (math.cos(a) * reach, half * 0.60, math.sin(a) * reach)
            box(
                name + "_spoke",
                at,
                (length, 0.028, 0.03),
                palette.alloy(),
                hub,
                0.008,
                (0, -a, 0.10),
            )
    return hub
