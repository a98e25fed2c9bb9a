"""Plots of a run: losses and held-out figures by step, and for vehicles the PR curve and the types.

python -m models.training.plots RUN [--predictions var/evaluate/models-vehicle.jsonl --data DIR]
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

from models.training.sources import pictures
from models.training.splits import CLASSES, UNTYPED
from models.training.vehicle_score import overlaps


def steps(run: Path) -> None:
    """RUN/metrics.csv as RUN/steps.png: losses above, held-out figures below."""
    with (run / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name != "step"]
    x = [int(row["step"]) for row in rows]
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(8, 8), sharex=True)
    for name in names:
        axis = upper if name.endswith("loss") else lower
        axis.plot(x, [float(row[name]) for row in rows], label=name)
    for axis in (upper, lower):
        axis.grid(visible=True)
        axis.legend(fontsize=6, ncol=2)
    lower.set_xlabel("step")
    figure.tight_layout()
    figure.savefig(run / "steps.png", dpi=110)


def curves(run: Path, predictions: Path, data: Path) -> None:
    """RUN/pr.png, precision over recall per source, and RUN/types.png, the confusion of types."""
    told = {}
    for line in predictions.read_text().splitlines():
        row = json.loads(line)
        told[row["image"]] = row["detections"]
    pools: dict[str, list[tuple[float, bool]]] = {}
    totals: dict[str, int] = {}
    table = np.zeros((len(CLASSES) - 1, len(CLASSES) + 1), int)
    for shown in pictures(data):
        name = shown.source.name
        if f"{name}/{shown.path.name}" not in told:
            continue
        found = sorted(told[f"{name}/{shown.path.name}"], key=lambda one: -one["score"])
        tall = shown.boxes[:, 3] - shown.boxes[:, 1] >= 32
        totals[name] = totals.get(name, 0) + int(tall.sum())
        free = np.ones(len(shown.boxes), bool)
        for one in found:
            overlap = overlaps(np.array(one["box"]), shown.boxes) * free
            best = int(overlap.argmax()) if len(overlap) else -1
            hit = best >= 0 and overlap[best] >= (0.3 if shown.source.loose else 0.5)
            if hit:
                free[best] = False
                kind = int(shown.classes[best])
                if kind != UNTYPED and one["score"] >= 0.35:
                    table[kind, CLASSES.index(one["label"])] += 1
            if (hit and tall[best]) or (not hit and one["box"][3] - one["box"][1] >= 32):
                pools.setdefault(name, []).append((one["score"], hit))
        for best in np.nonzero(free & tall & (shown.classes != UNTYPED))[0]:
            table[int(shown.classes[best]), -1] += 1
    precision_recall(run / "pr.png", pools, totals)
    confusion(run / "types.png", table)


def precision_recall(
    path: Path, pools: dict[str, list[tuple[float, bool]]], totals: dict[str, int]
) -> None:
    figure, axis = plt.subplots(figsize=(6, 6))
    for name, pairs in sorted(pools.items()):
        if not totals[name]:
            continue
        right = np.cumsum([hit for _, hit in sorted(pairs, key=lambda pair: -pair[0])])
        axis.plot(right / totals[name], right / np.arange(1, len(right) + 1), label=name)
    axis.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1))
    axis.grid(visible=True)
    axis.legend(fontsize=7)
    figure.savefig(path, dpi=110)


def confusion(path: Path, table: np.ndarray) -> None:
    figure, axis = plt.subplots(figsize=(6, 5))
    axis.imshow(table / np.maximum(table.sum(1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(table):
        axis.text(column, row, str(count), ha="center", va="center", fontsize=8)
    axis.set_xticks(range(len(CLASSES) + 1), [*CLASSES, "missed"], rotation=30)
    axis.set_yticks(range(len(CLASSES) - 1), CLASSES[:-1])
    axis.set(xlabel="told", ylabel="labelled")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--predictions", type=Path)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    steps(options.run)
    if options.predictions and options.data:
        curves(options.run, options.predictions, options.data)


if __name__ == "__main__":
    main()
