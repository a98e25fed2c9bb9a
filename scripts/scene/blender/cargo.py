"""What stands behind a cab: cargo box, open bed, fire-engine body."""

from typing import Any

import numpy as np

from scripts.scene.blender.boxbody import add_box
from scripts.scene.blender.lettering import letter
from scripts.scene.blender.nodes import Palette
from scripts.scene.blender.solids import box, lathe, pillow, tube
from scripts.scene.catalogue import Cargo, Model


def add_cargo(root: Any, model: Model, paint: Any, palette: Palette, variety: str) -> None:
    assert model.cargo is not None
    if model.cargo.kind == "box":
        add_box(root, model, model.cargo, palette, variety)
    else:
        {"bed": _bed, "fire": _fire}[model.cargo.kind](root, model, model.cargo, paint, palette)
    back, front = model.cargo.x
    middle, length = (back + front) / 2, front - back
    low = model.cargo.z[0]
    if model.cargo.kind != "bed":
        box("chassis", (middle, 0, low - 0.14), (length, 0.85, 0.22), palette.black(), root)
        axle = model.front_axle_x - model.wheelbase
        for side in (1, -1):
            guard = (axle, side * (model.cargo.half_width - 0.2), model.wheel_radius * 2 + 0.09)
            pillow("mudguard", guard, (model.wheel_radius * 2.4, 0.36, 0.04), palette.black(), root)
        box(
            "underrun",
            (back, 0, 0.52),
            (0.08, model.cargo.half_width * 1.8, 0.12),
            palette.black(),
            root,
            0.01,
        )
    red = palette.plain("tail", (0.4, 0.01, 0.01), 0.2)
    for side in (1, -1):
        box(
            "tail_lamp",
            (back - 0.02, side * (model.cargo.half_width - 0.16), low - 0.06),
            (0.04, 0.26, 0.10),
            red,
            root,
            0.01,
        )


def _bed(root: Any, model: Model, cargo: Cargo, paint: Any, palette: Palette) -> None:
    (back, front), (low, high), half = cargo.x, cargo.z, cargo.half_width
    middle, length, z = (back + front) / 2, front - back, (low + high) / 2
    black = palette.black()
    box("floor", (middle, 0, low + 0.22), (length, 2 * half - 0.1, 0.06), black, root)
    for side in (1, -1):
        axle = model.front_axle_x - model.wheelbase
        arch = model.wheel_radius + 0.09
        parts = (
            (back, axle - arch, low),
            (axle + arch, front, low),
            (back, front, 2 * model.wheel_radius + 0.11),
        )
        for x0, x1, bottom in parts:
            at = ((x0 + x1) / 2, side * (half - 0.04), (bottom + high) / 2)
            box("bed_side", at, (x1 - x0, 0.08, high - bottom), paint, root, 0.02)
    box(
        "tailgate",
        (back + 0.03, 0, z + 0.05),
        (0.06, 2 * half - 0.06, high - low - 0.1),
        paint,
        root,
        0.02,
    )
    box("bulkhead", (front, 0, z), (0.05, 2 * half, high - low), paint, root, 0.01)
    box(
        "bumper", (back - 0.05, 0, low - 0.02), (0.14, 2 * half, 0.16), palette.chrome(), root, 0.03
    )
    box("chassis", (middle, 0, low), (length, 0.9, 0.22), black, root)


def _fire(root: Any, model: Model, cargo: Cargo, paint: Any, palette: Palette) -> None:
    (back, front), (low, high), half = cargo.x, cargo.z, cargo.half_width
    middle, length, z = (back + front) / 2, front - back, (low + high) / 2
    box("body", (middle, 0, z), (length, 2 * half, high - low), paint, root, 0.04)
    shutter = palette.plain("shutter", (0.55, 0.56, 0.58), 0.3, 0.7)
    white = palette.plain("stripe", (0.75, 0.75, 0.73), 0.4)
    bays = 4
    for side in (1, -1):
        for k in range(bays):
            x = back + length * (k + 0.5) / bays
            box(
                "shutter",
                (x, side * half, z + 0.15),
                (length / bays - 0.16, 0.03, high - low - 0.75),
                shutter,
                root,
                0.01,
            )
            for slat in np.arange(z - 0.5, z + 0.8, 0.085):
                box(
                    "slat",
                    (x, side * (half + 0.012), slat),
                    (length / bays - 0.18, 0.012, 0.012),
                    palette.steel(),
                    root,
                )
        box("band", (middle, side * (half + 0.004), low + 0.22), (length, 0.01, 0.16), white, root)
        for y in (0.42, 0.80):
            tube(
                "ladder",
                [(back + 0.2, side * y, high + 0.16), (front - 0.2, side * y, high + 0.16)],
                0.03,
                palette.alloy(),
                root,
            )
        facing = "left" if side > 0 else "right"
        at = ((back + front) / 2, side * (half + 0.012), high - 0.17)
        letter(root.name + "_words", "消防救援", (0.8, 0.8, 0.78), at, 0.24, facing, root)
        door = (-0.35, side * (model.body.width / 2 + 0.012), 1.02)
        letter(root.name + "_words", "119", (0.8, 0.8, 0.78), door, 0.26, facing, root)
    letter(
        root.name + "_words",
        "消防",
        (0.8, 0.8, 0.78),
        (back - 0.02, 0, high - 0.3),
        0.3,
        "rear",
        root,
    )
    blue = palette.plain("beacon", (0.02, 0.06, 0.7), 0.2, glow=1.5)
    roof = model.greenhouse.roof[1][1] + 0.08
    box("beacon", (0.55, 0, roof + 0.06), (0.32, 1.5, 0.16), blue, root, 0.05)
    lathe(
        "monitor",
        [(0.0001, 0.5), (0.07, 0.5), (0.09, 0.0)],
        palette.chrome(),
        root,
        axis="z",
        at=(front - 0.7, 0, high),
    )
