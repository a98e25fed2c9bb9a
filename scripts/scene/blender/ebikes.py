"""Electric bicycles and cargo tricycles, built of tubes and boxes; x forward."""

import math
from typing import Any

import numpy as np

from scripts.scene.blender.nodes import Palette
from scripts.scene.blender.solids import box, empty, lathe, pillow, tube


def _thin_wheel(name: str, x: float, y: float, radius: float, parent: Any, palette: Palette) -> Any:
    hub = empty(name + "_hub", parent, (x, y, radius))
    tyre = [
        (radius - 0.09, 0.03),
        (radius - 0.02, 0.035),
        (radius, 0.0),
        (radius - 0.02, -0.035),
        (radius - 0.09, -0.03),
    ]
    lathe(name + "_tyre", tyre, palette.rubber(), hub, sides=28)
    lathe(name + "_disc", [(0.0001, 0.02), (radius * 0.62, 0.02)], palette.alloy(), hub, sides=20)
    for a in np.linspace(0, 2 * math.pi, 6)[:-1]:
        box(
            name + "_spoke",
            (math.cos(a) * radius * 0.35, 0, math.sin(a) * radius * 0.35),
            (radius * 0.6, 0.02, 0.03),
            palette.alloy(),
            hub,
            turn=(0, -a, 0),
        )
    return hub


def ebike(name: str, paint: Any, palette: Palette) -> tuple[Any, list[Any]]:
    """A scooter of 1.75 m. Returns its root and its wheels."""
    root = empty(name)
    black, dark = palette.black(), palette.plain("seat_dark", (0.03, 0.03, 0.03), 0.7)
    wheels = [_thin_wheel(name, x, 0.0, 0.23, root, palette) for x in (0.62, -0.62)]
    pillow(name + "_skin", (-0.40, 0, 0.52), (0.80, 0.30, 0.34), paint, root)
    box(name + "_deck", (0.12, 0, 0.30), (0.52, 0.30, 0.10), paint, root, 0.03)
    pillow(name + "_shield", (0.46, 0, 0.62), (0.12, 0.40, 0.66), paint, root, (0, -0.28, 0))
    pillow(name + "_seat", (-0.38, 0, 0.76), (0.72, 0.28, 0.13), dark, root)
    tube(name + "_fork", [(0.62, 0, 0.23), (0.50, 0, 0.62), (0.40, 0, 1.0)], 0.03, black, root)
    tube(
        name + "_bar",
        [(0.34, -0.32, 1.02), (0.42, -0.1, 1.04), (0.42, 0.1, 1.04), (0.34, 0.32, 1.02)],
        0.018,
        black,
        root,
    )
    pillow(
        name + "_lamp",
        (0.52, 0, 0.92),
        (0.10, 0.18, 0.14),
        palette.plain("ebike_lamp", (0.8, 0.8, 0.78), 0.2),
        root,
    )
    pillow(name + "_boot", (-0.82, 0, 0.92), (0.30, 0.34, 0.28), black, root)
    for side in (1, -1):
        tube(
            name + "_mirror",
            [(0.40, 0.22 * side, 1.04), (0.38, 0.30 * side, 1.22)],
            0.01,
            black,
            root,
        )
        pillow(name + "_glass", (0.38, 0.31 * side, 1.25), (0.03, 0.12, 0.08), black, root)
    return root, wheels


def tricycle(name: str, paint: Any, palette: Palette) -> tuple[Any, list[Any]]:
    """A cargo tricycle of 2.9 m with an open bed."""
    root = empty(name)
    black, steel = palette.black(), palette.steel()
    wheels = [_thin_wheel(name, 1.15, 0.0, 0.28, root, palette)]
    wheels += [_thin_wheel(name, -0.75, y, 0.28, root, palette) for y in (0.42, -0.42)]
    for y in (0.53, -0.53):
        box(name + "_side", (-0.72, y, 0.75), (1.40, 0.04, 0.40), paint, root, 0.01)
    for x in (-1.42, -0.02):
        box(name + "_end", (x, 0, 0.75), (0.04, 1.10, 0.40), paint, root, 0.01)
    box(name + "_floor", (-0.72, 0, 0.57), (1.40, 1.06, 0.05), steel, root)
    pillow(name + "_skin", (0.28, 0, 0.55), (0.55, 0.50, 0.34), paint, root)
    pillow(name + "_seat", (0.22, 0, 0.80), (0.50, 0.42, 0.14), black, root)
    pillow(name + "_shield", (0.98, 0, 0.75), (0.10, 0.62, 0.62), paint, root, (0, -0.25, 0))
    box(name + "_deck", (0.68, 0, 0.33), (0.55, 0.45, 0.06), steel, root)
    tube(name + "_fork", [(1.15, 0, 0.28), (1.0, 0, 0.8), (0.92, 0, 1.12)], 0.035, black, root)
    tube(
        name + "_bar", [(0.80, -0.36, 1.14), (0.92, 0, 1.16), (0.80, 0.36, 1.14)], 0.02, black, root
    )
    pillow(
        name + "_lamp",
        (1.08, 0, 0.98),
        (0.10, 0.2, 0.16),
        palette.plain("ebike_lamp", (0.8, 0.8, 0.78), 0.2),
        root,
    )
    return root, wheels
