"""From trained weights to what the box loads: NAME.tflite (full int8) and NAME.json beside it.

    python -m models.training.export vehicle --run RUN --data ../shared/data --out models

Calibration pictures come from the learned part of the split only. `--float` also writes
RUN/float/NAME.tflite, the float32 twin, which `scripts/evaluate` judges like the int8 file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from models.training.keras_nets import Weights, detector, load_weights, plate_text, to_tflite
from models.training.plate_grammar import CHARACTERS, COLOURS
from models.training.plate_text_shape import HEIGHT, LAYERS, WIDTH
from models.training.vehicle_score import letterbox

Spec = dict[str, object]
CLOSE_SIDE = 160  # input of the finder's twin for second looks
TYPES = ["car", "truck", "bus", "motorcycle"]


def calibration(data: Path, side: int, count: int) -> Callable[[], Iterator[list[np.ndarray]]]:
    """Letterboxed pictures of the learned part, sources in turn, a third of them zoomed in."""
    from models.training.splits import SOURCES

    piles = []
    for source in SOURCES:
        paths = sorted((data / "train" / source.name / "images").iterdir())
        learned = [path for path in paths if not source.place(path.stem).held]
        chosen = learned[:: max(1, len(learned) * len(SOURCES) // count)]
        piles.append([cv2.imread(str(path)) for path in chosen])

    def feed() -> Iterator[list[np.ndarray]]:
        rng = np.random.default_rng(3)
        for k in range(count):
            pile = piles[k % len(piles)]
            image = pile[int(rng.integers(len(pile)))]
            if k % 3 == 2:
                high, wide = image.shape[:2]
                image = image[high // 4 : high * 3 // 4, wide // 4 : wide * 3 // 4]
            square = letterbox(image, side)[0][..., ::-1]
            yield [square[None].astype(np.float32) / 255]

    return feed


def close_calibration(
    data: Path, side: int, count: int
) -> Callable[[], Iterator[list[np.ndarray]]]:
    """Windows that one plate of the learned part fills, as the reader's second look takes them."""
    from models.training.plate_scenes import scenes

    shown = [s for s in scenes(data / "plates") if not s.held]

    def feed() -> Iterator[list[np.ndarray]]:
        rng = np.random.default_rng(1)
        for k in range(count):
            scene = shown[k % len(shown)]
            wide = np.linalg.norm(scene.corners[0][1] - scene.corners[0][0])
            reach = wide * 0.8 * rng.uniform(0.85, 1.15)
            x, y = scene.corners[0].mean(0) + rng.normal(0, 0.06, 2) * wide
            left, top = max(0, int(x - reach)), max(0, int(y - reach))
            window = scene.image[top : int(y + reach), left : int(x + reach)]
            square = letterbox(window, side)[0][..., ::-1]
            yield [square[None].astype(np.float32) / 255]

    return feed


def scene_calibration(
    data: Path, side: int, count: int
) -> Callable[[], Iterator[list[np.ndarray]]]:
    """Photographs with plates, whole and close, of the learned part."""
    from models.training.plate_scenes import scenes

    shown = [s for s in scenes(data / "plates") if not s.held]

    def feed() -> Iterator[list[np.ndarray]]:
        for k in range(count):
            scene = shown[k % len(shown)]
            image = scene.image
            if k % 2:
                x, y = scene.corners[0].mean(0).astype(int)
                reach = int(np.ptp(scene.corners[0][:, 0]) * (0.8 + k % 5))
                image = image[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach]
            square = letterbox(image, side)[0][..., ::-1]
            yield [square[None].astype(np.float32) / 255]

    return feed


def crop_calibration(data: Path, count: int) -> Callable[[], Iterator[list[np.ndarray]]]:
    """Synthetic plates of every kind, and learned real crops."""
    from models.training.plate_crops import crops
    from models.training.plate_hang import Drawer

    def feed() -> Iterator[list[np.ndarray]]:
        learned = [c.image for c in crops(data / "plates") if not c.held]
        drawer, rng = Drawer(data / "plates" / "synth_assets"), np.random.default_rng(17)
        for k in range(count):
            image = drawer.draw(rng)[0]
            if k % 2:
                image = cv2.resize(learned[k * 7 % len(learned)], (WIDTH, HEIGHT))
            yield [image[None, ..., ::-1].astype(np.float32) / 255]

    return feed


def vehicle_spec(side: int) -> Spec:
    return {
        "outputs": [
            {"role": role, "stride": s, "shape": [1, side // s, side // s, depth]}
            for s in (8, 16, 32)
            for role, depth in (("box", 4), ("cls", 5))
        ],
        "classes": TYPES,
        "decoding": {
            "kind": "dense-anchor-free", "box": "exp-ltrb", "box_clip": [-4, 4],
            "score": "sigmoid", "score_channel": 0, "type_channels": [1, 2, 3, 4],
            "min_score": 0.02, "before_nms": 600, "nms_iou": 0.6, "most": 200,
            "type_min": 0.5, "recommended_score": 0.35,
        },
    }  # fmt: skip


def corners_spec(side: int) -> Spec:
    return {
        "outputs": [
            {"role": role, "stride": s, "shape": [1, side // s, side // s, depth]}
            for s in (8, 16, 32)
            for role, depth in (("corners", 8), ("score", 1))
        ],
        "decoding": {
            "kind": "dense-corners", "score": "sigmoid", "corners": "offset-strides",
            "corner_scale": 4.0, "min_score": 0.3, "nms_iou": 0.4, "most": 4,
            **({"close": "plate_close.tflite"} if side != CLOSE_SIDE else {}),
        },
    }  # fmt: skip


def text_spec() -> Spec:
    return {
        "outputs": [
            {"role": "text", "shape": [1, 2, WIDTH // 4, 1 + len(CHARACTERS)]},
            {"role": "colour", "shape": [1, len(COLOURS)]},
        ],
        "decoding": {
            "kind": "ctc-rows",
            "blank": 0,
            "characters": CHARACTERS,
            "colours": list(COLOURS),
        },
    }


def build(name: str, weights: Weights, side: int) -> tuple[object, Spec, dict[str, object]]:
    """(Keras model, the JSON's part about outputs, its part about the input)."""
    if name == "plate_text":
        size = {"width": WIDTH, "height": HEIGHT, "fit": "stretch"}
        return plate_text(weights, LAYERS, (HEIGHT, WIDTH)), text_spec(), size
    size = {"width": side, "height": side, "fit": "letterbox", "pad": 114}
    spec = vehicle_spec(side) if name == "vehicle" else corners_spec(side)
    return detector(weights, side), spec, size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=("vehicle", "plate_corners", "plate_text"))
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--weights", default="best.pt")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--side", type=int)
    parser.add_argument("--count", type=int, default=240, help="calibration pictures")
    parser.add_argument("--float", action="store_true")
    o = parser.parse_args()
    side = o.side or {"vehicle": 416, "plate_corners": 320, "plate_text": 0}[o.name]
    archive = o.run / "weights.npz"
    if not archive.exists():
        subprocess.run(
            [sys.executable, "-m", "models.training.weights", o.run / o.weights, archive],
            check=True,
        )
    settings = json.loads((o.run / "settings.json").read_text())
    training = {"run": o.run.name, "weights": o.weights, **settings}
    feeds = {
        "vehicle": calibration,
        "plate_corners": scene_calibration,
        "plate_close": close_calibration,
        "plate_text": lambda data, _, count: crop_calibration(data, count),
    }
    weights = load_weights(archive)
    wanted = [(o.name, side)]
    if o.name == "plate_corners":
        wanted.append(("plate_close", CLOSE_SIDE))
    for name, across in wanted:
        model, spec, size = build(name, weights, across)
        content = to_tflite(model, feeds[name](o.data, across, o.count))
        told = {**spec, "training": training}
        write(o.out, name, content, size, {"quantization": "int8-full", **told})
        if o.float:
            twin = o.run / "float"
            write(twin, name, to_tflite(model, None), size, {"quantization": "none", **told})


def write(out: Path, name: str, content: bytes, size: Spec, told: Spec) -> None:
    """NAME.tflite, and the JSON that says what it is."""
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.tflite").write_bytes(content)
    kind = "uint8" if told["quantization"] == "int8-full" else "float32"
    header = {
        "format": 1, "name": name, "file": f"{name}.tflite",
        "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content),
        "input": {**size, "channels": "rgb", "dtype": kind, "mean": 0.0, "std": 255.0},
    }  # fmt: skip
    text = json.dumps({**header, **told}, indent=1, ensure_ascii=False)
    (out / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
