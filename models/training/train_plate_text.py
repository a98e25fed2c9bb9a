"""Train the plate text network; stop it at any time and start it again with the same command.

nice -n 19 python -m models.training.train_plate_text --data ../shared/data/plates --out RUN
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
from torch import nn
from torch.utils.data import DataLoader

from models.training.plate_crops import Crop, crops
from models.training.plate_text_batches import PlateBatches, Plates
from models.training.plate_text_net import PlateTextNet, columns, read
from models.training.plate_text_shape import HEIGHT, WIDTH


@dataclass(frozen=True, slots=True)
class Settings:
    steps: int = 2350
    batch: int = 64
    rate: float = 2e-3
    decay: float = 0.02
    seed: int = 11
    real_share: float = 0.25
    warm_steps: int = 150
    judge_every: int = 250


class Run:
    def __init__(self, settings: Settings, out: Path) -> None:
        self.settings, self.out, self.step, self.best = settings, out, 0, 0.0
        torch.manual_seed(settings.seed)
        self.net = PlateTextNet().to(memory_format=torch.channels_last)
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

    def train(self, plates: Plates) -> tuple[float, float]:
        s = self.settings
        done = max(0.0, (self.step - s.warm_steps) / (s.steps - s.warm_steps))
        rate = s.rate * min(1.0, (self.step + 1) / s.warm_steps)
        rate *= 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.net.train()
        images = plates.images.to(memory_format=torch.channels_last).float().div_(255)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            text, colour = self.net(images)
        chances = columns(text).log_softmax(-1)
        steps = torch.full((len(images),), len(chances))
        text_loss = nn.functional.ctc_loss(
            chances, plates.symbols, steps, plates.lengths, zero_infinity=True
        )
        colour_loss = nn.functional.cross_entropy(colour.float(), plates.colours)
        self.optimizer.zero_grad(set_to_none=True)
        (text_loss + 0.1 * colour_loss).backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
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
        return text_loss.item(), colour_loss.item()


def stretched(image: np.ndarray) -> np.ndarray:
    """Uint8 RGB (3, 64, 160)."""
    method = cv2.INTER_AREA if image.shape[1] > 2 * WIDTH else cv2.INTER_LINEAR
    return cv2.resize(image, (WIDTH, HEIGHT), interpolation=method)[..., ::-1].transpose(2, 0, 1)


def judge(
    net: PlateTextNet, judged: dict[str, list[tuple[np.ndarray, str, int]]]
) -> dict[str, float]:
    """Share of plates read exactly right, per set; and of colours."""
    shares = {}
    for name, plates in judged.items():
        right = colours = 0
        for start in range(0, len(plates), 64):
            part = plates[start : start + 64]
            images = (
                torch.from_numpy(np.ascontiguousarray(np.stack([p[0] for p in part]))).float() / 255
            )
            with torch.no_grad():
                text, colour = net(images.to(memory_format=torch.channels_last))
            right += sum(a == b[1] for a, b in zip(read(columns(text)), part, strict=True))
            colours += sum(int(a) == b[2] for a, b in zip(colour.argmax(1), part, strict=True))
        shares[name] = right / len(plates)
        shares[name + "_colour"] = colours / len(plates)
    return shares


def judged_sets(
    every: list[Crop], batches: PlateBatches
) -> dict[str, list[tuple[np.ndarray, str, int]]]:
    sets: dict[str, list[tuple[np.ndarray, str, int]]] = {}
    for crop in every:
        if crop.held:
            sets.setdefault(crop.source, []).append((stretched(crop.image), crop.text, crop.colour))
    rng = np.random.default_rng(123456)
    drawn = [batches.drawer.draw(rng) for _ in range(400)]
    sets["synthetic"] = [(i[..., ::-1].transpose(2, 0, 1), t, c) for i, t, c in drawn]
    return sets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=Settings().steps)
    parser.add_argument("--real-share", type=float, default=Settings().real_share)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)  # its thread pool does not survive the fork of the batch maker
    options.out.mkdir(parents=True, exist_ok=True)
    s = Settings(steps=options.steps, real_share=options.real_share)
    (options.out / "settings.json").write_text(json.dumps(asdict(s), indent=1))
    every = list(crops(options.data))
    run = Run(s, options.out)
    learned = [c for c in every if not c.held]
    batches = PlateBatches(
        options.data / "synth_assets",
        learned,
        s.seed,
        s.batch,
        range(run.step, s.steps),
        s.real_share,
    )
    judged = judged_sets(every, batches)
    print({k: len(v) for k, v in judged.items()}, len(learned), "to learn from", flush=True)
    learn(run, batches, judged)


def learn(
    run: Run, batches: PlateBatches, judged: dict[str, list[tuple[np.ndarray, str, int]]]
) -> None:
    s, start, first = run.settings, time.perf_counter(), run.step
    mean = [0.0, 0.0]
    for plates in DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=6):
        parts = run.train(plates)
        mean = [
            0.97 * a + 0.03 * b if run.step > first + 1 else b
            for a, b in zip(mean, parts, strict=True)
        ]
        if run.step % 25 == 0:
            pace = (run.step - first) / (time.perf_counter() - start)
            print(
                f"step {run.step}/{s.steps} text {mean[0]:.3f} colour {mean[1]:.3f} "
                f"{pace * s.batch:.0f} plates/s {(s.steps - run.step) / pace / 60:.0f} min left",
                flush=True,
            )
        if run.step % 50 == 0:
            run.save()
        if run.step % s.judge_every == 0 or run.step == s.steps:
            shares = judge(run.average, judged)
            print("judged", run.step, {k: round(v, 4) for k, v in shares.items()}, flush=True)
            log(run, mean, shares)
    run.save()


def log(run: Run, mean: list[float], shares: dict[str, float]) -> None:
    new = not (run.out / "metrics.csv").exists()
    with (run.out / "metrics.csv").open("a", newline="") as file:
        table = csv.writer(file)
        if new:
            table.writerow(["step", "text_loss", "colour_loss", *shares])
        table.writerow(
            [run.step, *(round(v, 4) for v in mean), *(round(v, 4) for v in shares.values())]
        )
    value = sum(v for k, v in shares.items() if not k.endswith("colour"))
    if value >= run.best:
        run.best = value
        torch.save(run.average.state_dict(), run.out / "best.pt")


if __name__ == "__main__":
    main()
