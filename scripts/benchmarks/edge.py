"""CPU of the edge pipeline per camera-hour, beside two peers on the same streams and model.

Three 1080p25 H.264 streams with a keyframe every 2 s, made from the rendered demo: an empty lane,
a parked vehicle, a busy street. Everyone decodes them from the file; CPU time is what is counted,
so that other load on the machine matters little. Ours is counted from the twentieth second on, when
the eyes have settled. The peers decode every frame and detect five times a second on the whole
picture, each in a virtual environment of its own.
"""

import json
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.camera import FileCamera, Frame
from edge.clock import SystemClock
from edge.config import CameraConfig, Config
from edge.detector import Detection, open_detector
from edge.eyes import Seen, SharedDetector
from edge.geometry import Box
from edge.inference import Picture
from edge.pieces import Pieces
from edge.pipeline import Rig, watch
from edge.plate_reader import PlateLook
from edge.plate_votes import SharedReader
from edge.recording import Shown
from edge.rig import new_ids, scene_maker
from edge.stay_events import StayEvent
from edge.wire.records import PlateReading
from scripts.benchmarks import memory, streams

ROOT = streams.ROOT
SECONDS = 40
WARM_S = 20.0
SCENES = {"empty lane": (0.0, 3.0), "parked vehicle": (44.0, 54.0), "busy street": (56.0, 80.0)}
PEERS = {
    "supervision": ("supervision==0.27.0", "scipy<1.17"),
    "norfair": ("norfair==2.3.0", "scipy<1.17"),
}
COMMON = ("numpy<2", "opencv-python-headless<4.12", "ai-edge-litert>=2.1,<3", "pydantic>=2.9,<3")
COMMON_MORE = ("cryptography>=43", "pyyaml>=6", "av>=15,<19")


@dataclass(slots=True)
class Spent:
    """CPU seconds of one run, by what they went to, and the seconds of video that they bought."""

    decode: float = 0.0
    detect: float = 0.0
    plates: float = 0.0
    gate: float = 0.0
    rest: float = 0.0
    video_s: float = 0.0

    @property
    def total(self) -> float:
        return self.decode + self.detect + self.plates + self.gate + self.rest

    def less(self, other: "Spent") -> "Spent":
        """What was spent since the other was noted."""
        return Spent(
            self.decode - other.decode,
            self.detect - other.detect,
            self.plates - other.plates,
            self.gate - other.gate,
            self.rest - other.rest,
            self.video_s - other.video_s,
        )

    def per_hour(self, part: float) -> float:
        return part / self.video_s * 3600


def measure(runs: int) -> str:
    scenes = {
        name: streams.to_and_fro(name, begin, end, SECONDS) for name, (begin, end) in SCENES.items()
    }
    peers = {name: _python(name, packages) for name, packages in PEERS.items()}
    lines = [
        "| stream | decode | gate | detect | plates | rest | firelane | "
        + " | ".join(f"{name} (ratio)" for name in peers)
        + " |",
        "| --- |" + " --: |" * (6 + len(peers)),
    ]
    for name, stream in scenes.items():
        own: list[Spent] = []
        others: dict[str, list[float]] = {peer: [] for peer in peers}
        for _ in range(runs):
            # In turn, so that what else the machine does falls on all alike.
            own.append(_own(stream))
            for peer, python in peers.items():
                others[peer].append(_peer(python, peer, stream))
        total = statistics.median(one.per_hour(one.total) for one in own)
        cells = [
            f"{statistics.median(one.per_hour(getattr(one, part)) for one in own):.0f}"
            for part in ("decode", "gate", "detect", "plates", "rest")
        ]
        cells.append(f"**{total:.0f}**")
        for values in others.values():
            theirs = statistics.median(values)
            cells.append(f"{theirs:.0f} ({total / theirs:.2f})")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    spent = ["CPU-seconds per camera-hour, medians", "", *lines]
    return "\n".join([*spent, "", "Memory of the daemon", "", memory.measure()])


class _Timed(SharedDetector):
    """Counts the CPU time of detections."""

    spent_s = 0.0

    def detect(
        self,
        image: Picture,
        region: Box,
        pieces: Pieces | None = None,
        floor: float | None = None,
    ) -> list[Detection]:
        begin = time.thread_time()
        found = super().detect(image, region, pieces, floor)
        self.spent_s += time.thread_time() - begin
        return found

    def confirm(self, image: Picture, box: Box, crop: int) -> float:
        begin = time.thread_time()
        sure = super().confirm(image, box, crop)
        self.spent_s += time.thread_time() - begin
        return sure


class _TimedReader(SharedReader):
    """Counts the CPU time of reading plates."""

    spent_s = 0.0

    def read(self, image: Picture, vehicle: Box) -> PlateLook | None:
        begin = time.thread_time()
        look = super().read(image, vehicle)
        self.spent_s += time.thread_time() - begin
        return look


class _Source(FileCamera):
    """Counts the CPU time of decoding and of turning frames into pixels."""

    spent_s = 0.0

    def frames(self) -> Iterator[Frame]:
        frames = super().frames()
        while True:
            begin = time.thread_time()
            frame = next(frames, None)
            self.spent_s += time.thread_time() - begin
            if frame is None:
                return
            yield frame


class _Warm:
    """Notes what was spent on the first seconds, in which everything is new to the eyes."""

    def __init__(self, so_far: Callable[[], Spent]) -> None:
        self._so_far = so_far
        self.spent = Spent()

    def look(self, frame: Frame | None, seen: Seen | None, events: Sequence[StayEvent]) -> None:
        if frame is not None and frame.t_s <= WARM_S:
            self.spent = self._so_far()


class _Nowhere:
    def saw(self, frame: Frame) -> None: ...

    def record(self, event: StayEvent, plate: PlateReading, shown: Shown) -> None: ...


def _own(stream: Path) -> Spent:
    camera = CameraConfig.model_validate(
        {"id": "bench", "source": str(stream), "lanes": [{"id": "lane", "polygon": streams.lane()}]}
    )
    config = Config.model_validate({"cameras": [camera.model_dump()]})
    detector = _Timed(open_detector(config.detector), SystemClock())
    detection, reading = config.detector, config.plates
    assert reading.corners is not None, "the models that ship are the default"
    assert reading.text is not None, "the models that ship are the default"
    plates = _TimedReader.open(reading.corners, reading.text, detection.runtime, detection.threads)
    begin_scene = scene_maker(camera, config, detector, plates, new_ids(SystemClock()))
    source = _Source(camera, 0, as_live=True)
    looked = [0.0]

    def begin(size: tuple[int, int], t_s: float) -> Any:
        scene = begin_scene(size, t_s)
        see = scene.eyes.see

        def timed(*arguments: Any) -> Any:
            start = time.thread_time()
            seen = see(*arguments)
            looked[0] += time.thread_time() - start
            return seen

        scene.eyes.see = timed  # type: ignore[method-assign, assignment]
        return scene

    start = time.thread_time()

    def so_far() -> Spent:
        spent = time.thread_time() - start
        gate = looked[0] - detector.spent_s
        rest = spent - source.spent_s - looked[0] - plates.spent_s
        return Spent(source.spent_s, detector.spent_s, plates.spent_s, gate, rest, source.seconds)

    warm = _Warm(so_far)
    watch(Rig(source, begin, _Nowhere(), onlookers=[warm]))
    return so_far().less(warm.spent)


def _peer(python: Path, name: str, stream: Path) -> float:
    """CPU-seconds per camera-hour of a peer, as it says itself."""
    done = subprocess.run(
        [
            python,
            Path(__file__).with_name("edge_peer.py"),
            name,
            stream,
            json.dumps(streams.lane()),
        ],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return float(done.stdout.split()[-1])


def _python(name: str, packages: Sequence[str]) -> Path:
    """The interpreter of the peer's own environment, made where it is missing."""
    home = ROOT / f".venv-peer-{name}"
    python = home / "bin" / "python"
    if not (home / "done").exists():
        subprocess.run(["python3", "-m", "venv", home], check=True)
        wanted = [*COMMON, *COMMON_MORE, *packages]
        subprocess.run([str(python), "-m", "pip", "install", "-q", *wanted], check=True)
        (home / "done").touch()
    return python
