"""A yard with a lane and a block that stands for a vehicle, as frames; and a detector that finds
the block by its colour, behind the real one's interface."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.camera import Frame, Look
from edge.config import CameraConfig, Config
from edge.detector import Detection
from edge.geometry import Box
from edge.pacing import Pace
from edge.pieces import Pieces
from edge.pipeline import Rig, Scene, watch
from edge.recording import Shown
from edge.rig import scene_maker
from edge.stay_events import StayEvent
from edge.wire.records import PlateReading
from tests import videos

Image = NDArray[np.uint8]
LANE = ((60.0, 100.0), (260.0, 100.0), (260.0, 220.0), (60.0, 220.0))
PLACE = (120, 120)
SIZE = (90, 70)
_RED = 200


def vehicle(seed: int = 1) -> Image:
    """A red block with a pattern of its own."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 120, (7, 9), dtype=np.uint8)
    pattern = np.kron(coarse, np.ones((10, 10), np.uint8))
    return np.dstack([pattern, pattern, np.full_like(pattern, 255)])


def picture(at: tuple[int, int] | None, seed: int = 1, number: int = 0) -> Image:
    """The yard, a little noise, and the vehicle with its upper left corner at `at`."""
    rng = np.random.default_rng(number)
    noise = rng.integers(0, 5, (240, 320, 3), dtype=np.uint8)
    image = videos.yard() + noise
    image[:, :, 0] = np.minimum(image[:, :, 0], 240) + 12
    if at is not None:
        x, y = at
        left, right = max(0, x), min(320, x + SIZE[0])
        if right > left:
            image[y : y + SIZE[1], left:right] = vehicle(seed)[:, left - x : right - x]
    return image


class RedDetector:
    """Finds the one red block. `blind` makes it miss everything."""

    min_score = 0.35

    def __init__(self) -> None:
        self.blind = False
        self.calls = 0

    def detect(
        self,
        image: Image,
        region: Box,
        pieces: Pieces | None = None,
        floor: float | None = None,
    ) -> list[Detection]:
        self.calls += 1
        rows, columns = np.nonzero((image[:, :, 2] >= _RED) & (image[:, :, 1] < 130))
        if self.blind or len(rows) < 400:
            return []
        box = Box(
            float(columns.min()),
            float(rows.min()),
            float(columns.max() + 1),
            float(rows.max() + 1),
        )
        return [Detection(box, "car", 0.9)]

    def confirm(self, image: Image, box: Box, crop: int) -> float:
        return 0.9

    def small(self, box: Box, region: Box) -> bool:
        return False


@dataclass
class Script:
    """A camera source that gives what it was told."""

    looks: Sequence[Look]
    pace: Pace = Pace.FULL
    paces: list[Pace] = field(default_factory=list)

    def frames(self) -> Iterator[Look]:
        for look in self.looks:
            yield look
            self.paces.append(self.pace)

    def close(self) -> None: ...


@dataclass
class Kept:
    """A sink that remembers."""

    events: list[StayEvent] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)

    def saw(self, frame: Frame) -> None: ...

    def record(self, event: StayEvent, plate: PlateReading, shown: Shown) -> None:
        self.events.append(event)
        self.shown.append(shown)

    def told(self) -> list[tuple[str, float]]:
        return [(event.kind.value, round(event.t_s, 2)) for event in self.events]


CAMERA = CameraConfig.model_validate(
    {"id": "yard", "source": "x.mp4", "lanes": [{"id": "lane", "polygon": LANE}]}
)
CONFIG = Config.model_validate(
    {
        "stays": {"settle_s": 4, "confirm_s": 8, "grace_s": 20, "max_gap_s": 60, "scan_s": 5},
        "cameras": [CAMERA.model_dump()],
    }
)


def frame(t_s: float, image: Image, number: int = 0) -> Frame:
    return Frame(image, t_s, number, round(t_s * 1000), round(t_s * 1e9), 1)


def film(
    seconds: float, at: Callable[[float], tuple[int, int] | None], hz: float = 2, begin_s: float = 0
) -> list[Look]:
    """Frames from begin_s on, with the vehicle where `at` says."""
    count = round(seconds * hz)
    times = [begin_s + i / hz for i in range(count)]
    return [frame(t, picture(at(t), number=round(t * hz)), round(t * hz)) for t in times]


def visit(arrive_s: float, leave_s: float) -> Callable[[float], tuple[int, int] | None]:
    """Drives in from the left within 2 s, stands from arrive_s to leave_s, drives out."""

    def at(t_s: float) -> tuple[int, int] | None:
        if t_s < arrive_s - 2 or t_s >= leave_s + 2:
            return None
        away = max(arrive_s - t_s, t_s - leave_s, 0) / 2
        return round(PLACE[0] - away * 220), PLACE[1]

    return at


def begin(detector: RedDetector) -> Callable[[tuple[int, int], float], Scene]:
    numbers = iter(range(1, 1000))

    def new_id() -> object:
        from uuid import UUID

        return UUID(int=next(numbers))

    return scene_maker(CAMERA, CONFIG, detector, None, new_id)  # type: ignore[arg-type]


def run(looks: Sequence[Look], detector: RedDetector | None = None) -> tuple[Kept, Script]:
    """The looks through the whole pipeline."""
    kept, script = Kept(), Script(looks)
    watch(Rig(script, begin(detector or RedDetector()), kept))
    return kept, script
