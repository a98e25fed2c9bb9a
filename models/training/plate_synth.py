"""Synthetic plates: glyphs on a painted sheet, then dirt, light, camera and compression."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.training.plate_grammar import CHARACTERS, COLOURS, KINDS, Kind, Spot, text

SCALE = 0.6  # pixels per millimetre of a drawn sheet
NOTO = "/usr/share/fonts/opentype/noto/NotoSansCJK-{}.ttc"
SIMPLIFIED = 2  # face of the collection with mainland shapes


@dataclass(frozen=True, slots=True)
class Sheet:
    """A drawn plate: BGR picture, its text, colour (index into COLOURS) and number of lines."""

    image: np.ndarray
    text: str
    colour: int
    lines: int


class Glyphs:
    """Masks (float 0..1) of every character in each glyph set, in several drawings."""

    def __init__(self, assets: Path) -> None:
        folder = assets / "pengfei8324_mit" / "font_model"
        self.masks: dict[tuple[str, str], list[np.ndarray]] = {}
        for kind in ("140", "220up", "220down", "green"):
            for character in CHARACTERS:
                self.masks[kind, character] = [
                    m for m in (image_mask(folder, kind, character),) if m is not None
                ]
        latin = ImageFont.truetype(str(assets / "zheng_yuwei_mit" / "font" / "platechar.ttf"), 120)
        bold = ImageFont.truetype(NOTO.format("Bold"), 120, index=SIMPLIFIED)
        plain = ImageFont.truetype(NOTO.format("Regular"), 120, index=SIMPLIFIED)
        for (_, character), masks in self.masks.items():
            if character.isascii():
                masks.extend([drawn(latin, character)] * (character != "O"))
                if not masks:
                    masks.append(self.masks["140", "0"][0])
            else:
                masks.extend([drawn(bold, character), drawn(plain, character)])

    def mask(self, rng: np.random.Generator, glyphs: str, place: int, character: str) -> np.ndarray:
        kind = glyphs if glyphs != "220" else ("220up" if place < 2 else "220down")
        masks = self.masks[kind, character]
        first = 0.75 if len(masks) > 1 else 1.0
        return masks[0] if rng.random() < first else masks[int(rng.integers(len(masks)))]


def image_mask(folder: Path, kind: str, character: str) -> np.ndarray | None:
    names = {
        "140": [f"140_{character}"],
        "green": [f"green_{character}"],
        "220up": [f"220_up_{character}", f"220_{character}"],
        "220down": [f"220_down_{character}", f"220_{character}"],
    }[kind]
    for name in names:
        path = folder / f"{name}.jpg"
        if path.exists():
            grey = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
            return tight(255 - grey if dark_ink(folder, kind) else grey)
    return None


def dark_ink(folder: Path, kind: str) -> bool:
    """Whether a set's drawings are dark on light: the upper left corner of an A is never ink."""
    name = {"140": "140_A", "green": "green_A", "220up": "220_up_A", "220down": "220_down_A"}[kind]
    grey = cv2.imread(str(folder / f"{name}.jpg"), cv2.IMREAD_GRAYSCALE)
    return bool(grey[: len(grey) // 8, : grey.shape[1] // 8].mean() > 127)


def drawn(font: ImageFont.FreeTypeFont, character: str) -> np.ndarray:
    sheet = Image.new("L", (200, 200))
    ImageDraw.Draw(sheet).text((30, 10), character, 255, font)
    return tight(np.array(sheet))


def tight(grey: np.ndarray) -> np.ndarray:
    """Cut to the ink and scale to 0..1."""
    ys, xs = np.nonzero(grey > 100)
    ink = grey[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1].astype(np.float32)
    return np.clip((ink - 60) / 140, 0, 1)


PAINT = {  # BGR of the sheet and of the text, about the middle of what cameras show
    "blue": ((170, 70, 20), (245, 245, 245)),
    "yellow": ((20, 165, 235), (20, 20, 20)),
    "green": ((120, 200, 90), (20, 20, 20)),
    "yellow-green": ((120, 200, 90), (20, 20, 20)),
    "white": ((235, 235, 235), (20, 20, 20)),
    "black": ((25, 25, 25), (240, 240, 240)),
}
RED = (40, 30, 190)
NARROW = {"1": 0.32, "I": 0.32, "J": 0.8, "L": 0.85}


def sheet(rng: np.random.Generator, glyphs: Glyphs, kind: Kind | None = None) -> Sheet:
    """A clean plate with random text."""
    if kind is None:
        shares = np.array([k.share for k in KINDS])
        kind = KINDS[int(rng.choice(len(KINDS), p=shares / shares.sum()))]
    content = text(rng, kind)
    wide, high = (round(v * SCALE) for v in kind.size)
    ground, ink = (np.array(c, np.float32) for c in PAINT[kind.colour])
    ground = np.clip(ground * rng.uniform(0.75, 1.15) + rng.normal(0, 10, 3), 0, 255)
    canvas = np.empty((high, wide, 3), np.float32)
    canvas[:] = ground
    gradient(rng, canvas, kind)
    paint = np.zeros((high, wide), np.float32)
    red = np.zeros((high, wide), np.float32)
    stretch = kind.size[1] / max(220, kind.size[1]) if len(kind.spots) < 7 else 1.0
    tall = kind.size[1] / 220 if kind.spots[0][3] == 60.0 else 1.0
    for place, (character, spot) in enumerate(zip(content, kind.spots, strict=True)):
        target = red if place in kind.red else paint
        stamp(rng, target, glyphs.mask(rng, kind.glyphs, place, character), spot, character, tall)
    border(rng, paint, kind)
    shade = paint[..., None]
    canvas = canvas * (1 - shade) + np.clip(ink + rng.normal(0, 8, 3), 0, 255) * shade
    shade = red[..., None] * stretch
    canvas = canvas * (1 - shade) + np.array(RED, np.float32) * shade
    colour = COLOURS.index(kind.colour)
    lines = 1 if kind.size[1] == 140 else 2
    return Sheet(np.clip(canvas, 0, 255).astype(np.uint8), content, colour, lines)


def stamp(
    rng: np.random.Generator,
    target: np.ndarray,
    mask: np.ndarray,
    spot: Spot,
    character: str,
    tall: float,
) -> None:
    """Scale a glyph to its place, weight it a little, and add it to the ink."""
    x, y, width, height = spot
    y, height = y * tall, height * tall
    narrow = NARROW.get(character, 1.0)
    x, width = x + width * (1 - narrow) / 2, width * narrow
    x, y = x + rng.normal(0, 0.8), y + rng.normal(0, 0.8)
    x0, y0 = round(x * SCALE), round(y * SCALE)
    size = (max(2, round(width * SCALE)), max(2, round(height * SCALE)))
    small = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    x0, y0 = max(0, x0), max(0, y0)
    part = target[y0 : y0 + size[1], x0 : x0 + size[0]]
    np.maximum(part, small[: part.shape[0], : part.shape[1]], out=part)


def gradient(rng: np.random.Generator, canvas: np.ndarray, kind: Kind) -> None:
    """New-energy plates: white to green from top to bottom; large ones begin with yellow."""
    high, wide = canvas.shape[:2]
    if kind.colour == "green":
        fade = np.linspace(rng.uniform(0.5, 1.0), 0, high)[:, None, None] ** rng.uniform(0.6, 1.4)
        canvas[:] = canvas * (1 - fade) + np.array([235, 240, 235], np.float32) * fade
    elif kind.colour == "yellow-green":
        canvas[:, : round(wide * 0.28)] = np.array(PAINT["yellow"][0]) * rng.uniform(0.8, 1.1)


def border(rng: np.random.Generator, paint: np.ndarray, kind: Kind) -> None:
    high, wide = paint.shape
    if rng.random() < 0.85 and kind.colour != "green":
        inset = round(3 * SCALE)
        cv2.rectangle(paint, (inset, inset), (wide - 1 - inset, high - 1 - inset), 0.9, 1)
    if kind.dot and kind.size[1] == 140:
        cv2.circle(paint, (round(134.5 * SCALE), round(70 * SCALE)), 3, 1.0, -1)
    elif kind.dot:
        cv2.circle(paint, (round(220 * SCALE), round(45 * kind.size[1] / 220 * SCALE)), 3, 1.0, -1)
    for x in (110, 330):  # bolts
        if rng.random() < 0.6 and kind.size[1] == 140:
            place = (
                round((x + rng.normal(0, 4)) * SCALE),
                round(rng.choice([10.0, 130.0]) * SCALE),
            )
            cv2.circle(paint, place, int(rng.integers(1, 5)), float(rng.uniform(0.3, 1)), -1)


def weather(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Dirt, shadow, glare: what lies on the sheet or between it and the lens."""
    high, wide = image.shape[:2]
    canvas = image.astype(np.float32)
    if rng.random() < 0.25:  # dirt in smooth blotches
        blot = cv2.resize(rng.random((4, 9)).astype(np.float32), (wide, high))
        share = np.clip((blot - rng.uniform(0.5, 0.85)) * 3, 0, rng.uniform(0.3, 0.8))[..., None]
        canvas = canvas * (1 - share) + rng.uniform(40, 140) * share
    if rng.random() < 0.25:  # the edge of a shadow
        ramp = (
            np.linspace(-1, 1, wide)[None] * rng.normal()
            + np.linspace(-1, 1, high)[:, None] * rng.normal()
        )
        canvas *= 1 - rng.uniform(0.2, 0.65) / (1 + np.exp(-ramp * rng.uniform(2, 30)))[..., None]
    if rng.random() < 0.12:  # glare
        y, x = np.mgrid[:high, :wide]
        far = ((x - rng.uniform(0, wide)) / wide) ** 2 + (
            (y - rng.uniform(0, high)) / high / 2
        ) ** 2
        canvas += (rng.uniform(60, 200) * np.exp(-far * rng.uniform(8, 60)))[..., None]
    if rng.random() < 0.05:  # a hook, strap or leaf before the plate
        x = int(rng.integers(0, wide))
        colour = tuple(float(v) for v in rng.uniform(0, 200, 3))
        cv2.line(
            canvas, (x, 0), (x + int(rng.normal(0, 20)), high), colour, int(rng.integers(1, 5))
        )
    return np.clip(canvas, 0, 255).astype(np.uint8)


def camera(rng: np.random.Generator, image: np.ndarray, least_px: float = 52) -> np.ndarray:
    """Resolution (at least so many pixels across), blur, exposure, colour cast, night, noise,
    compression."""
    high, wide = image.shape[:2]
    if rng.random() < 0.75:
        across = float(np.exp(rng.uniform(np.log(least_px), np.log(wide))))
        size = (max(8, round(across)), max(6, round(high * across / wide * rng.uniform(0.75, 1.1))))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, (wide, high), interpolation=int(rng.choice([1, 1, 2])))
    if rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.15:
        length = int(rng.integers(3, 9))
        kernel = np.zeros((length, length), np.float32)
        angle = rng.normal(0, 0.6)
        reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
        middle = (length - 1) / 2
        ends = [tuple(round(float(middle + s * r)) for r in reach) for s in (-1, 1)]
        cv2.line(kernel, ends[0], ends[1], 1.0, 1)
        image = cv2.filter2D(image, -1, kernel / kernel.sum())
    ramp = np.arange(256) / 255
    gain, gamma, lift = rng.uniform(0.5, 1.35), np.exp(rng.normal(0, 0.35)), rng.uniform(0, 60)
    cast = 1 + rng.normal(0, 0.08, 3)
    curves = [np.clip(ramp**gamma * gain * c * 255 + lift * rng.random(), 0, 255) for c in cast]
    image = cv2.LUT(image, np.stack(curves, -1)[None].astype(np.uint8))
    if rng.random() < 0.12:  # infrared or very dark
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        mix = rng.uniform(0.5, 1.0)
        image = cv2.addWeighted(image, 1 - mix, cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), mix, 0)
    if rng.random() < 0.4:
        grain = rng.normal(0, rng.uniform(2, 16), image.shape).astype(np.float32)
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 80))]
        image = cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)
    return image
