"""Words painted on vehicles: a free font drawn as coverage, laid on a quad before the panel."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from scripts.scene.blender.nodes import Nodes, Rgb, picture
from scripts.scene.blender.solids import Xyz, mesh
from scripts.scene.plates import FONT_PLACES, SIMPLIFIED_CHINESE

PX_HIGH = 96


@lru_cache(maxsize=16)
def _drawn(text: str) -> np.ndarray:
    """Coverage 0..1 of the text, rows from the top, cut to its ink."""
    file = next(place for place in FONT_PLACES if Path(place).exists())
    font = ImageFont.truetype(file, PX_HIGH, index=SIMPLIFIED_CHINESE)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (int(right - left) + 8, int(bottom - top) + 8))
    ImageDraw.Draw(image).text((4 - left, 4 - top), text, 255, font)
    return np.asarray(image, np.float32) / 255


def _ink(name: str, text: str, rgb: Rgb) -> Any:
    n = Nodes(name)
    shown = n.image(picture(name, _drawn(text)[::-1]), n.uv())
    clear = n.add("ShaderNodeBsdfTransparent").outputs[0]
    return n.finish(n.mix_shader(shown, clear, n.surface(Base_Color=rgb, Roughness=0.4)))


def letter(name: str, text: str, rgb: Rgb, at: Xyz, high_m: float, facing: str, parent: Any) -> Any:
    """Upright text with its middle at `at`; facing left (+y), right (-y), front (+x) or rear."""
    pixels = _drawn(text)
    half = high_m * pixels.shape[1] / pixels.shape[0] / 2
    along = {"left": (-1, 0), "right": (1, 0), "front": (0, 1), "rear": (0, -1)}[facing]
    corners = [
        (along[0] * side * half, along[1] * side * half, up * high_m / 2)
        for side, up in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    uv = [(0, 0), (1, 0), (1, 1), (0, 1)]
    ink = _ink(f"{name}_{text}_{facing}", text, rgb)
    item = mesh(name, corners, [(0, 1, 2, 3)], [ink], parent, smooth=False, uv=uv)
    item.location = at
    return item
