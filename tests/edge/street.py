"""A small drawn street for tests of the eyes: texture, vehicles, light, all by seed."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from edge.appearance import Pixels

WIDTH, HEIGHT = 640, 360


@dataclass(frozen=True, slots=True)
class Car:
    """A drawn vehicle: x1, y1, x2, y2 in pixels, and the seed of its looks."""

    box: tuple[int, int, int, int]
    seed: int


@cache
def ground(seed: int = 1) -> Pixels:
    """An empty street: blotches of several sizes, a kerb and a painted line."""
    rng = np.random.default_rng(seed)
    image = np.full((HEIGHT, WIDTH, 3), 110, np.float32)
    for size, strength in ((8, 40), (40, 30), (160, 12)):
        coarse = rng.normal(0, strength, (HEIGHT // (360 // size) + 1, WIDTH // (360 // size), 1))
        image += cv2.resize(
            coarse.astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC
        )[:, :, None]
    image *= np.array([0.9, 1.0, 1.1], np.float32)
    drawn = np.clip(image, 0, 255).astype(np.uint8)
    cv2.line(drawn, (0, 250), (WIDTH, 220), (60, 60, 60), 6)
    cv2.line(drawn, (0, 300), (WIDTH, 290), (40, 200, 220), 4)
    return drawn


def frame(
    cars: tuple[Car, ...] = (), seed: int = 0, gain: float = 1.0, grey: bool = False
) -> Pixels:
    """One frame: the street, the cars on it, light by `gain`, sensor noise by `seed`."""
    image = ground().copy()
    for car in cars:
        _draw(image, car)
    if grey:
        bare = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        image = np.repeat(bare[:, :, None], 3, axis=2).astype(np.uint8)
    noise = np.random.default_rng(1000 + seed).normal(0, 3, (HEIGHT, WIDTH, 1))
    return np.clip(image.astype(np.float32) * gain + noise, 0, 255).astype(np.uint8)


def _draw(image: Pixels, car: Car) -> None:
    rng = np.random.default_rng(car.seed)
    x1, y1, x2, y2 = car.box
    cv2.rectangle(image, (x1, y1), (x2, y2), rng.integers(30, 220, 3).tolist(), -1)
    for _ in range(9):
        left, top = int(rng.integers(x1, x2 - 8)), int(rng.integers(y1, y2 - 8))
        right = int(min(x2, left + rng.integers(8, (x2 - x1) // 2)))
        bottom = int(min(y2, top + rng.integers(8, (y2 - y1) // 2)))
        cv2.rectangle(image, (left, top), (right, bottom), rng.integers(0, 255, 3).tolist(), -1)
