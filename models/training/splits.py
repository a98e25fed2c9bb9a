"""Which real pictures are learned from and which are held out, and how far each source is trusted.

The split is by scene. Scenes come from file names by the rules below (a video's number, a run of
frame numbers that one visit to a place made, the camera's prefix); where pictures are independent
of each other (web photographs) a hash of the name decides.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

CLASSES = ("car", "truck", "bus", "motorcycle", "vehicle")
UNTYPED = 4

# Frame numbers of acpds_lots that are held out, each a visit to one place: night street, two day
# streets, a supermarket's lot, apartment blocks, and a last day lot.
ACPDS_HELD = ((93, 103), (6543, 6556), (6580, 6588), (6661, 6672), (6745, 6750))
TOPVIEW_HELD = {"4", "7", "10", "13", "test2"}


@dataclass(frozen=True, slots=True)
class Split:
    """Which scene a picture shows, and whether that scene is held out of training."""

    scene: str
    held: bool


def acpds_scene(stem: str) -> Split:
    number = int(stem.removeprefix("GOPR"))
    for low, high in ACPDS_HELD:
        if low <= number <= high:
            return Split(f"{low}-{high}", True)
    return Split(f"{number // 10}x", False)


def topview_scene(stem: str) -> Split:
    video = re.sub(r"^(train|valid)_", "", stem).split("_mp4")[0]
    return Split(video, video in TOPVIEW_HELD)


def atl_scene(stem: str) -> Split:
    """Four fixed cameras by the length of the number; the fourth is held out."""
    number = stem.removeprefix("atl_")
    if number.startswith("1026007"):
        return Split("highway-2", True)
    if number.startswith("1026"):
        return Split("highway-1", False)
    return Split("night" if len(number) > 3 else "curve", False)


def drone_scene(stem: str) -> Split:
    if stem.startswith("Drone2_"):
        number = int(re.findall(r"\((\d+)\)", stem)[0])
        return Split(f"flight-{number // 100}", number >= 600)
    place = stem.split("_", maxsplit=1)[0]
    return Split(place, place in {"2", "3"})


def run_scene(stem: str) -> Split:
    """Runs of 28 consecutive numbers: neighbours may show the same vehicle."""
    run = int(stem.split("_")[1]) // 28
    return Split(f"run-{run}", run % 6 == 2)


def single_scene(stem: str) -> Split:
    return Split(stem, hashed(stem) % 10 == 0)


def plate_held(text: str) -> bool:
    """A quarter of all plate numbers is never learned from, in whatever picture it is seen."""
    return hashed("plate " + text) % 4 == 0


def plate_checked(text: str) -> bool:
    """A fifth of the learned numbers is set aside to choose settings by, so that the held-out part
    need not."""
    return not plate_held(text) and hashed("check " + text) % 5 == 0


def hashed(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)


@dataclass(frozen=True, slots=True)
class Source:
    """`weight`: how often a training step picks it, per picture. `trust`: weight of "nothing here"
    where the network disagrees (1: every vehicle is labelled). `loose`: untyped boxes fit loosely.
    """

    name: str
    place: Callable[[str], Split]
    weight: float
    trust: float
    loose: bool = False
    any_way_up: bool = False
    doubtful_types: tuple[int, ...] = ()


SOURCES = (
    Source("acpds_lots", acpds_scene, 2.6, 0.35, loose=True),
    Source("topview_vehicles", topview_scene, 1.1, 0.5),
    Source("highway_id", run_scene, 1.4, 0.7),
    Source("atl_cctv", atl_scene, 1.6, 0.3, doubtful_types=(1, 2)),
    Source("openimages_vehicles", single_scene, 1.9, 0.4),
    Source("single_cars", single_scene, 0.6, 0.1),
    Source("coco128_train", single_scene, 1.3, 1.0),
    Source("drone_nadir", drone_scene, 2.5, 1.0, any_way_up=True),
)


# Stills of the rendered scene (scripts/stills): exact labels, so trusted wholly; never judged on.
RENDERED = Source("rendered", lambda stem: Split(stem, False), 0.8, 1.0)
