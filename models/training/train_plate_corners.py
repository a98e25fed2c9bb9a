"""Train the plate finder; stop it at any time and start it again with the same command.

    nice -n 19 python -m models.training.train_plate_corners --plates ../shared/data/plates \
        --vehicles ../shared/data/train --out RUN
"""

from __future__ import annotations

import argparse
import copy
import csv
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader

from models.training.corner_batches import SIDE, FindBatches, Finds, Stock
from models.training.corner_loss import corner_loss, unfold
from models.training.detector_net import DetectorNet, plate_corners_net
from models.training.plate_crops import crops
from models.training.plate_scenes import Scene, scenes
from models.training.sources import pictures
from models.training.vehicle_score import letterbox

# Pictures on whose vehicles plates may be hung; the others show roads from afar.
BODIES = {"single_cars", "highway_id", "openimages_vehicles", "acpds_lots", "coco128_train"}


@dataclass(frozen=True, slots=True)
class Settings:
    steps: int = 800
    batch: int = 24
    rate: float = 2e-3
    decay: float = 0.03
    seed: int = 5
    warm_steps: int = 150
    judge_every: int = 250


class Run:
    def __init__(self, settings: Settings, out: Path) -> None:
        self.settings, self.out, self.step, self.best = settings, out, 0, 0.0
        torch.manual_seed(settings.seed)
        self.net = plate_corners_net().to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net).eval()
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), settings.rate, weight_decay=settings.decay
        )
        if (out / "state.pt").exists():
            state = torch.load(out / "state.pt", weights_only=True)
            self.net.load_state_dict(state["net"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.best = state["step"], state["best"]

    def save(self) -> None:
        state = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "best": self.best,
        }
        torch.save(state, self.out / "state.part")
        (self.out / "state.part").rename(self.out / "state.pt")
        torch.save(self.average.state_dict(), self.out / "last.pt")

    def train(self, finds: Finds) -> tuple[float, float]:
        s = self.settings
        done = max(0.0, (self.step - s.warm_steps) / (s.steps - s.warm_steps))
        rate = s.rate * min(1.0, (self.step + 1) / s.warm_steps)
        rate *= 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.net.train()
        images = finds.images.to(memory_format=torch.channels_last).float().div_(255)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outputs = self.net(images)
        total, score, corner = corner_loss(outputs, finds, self.step > 800)
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)
        self.optimizer.step()
        self.step += 1
        keep = 0.999 * (1 - math.exp(-self.step / 200))
        with torch.no_grad():
            for kept, new in zip(
                self.average.state_dict().values(), self.net.state_dict().values(), strict=True
            ):
                if kept.dtype.is_floating_point:
                    kept.lerp_(new, 1 - keep)
                else:
                    kept.copy_(new)
        return score, corner


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


def judge(net: DetectorNet, held: list[Scene]) -> dict[str, float]:
    """Of held-out scenes, whole pictures: share whose surest find lies on a plate (every corner
    within 0.35 plate heights), the mean corner error in plate heights, and the mean score."""
    errors, scores = [], []
    for scene in held:
        found, score = best_find(net, scene.image)
        high = np.linalg.norm(scene.corners[:, 3] - scene.corners[:, 0], axis=-1)
        far = np.linalg.norm(scene.corners - found, axis=-1).max(1) / high
        errors.append(float(far.min()))
        scores.append(score)
    good = np.array(errors) < 0.35
    loose = np.array(errors) < 1.0
    return {
        "found": float(good.mean()),
        "near": float(loose.mean()),
        "error": float(np.median(errors)),
        "score": float(np.mean(scores)),
    }


def learn(run: Run, batches: FindBatches, held: list[Scene]) -> None:
    s, start, first, mean = run.settings, time.perf_counter(), run.step, [0.0, 0.0]
    for finds in DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=6):
        parts = run.train(finds)
        mean = [
            0.97 * a + 0.03 * b if run.step > first + 1 else b
            for a, b in zip(mean, parts, strict=True)
        ]
        if run.step % 25 == 0:
            pace = (run.step - first) / (time.perf_counter() - start)
            print(
                f"step {run.step}/{s.steps} score {mean[0]:.3f} corner {mean[1]:.4f} "
                f"{pace * s.batch:.0f} pictures/s {(s.steps - run.step) / pace / 60:.0f} min left",
                flush=True,
            )
        if run.step % 50 == 0:
            run.save()
        if run.step % s.judge_every == 0 or run.step == s.steps:
            shares = judge(run.average, held)
            print("judged", run.step, {k: round(v, 3) for k, v in shares.items()}, flush=True)
            new = not (run.out / "metrics.csv").exists()
            with (run.out / "metrics.csv").open("a", newline="") as file:
                if new:
                    csv.writer(file).writerow(["step", "score_loss", "corner_loss", *shares])
                csv.writer(file).writerow([run.step, *mean, *shares.values()])
            if shares["found"] >= run.best:
                run.best = shares["found"]
                torch.save(run.average.state_dict(), run.out / "best.pt")
    run.save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plates", type=Path, required=True)
    parser.add_argument("--vehicles", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=Settings().steps)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)  # its thread pool does not survive the fork of the batch maker
    options.out.mkdir(parents=True, exist_ok=True)
    s = Settings(steps=options.steps)
    (options.out / "settings.json").write_text(json.dumps(asdict(s), indent=1))
    every = list(scenes(options.plates))
    bodies = [p for p in pictures(options.vehicles) if not p.held and p.source.name in BODIES]
    learned = [c for c in crops(options.plates) if not c.held]
    stock = Stock(
        options.plates / "synth_assets", [s for s in every if not s.held], bodies, learned
    )
    run = Run(s, options.out)
    held = [s for s in every if s.held]
    print(len(stock.scenes), "scenes", len(held), "held out", len(bodies), "bodies", flush=True)
    learn(run, FindBatches(stock, s.seed, s.batch, range(run.step, s.steps)), held)


if __name__ == "__main__":
    main()
