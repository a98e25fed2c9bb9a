"""Train the plate finder; stop it at any time and start it again with the same command.

    nice -n 19 python -m models.training.train_plate_corners --plates ../shared/data/plates \
        --vehicles ../shared/data/train --out RUN
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader

from models.training.corner_batches import SIDE, FindBatches, Finds, Stock
from models.training.corner_loss import corner_loss, unfold
from models.training.detector_net import DetectorNet, plate_corners_net
from models.training.plate_crops import crops, part_of
from models.training.plate_scenes import Scene, scenes
from models.training.run import Figures, Run, Settings, as_pixels, reduced
from models.training.sources import pictures
from models.training.vehicle_score import letterbox

# Pictures on whose vehicles plates may be hung; the others show roads from afar.
# Steps before which the corner loss is given to every cell alike.
_SURE_STEPS = 800
BODIES = {"single_cars", "highway_id", "openimages_vehicles", "acpds_lots", "coco128_train"}


@dataclass(frozen=True, slots=True)
class CornerSettings(Settings):
    steps: int = 1000
    batch: int = 24
    rate: float = 2e-3
    decay: float = 0.03
    seed: int = 5
    warm_steps: int = 150
    judge_every: int = 250
    keep: float = 0.999
    keep_steps: int = 200
    clip: float = 10.0
    least_rate: float = 0.01


def train(run: Run, finds: Finds) -> Figures:
    with reduced():
        outputs = run.net(as_pixels(finds.images))
    total, score, corner = corner_loss(outputs, finds, run.step > _SURE_STEPS)
    run.update(total)
    return {"score": score, "corner": corner}


def best_find(net: DetectorNet, image: np.ndarray) -> tuple[np.ndarray, float]:
    """The corners (4, 2) of the surest plate of a picture, in its pixels, and its score."""
    square, scale = letterbox(image, SIDE)
    tensor = (
        torch.from_numpy(np.ascontiguousarray(square[..., ::-1].transpose(2, 0, 1)))[None].float()
        / 255
    )
    with torch.no_grad():
        corners, logits, _ = unfold(net(tensor.to(memory_format=torch.channels_last)))
    best = int(logits[0].argmax())
    return corners[0, best].numpy() / scale, float(logits[0, best].sigmoid())


def judge(net: DetectorNet, shown: list[Scene]) -> tuple[Figures, float]:
    """Of the scenes, whole pictures: share whose surest find lies on a plate (every corner
    within 0.35 plate heights), the mean corner error in plate heights, and the mean score."""
    errors, scores = [], []
    for scene in shown:
        found, score = best_find(net, scene.image)
        high = np.linalg.norm(scene.corners[:, 3] - scene.corners[:, 0], axis=-1)
        far = np.linalg.norm(scene.corners - found, axis=-1).max(1) / high
        errors.append(float(far.min()))
        scores.append(score)
    good = np.array(errors) < 0.35
    loose = np.array(errors) < 1.0
    figures = {
        "found": float(good.mean()),
        "near": float(loose.mean()),
        "error": float(np.median(errors)),
        "score": float(np.mean(scores)),
    }
    return figures, figures["found"]


def open_batches(
    plates: Path, vehicles: Path, seed: int, size: int, steps: range
) -> tuple[FindBatches, list[Scene]]:
    """What is learned from, and the photographs set aside to choose by."""
    every = list(scenes(plates))
    shown = [s for s in every if part_of(s.texts) == "learn"]
    bodies = [p for p in pictures(vehicles) if not p.held and p.source.name in BODIES]
    learned = [c for c in crops(plates) if c.part == "learn"]
    print(len(shown), "scenes,", len(bodies), "bodies,", len(learned), "crops", flush=True)
    stock = Stock(plates / "synth_assets", shown, bodies, learned)
    return FindBatches(stock, seed, size, steps), [s for s in every if part_of(s.texts) == "check"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plates", type=Path, required=True)
    parser.add_argument("--vehicles", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights to go on from (.npz)")
    parser.add_argument("--steps", type=int, default=CornerSettings().steps)
    parser.add_argument("--rate", type=float, default=CornerSettings().rate)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)  # its thread pool does not survive the fork of the batch maker
    s = CornerSettings(steps=options.steps, rate=options.rate)
    torch.manual_seed(s.seed)
    run = Run(s, plate_corners_net(), options.out, options.start)
    left = range(run.step, s.steps)
    batches, checked = open_batches(options.plates, options.vehicles, s.seed, s.batch, left)
    run.learn(
        DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=6),
        lambda finds: train(run, finds),
        lambda: judge(run.average, checked),
    )


if __name__ == "__main__":
    main()
