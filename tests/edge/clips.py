"""The rendered clips as looks of a camera, and what the pipeline with the project's own detector
makes of them: for tests that do to a clip what the world does to a camera."""

import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from itertools import count
from pathlib import Path
from uuid import UUID

import av
import numpy as np

from edge.camera import Look
from edge.clock import SystemClock
from edge.config import CameraConfig, Config, load
from edge.detector import open_detector
from edge.eyes import SharedDetector
from edge.pipeline import Rig, Scene, watch
from edge.rig import scene_maker
from edge.stay_events import StayEvent
from scripts.scene.truth import ClipTruth, read_truth
from tests.edge import yard

FOLDER = Path("tests/clips")
TIMES = ("settle_s=3", "confirm_s=4", "grace_s=16", "scan_s=5", "max_gap_s=60")
Polygon = tuple[tuple[float, float], ...]
_NUMBERS = count(1)
Begin = Callable[[tuple[int, int], float], Scene]


def truth(name: str) -> ClipTruth:
    return read_truth(FOLDER / f"{name}.truth.json")


def every(hz: float, begin_s: float, end_s: float) -> list[float]:
    """Times from `begin_s` on, before `end_s`."""
    return [begin_s + i / hz for i in range(round((end_s - begin_s) * hz))]


def film(name: str, clip_s: Sequence[float], begin_s: float | None = None) -> list[Look]:
    """The clip's pictures at these of its own times, in order; laid onto the camera's clock so
    that the first is at `begin_s`."""
    ahead_s = 0.0 if begin_s is None else begin_s - clip_s[0]
    wanted = iter(clip_s)
    next_s: float | None = next(wanted)
    looks: list[Look] = []
    with av.open(str(FOLDER / f"{name}.mp4")) as source:
        for number, picture in enumerate(source.decode(video=0)):
            shown_s = float((picture.pts or 0) * (picture.time_base or Fraction(1)))
            while next_s is not None and next_s <= shown_s + 1e-6:
                image = np.asarray(picture.to_ndarray(format="bgr24"), np.uint8)
                looks.append(yard.frame(next_s + ahead_s, image, number))
                next_s = next(wanted, None)
            if next_s is None:
                break
    assert len(looks) == len(clip_s), f"{name} ends before {clip_s[-1]} s"
    return looks


@cache
def detector() -> SharedDetector:
    return SharedDetector(open_detector(config().detector), SystemClock())


def config(*sets: str) -> Config:
    return load(None, os.environ, [f"stays.{one}" for one in (*TIMES, *sets)], to_run=False)


def camera(*lanes: Polygon) -> CameraConfig:
    """A camera with these lanes, in pixels."""
    named = tuple({"id": f"lane-{i + 1}", "polygon": lane} for i, lane in enumerate(lanes))
    return CameraConfig.model_validate({"id": "clip", "source": "clip.mp4", "lanes": named})


def lane_of(name: str) -> Polygon:
    return tuple((max(0.0, round(x)), max(0.0, round(y))) for x, y in truth(name).lane)


def begin(lanes: Sequence[Polygon], *sets: str) -> Begin:
    return scene_maker(
        camera(*lanes), config(*sets), detector(), None, lambda: UUID(int=next(_NUMBERS))
    )


def seen(looks: Sequence[Look], lanes: Sequence[Polygon], *sets: str) -> list[StayEvent]:
    """What a camera that had these looks tells of its lanes."""
    kept = yard.Kept()
    watch(Rig(yard.Script(looks), begin(lanes, *sets), kept))
    return kept.events
