"""Judge a vehicle .tflite on the held-out pictures, each whole: the float twin, the int8 file, one
runtime or the other.

    python -m models.training.judge_tflite models/vehicle.tflite --data ../shared/data/train

`--predictions FILE` keeps what the first of several models found, for models.training.plots.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.training.sources import Picture, pictures
from models.training.splits import CLASSES
from models.training.vehicle_score import Detections, detections, judge, letterbox


def interpreter(path: Path, runtime: str) -> Any:
    if runtime == "litert":
        from ai_edge_litert.interpreter import Interpreter
    else:
        from tflite_runtime.interpreter import Interpreter
    engine = Interpreter(str(path), num_threads=1)
    engine.allocate_tensors()
    return engine


def tflite_detector(
    path: Path, runtime: str, spent: list[float], found: list[Detections]
) -> Callable[[list[np.ndarray]], list[Detections]]:
    """A detector on whole pictures; CPU milliseconds of every invoke are added to `spent`, what it
    found to `found`."""
    engine = interpreter(path, runtime)
    fed = engine.get_input_details()[0]
    side = int(fed["shape"][1])
    given = engine.get_output_details()

    def one(image: np.ndarray) -> Detections:
        square, scale = letterbox(image, side)
        x = square[None, ..., ::-1]
        engine.set_tensor(
            fed["index"], x if fed["dtype"] == np.uint8 else x.astype(np.float32) / 255
        )
        start = time.process_time()
        engine.invoke()
        spent.append((time.process_time() - start) * 1e3)
        levels: dict[int, dict[int, np.ndarray]] = {}
        for detail in given:
            raw = engine.get_tensor(detail["index"])[0].astype(np.float32)
            factor, zero = detail["quantization"]
            raw = (raw - zero) * factor if factor else raw
            levels.setdefault(side // raw.shape[0], {})[raw.shape[-1]] = raw
        found.append(detections(*merged(levels), scale))
        return found[-1]

    return lambda images: [one(image) for image in images]


def merged(levels: dict[int, dict[int, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (A, 4) and logits (A, 5) of all strides; box (.., 4) and cls (.., 5) tell by depth."""
    boxes, logits = [], []
    for stride, parts in sorted(levels.items()):
        rows, columns = parts[4].shape[:2]
        xs, ys = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
        centre = np.stack([xs, ys], -1).reshape(-1, 2) * stride
        reach = np.exp(np.clip(parts[4].reshape(-1, 4), -4, 4)) * stride
        boxes.append(np.concatenate([centre - reach[:, :2], centre + reach[:, 2:]], 1))
        logits.append(parts[5].reshape(-1, 5))
    return np.concatenate(boxes), np.concatenate(logits)


def keep(path: Path, held: list[Picture], found: list[Detections]) -> None:
    """One JSON line a picture, in the form that `firelane-edge detect` gives."""
    with path.open("w", encoding="utf-8") as out:
        for shown, (boxes, scores, kinds) in zip(held, found, strict=True):
            detections = [
                {"box": box.tolist(), "label": CLASSES[int(kind)], "score": float(score)}
                for box, score, kind in zip(boxes, scores, kinds, strict=True)
            ]
            name = f"{shown.source.name}/{shown.path.name}"
            out.write(json.dumps({"image": name, "detections": detections}) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runtime", choices=("litert", "tflite"), default="litert")
    parser.add_argument("--predictions", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    held = [p for p in pictures(options.data) if p.held]
    for path in options.models:
        spent: list[float] = []
        found: list[Detections] = []
        scores = judge(tflite_detector(path, options.runtime, spent, found), held)
        if options.predictions and path == options.models[0]:
            keep(options.predictions, held, found)
        told = " ".join(f"{n} {a:.3f}/{r:.3f}" for n, (a, r) in scores.items())
        print(f"{path.name} {options.runtime} {np.median(spent):.1f} ms: {told}", flush=True)


if __name__ == "__main__":
    main()
