"""Makes the parts of one camera from the configuration: lanes, rules, eyes, plates."""

import hashlib
import secrets
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from uuid import UUID

from edge.clock import Clock
from edge.config import CameraConfig, Config, DetectorConfig, PlatesConfig, StaysConfig
from edge.delivery import Delivery
from edge.eyes import Eyes, SharedDetector
from edge.geometry import Polygon
from edge.lanes import Lane, Threshold
from edge.pipeline import Scene
from edge.plate_votes import PlateDesk, SharedReader
from edge.recording import CameraRecorder, RecorderParts
from edge.stay_events import StayRules
from edge.stays import Stays
from edge.wire.records import ModelUsed, Software

_EDGE = Path(__file__).resolve().parent
_UUID_VERSION = 0x7000
_UUID_VARIANT = 0x8000_0000_0000_0000


def scene_maker(
    camera: CameraConfig,
    config: Config,
    detector: SharedDetector,
    plates: SharedReader | None,
    new_id: Callable[[], UUID],
) -> Callable[[tuple[int, int], float], Scene]:
    """What Rig.begin wants. The scene raises LaneOutside when a lane lies outside the frame."""

    def begin(frame_size: tuple[int, int], t_s: float) -> Scene:
        lanes = lanes_of(camera, frame_size)
        eyes = Eyes(lanes, detector, config.stays, config.view)
        return Scene(eyes, Stays(rules_of(config.stays), lanes, new_id), PlateDesk(plates, lanes))

    return begin


def lanes_of(camera: CameraConfig, frame_size: tuple[int, int]) -> tuple[Lane, ...]:
    """The lanes in pixels of a frame of (width, height). Raises LaneOutside."""
    return tuple(
        Lane(
            lane.id,
            Polygon(
                tuple(
                    (float(x), float(y)) for x, y in lane.in_pixels(*frame_size, camera.frame_size)
                )
            ),
            frame_size,
        )
        for lane in camera.lanes
    )


def rules_of(stays: StaysConfig) -> StayRules:
    return StayRules(
        settle_s=stays.settle_s,
        confirm_s=stays.confirm_s,
        grace_s=stays.grace_s,
        max_gap_s=stays.max_gap_s,
        scan_s=stays.scan_s,
        threshold=Threshold(enter=stays.enter, leave=stays.leave),
    )


def new_ids(clock: Clock) -> Callable[[], UUID]:
    """UUIDv7 (RFC 9562): sorted by the time they were made."""

    def new_id() -> UUID:
        milliseconds = clock.utc_ms() & (2**48 - 1)
        high = milliseconds << 16 | _UUID_VERSION | secrets.randbits(12)
        low = _UUID_VARIANT | secrets.randbits(62)
        return UUID(int=high << 64 | low)

    return new_id


def open_plates(plates: PlatesConfig, detector: DetectorConfig) -> SharedReader | None:
    """The plate reader, where both its models are there. Raises ModelError for a broken one."""
    if plates.corners is None or plates.text is None:
        return None
    if not plates.corners.is_file() or not plates.text.is_file():
        return None
    return SharedReader.open(plates.corners, plates.text, detector.runtime, detector.threads)


def recorder_for(
    camera: CameraConfig,
    config: Config,
    delivery: Delivery,
    software: Software,
    wake: Callable[[], None] = lambda: None,
) -> CameraRecorder:
    """Where the events of a camera become evidence."""
    parts = RecorderParts(
        device=delivery.settings.device,
        signer=delivery.signer,
        vault=delivery.vault,
        outbox=delivery.outbox,
        memory=delivery.memory,
        room=delivery.room,
        clock=delivery.clock,
        paths=delivery.paths,
        boot=delivery.boot,
        software=software,
        new_id=new_ids(delivery.clock),
        jpeg_quality=config.evidence.jpeg_quality,
        mask=config.evidence.mask,
        wake=wake,
    )
    return CameraRecorder(parts, camera.id, rules_of(config.stays), config.policy.sha256)


def software_of(detector: SharedDetector, plates: SharedReader | None) -> Software:
    """What made the records: version, hash of the code, models."""
    model = detector.detector.model
    models = [ModelUsed(role="vehicle", sha256=model.sha256, runtime=model.runtime)]
    return Software(
        version=software_version(),
        sha256=code_sha256(),
        models=[*models, *(plates.models() if plates is not None else [])],
    )


def software_version() -> str:
    try:
        return version("firelane")
    except PackageNotFoundError:
        return "unknown"


def code_sha256() -> str:
    """One hash over every Python file of this package, in the order of their paths."""
    whole = hashlib.sha256()
    for path in sorted(_EDGE.rglob("*.py")):
        whole.update(f"{path.relative_to(_EDGE)}\0".encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()
