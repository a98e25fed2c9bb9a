"""Judge a vehicle detector on the held-out real pictures, through the daemon's own code.

    scripts/evaluate detector [--model FILE ...] [--data ../shared/data] [--out FOLDER]

Every model is run by edge.detector as `firelane-edge detect` does, so that cropping, tiling and
suppression are the box's. Predictions are written in the form of the shared evaluator, which is
called too where it lies beside the checkout; the table's intervals come from pictures drawn again.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.config import DetectorConfig
from edge.detector import Detector, open_detector
from models.training.splits import SOURCES
from scripts.evaluation.scores import (
    Boxes,
    Judged,
    average_precision,
    bootstrap,
    judge_picture,
    recall_at_precision,
    recall_at_score,
)

LOWEST_PX = 32.0
# Boxes of these sources are partly of the parking bay, not of the car.
LOOSE = {"acpds_lots"}
FIXED_CAMERAS = {"atl_cctv", "topview_vehicles"}


@dataclass(frozen=True, slots=True)
class Case:
    source: str
    image: Path
    labels: Boxes


@dataclass(frozen=True, slots=True)
class Run:
    """What one model gave: per picture the judgement, and the milliseconds it took."""

    judged: dict[str, list[Judged]]
    spent_ms: list[float]
    predictions: list[dict[str, object]]


def cases(data: Path) -> Iterator[Case]:
    """The held-out pictures with their boxes in pixels."""
    for source in SOURCES:
        for path in sorted((data / "train" / source.name / "images").iterdir()):
            if source.place(path.stem).held:
                size = cv2.imread(str(path)).shape[1::-1]
                text = (data / "train" / source.name / "labels" / f"{path.stem}.txt").read_text()
                yield Case(source.name, path, boxes_of(text, (size[0], size[1])))


def boxes_of(text: str, size: tuple[int, int]) -> Boxes:
    rows = [[float(v) for v in line.split()[1:5]] for line in text.splitlines() if line.split()]
    table = np.array(rows, np.float64).reshape(-1, 4) * (*size, *size)
    return np.concatenate([table[:, :2] - table[:, 2:] / 2, table[:, :2] + table[:, 2:] / 2], 1)


def run(detector: Detector, shown: list[Case]) -> Run:
    judged: dict[str, list[Judged]] = {}
    spent, predictions = [], []
    for case in shown:
        image = np.asarray(cv2.imread(str(case.image)), np.uint8)
        begin = time.thread_time()  # the processor's time: whoever else is busy does not count
        found = detector.detect(image, None, detector.lowest_score)
        spent.append((time.thread_time() - begin) * 1e3)
        boxes = [[one.box.x1, one.box.y1, one.box.x2, one.box.y2] for one in found]
        table = np.array(boxes, np.float64).reshape(-1, 4)
        scores = [one.score for one in found]
        iou = 0.3 if case.source in LOOSE else 0.5
        judged.setdefault(case.source, []).append(
            judge_picture(table, scores, case.labels, iou, LOWEST_PX)
        )
        detections = [
            {"box": box, "label": one.label, "score": one.score}
            for box, one in zip(boxes, found, strict=True)
        ]
        name = f"{case.source}/{case.image.name}"
        predictions.append({"image": name, "detections": detections, "ms": spent[-1]})
    return Run(judged, spent, predictions)


def report(name: str, result: Run, score: float) -> list[str]:
    """Lines of a table: pooled (without the sources of loose boxes), by group, by source."""
    tight = [one for s, part in result.judged.items() if s not in LOOSE for one in part]
    groups = {"pooled": tight}
    groups["fixed cameras"] = [j for s in sorted(FIXED_CAMERAS) for j in result.judged.get(s, [])]
    groups |= result.judged
    lines = []
    for group, judged in groups.items():
        total = sum(one.labels for one in judged)
        if total == 0:
            continue
        lines.append(
            f"| {name} | {group} | {len(judged)} / {total} "
            f"| {bootstrap(judged, average_precision)} "
            f"| {bootstrap(judged, recall_at_precision)} "
            f"| {bootstrap(judged, lambda part: recall_at_score(part, score))} |"
        )
    median = sorted(result.spent_ms)[len(result.spent_ms) // 2]
    lines.append(f"| {name} | CPU ms per picture, 1 thread, median | | {median:.1f} | | |")
    return lines


def shared_evaluator(data: Path, predictions: Path, held: Path) -> None:
    tool = data.parent / "tools" / "eval_detector.py"
    if not tool.is_file():
        print(f"(the shared evaluator is not there: {tool})")
        return
    pairs: list[str] = []
    for source in SOURCES:
        folder = data / "train" / source.name
        pairs += ["--name", source.name, "--images", f"{folder}/images"]
        pairs += ["--labels", f"{folder}/labels"]
    command = [sys.executable, str(tool), *pairs, "--predictions", str(predictions)]
    command += ["--subset", str(held), "--min-height", str(LOWEST_PX), "--score", "0.35"]
    subprocess.run(command, check=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/evaluate detector", description=__doc__)
    parser.add_argument(
        "--model", type=Path, action="append", help="default: models/vehicle.tflite"
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("var/evaluate"))
    parser.add_argument("--runtime", choices=("auto", "litert", "tflite"), default="auto")
    parser.add_argument("--tiles", type=int, help="most pieces a picture is cut into; 1: whole")
    parser.add_argument("--every", type=int, default=1, help="take every n-th picture")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    shown = list(cases(options.data))[:: options.every]
    options.out.mkdir(parents=True, exist_ok=True)
    held = options.out / "held.txt"
    held.write_text("".join(f"{c.source}/{c.image.name}\n" for c in shown))
    print("| model | pictures | n / boxes | AP50 | recall at precision .9 | recall at cut-off |")
    print("| --- | --- | --- | --- | --- | --- |")
    written = []
    for path in options.model or [Path("models/vehicle.tflite")]:
        update = {"model": path, "runtime": options.runtime, "threads": 1}
        if options.tiles is not None:
            update["tiles"] = options.tiles
        detector = open_detector(DetectorConfig().model_copy(update=update))
        name = f"{path.parent.name}/{path.stem} {detector.model.runtime}"
        result = run(detector, shown)
        print("\n".join(report(name, result, detector.min_score)), flush=True)
        file = options.out / f"{path.parent.name}-{path.stem}.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in result.predictions))
        written.append(file)
    for file in written:
        print(f"\n{file.name}, by the shared evaluator:")
        shared_evaluator(options.data, file, held)
    return 0
