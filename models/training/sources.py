"""The real pictures: where they lie, which scene each shows, what is held out, how far labels go.

The split is by scene. Scenes come from file names by the rules below (a video's number, a run of
frame numbers that one visit to a place made, the camera's prefix); where pictures are independent
of each other (web photographs) a hash of the name decides.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

CLASSES = ("car", "truck", "bus", "motorcycle", "vehicle")
UNTYPED = 4

# Frame numbers of acpds_lots that are held out, each a visit to one place: night street, two day
# streets, a supermarket's lot, apartment blocks, and a last day lot.
ACPDS_HELD = ((93, 103), (6543, 6556), (6580, 6588), (6661, 6672), (6745, 6750))
TOPVIEW_HELD = {"4", "7", "10", "13", "test2"}


def acpds_scene(stem: str) -> tuple[str, bool]:
    number = int(stem.removeprefix("GOPR"))
    for low, high in ACPDS_HELD:
        if low <= number <= high:
            return f"{low}-{high}", True
    return f"{number // 10}x", False


def topview_scene(stem: str) -> tuple[str, bool]:
    video = re.sub(r"^(train|valid)_", "", stem).split("_mp4")[0]
    return video, video in TOPVIEW_HELD


def atl_scene(stem: str) -> tuple[str, bool]:
    """Four fixed cameras by the length of the number; the fourth is held out."""
    number = stem.removeprefix("atl_")
    if number.startswith("1026007"):
        return "highway-2", True
    if number.startswith("1026"):
        return "highway-1", False
    return ("night", False) if len(number) > 3 else ("curve", False)


def drone_scene(stem: str) -> tuple[str, bool]:
    if stem.startswith("Drone2_"):
        number = int(re.findall(r"\((\d+)\)", stem)[0])
        return f"flight-{number // 100}", number >= 600
    place = stem.split("_", maxsplit=1)[0]
    return place, place in {"2", "3"}


def run_scene(stem: str) -> tuple[str, bool]:
    """Runs of 28 consecutive numbers: neighbours may show the same vehicle."""
    run = int(stem.split("_")[1]) // 28
    return f"run-{run}", run % 6 == 2


def single_scene(stem: str) -> tuple[str, bool]:
    return stem, hashed(stem) % 10 == 0


def hashed(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)


@dataclass(frozen=True, slots=True)
class Source:
    """`weight`: how often a training step picks it, per picture. `trust`: weight of "nothing here"
    where the network disagrees (1: every vehicle is labelled). `loose`: untyped boxes fit loosely.
    """

    name: str
    scene: Callable[[str], tuple[str, bool]]
    weight: float
    trust: float
    loose: bool = False
    any_way_up: bool = False
    doubtful_types: tuple[int, ...] = ()


SOURCES = (
    Source("acpds_lots", acpds_scene, 3.0, 0.35, loose=True),
    Source("topview_vehicles", topview_scene, 1.3, 0.5),
    Source("highway_id", run_scene, 0.8, 0.7),
    Source("atl_cctv", atl_scene, 1.6, 0.3, doubtful_types=(1, 2)),
    Source("openimages_vehicles", single_scene, 1.0, 0.4),
    Source("single_cars", single_scene, 0.35, 0.1),
    Source("coco128_train", single_scene, 0.8, 1.0),
    Source("drone_nadir", drone_scene, 2.5, 1.0, any_way_up=True),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """`image`: BGR; `boxes`: (n, 4) pixels; `classes`: (n,) index into CLASSES."""

    source: Source
    path: Path
    scene: str
    held: bool
    image: np.ndarray
    boxes: np.ndarray
    classes: np.ndarray


def pictures(root: Path, extra: tuple[tuple[Source, Path], ...] = ()) -> Iterator[Picture]:
    """All pictures of SOURCES under root, decoded; `extra` gives further (source, folder) pairs."""
    for source, folder in (*((s, root / s.name) for s in SOURCES), *extra):
        for path in sorted((folder / "images").iterdir()):
            scene, held = source.scene(path.stem)
            image = cv2.imread(str(path))
            if image is None:
                raise ValueError(f"{path}: not a picture that OpenCV can read")
            boxes, classes = labels(folder / "labels" / f"{path.stem}.txt", image.shape)
            yield Picture(source, path, scene, held, image, boxes, classes)


def labels(path: Path, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """YOLO text as (n, 4) boxes in pixels and (n,) classes."""
    rows = [[float(v) for v in line.split()[:5]] for line in path.read_text().splitlines() if line]
    table = np.array(rows, np.float32).reshape(-1, 5)
    size = np.array([shape[1], shape[0]], np.float32)
    middle, half = table[:, 1:3] * size, table[:, 3:5] * size / 2
    return np.concatenate([middle - half, middle + half], 1), table[:, 0].astype(int)
