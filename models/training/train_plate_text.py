"""Train the plate text network; stop it at any time and start it again with the same command.

nice -n 19 python -m models.training.train_plate_text --data ../shared/data/plates --out RUN
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from models.training.plate_crops import Crop, crops, scene_crops
from models.training.plate_hang import Drawer
from models.training.plate_text_batches import PlateBatches, Plates, cut
from models.training.plate_text_net import PlateTextNet, columns, read
from models.training.run import Figures, Run, Settings, as_pixels, reduced

Judged = dict[str, list[tuple[np.ndarray, str, int]]]


@dataclass(frozen=True, slots=True)
class TextSettings(Settings):
    steps: int = 2350
    batch: int = 64
    rate: float = 2e-3
    decay: float = 0.02
    seed: int = 11
    warm_steps: int = 150
    judge_every: int = 200
    keep: float = 0.999
    keep_steps: int = 200
    clip: float = 5.0
    least_rate: float = 0.01
    real_share: float = 0.4
    moved_share: float = 0.4
    frozen: int = 0


def train(run: Run, plates: Plates) -> Figures:
    with reduced():
        text, colour = run.net(as_pixels(plates.images))
    chances = columns(text).log_softmax(-1)
    steps = torch.full((len(plates.images),), len(chances))
    text_loss = nn.functional.ctc_loss(
        chances, plates.symbols, steps, plates.lengths, zero_infinity=True
    )
    colour_loss = nn.functional.cross_entropy(colour.float(), plates.colours)
    run.update(text_loss + 0.1 * colour_loss)
    return {"text": text_loss.item(), "colour": colour_loss.item()}


def judge(net: nn.Module, judged: Judged) -> tuple[Figures, float]:
    """Share of plates read exactly right, per set; of first characters; and of colours."""
    shares: Figures = {}
    for name, plates in judged.items():
        right = first = colours = 0
        for start in range(0, len(plates), 64):
            part = plates[start : start + 64]
            images = torch.from_numpy(np.ascontiguousarray(np.stack([p[0] for p in part])))
            with torch.no_grad():
                text, colour = net(as_pixels(images))
            told = read(columns(text))
            right += sum(a == b[1] for a, b in zip(told, part, strict=True))
            first += sum(a[:1] == b[1][:1] for a, b in zip(told, part, strict=True))
            colours += sum(int(a) == b[2] for a, b in zip(colour.argmax(1), part, strict=True))
        shares[name] = right / len(plates)
        shares[name + "_first"] = first / len(plates)
        shares[name + "_colour"] = colours / len(plates)
    return shares, sum(v for k, v in shares.items() if not k.endswith("colour"))


def judged_sets(every: list[Crop], drawer: Drawer) -> Judged:
    """What settings are chosen by: real plates set aside for it, and drawn ones."""
    rng = np.random.default_rng(123456)
    sets: Judged = {}
    for crop in every:
        if crop.part == "check":
            image = cut(rng, crop, crop.image)[..., ::-1].transpose(2, 0, 1)
            sets.setdefault(crop.source, []).append((image, crop.text, crop.colour))
    drawn = [drawer.draw(rng) for _ in range(400)]
    sets["drawn"] = [(i[..., ::-1].transpose(2, 0, 1), t, c) for i, t, c in drawn]
    return sets


def open_batches(
    data: Path, seed: int, size: int, steps: range, real_share: float, moved_share: float = 0.4
) -> PlateBatches:
    learned = [c for c in (*crops(data), *scene_crops(data)) if c.part == "learn"]
    return PlateBatches(data / "synth_assets", learned, seed, size, steps, real_share, moved_share)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights to go on from (.npz)")
    parser.add_argument("--steps", type=int, default=TextSettings().steps)
    parser.add_argument("--seed", type=int, default=TextSettings().seed)
    parser.add_argument("--rate", type=float, default=TextSettings().rate)
    parser.add_argument("--real-share", type=float, default=TextSettings().real_share)
    parser.add_argument("--moved-share", type=float, default=TextSettings().moved_share)
    parser.add_argument("--warm-steps", type=int, default=TextSettings().warm_steps)
    parser.add_argument("--frozen", type=int, default=0, help="first layers to leave as they are")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)  # its thread pool does not survive the fork of the batch maker
    s = TextSettings(
        steps=options.steps,
        seed=options.seed,
        rate=options.rate,
        warm_steps=options.warm_steps,
        real_share=options.real_share,
        moved_share=options.moved_share,
        frozen=options.frozen,
    )
    torch.manual_seed(s.seed)
    net = PlateTextNet()
    net.freeze(s.frozen)
    run = Run(s, net, options.out, options.start)
    left = range(run.step, s.steps)
    batches = open_batches(options.data, s.seed, s.batch, left, s.real_share, s.moved_share)
    judged = judged_sets([*crops(options.data), *scene_crops(options.data)], batches.drawer)
    print({k: len(v) for k, v in judged.items()}, len(batches.learned), "to learn from", flush=True)
    if run.step == 0:
        print("before:", judge(run.average, judged)[0], flush=True)
    run.learn(
        DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=6),
        lambda plates: train(run, plates),
        lambda: judge(run.average, judged),
    )


if __name__ == "__main__":
    main()
