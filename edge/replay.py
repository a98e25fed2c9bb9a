"""`firelane-edge replay`: a file through the same pipeline as fast as it goes, offline.

Writes DIR/events.jsonl, one line a stay event with times in seconds of the clip, and the packets
that would have been sent. Everything that the README says about events comes from this command.
"""

import argparse
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError

from edge.camera import FileCamera, Frame
from edge.clock import Clock, SystemClock
from edge.config import CameraConfig, Config, LaneOutside, load
from edge.config_file import ConfigError
from edge.delivery import Delivery, DeliverySettings, KeyFileError
from edge.detect_cli import corners
from edge.detector import open_detector
from edge.explain import Explainer
from edge.eyes import SharedDetector
from edge.geometry import GeometryError
from edge.host import HostPaths
from edge.inference import ModelError
from edge.pacing import Pace
from edge.pipeline import Rig, Sink, watch
from edge.recording import Shown
from edge.rig import new_ids, open_plates, recorder_for, scene_maker, software_of
from edge.stay_events import StayEvent, StayEventKind
from edge.stream import StreamFault
from edge.wire.records import PlateReading

_NS = 1_000_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", help="a file or a folder of pictures")
    parser.add_argument(
        "--lane",
        action="append",
        default=[],
        metavar="X,Y,X,Y,...",
        help="corners in pixels, or in shares of the frame when all are <= 1; may be repeated",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--speed", choices=("max", "1"), default="max")
    parser.add_argument("--sample-hz", type=float, help="looks per second of the clip (default 2)")
    parser.add_argument("--config", type=Path, metavar="FILE")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="sets")
    parser.add_argument(
        "--explain", action="store_true", help="also write explain.mp4 and decisions.txt"
    )


def replay(options: argparse.Namespace) -> int:
    """Exit code 1 when the video cannot be read, 2 for wrong use. One sentence says why."""
    config = load(options.config, os.environ, options.sets, to_run=False)
    camera = _camera(options, config)
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        with closing(_delivery(options.out / "packets", config)) as delivery:
            print(_replay(options, config, camera, delivery))
    except (ModelError, StreamFault, GeometryError, LaneOutside, KeyFileError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _replay(
    options: argparse.Namespace, config: Config, camera: CameraConfig, delivery: Delivery
) -> str:
    source = Paced(camera, SystemClock(), options.speed == "1")
    detector = SharedDetector(open_detector(config.detector), SystemClock())
    plates = open_plates(config.plates, config.detector)
    begin = scene_maker(camera, config, detector, plates, new_ids(SystemClock()))
    recorder = recorder_for(camera, config, delivery, software_of(detector, plates))
    explainer = None
    if options.explain:
        explainer = Explainer(options.out, camera.sample_hz, config.evidence.mask)
    with (options.out / "events.jsonl").open("w", encoding="utf-8") as lines:
        sink = EventLog(lines, Path(options.video).name, recorder)
        rig = Rig(source, begin, sink)
        if explainer is not None:
            rig.begin = explainer.watching(begin)
            rig.onlookers.append(explainer)
        watch(rig)
    if explainer is not None:
        explainer.close()
    return sink.summary(source.seconds)


def _delivery(folder: Path, config: Config) -> Delivery:
    """A vault and an outbox of this replay's own, with a throw-away key where none is given."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    if config.keys is not None:
        signing_key = config.keys.signing_key
    else:
        signing_key = folder / "signing.pem"
        signing_key.write_bytes(
            Ed25519PrivateKey.generate().private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            )
        )
    device = config.device.id if config.device is not None else "replay"
    settings = DeliverySettings(device, folder, signing_key)
    return Delivery(settings, SystemClock(), HostPaths())


def _camera(options: argparse.Namespace, config: Config) -> CameraConfig:
    """The camera of the configuration, or a plain one, with the video in its place."""
    plain: dict[str, object] = {"id": "clip", "lanes": ()}
    base = config.cameras[0].model_dump() if config.cameras else plain
    base |= {"source": options.video, "password": None, "user": None}
    if options.sample_hz is not None:
        base["sample_hz"] = options.sample_hz
    if options.lane:
        try:
            base["lanes"] = tuple(
                {
                    "id": f"lane-{i + 1}" if len(options.lane) > 1 else "lane",
                    "polygon": corners(each),
                }
                for i, each in enumerate(options.lane)
            )
        except ValueError as error:
            raise ConfigError([f"--lane: {error}"]) from None
    try:
        return CameraConfig.model_validate(base)
    except ValidationError as error:
        raise ConfigError(
            [
                f"{'--lane' if 'lanes' in fault['loc'] or not fault['loc'] else fault['loc'][0]}: "
                f"{fault['msg'].removeprefix('Value error, ')}"
                for fault in error.errors(include_url=False)
            ]
        ) from None


class Paced:
    """A file as a camera source, as fast as it goes or at its own pace."""

    def __init__(self, config: CameraConfig, clock: Clock, real_time: bool) -> None:
        self._file = FileCamera(config, clock.utc_ms())
        self._clock = clock
        self._real_time = real_time
        self._stop = threading.Event()
        self.pace = Pace.FULL

    @property
    def seconds(self) -> float:
        return self._file.seconds

    def frames(self) -> Iterator[Frame]:
        begin_s = self._clock.mono_ns() / _NS
        for frame in self._file.frames():
            ahead_s = begin_s + frame.t_s - self._clock.mono_ns() / _NS
            if self._real_time and ahead_s > 0 and self._stop.wait(ahead_s):
                return
            yield frame

    def close(self) -> None:
        self._stop.set()
        self._file.close()


@dataclass
class EventLog:
    """Writes one JSON line an event, and hands it on to what keeps the packets."""

    lines: TextIO
    clip: str
    packets: Sink
    written: int = 0

    def saw(self, frame: Frame) -> None:
        self.packets.saw(frame)

    def record(self, event: StayEvent, plate: PlateReading, shown: Shown) -> None:
        if event.kind is not StayEventKind.NOTICE:
            line = json.dumps(event_line(self.clip, event, plate), ensure_ascii=False)
            self.lines.write(line + "\n")
            self.lines.flush()
            self.written += 1
        self.packets.record(event, plate, shown)

    def summary(self, seconds: float) -> str:
        return f"{self.clip}: {seconds:.1f} s, {self.written} events"


def event_line(clip: str, event: StayEvent, plate: PlateReading) -> dict[str, object]:
    """The event as a line of events.jsonl; times in seconds of the clip."""
    return {
        "clip": clip,
        "type": event.kind.value,
        "stay": str(event.stay_id),
        "lane": event.lane,
        "t": round(event.t_s, 3),
        "begin": round(event.begin_s, 3),
        "end": None if event.end_s is None else round(event.end_s, 3),
        "box": [round(c, 1) for c in (event.box.x1, event.box.y1, event.box.x2, event.box.y2)],
        "plate": plate.text,
        "plate_confidence": plate.confidence_pm / 1000,
    }
