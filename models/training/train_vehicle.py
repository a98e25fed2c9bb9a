"""Train the vehicle network; stop it at any time and start it again with the same command.

    nice -n 19 python -m models.training.train_vehicle --data ../shared/data/train --out RUN

RUN gets state.pt (resume), best.pt and last.pt (averaged weights), metrics.csv, and settings.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from models.training.detector_net import DetectorNet, decode, vehicle_net
from models.training.run import Figures, Run, Settings, as_pixels, reduced
from models.training.sources import Picture, pictures
from models.training.splits import RENDERED
from models.training.vehicle_batches import Batches
from models.training.vehicle_loss import Labels, vehicle_loss
from models.training.vehicle_score import Detections, detections, judge, letterbox


@dataclass(frozen=True, slots=True)
class VehicleSettings(Settings):
    """`side` is that at run time; a little more than `late_side`, as vehicles look larger in
    training. `sure_step`: from then on the labels are doubted where the network is sure."""

    steps: int = 2620
    batch: int = 16
    rate: float = 2e-3
    decay: float = 0.05
    seed: int = 7
    warm_steps: int = 300
    judge_every: int = 300
    keep: float = 0.9995
    keep_steps: int = 400
    clip: float = 10.0
    least_rate: float = 0.02
    early_side: int = 320
    late_side: int = 384
    side: int = 416
    early_share: float = 0.97
    sure_step: int = 1000


def torch_detector(net: DetectorNet, side: int) -> Callable[[list[np.ndarray]], list[Detections]]:
    def detect(images: list[np.ndarray]) -> list[Detections]:
        squares = [letterbox(image, side) for image in images]
        batch = np.stack([s for s, _ in squares])[..., ::-1].transpose(0, 3, 1, 2) / np.float32(255)
        tensor = torch.from_numpy(np.ascontiguousarray(batch, np.float32))
        tensor = tensor.to(memory_format=torch.channels_last)
        with torch.no_grad(), reduced():
            boxes, logits, _ = decode(net(tensor))
        return [
            detections(b.numpy(), x.numpy(), scale)
            for b, x, (_, scale) in zip(boxes, logits, squares, strict=True)
        ]

    return detect


def train(run: Run, settings: VehicleSettings, batch: torch.Tensor, labels: Labels) -> Figures:
    with reduced():
        outputs = run.net(as_pixels(batch))
    loss = vehicle_loss(outputs, labels, batch.shape[-1], run.step >= settings.sure_step)
    run.update(loss.total)
    return {"score": loss.score, "box": loss.box, "type": loss.kind}


def figures(net: DetectorNet, side: int, shown: list[Picture]) -> tuple[Figures, float]:
    scores = judge(torch_detector(net, side), shown)
    told = {
        f"{name}_{kind}": value
        for name in sorted(scores)
        for kind, value in zip(("ap50", "r_p90"), scores[name], strict=True)
    }
    return told, sum(scores["all"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights to go on from (.npz)")
    parser.add_argument("--steps", type=int, default=VehicleSettings().steps)
    parser.add_argument("--rate", type=float, default=VehicleSettings().rate)
    parser.add_argument("--warm-steps", type=int, default=VehicleSettings().warm_steps)
    parser.add_argument("--judge-every", type=int, default=VehicleSettings().judge_every)
    parser.add_argument("--rendered", type=Path, help="folder of rendered stills with labels")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    s = VehicleSettings(
        steps=options.steps,
        rate=options.rate,
        warm_steps=options.warm_steps,
        judge_every=options.judge_every,
        early_share=0.0 if options.start else VehicleSettings().early_share,
        sure_step=0 if options.start else VehicleSettings().sure_step,
    )
    torch.manual_seed(s.seed)
    run = Run(s, vehicle_net(), options.out, options.start)
    extra = ((RENDERED, options.rendered),) if options.rendered else ()
    every = list(pictures(options.data, extra))
    shown, held = [p for p in every if not p.held], [p for p in every if p.held]
    print(f"{len(shown)} pictures to learn from, {len(held)} held out", flush=True)
    sides = [(int(s.steps * s.early_share), s.early_side), (s.steps, s.late_side)]
    batches = Batches(shown, s.seed, s.batch, range(run.step, s.steps), sides)
    run.learn(
        DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=6),
        lambda made: train(run, s, *made),
        lambda: figures(run.average, s.side, held),
    )


if __name__ == "__main__":
    main()
