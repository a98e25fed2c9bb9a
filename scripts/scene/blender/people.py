"""Walking people, built of rounded cross-sections; meant for the 40 to 200 pixels that a lane
camera gives them.
"""

import math
import random
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from scripts.scene.blender.nodes import Palette, Rgb
from scripts.scene.blender.solids import empty, mesh, pillow, tube

SKINS: tuple[Rgb, ...] = ((0.45, 0.27, 0.18), (0.52, 0.33, 0.23), (0.36, 0.21, 0.14))
HAIR: Rgb = (0.012, 0.010, 0.009)
SIDES = 20
Section = tuple[float, float, float, float]
"""Height, middle in x, half depth, half width of a rounded cross-section, in metres."""

TORSO: tuple[Section, ...] = (
    (0.90, 0.00, 0.105, 0.165),
    (1.00, 0.00, 0.110, 0.160),
    (1.15, 0.01, 0.120, 0.170),
    (1.30, 0.01, 0.125, 0.195),
    (1.40, 0.00, 0.105, 0.205),
    (1.46, -0.01, 0.075, 0.150),
    (1.49, -0.01, 0.055, 0.070),
)
HIPS: tuple[Section, ...] = (
    (0.78, 0.00, 0.090, 0.150),
    (0.86, -0.01, 0.115, 0.172),
    (0.95, 0.00, 0.108, 0.160),
)
NECK: tuple[Section, ...] = ((1.44, -0.01, 0.05, 0.055), (1.56, 0.01, 0.05, 0.052))
HEAD: tuple[Section, ...] = (
    (1.51, 0.035, 0.045, 0.040),
    (1.55, 0.025, 0.085, 0.065),
    (1.61, 0.015, 0.100, 0.075),
    (1.67, 0.010, 0.100, 0.077),
    (1.72, 0.005, 0.085, 0.066),
    (1.745, 0.0, 0.045, 0.036),
)
THIGH: tuple[Section, ...] = (
    (0.02, 0.0, 0.090, 0.082),
    (-0.20, 0.0, 0.078, 0.070),
    (-0.42, 0.0, 0.060, 0.055),
)
SHIN: tuple[Section, ...] = (
    (0.03, 0.0, 0.060, 0.055),
    (-0.12, -0.01, 0.062, 0.054),
    (-0.38, 0.0, 0.048, 0.044),
)


def _stack(name: str, sections: Sequence[Section], material: Any, parent: Any) -> Any:
    """A closed skin over rounded cross-sections, from below or from above."""
    turn = np.linspace(0, 2 * math.pi, SIDES, endpoint=False)
    c, s = np.cos(turn), np.sin(turn)
    round_x = np.sign(c) * np.abs(c) ** 0.85
    round_y = np.sign(s) * np.abs(s) ** 0.85
    rings = [
        np.stack([middle + deep * round_x, wide * round_y, np.full(SIDES, z)], -1)
        for z, middle, deep, wide in sections
    ]
    faces: list[tuple[int, ...]] = [
        (
            k * SIDES + i,
            k * SIDES + (i + 1) % SIDES,
            (k + 1) * SIDES + (i + 1) % SIDES,
            (k + 1) * SIDES + i,
        )
        for k in range(len(rings) - 1)
        for i in range(SIDES)
    ]
    last = (len(rings) - 1) * SIDES
    faces += [tuple(range(SIDES))[::-1], tuple(range(last, last + SIDES))]
    item = mesh(name, np.concatenate(rings), faces, [material], parent)
    soft = item.modifiers.new("soft", "SUBSURF")
    soft.levels = soft.render_levels = 1
    return item


class Person:
    """root moves; `step(metres)` swings arms and legs and bends knees and elbows."""

    def __init__(self, name: str, shirt: Rgb, trousers: Rgb, palette: Palette) -> None:
        rng = random.Random(zlib.crc32(f"{name} {shirt}".encode()))
        self.root = empty(name)
        self.body = empty(name + "_stature", self.root)
        self.body.scale = (1, 1, rng.uniform(0.92, 1.03))
        self.name, self.palette = name, palette
        self.cloth = palette.plain(f"{name}_shirt", shirt, 0.85)
        self.legs = palette.plain(f"{name}_trousers", trousers, 0.85)
        look = rng.choice(SKINS)
        self.skin, self.hair = (
            palette.plain(f"skin{look}", look, 0.55),
            palette.plain("hair", HAIR, 0.5),
        )
        self.limbs: list[tuple[Any, int, float]] = []
        self.joints: list[tuple[Any, int, float]] = []
        self._trunk(long_hair=rng.random() < 0.45)
        sleeves = self.cloth if rng.random() < 0.5 else self.skin
        for side in (1, -1):
            self._arm(side, sleeves)
            self._leg(side)
        if rng.random() < 0.5:
            self._bag(rng.choice((1, -1)))

    def _trunk(self, long_hair: bool) -> None:
        name, body = self.name, self.body
        _stack(name + "_skin", TORSO, self.cloth, body)
        _stack(name + "_hips", HIPS, self.legs, body)
        _stack(name + "_neck", NECK, self.skin, body)
        _stack(name + "_head", HEAD, self.skin, body)
        low = 1.44 if long_hair else 1.60
        cap = [
            (low, -0.055, 0.050, 0.070),
            (1.63, -0.030, 0.080, 0.084),
            (1.70, -0.010, 0.100, 0.084),
            (1.745, -0.005, 0.080, 0.066),
            (1.765, -0.005, 0.035, 0.030),
        ]
        _stack(name + "_head_hair", cap, self.hair, body)
        pillow(name + "_nose", (0.12, 0, 1.625), (0.03, 0.025, 0.04), self.skin, body)

    def _arm(self, side: int, sleeves: Any) -> None:
        name = self.name
        shoulder = empty(name + "_arm", self.body, (-0.01, 0.21 * side, 1.40))
        upper = [(0.03, 0.0, 0.055, 0.052), (-0.14, 0.0, 0.050, 0.046), (-0.30, 0.0, 0.040, 0.038)]
        _stack(name + "_upper", upper, self.cloth, shoulder)
        elbow = empty(name + "_elbow", shoulder, (0, 0.015 * side, -0.29))
        lower = [(0.02, 0.0, 0.040, 0.038), (-0.12, 0.0, 0.036, 0.033), (-0.24, 0.0, 0.027, 0.025)]
        _stack(name + "_lower", lower, sleeves, elbow)
        pillow(name + "_hand", (0.01, 0, -0.30), (0.075, 0.04, 0.13), self.skin, elbow)
        elbow.rotation_euler = (0, -0.30, 0)
        self.limbs.append((shoulder, -side, 0.42))

    def _leg(self, side: int) -> None:
        name = self.name
        hip = empty(name + "_leg", self.body, (0, 0.088 * side, 0.86))
        _stack(name + "_thigh_side", THIGH, self.legs, hip)
        knee = empty(name + "_knee", hip, (0, 0, -0.42))
        _stack(name + "_shin_side", SHIN, self.legs, knee)
        pillow(name + "_shoe", (0.055, 0, -0.405), (0.27, 0.095, 0.085), self.hair, knee)
        self.limbs.append((hip, side, 0.46))
        self.joints.append((knee, side, 0.75))

    def _bag(self, side: int) -> None:
        leather = self.palette.plain("bag", (0.06, 0.035, 0.02), 0.6)
        pillow(
            self.name + "_bag", (-0.02, 0.25 * side, 0.92), (0.30, 0.10, 0.24), leather, self.body
        )
        strap = [
            (-0.02, 0.24 * side, 1.02),
            (-0.10, 0.10 * side, 1.30),
            (-0.06, -0.12 * side, 1.46),
        ]
        tube(self.name + "_strap", strap, 0.014, leather, self.body)

    def step(self, walked_m: float) -> None:
        phase = walked_m / 0.70 * math.pi
        swing = math.sin(phase)
        for limb, sign, reach in self.limbs:
            limb.rotation_euler = (0, -sign * reach * swing, 0)
        for knee, sign, reach in self.joints:
            bend = max(0.0, math.sin(phase + (0 if sign < 0 else math.pi) + 0.9))
            knee.rotation_euler = (0, reach * bend, 0)
