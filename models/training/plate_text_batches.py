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

from models.training.plate_crops import Crop
from models.training.plate_grammar import CHARACTERS
from models.training.plate_hang import Drawer
from models.training.plate_synth import camera
from models.training.plate_text_shape import HEIGHT, WIDTH


@dataclass(frozen=True, slots=True)
class Plates:
    """`images` uint8 (N, 3, 64, 160) RGB; `symbols` flat CTC targets; `lengths`, `colours` (N,)."""

    images: torch.Tensor
    symbols: torch.Tensor
    lengths: torch.Tensor
    colours: torch.Tensor


class PlateBatches(IterableDataset[Plates]):
    def __init__(
        self,
        assets: Path,
        learned: list[Crop],
        seed: int,
        size: int,
        steps: range,
        real_share: float,
    ) -> None:
        self.assets, self.learned, self.seed, self.size = assets, learned, seed, size
        self.steps, self.real_share = steps, real_share
        self.drawer = Drawer(assets)
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
        crop = self.learned[int(rng.choice(len(self.learned), p=self.chance))]
        high, wide = crop.image.shape[:2]
        corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
        corners += rng.normal(0, 0.02, (4, 2)).astype(np.float32) * (wide, high)
        corners += rng.normal(0, 0.02, (1, 2)).astype(np.float32) * (wide, high)
        target = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
        matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
        image = cv2.warpPerspective(
            crop.image, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE
        )
        return (camera(rng, image) if rng.random() < 0.5 else image), crop.text, crop.colour
