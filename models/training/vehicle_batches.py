"""Training batches for the vehicle network: mosaics, warps, light, weather, cameras.

A batch is a function of (seed, step), so that a run that was stopped goes on with the same batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch.utils.data import IterableDataset

from models.training.sources import Picture
from models.training.splits import UNTYPED
from models.training.vehicle_loss import Labels

GREY = 114
SMALLEST = 5.0  # input pixels: lower or narrower than this is neither a vehicle nor nothing


@dataclass(slots=True)
class Canvas:
    """The sample being painted: picture, trust per stride-8 cell, and its labels."""

    image: np.ndarray
    trust: np.ndarray
    boxes: list[np.ndarray]
    types: list[int]
    tight: list[float]


class Batches(IterableDataset[tuple[torch.Tensor, Labels]]):
    """Batches for steps [first, last); the input's side by step from `side_at`."""

    def __init__(
        self, shown: list[Picture], seed: int, size: int, steps: range, sides: list[tuple[int, int]]
    ) -> None:
        self.shown, self.seed, self.size, self.steps, self.sides = shown, seed, size, steps, sides
        weight = np.array([p.source.weight for p in shown])
        self.chance = np.cumsum(weight / weight.sum())

    def __iter__(self) -> Iterator[tuple[torch.Tensor, Labels]]:
        cv2.setNumThreads(1)
        for step in self.steps:
            yield self.batch(step)

    def batch(self, step: int) -> tuple[torch.Tensor, Labels]:
        rng = np.random.default_rng((self.seed, step))
        side = next(side for until, side in self.sides if step < until)
        calm = step >= 0.92 * self.sides[-1][0]  # the last steps see whole pictures, as at run time
        samples = [self.sample(rng, side, calm) for _ in range(self.size)]
        images = np.stack([s.image for s in samples])[..., ::-1].transpose(0, 3, 1, 2)
        rows = [i for i, s in enumerate(samples) for _ in s.boxes]
        boxes = [b for s in samples for b in s.boxes]
        labels = Labels(
            torch.tensor(rows, dtype=torch.long),
            torch.from_numpy(np.array(boxes, np.float32).reshape(-1, 4)),
            torch.tensor([t for s in samples for t in s.types], dtype=torch.long),
            torch.tensor([t for s in samples for t in s.tight], dtype=torch.float32),
            torch.from_numpy(np.stack([s.trust for s in samples])),
        )
        return torch.from_numpy(np.ascontiguousarray(images)), labels

    def pick(self, rng: np.random.Generator) -> Picture:
        return self.shown[min(int(np.searchsorted(self.chance, rng.random())), len(self.shown) - 1)]

    def sample(self, rng: np.random.Generator, side: int, calm: bool) -> Canvas:
        cells = side // 8
        image = np.full((side, side, 3), GREY, np.uint8)
        canvas = Canvas(image, np.ones((cells, cells), np.float32), [], [], [])
        if rng.random() < (0.15 if calm else 0.45):
            x, y = (int(v) for v in rng.uniform(0.3, 0.7, 2) * side)
            windows = [(0, 0, x, y), (x, 0, side, y), (0, y, x, side), (x, y, side, side)]
            for window in windows:
                paste(rng, canvas, self.pick(rng), window, float(np.exp(rng.uniform(-0.3, 0.7))))
        else:
            scale = float(np.exp(rng.uniform(-0.35, 0.6)))
            paste(rng, canvas, self.pick(rng), (0, 0, side, side), scale)
        canvas.image = light(rng, canvas.image)
        return canvas


Window = tuple[int, int, int, int]


def paste(
    rng: np.random.Generator, canvas: Canvas, shown: Picture, window: Window, scale: float
) -> None:
    """Warp a picture into a window of the canvas. Scale 1 fits the whole picture into the canvas,
    or covers a part of it."""
    x0, y0, x1, y1 = window
    wide, high = x1 - x0, y1 - y0
    if min(wide, high) < 16:
        return
    ratios = wide / shown.image.shape[1], high / shown.image.shape[0]
    fit = min(ratios) if window == (0, 0, *canvas.image.shape[1::-1]) else max(ratios)
    matrix = placement(rng, shown, (wide, high), fit * scale)
    grey = (GREY, GREY, GREY)
    part = cv2.warpPerspective(shown.image, matrix, (wide, high), borderValue=grey)
    canvas.image[y0:y1, x0:x1] = part
    trust = canvas.trust[y0 // 8 : -(-y1 // 8), x0 // 8 : -(-x1 // 8)]
    trust[:] = shown.source.trust
    for box, kind in zip(shown.boxes, shown.classes, strict=True):
        place(canvas, warp_box(matrix, box), int(kind), shown, window)


def placement(
    rng: np.random.Generator, shown: Picture, window: tuple[int, int], zoom: float
) -> np.ndarray:
    """The 3x3 matrix from picture to window: zoom, shift, stretch, tilt, mirror, perspective."""
    high, wide = shown.image.shape[:2]
    stretch = float(np.exp(rng.uniform(-0.15, 0.15)))
    tilt = np.deg2rad(rng.normal(0, 3.5))
    if shown.source.any_way_up:
        tilt += np.pi / 2 * rng.integers(4)
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    cos, sin = np.cos(tilt) * zoom, np.sin(tilt) * zoom
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    turn = turn @ np.diag([mirror * stretch, 1 / stretch, 1.0])
    turn[2, :2] = rng.normal(0, 0.06, 2) / max(wide, high)
    middle = np.array([[1, 0, -wide / 2], [0, 1, -high / 2], [0, 0, 1.0]])
    spare = (wide * zoom - window[0], high * zoom - window[1])
    reach = [max(abs(s) / 2, 0.08 * w) for s, w in zip(spare, window, strict=True)]
    move = [w / 2 + rng.uniform(-r, r) for w, r in zip(window, reach, strict=True)]
    return np.array([[1, 0, move[0]], [0, 1, move[1]], [0, 0, 1.0]]) @ turn @ middle


def warp_box(matrix: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The box of a warped box: mean of its corners' hull and its edge middles' hull, because a
    vehicle seldom fills its box's corners."""
    x0, y0, x1, y1 = box
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    points = np.array(
        [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x, y0], [x1, y], [x, y1], [x0, y]], np.float64
    )
    moved = np.c_[points, np.ones(8)] @ matrix.T
    moved = moved[:, :2] / moved[:, 2:]
    hulls = [np.r_[p.min(0), p.max(0)] for p in (moved[:4], moved[4:])]
    return (hulls[0] + hulls[1]) / 2


def place(canvas: Canvas, box: np.ndarray, kind: int, shown: Picture, window: Window) -> None:
    """Add a label where enough of it is seen; otherwise its cells are left out of the loss."""
    x0, y0, x1, y1 = window
    low, high = np.array([x0, y0]), np.array([x1, y1])
    whole = box + np.r_[low, low]
    seen = np.r_[np.clip(whole[:2], low, high), np.clip(whole[2:], low, high)]
    size, full = seen[2:] - seen[:2], whole[2:] - whole[:2]
    if min(size) <= 0.5:
        return
    share = float(size.prod() / max(full.prod(), 1e-6))
    if share < 0.2 or min(size) < SMALLEST:
        a, b, c, d = (int(v) for v in (*(seen[:2] // 8), *(-(-seen[2:] // 8))))
        canvas.trust[b:d, a:c] = 0.0
        return
    known = kind != UNTYPED and kind not in shown.source.doubtful_types
    canvas.boxes.append(seen)
    canvas.types.append(kind if known else -1)
    canvas.tight.append(0.15 if shown.source.loose and kind == UNTYPED else 1.0)


def light(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Exposure, colour, night, blur, noise and compression, each at its own chance."""
    if rng.random() < 0.8:
        ramp = np.arange(256) / 255
        gamma, gain = np.exp(rng.normal(0, 0.25)), rng.uniform(0.7, 1.3)
        cast = rng.normal(1, 0.05, 3)
        curves = [np.clip(ramp**gamma * gain * c * 255 + rng.normal(0, 4), 0, 255) for c in cast]
        image = cv2.LUT(image, np.stack(curves, -1)[None].astype(np.uint8))
    chance = rng.random(6)
    if chance[0] < 0.08:  # infrared night or a grey camera
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    elif chance[0] < 0.35:
        hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
        shade = (np.arange(256) + rng.integers(-10, 11)) % 180
        rich = np.clip(np.arange(256) * rng.uniform(0.4, 1.6), 0, 255)
        table = np.stack([shade, rich, np.arange(256)], -1)[None].astype(np.uint8)
        image = cv2.cvtColor(cv2.LUT(hsv, table), cv2.COLOR_HSV2BGR)
    if chance[1] < 0.06:  # night
        curve = np.clip(np.arange(256) * rng.uniform(0.15, 0.5), 0, 255).astype(np.uint8)
        image = cv2.LUT(image, curve)
    if chance[2] < 0.1:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.3))
    if chance[3] < 0.12:
        grain = rng.normal(0, rng.uniform(2, 14), (*image.shape[:2], 1)).astype(np.float32)
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
    if chance[4] < 0.1:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 75))]
        image = cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)
    return image
