"""`firelane-edge read-plate`: reads the plates in pictures and crops, one JSON line for each."""

import argparse
import json
import os
import sys
from pathlib import Path

from edge.clock import SystemClock
from edge.config import load
from edge.inference import ModelError
from edge.picture_file import PictureError, read_picture
from edge.plate_reader import PlateLook, PlateReader, open_plate_reader
from edge.wire.plates import classify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    parser.add_argument("--json", action="store_true", help="JSON lines (the default when piped)")
    parser.add_argument(
        "--thorough",
        action="store_true",
        help="search large pictures in pieces too, for far vehicles beside near ones",
    )
    parser.add_argument("--runtime", choices=("auto", "litert", "tflite"), default="auto")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="sets")


def read_plate(options: argparse.Namespace) -> int:
    """Read every picture; 1 if one could not be opened, 2 if the models could not."""
    paths = load(None, os.environ, options.sets, to_run=False).plates
    try:
        reader = open_plate_reader(paths.corners, paths.text, options.runtime)
    except ModelError as error:
        print(error, file=sys.stderr)
        return 2
    as_json = options.json or not sys.stdout.isatty()
    thorough = options.thorough
    failed = [path for path in options.images if not _one(path, reader, as_json, thorough)]
    return 1 if failed else 0


def _one(path: Path, reader: PlateReader, as_json: bool, thorough: bool) -> bool:
    try:
        image = read_picture(path)
    except PictureError as error:
        print(error, file=sys.stderr)
        return False
    clock = SystemClock()
    begin_ns = clock.mono_ns()
    looks = reader.read_all(image, thorough)
    spent_ms = (clock.mono_ns() - begin_ns) / 1e6
    if as_json:
        print(json.dumps(line(path, looks, spent_ms), ensure_ascii=False), flush=True)
        return True
    for look in looks:
        kind = classify(look.text) or "no known form"
        print(f"{path}: {look.text} ({look.colour}, {kind}) {look.confidence:.2f}", flush=True)
    if not looks:
        print(f"{path}: no plate found", flush=True)
    return True


def line(path: Path, looks: list[PlateLook], spent_ms: float) -> dict[str, object]:
    """What is told of one picture. `file`, `plate` and `score` repeat the path and the surest
    plate under the names by which lists of labelled crops are compared."""
    best = max(looks, key=lambda look: look.found * look.rank, default=None)
    return {
        "image": str(path),
        "file": str(path),
        "plate": best.text if best else "",
        "score": round(min(best.chars, default=0.0), 4) if best else 0.0,
        "plates": [told(look) for look in looks],
        "ms": spent_ms,
    }


def told(look: PlateLook) -> dict[str, object]:
    """What the JSON line says of one plate. `class` is null where the text has no known form."""
    box = look.box
    return {
        "text": look.text,
        "plate": look.text,
        "score": round(look.confidence, 4),
        "confidence": round(look.confidence, 4),
        "chars": [round(chance, 4) for chance in look.chars],
        "class": classify(look.text),
        "colour": look.colour,
        "colour_confidence": round(look.colour_confidence, 4),
        "box": [round(side, 1) for side in (box.x1, box.y1, box.x2, box.y2)],
        "corners": [[round(x, 1), round(y, 1)] for x, y in look.corners],
        "found": round(look.found, 4),
    }
