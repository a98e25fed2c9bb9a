"""Training batches for the plate text network: synthetic plates and, at a share, real crops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import IterableDataset

from edge.plate_reader import straighten
from models.training.plate_crops import SCENES, Crop
from models.training.plate_grammar import CHARACTERS
from models.training.plate_hang import Drawer
from models.training.plate_synth import camera
from models.training.plate_text_shape import HEIGHT, WIDTH
from models.training.plate_transplant import Transplant


@dataclass(frozen=True, slots=True)
class Plates:
    """`images` uint8 (N, 3, 64, 160) RGB; `symbols` flat CTC targets; `lengths`, `colours` (N,)."""

    images: torch.Tensor
    symbols: torch.Tensor
    lengths: torch.Tensor
    colours: torch.Tensor


class PlateBatches(IterableDataset[Plates]):
    """`real_share` of a batch are real plates; `moved_share` of those bear another province."""

    def __init__(
        self,
        assets: Path,
        learned: list[Crop],
        seed: int,
        size: int,
        steps: range,
        real_share: float,
        moved_share: float,
    ) -> None:
        self.learned, self.seed, self.size = learned, seed, size
        self.steps, self.real_share, self.moved_share = steps, real_share, moved_share
        self.drawer = Drawer(assets)
        self.transplant = Transplant(self.drawer.glyphs)
        # A few provinces hold most real crops; without this the rare ones are read as the common.
        count = Counter(crop.text[0] for crop in learned)
        weight = np.array([count[crop.text[0]] ** -0.6 for crop in learned])
        self.chance = weight / weight.sum() if learned else weight

    def __iter__(self) -> Iterator[Plates]:
        cv2.setNumThreads(1)
        for step in self.steps:
            yield self.batch(step)

    def batch(self, step: int) -> Plates:
        rng = np.random.default_rng((self.seed, step))
        images, texts, colours = [], [], []
        for _ in range(self.size):
            real = rng.random() < self.real_share and self.learned
            image, text, colour = self.real(rng) if real else self.drawer.draw(rng)
            images.append(image)
            texts.append([CHARACTERS.index(c) + 1 for c in text])
            colours.append(colour)
        stack = np.ascontiguousarray(np.stack(images)[..., ::-1].transpose(0, 3, 1, 2))
        return Plates(
            torch.from_numpy(stack),
            torch.tensor([s for t in texts for s in t]),
            torch.tensor([len(t) for t in texts]),
            torch.tensor(colours),
        )

    def real(self, rng: np.random.Generator) -> tuple[np.ndarray, str, int]:
        if rng.random() < self.moved_share:
            # Whatever province it has is covered, so that here no crop counts more than another.
            crop = self.learned[int(rng.integers(len(self.learned)))]
            moved = self.transplant.paint(rng, crop)
            if moved is not None:
                return self._cut(rng, crop, moved[0]), moved[1], crop.colour
        crop = self.learned[int(rng.choice(len(self.learned), p=self.chance))]
        return self._cut(rng, crop, crop.image), crop.text, crop.colour

    def _cut(self, rng: np.random.Generator, crop: Crop, image: np.ndarray) -> np.ndarray:
        plate = cut(rng, crop, image)
        return camera(rng, plate) if rng.random() < 0.5 else plate


def cut(rng: np.random.Generator, crop: Crop, image: np.ndarray) -> np.ndarray:
    """The plate straightened to the network's size, as imprecisely as its finder would."""
    wide, high = np.ptp(crop.quad, 0)
    off = np.array([wide * crop.rough[0], high * crop.rough[1]], np.float32)
    corners = crop.quad + rng.normal(0, 1, (4, 2)) * off + rng.normal(0, 1, (1, 2)) * off
    rim = (1.03, 1.08) if crop.source == SCENES else (1.0, 1.0)
    return straighten(image, corners.astype(np.float32), (WIDTH, HEIGHT), rim)
