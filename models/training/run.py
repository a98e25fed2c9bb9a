"""What every training run does alike: rate, running average, resuming, progress, metrics."""

from __future__ import annotations

import copy
import csv
import json
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

Batch = TypeVar("Batch")
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Settings:
    """`keep`: share of the running average that a step leaves, in the long run; `keep_steps`: how
    soon it gets there. `least_rate`: what the cosine ends at, as a share of `rate`."""

    steps: int
    batch: int
    rate: float
    decay: float
    seed: int
    warm_steps: int
    judge_every: int
    keep: float
    keep_steps: int
    clip: float
    least_rate: float


class Run:
    """A network, its running average, and everything that a restart needs, in a folder.

    The folder gets state.pt (resume), last.pt and best.pt (averaged weights), metrics.csv, and
    settings.json. `start` (.npz) gives the weights that a new run begins with.
    """

    def __init__(self, settings: Settings, net: nn.Module, out: Path, start: Path | None) -> None:
        self.settings, self.out, self.step, self.best = settings, out, 0, float("-inf")
        out.mkdir(parents=True, exist_ok=True)
        self.net = net.to(memory_format=torch.channels_last)
        if start is not None:
            self.net.load_state_dict(read_weights(start))
        self.average = copy.deepcopy(self.net).eval()
        learning = [p for p in self.net.parameters() if p.requires_grad]
        heavy = [p for p in learning if p.ndim > 1]
        light = [p for p in learning if p.ndim <= 1]
        groups = [
            {"params": heavy, "weight_decay": settings.decay},
            {"params": light, "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, settings.rate)
        told = {**asdict(settings), "start": start.name if start else "random"}
        (out / "settings.json").write_text(json.dumps(told, indent=1))
        if (out / "state.pt").exists():
            state = torch.load(out / "state.pt", weights_only=True)
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
        done = min(1.0, (self.step - s.warm_steps) / max(1, s.steps - s.warm_steps))
        return s.rate * (s.least_rate + (1 - s.least_rate) * 0.5 * (1 + math.cos(math.pi * done)))

    def update(self, loss: Tensor) -> None:
        """One step of the optimizer down a loss, and of the running average."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.settings.clip)
        self.optimizer.step()
        self.step += 1
        keep = self.settings.keep * (1 - math.exp(-self.step / self.settings.keep_steps))
        blend(self.average, self.net, keep)

    def learn(
        self,
        batches: Iterable[Batch],
        train: Callable[[Batch], Figures],
        judge: Callable[[], tuple[Figures, float]],
    ) -> None:
        """Train on every batch; `train` gives the losses of a step, `judge` the figures of the
        running average and their sum in one number (the higher the better)."""
        s, start, first, mean = self.settings, time.perf_counter(), self.step, Figures()
        for batch in batches:
            self.net.train()
            losses = train(batch)
            mean = {k: 0.97 * mean.get(k, v) + 0.03 * v for k, v in losses.items()}
            if self.step % 20 == 0:
                pace = (self.step - first) / (time.perf_counter() - start)
                told = " ".join(f"{name} {value:.3f}" for name, value in mean.items())
                left = (s.steps - self.step) / pace / 60
                print(
                    f"step {self.step}/{s.steps} {told} rate {self.rate():.5f} "
                    f"{pace * s.batch:.1f} pictures/s {left:.0f} min left",
                    flush=True,
                )
                self.save()
            if self.step % s.judge_every == 0 or self.step == s.steps:
                self.report(mean, *judge())
        self.save()

    def report(self, losses: Figures, figures: Figures, value: float) -> None:
        """Log a judgement to metrics.csv, and keep the weights if they are the best so far."""
        row = {f"{name}_loss": loss for name, loss in losses.items()} | figures
        print(f"judged {self.step}:", " ".join(f"{k} {v:.3f}" for k, v in row.items()), flush=True)
        new = not (self.out / "metrics.csv").exists()
        with (self.out / "metrics.csv").open("a", newline="") as file:
            table = csv.writer(file)
            if new:
                table.writerow(["step", *row])
            table.writerow([self.step, *(round(number, 4) for number in row.values())])
        if value >= self.best:
            self.best = value
            torch.save(self.average.state_dict(), self.out / "best.pt")


@torch.no_grad()
def blend(average: nn.Module, net: nn.Module, keep: float) -> None:
    pairs = zip(average.state_dict().values(), net.state_dict().values(), strict=True)
    for kept, new in pairs:
        if kept.dtype.is_floating_point:
            kept.lerp_(new, 1 - keep)
        else:
            kept.copy_(new)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Weights as `models.training.weights` or `models.training.recover` wrote them."""
    with np.load(path) as archive:
        return {
            name: torch.from_numpy(
                archive[name].astype(np.int64 if name.endswith("tracked") else np.float32)
            )
            for name in archive.files
        }


def reduced() -> torch.autocast:
    """Bfloat16 where the processor computes in it (half the time), float32 elsewhere (where
    bfloat16 would take several times as long)."""
    fast = "avx512_bf16" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=fast)


def as_pixels(images: Tensor) -> Tensor:
    """Bytes (N, 3, H, W) as what the networks take: 0..1, channels last."""
    return images.to(memory_format=torch.channels_last).float().div_(255)
