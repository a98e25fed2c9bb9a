"""Training batches for the plate finder: real photographs with boxed plates, and vehicles of the
detector's pictures on which synthetic plates or real crops are hung in perspective."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import IterableDataset

from models.training.plate_crops import Crop
from models.training.plate_scenes import Scene
from models.training.plate_synth import Glyphs, sheet, weather
from models.training.sources import Picture
from models.training.vehicle_batches import light

SIDE = 320
GREY = 114


@dataclass(frozen=True, slots=True)
class Finds:
    """`images` uint8 (N, 3, S, S) RGB; `rows` (L,) picture index; `corners` (L, 4, 2) input pixels;
    `trust` (N,): weight of "no plate here" where the network disagrees strongly."""

    images: torch.Tensor
    rows: torch.Tensor
    corners: torch.Tensor
    trust: torch.Tensor


@dataclass(frozen=True, slots=True)
class Stock:
    """What batches are made from."""

    assets: Path
    scenes: list[Scene]
    vehicles: list[Picture]
    crops: list[Crop]
    rendered: list[Scene] = field(default_factory=list)


class FindBatches(IterableDataset[Finds]):
    def __init__(self, stock: Stock, seed: int, size: int, steps: range) -> None:
        self.stock, self.seed, self.size, self.steps = stock, seed, size, steps
        self.glyphs = Glyphs(stock.assets)
        self.tight = [c for c in stock.crops if c.source == "lyl_crops"]

    def __iter__(self) -> Iterator[Finds]:
        cv2.setNumThreads(1)
        for step in self.steps:
            yield self.batch(step)

    def batch(self, step: int) -> Finds:
        rng = np.random.default_rng((self.seed, step))
        images, rows, corners, trust = [], [], [], []
        for row in range(self.size):
            chance = rng.random()
            if chance < 0.42:
                image, found, sure = self.scene(rng, self.stock.scenes)
            elif chance < 0.6 and self.stock.rendered:
                image, found, sure = self.scene(rng, self.stock.rendered)
            else:
                image, found, sure = self.vehicle(rng)
            images.append(light(rng, image))
            rows += [row] * len(found)
            corners += list(found)
            trust.append(sure)
        stack = np.ascontiguousarray(np.stack(images)[..., ::-1].transpose(0, 3, 1, 2))
        return Finds(
            torch.from_numpy(stack),
            torch.tensor(rows, dtype=torch.long),
            torch.from_numpy(np.array(corners, np.float32).reshape(-1, 4, 2)),
            torch.tensor(trust, dtype=torch.float32),
        )

    def scene(
        self, rng: np.random.Generator, scenes: list[Scene]
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """A photograph, whole or zoomed to one of its plates."""
        shown = scenes[int(rng.integers(len(scenes)))]
        image, corners = view(rng, shown.image, shown.corners)
        return image, corners, 0.6

    def vehicle(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
        """A vehicle with a plate hung on it at a likely place; sometimes none."""
        shown = self.stock.vehicles[int(rng.integers(len(self.stock.vehicles)))]
        big = [b for b in shown.boxes if b[3] - b[1] > 70]
        image = shown.image
        if not big or rng.random() < 0.12:
            return (*view(rng, image, np.zeros((0, 4, 2))), 0.5)
        box = big[int(rng.integers(len(big)))]
        wide = box[2] - box[0]
        middle = np.array(
            [
                box[0] + wide * rng.uniform(0.25, 0.75),
                box[1] + (box[3] - box[1]) * rng.uniform(0.5, 0.9),
            ]
        )
        plate = self.plate(rng)
        ratio = plate.shape[1] / plate.shape[0]
        across = wide * rng.uniform(0.14, 0.42)
        half = np.array([across / 2, across / 2 / ratio * rng.uniform(0.8, 1.15)])
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
        turn = rng.normal(0, 0.1)
        skew = np.array(
            [[np.cos(turn), -np.sin(turn)], [np.sin(turn) + rng.normal(0, 0.15), np.cos(turn)]]
        )
        corners = (
            corners @ skew.T * rng.uniform((0.6, 1), (1, 1)) + rng.normal(0, 0.03, (4, 2)) * half
        )
        corners = corners + middle
        hung = hang(rng, image, plate, corners.astype(np.float32))
        return (*view(rng, hung, corners[None]), 0.3)

    def plate(self, rng: np.random.Generator) -> np.ndarray:
        if rng.random() < 0.35:
            return self.tight[int(rng.integers(len(self.tight)))].image
        return weather(rng, sheet(rng, self.glyphs).image)


def hang(
    rng: np.random.Generator, image: np.ndarray, plate: np.ndarray, corners: np.ndarray
) -> np.ndarray:
    """Warp a plate into the picture and give it the brightness of what it covers."""
    high, wide = plate.shape[:2]
    across = float(np.linalg.norm(corners[1] - corners[0]))
    if across < wide * 0.6:  # shrink first, so that warping does not alias
        size = (max(8, round(across)), max(4, round(high * across / wide)))
        plate = cv2.resize(plate, size, interpolation=cv2.INTER_AREA)
        high, wide = plate.shape[:2]
    source = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners)
    x, y = np.clip(corners.mean(0), 0, (image.shape[1] - 1, image.shape[0] - 1)).astype(int)
    near = image[max(0, y - 12) : y + 12, max(0, x - 20) : x + 20].mean()
    gain = np.clip((near + 60) / 170, 0.35, 1.2) * rng.uniform(0.8, 1.2)
    plate = np.clip(plate * gain, 0, 255).astype(np.uint8)
    return cv2.warpPerspective(
        plate, matrix, image.shape[1::-1], dst=image.copy(), borderMode=cv2.BORDER_TRANSPARENT
    )


def view(
    rng: np.random.Generator, image: np.ndarray, corners: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The network's input: the whole picture, a vehicle-sized cut, or a close look at one plate."""
    high, wide = image.shape[:2]
    zoom = SIDE / max(wide, high) * float(np.exp(rng.uniform(-0.2, 0.3)))
    middle = np.array([wide / 2, high / 2])
    middle = middle + rng.uniform(-0.15, 0.15, 2) * (wide, high)
    if len(corners) and rng.random() < 0.75:
        one = corners[int(rng.integers(len(corners)))]
        across = np.linalg.norm(one[1] - one[0])
        share = np.exp(rng.uniform(np.log(0.07), np.log(0.75)))
        zoom = min(SIDE * share / across, 4.0)
        spare = max(0.0, 0.5 - zoom * across / SIDE * 0.55) * SIDE / zoom
        middle = one.mean(0) + rng.uniform(-spare, spare, 2)
    tilt = rng.normal(0, 0.07)
    cos, sin = np.cos(tilt) * zoom, np.sin(tilt) * zoom
    stretch = np.exp(rng.uniform(-0.12, 0.12))
    matrix = np.eye(3)
    matrix[:2, :2] = np.array([[cos, -sin], [sin, cos]]) @ np.diag([stretch, 1 / stretch])
    matrix[:2, 2] = SIDE / 2 - matrix[:2, :2] @ middle
    matrix[2, :2] = (
        rng.normal(0, 0.08, 2) / max(wide, high) * min(1.0, SIDE / max(wide, high) / zoom)
    )
    matrix /= matrix[2, 2]
    if zoom < 0.5:  # shrink first, so that warping does not alias
        image = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        matrix_image = matrix @ np.diag([2.0, 2.0, 1.0])
    else:
        matrix_image = matrix
    shown = cv2.warpPerspective(image, matrix_image, (SIDE, SIDE), borderValue=(GREY, GREY, GREY))
    flat = np.concatenate([corners.reshape(-1, 2), np.ones((len(corners) * 4, 1))], 1) @ matrix.T
    moved = (flat[:, :2] / flat[:, 2:]).reshape(-1, 4, 2)
    inside = ((moved > -4) & (moved < SIDE + 4)).all((1, 2)) if len(moved) else np.zeros(0, bool)
    large = np.linalg.norm(moved[:, 1] - moved[:, 0], axis=1) > 14 if len(moved) else inside
    return shown, moved[inside & large]
