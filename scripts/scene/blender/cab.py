"""What makes a cab of a cab: visor, wipers, steps, marker lamps, handles, bumper, deflector."""

import math
from typing import Any

import numpy as np

from scripts.scene.blender.nodes import Palette
from scripts.scene.blender.solids import box, boxes, pillow, tube
from scripts.scene.catalogue import Model
from scripts.scene.curves import smooth_at


def add_cab(root: Any, model: Model, paint: Any, palette: Palette) -> None:
    g, half = model.greenhouse, model.body.width / 2
    name, black = root.name, palette.black()
    head_x, head_z = smooth_at(1.0, g.windscreen), max(z for _, z in g.roof)
    foot_x = smooth_at(0.05, g.windscreen)
    visor = (head_x + 0.10, 0, head_z - 0.10)
    box(name + "_visor", visor, (0.26, half * 1.55, 0.035), black, root, 0.012, (0, 0.35, 0))
    orange = palette.plain("marker", (0.75, 0.26, 0.02), 0.2, glow=0.25)
    markers = [
        ((head_x - 0.05, y * half, head_z + 0.05), (0.08, 0.12, 0.045)) for y in (-0.7, 0, 0.7)
    ]
    boxes(name + "_marker", markers, orange, root, 0.012)
    for y in (-0.55, 0.05, 0.55) if half > 1.0 else (-0.45, 0.15):
        blade = [
            (foot_x + 0.05, y, g.base_z + 0.05),
            (smooth_at(0.5, g.windscreen) + 0.04, y + 0.35, g.base_z + 0.42),
        ]
        tube(name + "_wiper", blade, 0.012, black, root)
    lift = model.wheel_radius
    for side in (1, -1):
        handle = (model.doors[1] + 0.16, side * (half + 0.012), g.base_z - 0.10)
        box(name + "_handle", handle, (0.20, 0.03, 0.04), black, root, 0.01)
        step = (
            model.front_axle_x - model.wheel_radius - 0.30,
            side * (half - 0.10),
            model.sill_black_z - 0.10,
        )
        box(name + "_step", step, (0.40, 0.22, 0.05), palette.alloy(), root, 0.01)
        reach = model.wheel_radius * 1.28
        arch = [
            (
                model.front_axle_x + reach * math.cos(a),
                side * (half + 0.01),
                lift + reach * math.sin(a),
            )
            for a in np.linspace(0.1, math.pi - 0.1, 9)
        ]
        tube(name + "_arch", arch, 0.035, black, root)
        turn = (model.body.length / 2 - 0.16, side * (half - 0.03), model.front.lamp[0][1] + 0.10)
        box(name + "_turn", turn, (0.10, 0.05, 0.10), orange, root, 0.015)
    if model.kind == "truck" and model.cargo is not None:
        gap = model.cargo.z[1] - head_z
        at = (head_x - 0.62, 0, head_z + gap * 0.34)
        pillow(
            name + "_skin_deflector", at, (0.55, half * 1.5, gap * 0.75), paint, root, (0, 0.45, 0)
        )
