"""The real plates, split by plate number: one is learned from, chosen by or judged on."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from edge.plate_reader import straighten
from models.training.plate_grammar import CHARACTERS, COLOURS
from models.training.plate_scenes import scenes
from models.training.splits import plate_checked, plate_held

CROPS = ("lprnet_crops", "lyl_crops")
SCENES = "easypr_scenes"
# A photograph's plate is cut out this many times as wide and high, at this size.
_AROUND = 1.5
_CUT = (360, 144)
Part = Literal["learn", "check", "held"]


@dataclass(frozen=True, slots=True)
class Crop:
    """`quad` (4, 2): where in the image the plate is. `rough`: how far off a finder may be, in
    shares of the plate's width and height."""

    source: str
    name: str
    image: np.ndarray
    quad: np.ndarray
    text: str
    colour: int
    part: Part
    rough: tuple[float, float]

    @property
    def held(self) -> bool:
        return self.part == "held"


def part_of(texts: tuple[str, ...]) -> Part:
    """The part that a picture with these plates belongs to."""
    if any(plate_held(text) for text in texts):
        return "held"
    return "check" if any(plate_checked(text) for text in texts) else "learn"


def crops(root: Path) -> Iterator[Crop]:
    """The labelled crops under ../shared/data/plates."""
    with (root / "labels.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            source = row["file"].split("/")[0]
            text = row["plate"].strip().upper()
            if source not in CROPS or not readable(text):
                continue
            image = cv2.imread(str(root / row["file"]))
            quad = corners_of(image)
            colour = blue_or_yellow(image)
            part = part_of((text,))
            yield Crop(source, row["file"], image, quad, text, colour, part, (0.02, 0.02))


def scene_crops(root: Path) -> Iterator[Crop]:
    """The plates of the photographs, each cut out with what is around it."""
    for scene in scenes(root):
        part = part_of(scene.texts)
        for corners, text in zip(scene.corners, scene.texts, strict=True):
            if not readable(text):
                continue
            middle = corners.mean(0)
            around = (middle + (corners - middle) * _AROUND).astype(np.float32)
            image = straighten(scene.image, around, _CUT, rim=(1.0, 1.0))
            whole = corners_of(image)
            quad = whole.mean(0) + (whole - whole.mean(0)) / _AROUND
            colour = blue_or_yellow(straighten(scene.image, corners.astype(np.float32), (90, 30)))
            yield Crop(SCENES, scene.name, image, quad, text, colour, part, (0.015, 0.05))


def readable(text: str) -> bool:
    return bool(text) and all(c in CHARACTERS for c in text)


def corners_of(image: np.ndarray) -> np.ndarray:
    high, wide = image.shape[:2]
    return np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)


def blue_or_yellow(image: np.ndarray) -> int:
    """Index into COLOURS by mean red against mean blue: these sources hold no other."""
    blue, _, red = image.reshape(-1, 3).mean(0)
    return COLOURS.index("yellow" if red > blue * 1.15 else "blue")
