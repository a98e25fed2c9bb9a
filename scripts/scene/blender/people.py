"""Walking people: soft boxes and tubes; enough at the 40 to 120 pixels that a lane camera gives
them.
"""

import math
from typing import Any

from scripts.scene.blender.nodes import Palette, Rgb
from scripts.scene.blender.solids import empty, pillow, tube

SKIN: Rgb = (0.45, 0.27, 0.18)


class Person:
    """root moves; `step(metres)` swings arms and legs."""

    def __init__(self, name: str, shirt: Rgb, trousers: Rgb, palette: Palette) -> None:
        self.root = empty(name)
        cloth = palette.plain(f"{name}_shirt", shirt, 0.85)
        legs = palette.plain(f"{name}_trousers", trousers, 0.85)
        skin, hair = (
            palette.plain("skin", SKIN, 0.6),
            palette.plain("hair", (0.01, 0.009, 0.008), 0.6),
        )
        pillow(name + "_skin", (0, 0, 1.18), (0.25, 0.40, 0.60), cloth, self.root)
        pillow(name + "_hips", (0, 0, 0.90), (0.24, 0.34, 0.22), legs, self.root)
        pillow(name + "_head", (0.01, 0, 1.62), (0.21, 0.17, 0.25), skin, self.root)
        pillow(name + "_hair", (-0.015, 0, 1.67), (0.22, 0.185, 0.19), hair, self.root)
        self.limbs: list[tuple[Any, int, float]] = []
        for side in (1, -1):
            arm = empty(name + "_arm", self.root, (0, 0.235 * side, 1.42))
            tube(name + "_upper", [(0, 0, 0), (-0.01, 0.02 * side, -0.30)], 0.055, cloth, arm)
            tube(
                name + "_lower",
                [(-0.01, 0.02 * side, -0.30), (0.06, 0.01 * side, -0.55)],
                0.042,
                skin,
                arm,
            )
            leg = empty(name + "_leg", self.root, (0, 0.09 * side, 0.88))
            tube(name + "_thigh", [(0, 0, 0), (0.01, 0, -0.42)], 0.085, legs, leg)
            tube(name + "_shin", [(0.01, 0, -0.42), (-0.02, 0, -0.80)], 0.062, legs, leg)
            pillow(name + "_shoe", (0.05, 0, -0.84), (0.27, 0.10, 0.09), hair, leg)
            self.limbs += [(arm, -side, 0.45), (leg, side, 0.50)]

    def step(self, walked_m: float) -> None:
        swing = math.sin(walked_m / 0.70 * math.pi)
        for limb, sign, reach in self.limbs:
            limb.rotation_euler = (0, sign * reach * swing, 0)
