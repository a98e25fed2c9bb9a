"""Real photographs with boxed plates, and the corners of each plate."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.training.splits import plate_held


@dataclass(frozen=True, slots=True)
class Scene:
    """`corners`: (n, 4, 2) pixels, from the upper left clockwise as one reads the plate."""

    name: str
    image: np.ndarray
    corners: np.ndarray
    texts: tuple[str, ...]
    held: bool


def scenes(root: Path) -> Iterator[Scene]:
    """EasyPR's photographs. One is held out if any of its plate numbers is."""
    rows: dict[str, list[dict[str, str]]] = {}
    with (root / "easypr_boxes.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["file"], []).append(row)
    for name, boxes in sorted(rows.items()):
        image = cv2.imread(str(root / name))
        corners = np.stack([upright(box) for box in boxes])
        texts = tuple(box["colour:plate"].split(":")[-1] for box in boxes)
        yield Scene(name, image, corners, texts, any(plate_held(text) for text in texts))


def upright(box: dict[str, str]) -> np.ndarray:
    """The corners of a rotated box, the long sides as top and bottom."""
    x, y, wide, high, turn = (
        float(box[k]) for k in ("x_center", "y_center", "width", "height", "rotation_deg")
    )
    if wide < high:
        wide, high, turn = high, wide, turn + 90
    turn = np.deg2rad((turn + 90) % 180 - 90)
    along = np.array([np.cos(turn), np.sin(turn)]) * wide / 2
    down = np.array([-np.sin(turn), np.cos(turn)]) * high / 2
    middle = np.array([x, y])
    return np.stack(
        [middle - along - down, middle + along - down, middle + along + down, middle - along + down]
    )
