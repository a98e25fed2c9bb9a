"""Synthetic plates as the text network sees them: cut out imperfectly, on a car's body."""

from __future__ import annotations

import random
from pathlib import Path

import cv2
import numpy as np

from edge.plate_reader import TWO_LINES, side_by_side
from models.training.plate_grammar import COLOURS
from models.training.plate_synth import SCALE, Glyphs, Sheet, camera, sheet, weather
from models.training.plate_text_shape import HEIGHT, WIDTH
from scripts.scene.plates import STYLES, Style, draw, invent, soiled

# Of the drawn plates, those that the rendered scene would draw.
_SCENE_SHARE = 0.2
_STYLE_SHARES = (0.4, 0.08, 0.08, 0.2, 0.06, 0.04, 0.04, 0.04, 0.03, 0.03)
_STYLE_COLOURS: dict[Style, str] = {
    "yellow_two_line": "yellow",
    "green_large": "yellow-green",
    "police": "white",
    "emergency": "white",
    "trainer": "yellow",
    "wj": "white",
}


class Drawer:
    def __init__(self, assets: Path) -> None:
        folder = assets / "zheng_yuwei_mit" / "background"
        self.grounds = [cv2.imread(str(path)) for path in sorted(folder.iterdir())]
        self.glyphs = Glyphs(assets)

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, str, int]:
        """A BGR picture (64, 160, 3), its text, its colour's index."""
        drawn = scene_sheet(rng) if rng.random() < _SCENE_SHARE else sheet(rng, self.glyphs)
        plate = weather(rng, drawn.image)
        # As the reader does: the lines of a two-line plate are mostly laid side by side first.
        if drawn.lines == 2 and rng.random() < 0.75:
            image = camera(rng, on_ground(rng, plate, self.grounds, TWO_LINES))
            return side_by_side(image, (WIDTH, HEIGHT)), drawn.text, drawn.colour
        image = camera(rng, on_ground(rng, plate, self.grounds, (WIDTH, HEIGHT)))
        return image, drawn.text, drawn.colour


def scene_sheet(rng: np.random.Generator) -> Sheet:
    """A plate as the rendered scene draws it: one font, stretched to the standard's boxes."""
    style = STYLES[int(rng.choice(len(STYLES), p=_STYLE_SHARES))]
    text = invent(style, random.Random(int(rng.integers(2**31))))
    image = soiled(draw(text, style, SCALE), float(rng.random()) ** 2 * 0.7, rng)[..., ::-1]
    colour = COLOURS.index(_STYLE_COLOURS.get(style, style))
    lines = 2 if style == "yellow_two_line" else 1
    return Sheet(np.ascontiguousarray(image), text, colour, lines)


def on_ground(
    rng: np.random.Generator, plate: np.ndarray, grounds: list[np.ndarray], size: tuple[int, int]
) -> np.ndarray:
    """The plate as an imperfect finder cuts it out: margins, tilt and shear, on a car's body."""
    high, wide = plate.shape[:2]
    ground = grounds[int(rng.integers(len(grounds)))]
    y, x = (int(rng.integers(0, max(1, s - 40))) for s in ground.shape[:2])
    base = cv2.resize(ground[y : y + 40, x : x + 80], size)
    if rng.random() < 0.5:
        base = np.clip(base * rng.uniform(0.2, 1.2), 0, 255).astype(np.uint8)
    source = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    # Mostly well rectified; sometimes only an upright box around a tilted plate.
    spread = 0.02 if rng.random() < 0.6 else 0.05
    target = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    margin = rng.uniform(-0.045, 0.09, 4) * (1, 1.6, 1, 1.6)
    target = np.array([margin[0], margin[1]]) + target * (1 - margin[:2] - margin[2:])
    target += rng.normal(0, spread, (4, 2)) * (0.6, 1.3)
    if rng.random() < 0.35:  # tilt left in
        tilt = rng.normal(0, 0.13)
        target[:, 1] = (
            0.5 + (target[:, 1] - 0.5) * (1 - abs(tilt)) + (target[:, 0] - 0.5) * tilt * 2
        )
        target[:, 0] += (target[:, 1] - 0.5) * rng.normal(0, 0.06)
    target *= size
    matrix = cv2.getPerspectiveTransform(source, target.astype(np.float32))
    return cv2.warpPerspective(plate, matrix, size, dst=base, borderMode=cv2.BORDER_TRANSPARENT)
