"""Ground paint, asphalt and façade as pictures; PIL, numpy and OpenCV only."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from scripts.scene.plates import glyph_mask

Map = NDArray[np.float32]
Polygon = Sequence[tuple[float, float]]
LINE_M = 0.15


def clouds(shape: tuple[int, int], grain_px: float, octaves: int, rng: np.random.Generator) -> Map:
    """Fractal noise of zero mean and unit deviation; `grain_px` is the size of its largest
    spots.
    """
    height, width = shape
    total = np.zeros(shape, np.float32)
    weight = 1.0
    for octave in range(octaves):
        rows, columns = (max(2, int(side / grain_px * 2**octave)) for side in (height, width))
        noise = rng.standard_normal((rows, columns)).astype(np.float32)
        total += weight * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
        weight *= 0.55
    return np.asarray((total - total.mean()) / total.std(), np.float32)


class Ground:
    """A drawing board in metres: x to the right, y up; 8-bit coverage."""

    def __init__(self, bounds_m: tuple[float, float, float, float], px_per_m: int) -> None:
        self.x0, self.y0, self.x1, self.y1 = bounds_m
        self.scale = px_per_m
        self.size = (round((self.x1 - self.x0) * px_per_m), round((self.y1 - self.y0) * px_per_m))

    def px(self, point: tuple[float, float]) -> tuple[int, int]:
        return round((point[0] - self.x0) * self.scale), round((self.y1 - point[1]) * self.scale)

    def sheet(self) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        image = Image.new("L", self.size, 0)
        return image, ImageDraw.Draw(image)


def lane_paint(
    polygon: Polygon,
    words: Sequence[str],
    wear: float,
    rng: np.random.Generator,
    px_per_m: int = 90,
) -> tuple[Map, tuple[float, float, float, float]]:
    """Coverage 0..1 of yellow paint over the lane's bounding box, and that box (x0, y0, x1, y1)
    in metres.

    Edge line, crossed hatching, and the words of `words` in framed blocks along x. wear 0 new
    .. 1 gone.
    """
    xs, ys = [p[0] for p in polygon], [p[1] for p in polygon]
    bounds = (min(xs), min(ys), max(xs), max(ys))
    board = Ground(bounds, px_per_m)
    inside, pen = board.sheet()
    pen.polygon([board.px(p) for p in polygon], fill=255)
    edges, pen = board.sheet()
    corners = [board.px(p) for p in polygon]
    pen.line(
        [*corners, corners[0], corners[1]],
        fill=255,
        width=round(2 * LINE_M * px_per_m),
        joint="curve",
    )
    hatch = _hatching(board)
    clear, letters = _words(board, words)
    paint = np.maximum.reduce(
        [np.minimum(_array(hatch), 1 - _array(clear)), _array(edges), _array(letters)]
    )
    paint = np.minimum(paint, _array(inside))
    return _worn(paint, wear, rng, px_per_m), bounds


def _array(image: Image.Image) -> Map:
    return np.asarray(image, np.float32) / 255


def _hatching(board: Ground) -> Image.Image:
    image, pen = board.sheet()
    width, height = board.size
    line = round(0.13 * board.scale)
    for start in range(-height, width, board.scale):
        pen.line([(start, height), (start + height, 0)], fill=255, width=line)
        pen.line([(start, 0), (start + height, height)], fill=255, width=line)
    return image


def _words(board: Ground, words: Sequence[str]) -> tuple[Image.Image, Image.Image]:
    clear, clear_pen = board.sheet()
    letters, pen = board.sheet()
    length, across = board.x1 - board.x0, board.y1 - board.y0
    tall = across * 0.56
    longest = max((len(word) for word in words), default=1)
    pitch = min(1.75, (length / max(1, len(words)) - 0.6) / longest)
    for i, word in enumerate(words):
        left = board.x0 + length * (i + 0.5) / len(words) - len(word) * pitch / 2
        low, high = board.y0 + across * 0.15, board.y1 - across * 0.15
        block = [board.px((left - 0.2, high)), board.px((left + len(word) * pitch + 0.1, low))]
        clear_pen.rectangle([*block[0], *block[1]], fill=255)
        pen.rectangle([*block[0], *block[1]], outline=255, width=round(0.1 * board.scale))
        for k, character in enumerate(word):
            glyph = glyph_mask(
                character, round(pitch * 0.83 * board.scale), round(tall * board.scale)
            )
            corner = board.px((left + k * pitch + 0.1, (board.y0 + board.y1 + tall) / 2))
            letters.paste(glyph, corner)
    return clear, letters


def _worn(paint: Map, wear: float, rng: np.random.Generator, px_per_m: int) -> Map:
    """Flaked by age, and more along the two wheel tracks."""
    shape = paint.shape[0], paint.shape[1]
    flakes = 0.55 * clouds(shape, 2.6 * px_per_m, 6, rng) + 0.5 * clouds(
        shape, 0.3 * px_per_m, 4, rng
    )
    flakes += 0.4 * clouds(shape, 0.06 * px_per_m, 2, rng)
    y = np.arange(shape[0])[:, None] / px_per_m
    tracks = sum(np.exp(-(((y - c) / 0.2) ** 2)) for c in (1.2, 2.75))
    limit = 1.9 - 2.2 * wear
    kept = 1 / (1 + np.exp((flakes + 0.9 * tracks - limit) * 3.2))
    grey = 0.8 + 0.1 * clouds(shape, 1.5 * px_per_m, 4, rng)
    blurred = cv2.GaussianBlur(paint, (0, 0), 0.9)
    return np.asarray(np.clip(blurred * kept * np.clip(grey, 0.4, 1), 0, 1), np.float32)


def asphalt(rng: np.random.Generator, size: int = 2048) -> Map:
    """Seamless brightness about 0.5: aggregate, oil stains, patches and cracks; covers 11 m."""
    half = size // 2
    shape = (half, half)
    base = 0.5 + 0.035 * clouds(shape, half / 3, 4, rng) + 0.03 * clouds(shape, 30, 4, rng)
    grit = cv2.GaussianBlur(rng.random(shape).astype(np.float32), (0, 0), 0.8)
    base += 0.055 * (grit - 0.5) / grit.std()
    base -= 0.20 * _cracks(half, rng) + 0.20 * _stains(half, rng)
    tile = np.block([[base, base[:, ::-1]], [base[::-1], base[::-1, ::-1]]])
    return np.clip(tile, 0, 1).astype(np.float32)


def _cracks(size: int, rng: np.random.Generator) -> Map:
    image = Image.new("L", (size, size), 0)
    pen = ImageDraw.Draw(image)
    for _ in range(3):
        x, y = rng.random(2) * size
        heading = rng.random() * 2 * np.pi
        for _ in range(90):
            heading += rng.normal() * 0.35
            end = x + np.cos(heading) * 7, y + np.sin(heading) * 7
            pen.line([x, y, *end], fill=255, width=int(rng.integers(1, 3)))
            x, y = end
    return _array(image)


def _stains(size: int, rng: np.random.Generator) -> Map:
    total = np.zeros((size, size), np.float32)
    yy, xx = np.mgrid[:size, :size]
    for _ in range(14):
        x, y = rng.random(2) * size
        spread = rng.uniform(4, 22)
        total += np.exp(-((xx - x) ** 2 + (yy - y) ** 2) / (2 * spread**2)) * rng.uniform(0.1, 0.6)
    return total


BAY_M, STOREY_M = 3.3, 3.0


def facade(
    lit: float, rng: np.random.Generator, bays: int = 6, storeys: int = 3
) -> tuple[Map, Map]:
    """Several bays of a residential block, row 0 at the top: linear RGB, and (glass, glow) maps.

    `lit` is the share of windows with light behind them. Curtains differ from window to window.
    """
    px = 100
    width, height = round(BAY_M * px), round(STOREY_M * px)
    wall = np.zeros((height * storeys, width * bays, 3), np.float32)
    extra = np.zeros((height * storeys, width * bays, 2), np.float32)
    for row in range(storeys):
        for column in range(bays):
            y, x = row * height, column * width
            tile, glass = _bay((height, width), px, rng.random() < lit, rng)
            wall[y : y + height, x : x + width] = tile
            extra[y : y + height, x : x + width] = glass
    wall *= (1 + 0.05 * clouds((wall.shape[0], wall.shape[1]), 160, 4, rng))[..., None]
    streaks = clouds((4, wall.shape[1]), 6, 3, rng)[:1]
    wall *= (1 - 0.04 * np.clip(streaks, 0, 2))[..., None]
    return np.clip(wall, 0, 1), extra


def _bay(shape: tuple[int, int], px: int, lit: bool, rng: np.random.Generator) -> tuple[Map, Map]:
    height, width = shape
    wall = np.empty((height, width, 3), np.float32)
    wall[:] = (0.50, 0.40, 0.32)
    tiles = np.ones(shape, np.float32)
    tiles[::6], tiles[:, ::24] = 0.82, 0.85
    wall *= (tiles + rng.normal(0, 0.02, shape).astype(np.float32))[..., None]
    extra = np.zeros((height, width, 2), np.float32)

    def fill(
        box: tuple[float, float, float, float], rgb: tuple[float, float, float]
    ) -> tuple[slice, slice]:
        area = (
            slice(round(box[1] * px), round(box[3] * px)),
            slice(round(box[0] * px), round(box[2] * px)),
        )
        wall[area] = rgb
        return area

    fill((0, 2.82, 3.3, 3.0), (0.62, 0.60, 0.56))
    fill((0.62, 0.55, 2.68, 2.15), (0.70, 0.70, 0.69))
    curtain = rng.choice([0, 1, 2])
    for x0, x1 in ((0.68, 1.30), (1.34, 1.96), (2.0, 2.62)):
        area = fill((x0, 0.61, x1, 2.09), (0.03, 0.035, 0.04))
        extra[*area, 0] = 1
        extra[*area, 1] = rng.uniform(0.5, 1.0) if lit else 0.0
    cloth = tuple(rng.uniform(0.16, 0.34, 3))
    if curtain:
        fill((0.68, 0.61, 1.0, 2.09), cloth)
        fill((2.30, 0.61, 2.62, 2.09), cloth)
    if curtain == 2:
        fill((0.68, 0.61, 2.62, 1.15), cloth)
    fill((0.55, 2.15, 2.75, 2.22), (0.55, 0.54, 0.52))
    return wall, extra
