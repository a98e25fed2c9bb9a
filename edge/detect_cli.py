"""`firelane-edge detect`: tries a model on pictures, one JSON line for each."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2

from edge.clock import SystemClock
from edge.config import DetectorConfig, load
from edge.detector import Detection, Detector, open_detector
from edge.geometry import Box
from edge.inference import ModelError, Picture
from edge.picture_file import PictureError, read_picture

_COLOUR = (0, 200, 255)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    parser.add_argument("--json", action="store_true", help="JSON lines (the default when piped)")
    parser.add_argument("--model", type=Path, help="a .tflite file; default: the project's own")
    parser.add_argument("--labels", type=Path, help="label map of an SSD model")
    parser.add_argument("--runtime", choices=("auto", "litert", "tflite"))
    parser.add_argument("--min-score", type=float, help="default: the lowest the model gives")
    parser.add_argument("--draw", type=Path, metavar="OUT", help="folder for pictures with boxes")
    parser.add_argument(
        "--lane",
        metavar="X,Y,X,Y,...",
        help="look only at this lane's surroundings, as the daemon does",
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="sets")


def detect(options: argparse.Namespace) -> int:
    try:
        lane = corners(options.lane) if options.lane else None
        detector = open_detector(_config(options))
    except (ModelError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    failed = False
    for path in options.images:
        failed |= not _one(path, detector, lane, options)
    return 1 if failed else 0


def corners(text: str) -> tuple[tuple[float, float], ...]:
    """`x,y,x,y,...` as points. Raises ValueError."""
    try:
        numbers = [float(part) for part in text.replace(" ", ",").split(",") if part]
    except ValueError:
        raise ValueError(f"lane must be numbers x,y,x,y,..., got {text!r}") from None
    if len(numbers) % 2 or len(numbers) < 6:
        raise ValueError(
            f"lane must be at least three corners x,y,x,y,x,y, got {len(numbers)} numbers"
        )
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def around(points: Sequence[tuple[float, float]], width: int, height: int) -> Box:
    """The part of the frame in which vehicles of this lane are to be seen: its bounds, with room
    for what stands at the edge and rises above it."""
    if all(c <= 1 for point in points for c in point):
        points = [(x * width, y * height) for x, y in points]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    room = 0.25 * max(max(xs) - min(xs), max(ys) - min(ys)) + 0.02 * width
    return Box(
        max(0.0, min(xs) - room),
        max(0.0, min(ys) - room),
        min(float(width), max(xs) + room),
        min(float(height), max(ys) + room),
    )


def _config(options: argparse.Namespace) -> DetectorConfig:
    config = load(None, os.environ, options.sets, to_run=False).detector
    named = {"model": options.model, "labels": options.labels, "runtime": options.runtime}
    return config.model_copy(update={k: v for k, v in named.items() if v is not None})


def _one(
    path: Path,
    detector: Detector,
    lane: tuple[tuple[float, float], ...] | None,
    options: argparse.Namespace,
) -> bool:
    try:
        picture = read_picture(path)
    except PictureError as error:
        print(error, file=sys.stderr)
        return False
    region = around(lane, picture.shape[1], picture.shape[0]) if lane else None
    floor = detector.lowest_score if options.min_score is None else options.min_score
    clock = SystemClock()
    begin_ns = clock.mono_ns()
    found = detector.detect(picture, region, floor)
    spent_ms = (clock.mono_ns() - begin_ns) / 1e6
    print(json.dumps(_line(path, found, spent_ms), ensure_ascii=False), flush=True)
    if options.draw is not None:
        options.draw.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(options.draw / f"{path.stem}.jpg"), _drawn(picture, found, detector))
    return True


def _line(path: Path, found: Sequence[Detection], spent_ms: float) -> dict[str, object]:
    return {
        "image": str(path),
        "detections": [
            {
                "box": [round(c, 1) for c in (one.box.x1, one.box.y1, one.box.x2, one.box.y2)],
                "label": one.label,
                "score": round(one.score, 4),
            }
            for one in found
        ],
        "ms": round(spent_ms, 2),
    }


def _drawn(picture: Picture, found: Sequence[Detection], detector: Detector) -> Picture:
    canvas = picture.copy()
    for one in found:
        if one.score < detector.min_score:
            continue
        box = one.box
        first, second = (round(box.x1), round(box.y1)), (round(box.x2), round(box.y2))
        cv2.rectangle(canvas, first, second, _COLOUR, 2)
        cv2.putText(
            canvas,
            f"{one.label} {one.score:.2f}",
            (first[0], max(12, first[1] - 4)),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.5,
            _COLOUR,
            1,
            cv2.LINE_AA,
        )
    return canvas
