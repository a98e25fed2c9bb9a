"""The real plate crops, split by plate number: one is learned from or judged on, never both."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.training.plate_grammar import CHARACTERS, COLOURS
from models.training.splits import plate_held

CROPS = ("lprnet_crops", "lyl_crops")


@dataclass(frozen=True, slots=True)
class Crop:
    source: str
    name: str
    image: np.ndarray
    text: str
    colour: int
    held: bool


def crops(root: Path) -> Iterator[Crop]:
    """The labelled crops under ../shared/data/plates."""
    with (root / "labels.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            source = row["file"].split("/")[0]
            text = row["plate"].strip().upper()
            if source not in CROPS or not text or any(c not in CHARACTERS for c in text):
                continue
            image = cv2.imread(str(root / row["file"]))
            yield Crop(source, row["file"], image, text, blue_or_yellow(image), plate_held(text))


def blue_or_yellow(image: np.ndarray) -> int:
    """Index into COLOURS by mean red against mean blue: these two sources hold no other."""
    blue, _, red = image.reshape(-1, 3).mean(0)
    return COLOURS.index("yellow" if red > blue * 1.15 else "blue")
