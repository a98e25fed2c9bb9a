"""Does a detector that never saw a render believe the renders?

For every unoccluded vehicle in daylight that is at least 120 px high and wholly inside the picture:
the best score for car, truck or bus in a square crop 1.5 times the vehicle's longer side.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.config import DetectorConfig
from edge.detector import Detector, open_detector
from scripts.scene.truth import VehicleTruth, read_truth

LEAST_HEIGHT_PX, LEAST_VISIBLE, BELIEVED = 120, 0.97, 0.5
DAYLIGHT = ("sun", "overcast")
EVERY_S = 2.0
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sight:
    """One vehicle in one picture."""

    source: str
    picture: Picture
    vehicle: VehicleTruth


def counts(vehicle: VehicleTruth, size: tuple[int, int]) -> bool:
    x0, y0, x1, y1 = vehicle.box
    inside = x0 > 1 and y0 > 1 and x1 < size[0] - 1 and y1 < size[1] - 1
    seen = vehicle.visible >= LEAST_VISIBLE and y1 - y0 >= LEAST_HEIGHT_PX
    return inside and seen and vehicle.vehicle_class != "ebike"


def from_stills(folder: Path) -> Iterator[Sight]:
    for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["light"] not in DAYLIGHT:
            continue
        vehicles = [VehicleTruth.model_validate(v) for v in record["vehicles"]]
        wanted = [v for v in vehicles if counts(v, tuple(record["size"]))]
        if wanted:
            picture = np.asarray(cv2.imread(str(folder / record["image"])), np.uint8)
            yield from (Sight("stills", picture, v) for v in wanted)


def from_clip(truth_path: Path) -> Iterator[Sight]:
    """One frame every EVERY_S, without those during a camera event."""
    truth = read_truth(truth_path)
    video = cv2.VideoCapture(str(truth_path.with_name(truth.clip)))
    step = round(EVERY_S * truth.fps)
    for n, frame in enumerate(truth.frames):
        good, picture = video.read()
        spoilt = any(e.begin <= frame.t < e.end for e in truth.camera_events)
        if not good or n % step or spoilt or frame.light not in DAYLIGHT:
            continue
        for vehicle in frame.vehicles:
            if counts(vehicle, (truth.width, truth.height)):
                yield Sight(truth.clip, np.asarray(picture, np.uint8), vehicle)


def crop_around(picture: Picture, vehicle: VehicleTruth) -> Picture:
    x0, y0, x1, y1 = vehicle.box
    half = 0.75 * max(x1 - x0, y1 - y0)
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    height, width = picture.shape[:2]
    left, top = max(0, int(cx - half)), max(0, int(cy - half))
    return picture[top : min(height, int(cy + half)), left : min(width, int(cx + half))]


def best_score(detector: Detector, crop: Picture) -> float:
    found = detector.detect(crop, None, 0.05)
    return max((d.score for d in found if d.label in ("car", "truck", "bus")), default=0.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="an SSD detector, .tflite")
    parser.add_argument(
        "source", type=Path, nargs="+", help="folders of stills, *.truth.json of clips"
    )
    options = parser.parse_args()
    detector = open_detector(DetectorConfig(model=options.model, tiles=1))
    scores: dict[str, list[float]] = defaultdict(list)
    for source in options.source:
        sights = from_stills(source) if source.is_dir() else from_clip(source)
        for sight in sights:
            score = best_score(detector, crop_around(sight.picture, sight.vehicle))
            scores[sight.vehicle.model].append(score)
            scores[f"all of {sight.source}"].append(score)
            scores["all"].append(score)
    print(f"{'vehicle':28} {'views':>6} {'>= 0.5':>7} {'median':>7}")
    for name, values in sorted(
        scores.items(), key=lambda item: (item[0].startswith("all"), item[0])
    ):
        believed = float(np.mean([v >= BELIEVED for v in values]))
        print(f"{name:28} {len(values):6d} {believed:7.0%} {float(np.median(values)):7.2f}")
    return 0 if scores["all"] and np.mean([v >= BELIEVED for v in scores["all"]]) >= 0.8 else 1


if __name__ == "__main__":
    sys.exit(main())
