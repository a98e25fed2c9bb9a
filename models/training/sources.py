"""The real pictures, decoded, with their labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.training.splits import SOURCES, Source


@dataclass(frozen=True, slots=True)
class Picture:
    """`image`: BGR; `boxes`: (n, 4) pixels; `classes`: (n,) index into CLASSES."""

    source: Source
    path: Path
    scene: str
    held: bool
    image: np.ndarray
    boxes: np.ndarray
    classes: np.ndarray


def pictures(root: Path, extra: tuple[tuple[Source, Path], ...] = ()) -> Iterator[Picture]:
    """All pictures of SOURCES under root, decoded; `extra` gives further (source, folder) pairs."""
    for source, folder in (*((s, root / s.name) for s in SOURCES), *extra):
        for path in sorted((folder / "images").iterdir()):
            if not (folder / "labels" / f"{path.stem}.txt").exists():
                continue  # a still that is being rendered
            split = source.place(path.stem)
            image = cv2.imread(str(path))
            if image is None:
                raise ValueError(f"{path}: not a picture that OpenCV can read")
            boxes, classes = labels(folder / "labels" / f"{path.stem}.txt", image.shape)
            yield Picture(source, path, split.scene, split.held, image, boxes, classes)


def labels(path: Path, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """YOLO text as (n, 4) boxes in pixels and (n,) classes."""
    rows = [[float(v) for v in line.split()[:5]] for line in path.read_text().splitlines() if line]
    table = np.array(rows, np.float32).reshape(-1, 5)
    size = np.array([shape[1], shape[0]], np.float32)
    middle, half = table[:, 1:3] * size, table[:, 3:5] * size / 2
    return np.concatenate([middle - half, middle + half], 1), table[:, 0].astype(int)
