"""The box of a delivery truck: ribbed or flat sheet, roof bows, doors with rods, tail lift,
reflective tape, side guards, tank, mud flaps and what is written on it.
"""

import random
import zlib
from typing import Any

import numpy as np

from scripts.scene.blender.lettering import letter
from scripts.scene.blender.nodes import Nodes, Palette, Rgb
from scripts.scene.blender.solids import box, boxes, tube
from scripts.scene.catalogue import Cargo, Model

WORDS = ("同城配送", "冷藏运输", "家电配送", "鲜果直送", "厢式货运", "城市快运")
"""Trades, not names."""
LIGHT_GREY: Rgb = (0.62, 0.62, 0.60)
SHEETS: tuple[Rgb, ...] = (
    LIGHT_GREY,
    LIGHT_GREY,
    (0.42, 0.44, 0.46),
    (0.30, 0.36, 0.44),
    (0.50, 0.47, 0.40),
)
INKS: tuple[Rgb, ...] = (
    (0.02, 0.06, 0.30),
    (0.35, 0.02, 0.02),
    (0.02, 0.16, 0.06),
    (0.02, 0.02, 0.02),
)
RED: Rgb = (0.45, 0.01, 0.01)
WHITE: Rgb = (0.72, 0.72, 0.70)


def _sheet(name: str, rgb: Rgb) -> Any:
    """Painted sheet with streaks of dirt that run down and gather at the lower edge."""
    n = Nodes(name)
    place = n.on_object()
    streaks = n.noise(1.0, 5, n.mapped(place, (5.0, 5.0, 0.35)))
    patches = n.noise(0.8, 4, place)
    dirt = n.math("MULTIPLY", streaks, patches, clamp=True)
    dirt = n.math("MULTIPLY", n.math("SUBTRACT", dirt, 0.18), 1.6, clamp=True)
    base = n.mix(dirt, rgb, (0.20, 0.18, 0.15))
    return n.finish(n.surface(Base_Color=base, Roughness=0.45))


def add_box(root: Any, model: Model, cargo: Cargo, palette: Palette, variety: str) -> None:
    """`variety`: the same text gives the same box."""
    rng = random.Random(zlib.crc32(variety.encode()))
    (back, front), (low, high), half = cargo.x, cargo.z, cargo.half_width
    middle, length, z = (back + front) / 2, front - back, (low + high) / 2
    sheet = _sheet(f"{root.name}_sheet", rng.choice(SHEETS))
    box("cargo", (middle, 0, z), (length, 2 * half, high - low), sheet, root, 0.025)
    if rng.random() < 0.6:
        ribs = [
            ((x, side * (half + 0.006), z), (0.05, 0.016, high - low - 0.16))
            for side in (1, -1)
            for x in np.linspace(back + 0.12, front - 0.12, 14)
        ]
        boxes("rib", ribs, sheet, root, 0.006)
    bows = [
        ((x, 0, high), (0.045, 2 * half - 0.1, 0.02)) for x in np.arange(back + 0.3, front, 0.6)
    ]
    boxes("bow", bows, sheet, root, 0.006)
    _rims(root, cargo, palette)
    _doors(root, cargo, sheet, palette, lift=rng.random() < 0.5)
    _tape(root, cargo, palette)
    _below(root, model, cargo, palette)
    ink, words = rng.choice(INKS), rng.choice(WORDS)
    for side, facing in ((1, "left"), (-1, "right")):
        at = (middle + 0.1, side * (half + 0.02), z + 0.25)
        letter(root.name + "_words", words, ink, at, 0.52, facing, root)
        if rng.random() < 0.7:
            stripe = palette.plain(f"stripe{ink}", ink, 0.4)
            box(
                "stripe",
                (middle, side * (half + 0.008), z - 0.35),
                (length * 0.98, 0.014, 0.12),
                stripe,
                root,
            )
    letter(root.name + "_words", words, ink, (back - 0.05, 0, high - 0.35), 0.26, "rear", root)


def _rims(root: Any, cargo: Cargo, palette: Palette) -> None:
    (back, front), (low, high), half = cargo.x, cargo.z, cargo.half_width
    alloy, length = palette.alloy(), front - back
    rails = [
        (((back + front) / 2, side * (half + 0.006), edge), (length, 0.03, 0.07))
        for side in (1, -1)
        for edge in (low + 0.035, high - 0.035)
    ]
    posts = [
        ((x, side * half, (low + high) / 2), (0.07, 0.04, high - low))
        for side in (1, -1)
        for x in (back + 0.03, front - 0.03)
    ]
    across = [((x, 0, high - 0.03), (0.06, 2 * half, 0.07)) for x in (back, front)]
    boxes("rim", rails + posts + across, alloy, root, 0.008)


def _doors(root: Any, cargo: Cargo, sheet: Any, palette: Palette, lift: bool) -> None:
    (back, _), (low, high), half = cargo.x, cargo.z, cargo.half_width
    tall, z, steel = high - low - 0.14, (low + high) / 2, palette.steel()
    dark = palette.plain("door_gap", (0.01, 0.01, 0.01), 0.9)
    box("gap", (back - 0.004, 0, z), (0.012, 2 * half - 0.10, tall), dark, root)
    for side in (1, -1):
        leaf = (back - 0.012, side * half / 2, z)
        box("leaf", leaf, (0.02, half * 0.95 - 0.03, tall - 0.04), sheet, root, 0.01)
        for y in (0.22, 0.72):
            rod = [
                (back - 0.04, y * side * half, low + 0.1),
                (back - 0.04, y * side * half, high - 0.1),
            ]
            tube("rod", rod, 0.016, steel, root)
        hinges = [
            ((back - 0.02, side * (half - 0.06), low + tall * share), (0.03, 0.14, 0.06))
            for share in (0.12, 0.38, 0.64, 0.9)
        ]
        boxes("hinge", hinges, palette.black(), root, 0.006)
        box(
            "latch",
            (back - 0.05, side * 0.16 * half * 2, low + 0.55),
            (0.04, 0.22, 0.05),
            steel,
            root,
        )
    if lift:
        shade = palette.plain("lift", (0.20, 0.21, 0.22), 0.5, 0.5)
        box(
            "cargo_lift",
            (back - 0.10, 0, low + 0.62),
            (0.07, 2 * half - 0.12, 1.25),
            shade,
            root,
            0.015,
        )
        edges = [
            ((back - 0.14, 0, low + up), (0.02, 2 * half - 0.2, 0.03))
            for up in (0.1, 0.4, 0.7, 1.0)
        ]
        boxes("lift_rib", edges, steel, root)


def _tape(root: Any, cargo: Cargo, palette: Palette) -> None:
    """Red and white reflective tape along the lower edge and around the doors."""
    (back, front), (low, high), half = cargo.x, cargo.z, cargo.half_width
    pieces: dict[Rgb, list[Any]] = {RED: [], WHITE: []}
    for k, x in enumerate(np.arange(back + 0.2, front - 0.1, 0.22)):
        for side in (1, -1):
            piece = ((float(x), side * (half + 0.022), low + 0.035), (0.2, 0.006, 0.05))
            pieces[(RED, WHITE)[k % 2]].append(piece)
    for k, up in enumerate((low + 0.2, low + 0.4, high - 0.4, high - 0.2)):
        for side in (1, -1):
            pieces[(RED, WHITE)[k % 2]].append(
                ((back - 0.028, side * (half - 0.05), up), (0.006, 0.05, 0.18))
            )
    for rgb, places in pieces.items():
        boxes("tape", places, palette.plain(f"tape{rgb}", rgb, 0.3), root)


def _below(root: Any, model: Model, cargo: Cargo, palette: Palette) -> None:
    """Side guards, tank, battery box, mud flaps."""
    half, axle = cargo.half_width, model.front_axle_x - model.wheelbase
    ahead, behind = cargo.x[1] - 0.25, axle + model.wheel_radius + 0.2
    middle, length = (ahead + behind) / 2, ahead - behind
    bars = [
        ((middle, side * (half - 0.04), up), (length, 0.03, 0.10))
        for side in (1, -1)
        for up in (0.46, 0.68)
    ]
    boxes("guard", bars, palette.alloy(), root, 0.008)
    box("tank", (middle + 0.3, half - 0.35, 0.58), (0.8, 0.42, 0.36), palette.steel(), root, 0.06)
    box(
        "battery", (middle + 0.2, 0.35 - half, 0.58), (0.6, 0.40, 0.34), palette.black(), root, 0.02
    )
    flaps = [
        ((axle - model.wheel_radius - 0.12, side * (half - 0.22), 0.38), (0.02, 0.40, 0.46))
        for side in (1, -1)
    ]
    boxes("flap", flaps, palette.rubber(), root)
