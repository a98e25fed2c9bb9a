"""Number plates drawn after the proportions of GA 36, in glyphs of a free font; PIL and numpy
only.

Lengths are millimetres of the real plate. The face of GA 36 itself is not free: Noto Sans CJK
Bold is stretched to the standard's character boxes, which leaves a gap that a reader trained on
these must bridge.
"""

import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Style = Literal[
    "blue",
    "yellow",
    "yellow_two_line",
    "green",
    "green_large",
    "police",
    "emergency",
    "black",
    "trainer",
    "wj",
]
STYLES: tuple[Style, ...] = (
    "blue",
    "yellow",
    "yellow_two_line",
    "green",
    "green_large",
    "police",
    "emergency",
    "black",
    "trainer",
    "wj",
)
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "0123456789"
FONT_PLACES = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Bold.ttc",
)
SIMPLIFIED_CHINESE = 2
"""Index of the SC face inside the collection."""

Rgb = tuple[int, int, int]
WHITE: Rgb = (242, 242, 242)
INK: Rgb = (10, 10, 10)
RED: Rgb = (196, 22, 28)
FILL: dict[Style, Rgb] = {
    "blue": (12, 54, 158),
    "yellow": (238, 176, 20),
    "yellow_two_line": (238, 176, 20),
    "green": (96, 196, 120),
    "green_large": (96, 196, 120),
    "police": WHITE,
    "emergency": WHITE,
    "black": (16, 16, 18),
    "trainer": (238, 176, 20),
    "wj": WHITE,
}
LIGHT_INK: frozenset[Style] = frozenset({"blue", "black"})


class PlateError(ValueError):
    """A plate text that does not fit its style."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character and its box, from the upper left corner of the plate."""

    character: str
    x: float
    y: float
    width: float
    height: float
    red: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    width_mm: int
    height_mm: int
    glyphs: tuple[Glyph, ...]
    dot: tuple[float, float] | None


def bare(text: str) -> str:
    """The text without separators: 浙B·F1R25 becomes 浙BF1R25."""
    return "".join(c for c in text.upper() if c not in " ·•.-_")


def layout(text: str, style: Style) -> Layout:
    """Where each character stands.

    Raises PlateError when the number of characters does not fit the style.
    """
    characters = bare(text)
    wanted = 8 if style in ("green", "green_large") else 7
    if style == "emergency":
        wanted = 8
    if len(characters) != wanted:
        raise PlateError(
            f"plate {text!r} has {len(characters)} characters, a {style} plate has {wanted}"
        )
    if style in ("green", "green_large"):
        return _new_energy(characters)
    if style == "yellow_two_line":
        return _two_line(characters)
    if style == "emergency":
        return _emergency(characters)
    return _one_line(characters, red_last=style == "police", red_first=style == "wj")


def _one_line(characters: str, *, red_last: bool, red_first: bool) -> Layout:
    glyphs, x = [], 15.5
    for i, character in enumerate(characters):
        red = (red_last and i == 6) or (red_first and i < 2)
        glyphs.append(Glyph(character, x, 25, 45, 90, red))
        x += 45 + (34 if i == 1 else 12)
    return Layout(440, 140, tuple(glyphs), (15.5 + 45 + 12 + 45 + 17, 70.0))


def _new_energy(characters: str) -> Layout:
    glyphs, x = [], 15.5
    for i, character in enumerate(characters):
        width = 45.0 if i == 0 else 43.0
        glyphs.append(Glyph(character, x, 25, width, 90))
        x += width + (49 if i == 1 else 9)
    return Layout(480, 140, tuple(glyphs), None)


def _two_line(characters: str) -> Layout:
    upper = [Glyph(c, 110 + 140 * i, 15, 80, 60) for i, c in enumerate(characters[:2])]
    lower = [Glyph(c, 27.5 + 80 * i, 90, 65, 110) for i, c in enumerate(characters[2:])]
    return Layout(440, 220, (*upper, *lower), (220.0, 45.0))


def _emergency(characters: str) -> Layout:
    """Province, X or S, four digits, then 应急 in red as two narrower characters."""
    glyphs, x = [], 12.0
    for i, character in enumerate(characters):
        width = 43.0 if i < 6 else 48.0
        glyphs.append(Glyph(character, x, 25, width, 90, i >= 6))
        x += width + (30 if i == 1 else 9)
    return Layout(480, 140, tuple(glyphs), None)


def font_path() -> Path:
    for place in FONT_PLACES:
        if Path(place).exists():
            return Path(place)
    raise FileNotFoundError(
        "no Noto Sans CJK Bold found; install the Debian package fonts-noto-cjk (looked in "
        + ", ".join(FONT_PLACES)
        + ")"
    )


@lru_cache(maxsize=256)
def glyph_mask(character: str, width_px: int, height_px: int) -> Image.Image:
    """The character's ink stretched to exactly that box; 1 and I keep a narrow stem in the
    middle.
    """
    font = ImageFont.truetype(str(font_path()), 320, index=SIMPLIFIED_CHINESE)
    sheet = Image.new("L", (560, 560))
    ImageDraw.Draw(sheet).text((100, 40), character, font=font, fill=255)
    ink = sheet.crop(sheet.getbbox())
    if character not in "1I":
        return ink.resize((width_px, height_px), Image.Resampling.LANCZOS)
    stem = max(1, round(width_px * 0.5))
    box = Image.new("L", (width_px, height_px))
    box.paste(ink.resize((stem, height_px), Image.Resampling.LANCZOS), ((width_px - stem) // 2, 0))
    return box


def _ground(style: Style, size: tuple[int, int]) -> Image.Image:
    width, height = size
    pixels = np.empty((height, width, 3), np.float32)
    pixels[:] = FILL[style]
    if style in ("green", "green_large"):
        t = np.linspace(0, 1, height)[:, None, None]
        pixels[:] = np.array((226, 242, 230)) * (1 - t) + np.array(FILL[style]) * t
    if style == "green_large":
        pixels[:, : int(width * 0.27)] = FILL["yellow"]
    return Image.fromarray(pixels.astype(np.uint8))


def draw(text: str, style: Style, px_per_mm: float = 2.0) -> NDArray[np.uint8]:
    """A clean plate, RGB (height, width, 3), with rounded corners on dark grey.

    Raises PlateError as `layout` does.
    """
    plan = layout(text, style)
    width, height = round(plan.width_mm * px_per_mm), round(plan.height_mm * px_per_mm)
    image = _ground(style, (width, height))
    pen = ImageDraw.Draw(image)
    ink = WHITE if style in LIGHT_INK else INK

    def px(mm: float) -> int:
        return round(mm * px_per_mm)

    frame = (px(2.5), px(2.5), width - px(2.5), height - px(2.5))
    pen.rounded_rectangle(frame, px(8), outline=ink, width=max(1, px(2)))
    for glyph in plan.glyphs:
        mask = glyph_mask(glyph.character, max(1, px(glyph.width)), max(1, px(glyph.height)))
        image.paste(
            Image.new("RGB", mask.size, RED if glyph.red else ink), (px(glyph.x), px(glyph.y)), mask
        )
    if plan.dot:
        (cx, cy), r = plan.dot, 5
        pen.ellipse((px(cx - r), px(cy - r), px(cx + r), px(cy + r)), fill=ink)
    for sx in (plan.width_mm * 0.27, plan.width_mm * 0.73):
        for sy in (10, plan.height_mm - 10):
            pen.ellipse((px(sx - 4), px(sy - 4), px(sx + 4), px(sy + 4)), fill=(150, 150, 150))
    mask = Image.new("L", image.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, width - 1, height - 1), px(10), fill=255)
    framed = Image.new("RGB", image.size, (30, 30, 30))
    framed.paste(image, (0, 0), mask)
    return np.asarray(framed)


def soiled(plate: NDArray[np.uint8], dirt: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The plate under road dust; `dirt` 0 clean .. 1 hardly legible."""
    height, width = plate.shape[:2]
    film = np.zeros((height, width), np.float32)
    for cells, weight in ((4, 0.5), (12, 0.3), (40, 0.2)):
        noise = rng.random((max(2, cells * height // width), cells)).astype(np.float32)
        resized = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
        film += weight * np.asarray(resized)
    low = np.linspace(0, 0.5, height, dtype=np.float32)[:, None]
    cover = np.clip((film + low - 0.75 + dirt * 0.6) * 1.6 * dirt, 0, 0.85)[..., None]
    dust = np.array((118, 108, 92), np.float32)
    return np.asarray(plate * (1 - cover) + dust * cover).astype(np.uint8)


def invent(style: Style, rng: random.Random) -> str:
    """A plate text of that style that fits the grammar; invented, any likeness is chance."""
    province, office = rng.choice(PROVINCES), rng.choice(LETTERS)

    def digits(n: int) -> str:
        return "".join(rng.choice(DIGITS) for _ in range(n))

    def serial(n: int) -> str:
        letters = rng.choices((0, 1, 2), (5, 3, 2))[0]
        where = set(rng.sample(range(n), letters))
        return "".join(rng.choice(LETTERS if i in where else DIGITS) for i in range(n))

    texts: dict[Style, str] = {
        "green": f"{province}{office}{rng.choice('DF')}{rng.choice(LETTERS + DIGITS)}{digits(4)}",
        "green_large": f"{province}{office}{digits(5)}{rng.choice('DF')}",
        "police": f"{province}{office}{serial(4)}警",
        "emergency": f"{province}{rng.choice('XS')}{digits(4)}应急",
        "black": f"粤Z{serial(4)}{rng.choice('港澳')}",
        "trainer": f"{province}{office}{serial(4)}学",
        "wj": f"WJ{digits(4)}{rng.choice(LETTERS + DIGITS)}",
    }
    return texts.get(style) or f"{province}{office}{serial(5)}"
