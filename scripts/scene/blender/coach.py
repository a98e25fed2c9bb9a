"""What a bus and a small van carry on their ends and roof."""

from typing import Any

from scripts.scene.blender.lettering import letter
from scripts.scene.blender.nodes import Palette, Rgb
from scripts.scene.blender.solids import box, boxes, pillow, tube
from scripts.scene.catalogue import Model
from scripts.scene.curves import smooth_at

AMBER: Rgb = (0.9, 0.35, 0.02)
WHITE: Rgb = (0.75, 0.75, 0.73)


def add_coach(root: Any, model: Model, palette: Palette) -> None:
    """Destination sign, doors on the right, roof unit, band, words."""
    name, g, half = root.name, model.greenhouse, model.body.width / 2
    dark = palette.plain("sign", (0.008, 0.008, 0.008), 0.3)
    x, z = smooth_at(0.8, g.windscreen) + 0.02, g.base_z + 0.8 * (g.roof[1][1] - g.base_z)
    box(name + "_sign", (x, 0, z), (0.06, 1.5, 0.26), dark, root, 0.02)
    letter(name + "_sign", "园区班车", AMBER, (x + 0.035, 0, z), 0.17, "front", root)
    roof = max(up for _, up in g.roof)
    unit = palette.plain("roof_unit", WHITE, 0.5)
    pillow(name + "_unit", (-0.8, 0, roof + 0.09), (2.2, 1.5, 0.22), unit, root)
    hatches = [((at, 0, roof + 0.05), (0.6, 0.7, 0.06)) for at in (1.9, -2.9)]
    boxes(name + "_hatch", hatches, unit, root, 0.02)
    stripe = palette.plain("coach_band", (0.03, 0.12, 0.40), 0.35)
    for side, facing in ((1, "left"), (-1, "right")):
        band = (-0.1, side * (half + 0.002), 1.12)
        box(name + "_band", band, (model.body.length * 0.86, 0.012, 0.10), stripe, root)
        at = (-1.2, side * (half + 0.006), 0.84)
        letter(name + "_words", "园区班车", (0.03, 0.12, 0.40), at, 0.28, facing, root)
    for x0 in (model.doors[0], -0.35):
        _door(name, x0, -half, palette, root)
    rear = -model.body.length / 2 + 0.03
    louvres = [((rear - 0.03, 0, 0.62 + 0.07 * k), (0.03, 1.3, 0.03)) for k in range(3)]
    boxes(name + "_louvre", louvres, palette.black(), root)


def _door(name: str, x0: float, y: float, palette: Palette, root: Any) -> None:
    """Two glazed leaves in black rubber."""
    glass = palette.plain("door_glass", (0.02, 0.024, 0.026), 0.05)
    for k in range(2):
        x = x0 - 0.28 - 0.54 * k
        box(name + "_leaf", (x, y - 0.006, 1.32), (0.53, 0.02, 1.96), palette.black(), root, 0.01)
        panes = [
            ((x, y - 0.02, up), (0.41, 0.012, tall)) for up, tall in ((1.72, 0.95), (0.74, 0.62))
        ]
        boxes(name + "_pane", panes, glass, root, 0.01)


def add_hatch(root: Any, model: Model, palette: Palette) -> None:
    """The rear of a small van: wiper, handle bar, step, high brake lamp, reflectors."""
    name, half = root.name, model.body.width / 2
    end, black = -model.body.length / 2, palette.black()
    g = model.greenhouse
    pane_z = g.base_z + 0.30
    x = smooth_at(0.3, g.rear_screen) - 0.02
    tube(
        name + "_rear_wiper",
        [(x, 0.05, pane_z - 0.06), (x - 0.01, 0.48, pane_z + 0.02)],
        0.012,
        black,
        root,
    )
    box(name + "_grip", (end - 0.012, 0, 0.93), (0.03, 0.72, 0.05), palette.chrome(), root, 0.012)
    box(name + "_bumper", (end - 0.04, 0, 0.44), (0.14, half * 1.82, 0.20), black, root, 0.05)
    red = palette.plain("reflector", (0.4, 0.01, 0.01), 0.15)
    spots = [((end - 0.115, y * half, 0.46), (0.01, 0.14, 0.05)) for y in (-0.75, 0.75)]
    boxes(name + "_reflector", spots, red, root)
    top = smooth_at(0.93, g.rear_screen), max(up for _, up in g.roof) - 0.06
    box(name + "_brake", (top[0] - 0.02, 0, top[1]), (0.03, 0.34, 0.03), red, root, 0.008)
