"""Train the vehicle network; stop it at any time and start it again with the same command.

    nice -n 19 python -m models.training.train_vehicle --data ../shared/data/train --out RUN

RUN gets state.pt (resume), best.pt and last.pt (averaged weights), metrics.csv, and settings.json.
"""

from __future__ import annotations

import argparse
import copy
import csv
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from models.training.detector_net import DetectorNet, decode, vehicle_net
from models.training.sources import Picture, pictures
from models.training.splits import RENDERED
from models.training.vehicle_batches import Batches
from models.training.vehicle_loss import vehicle_loss
from models.training.vehicle_score import Detections, detections, judge, letterbox


@dataclass(frozen=True, slots=True)
class Settings:
    steps: int = 2620
    batch: int = 16
    rate: float = 2e-3
    decay: float = 0.05
    seed: int = 7
    early_side: int = 320
    late_side: int = 384
    side: int = (
        416  # at run time; a little more than late_side, as vehicles look larger in training
    )
    early_share: float = 0.97
    warm_steps: int = 300
    judge_every: int = 300


def torch_detector(net: DetectorNet, side: int) -> Callable[[list[np.ndarray]], list[Detections]]:
    def detect(images: list[np.ndarray]) -> list[Detections]:
        squares = [letterbox(image, side) for image in images]
        batch = np.stack([s for s, _ in squares])[..., ::-1].transpose(0, 3, 1, 2) / np.float32(255)
        tensor = torch.from_numpy(np.ascontiguousarray(batch, np.float32))
        tensor = tensor.to(memory_format=torch.channels_last)
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            boxes, logits, _ = decode(net(tensor))
        return [
            detections(b.numpy(), x.numpy(), scale)
            for b, x, (_, scale) in zip(boxes, logits, squares, strict=True)
        ]

    return detect


class Run:
    """The network, its running average, and everything that a restart needs."""

    def __init__(self, settings: Settings, out: Path) -> None:
        self.settings, self.out, self.step = settings, out, 0
        torch.manual_seed(settings.seed)
        self.net = vehicle_net().to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net).eval()
        heavy = [p for p in self.net.parameters() if p.ndim > 1]
        light = [p for p in self.net.parameters() if p.ndim <= 1]
        groups = [
            {"params": heavy, "weight_decay": settings.decay},
            {"params": light, "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, settings.rate)
        self.best = 0.0
        state = out / "state.pt"
        if state.exists():
            self.load(torch.load(state, weights_only=True))

    def load(self, state: dict[str, object]) -> None:
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.best = int(state["step"]), float(state["best"])

    def save(self) -> None:
        state = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "best": self.best,
        }
        part = self.out / "state.part"
        torch.save(state, part)
        part.rename(self.out / "state.pt")
        torch.save(self.average.state_dict(), self.out / "last.pt")

    def rate(self) -> float:
        s = self.settings
        if self.step < s.warm_steps:
            return s.rate * (self.step + 1) / s.warm_steps
        done = (self.step - s.warm_steps) / (s.steps - s.warm_steps)
        return s.rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))

    def train(self, batch: torch.Tensor, labels: object) -> tuple[float, float, float]:
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        self.net.train()
        images = batch.to(memory_format=torch.channels_last).float().div_(255)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outputs = self.net(images)
        loss = vehicle_loss(outputs, labels, batch.shape[-1], self.step > 1000)
        self.optimizer.zero_grad(set_to_none=True)
        loss.total.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)
        self.optimizer.step()
        self.step += 1
        self.blend(0.9995 * (1 - math.exp(-self.step / 400)))
        return loss.score, loss.box, loss.kind

    @torch.no_grad()
    def blend(self, keep: float) -> None:
        pairs = zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True)
        for kept, new in pairs:
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - keep)
            else:
                kept.copy_(new)


def learn(run: Run, shown: list[Picture], held: list[Picture]) -> None:
    s = run.settings
    sides = [(int(s.steps * s.early_share), s.early_side), (s.steps, s.late_side)]
    batches = Batches(shown, s.seed, s.batch, range(run.step, s.steps), sides)
    start, first, sums = time.perf_counter(), run.step, [0.0, 0.0, 0.0]
    for batch, labels in DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=6):
        parts = run.train(batch, labels)
        sums = [
            0.98 * a + 0.02 * b if run.step > first + 1 else b
            for a, b in zip(sums, parts, strict=True)
        ]
        if run.step % 20 == 0:
            pace = (run.step - first) / (time.perf_counter() - start)
            print(
                f"step {run.step}/{s.steps} loss score {sums[0]:.3f} box {sums[1]:.3f} "
                f"type {sums[2]:.3f} rate {run.rate():.5f} {pace * s.batch:.1f} pictures/s "
                f"{(s.steps - run.step) / pace / 60:.0f} min left",
                flush=True,
            )
        if run.step % s.judge_every == 0 or run.step == s.steps:
            report(run, held, sums)
        if run.step % 20 == 0:
            run.save()
    run.save()


def report(run: Run, held: list[Picture], sums: list[float]) -> None:
    scores = judge(torch_detector(run.average, run.settings.side), held)
    ap, recall = scores["all"]
    new = not (run.out / "metrics.csv").exists()
    with (run.out / "metrics.csv").open("a", newline="") as file:
        table = csv.writer(file)
        names = sorted(scores)
        if new:
            table.writerow(
                [
                    "step",
                    "score_loss",
                    "box_loss",
                    "type_loss",
                    *(f"{n}_{k}" for n in names for k in ("ap50", "r_p90")),
                ]
            )
        table.writerow(
            [
                run.step,
                *(round(v, 4) for v in sums),
                *(round(v, 4) for n in names for v in scores[n]),
            ]
        )
    print(
        f"judged {run.step}: " + " ".join(f"{n} {a:.3f}/{r:.3f}" for n, (a, r) in scores.items()),
        flush=True,
    )
    if ap + recall > run.best:
        run.best = ap + recall
        torch.save(run.average.state_dict(), run.out / "best.pt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=Settings().steps)
    parser.add_argument("--rendered", type=Path, help="folder of rendered stills with labels")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    settings = Settings(steps=options.steps)
    (options.out / "settings.json").write_text(json.dumps(asdict(settings), indent=1))
    extra = ((RENDERED, options.rendered),) if options.rendered else ()
    every = list(pictures(options.data, extra))
    shown, held = [p for p in every if not p.held], [p for p in every if p.held]
    print(f"{len(shown)} pictures to learn from, {len(held)} held out", flush=True)
    learn(Run(settings, options.out), shown, held)


if __name__ == "__main__":
    main()
