"""Where stay events become evidence: images masked and kept, a record signed, all of it durable.

Each camera has a recorder; all share one vault, outbox and chain. `run` sends what is kept here,
`replay` only keeps it.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar
from uuid import UUID

import cv2

from edge.camera import Frame
from edge.clock import Clock
from edge.diskroom import DiskRoom
from edge.evidence import (
    Findings,
    MomentLog,
    Moments,
    Place,
    Setting,
    build_record,
    in_view,
    lane_seen,
    record_kind,
    wire_rules,
)
from edge.geometry import Box
from edge.host import HostPaths, clock_health
from edge.lanes import LaneInView
from edge.masks import Masked, Picture, Subject, mask
from edge.outbox import Outbox, Sealed
from edge.stay_events import StayEvent, StayEventKind, StayRules
from edge.stay_memory import StayMemory
from edge.storage import DiskFull
from edge.vault import Vault
from edge.wire.fields import Moment
from edge.wire.limits import EXHIBIT_BYTES, EXHIBITS_PER_RECORD
from edge.wire.records import Clock as ClockState
from edge.wire.records import Exhibit, PlateReading, Record, RecordKind, Software
from edge.wire.signing import Signer

log = logging.getLogger("firelane.recording")
Kept = TypeVar("Kept")
Occasion = Literal["arrival", "notice", "deadline", "departure"]
OCCASIONS: dict[StayEventKind, Occasion] = {
    StayEventKind.ARRIVAL: "arrival",
    StayEventKind.NOTICE: "notice",
    StayEventKind.OVERSTAY: "deadline",
    StayEventKind.DEPARTURE: "departure",
    StayEventKind.BROKEN: "departure",
}
WIDE_PX = 1920
"""A wide view is made no wider than this; 1280 x 720 and up pass as they are."""
STALE_S = 5.0
"""A frame older than this shows nothing of the event, and is not kept as if it did."""
_CLOSE_UP = 0.08
"""The close-up takes in this share of the vehicle's box around it."""
_LEAST_PX = 16
_ONE_AT_A_TIME = threading.Lock()
"""Held while a picture is masked and encoded: that takes 16 MB for a moment, and cameras that look
at one scene record at one moment."""


@dataclass(frozen=True, slots=True)
class RecorderParts:
    """What the recorder writes to and signs with."""

    device: str
    signer: Signer
    vault: Vault
    outbox: Outbox
    memory: StayMemory
    room: DiskRoom
    clock: Clock
    paths: HostPaths
    boot: UUID
    software: Software
    new_id: Callable[[], UUID]
    jpeg_quality: int = 85
    mask: bool = True
    wake: Callable[[], None] = lambda: None
    """Called when there is something new to send."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What an image shows, in its own pixels: the frame, the vehicle of the stay, everybody
    else's, and the lane."""

    frame: Frame
    subject: Box
    others: Sequence[Box]
    lane: LaneInView


class CameraRecorder:
    """Keeps the events of one camera. Used by that camera's thread alone."""

    def __init__(
        self, parts: RecorderParts, camera: str, rules: StayRules, policy_sha256: str
    ) -> None:
        self._parts = parts
        self._camera = camera
        self._rules = wire_rules(rules, policy_sha256)
        self._moments = MomentLog()

    def saw(self, frame: Frame) -> None:
        """Each frame that was looked at, so that later records can name it."""
        self._moments.note(frame.t_s, self._moment(frame))

    def record(
        self,
        event: StayEvent,
        plate: PlateReading,
        shown: Shown,
    ) -> Record | None:
        """Keep what an event rests on; gives the record where it made one.

        On return it is durable. With the disk full, what must wait waits: an arrival or overstay
        is counted as suppressed, the end of a reported stay is recorded without images.
        Raises StorageFault where even that was impossible.
        """
        if event.kind is StayEventKind.SETTLED:
            self._begin(event)
            return None
        kind = record_kind(event)
        if kind is None and event.kind is not StayEventKind.NOTICE:
            self._parts.memory.forget(event.stay_id)
            return None
        if self._suppressed(event, kind):
            return None
        exhibits = self._exhibits(OCCASIONS[event.kind], event, shown)
        if kind is None:
            self._parts.memory.take(event.stay_id, exhibits)
            return None
        made = self._with_room(lambda: self._put(event, plate, shown.lane, exhibits))
        if kind in (RecordKind.DEPARTURE, RecordKind.BROKEN):
            self._parts.memory.forget(event.stay_id)
        return made

    def _suppressed(self, event: StayEvent, kind: RecordKind | None) -> bool:
        """Whether the event cannot be recorded: no room, or its stay's arrival was not."""
        parts = self._parts
        if kind not in (None, RecordKind.ARRIVAL) and not parts.outbox.has_record_of(event.stay_id):
            return True
        if parts.room.paused and kind not in (RecordKind.DEPARTURE, RecordKind.BROKEN):
            parts.room.suppressed += 1
            log.error(
                "event suppressed, the disk is full stay=%s kind=%s", event.stay_id, event.kind
            )
            return True
        return False

    def _exhibits(self, occasion: Occasion, event: StayEvent, shown: Shown) -> list[Exhibit]:
        if self._parts.room.paused or abs(event.t_s - shown.frame.t_s) > STALE_S:
            return []
        return self._with_room(lambda: self._keep(occasion, shown))

    def _with_room(self, act: Callable[[], Kept]) -> Kept:
        """Act, and once more after making room where the disk was full."""
        try:
            return act()
        except DiskFull:
            if not self._parts.room.make_room(self._parts.clock.utc_ms()):
                raise
            return act()

    def _keep(self, occasion: Occasion, shown: Shown) -> list[Exhibit]:
        """The wide view and the close-up, masked, encoded once, durable."""
        with _ONE_AT_A_TIME:
            return self._kept(occasion, shown)

    def _kept(self, occasion: Occasion, shown: Shown) -> list[Exhibit]:
        masked = Masked(shown.frame.image, ())
        if self._parts.mask:
            subject = Subject(shown.subject, shown.lane.points)
            masked = mask(masked.image, shown.others, subject)
        whole = _wide(masked.image)
        views: list[tuple[Literal["wide", "plate"], Picture, int]] = [
            ("wide", whole, len(masked.zones))
        ]
        close = _close_up(masked.image, shown.subject)
        if close is not None:
            views.append(("plate", _part(masked.image, close), masked.within(close)))
        kept = []
        for view, picture, zones in views:
            jpeg = encode(picture, self._parts.jpeg_quality)
            stored = self._parts.vault.keep(jpeg)
            kept.append(
                Exhibit(
                    occasion=occasion,
                    view=view,
                    sha256=stored.sha256,
                    size=stored.size_bytes,
                    media_type="image/jpeg",
                    width=picture.shape[1],
                    height=picture.shape[0],
                    taken=self._moment(shown.frame),
                    masked=zones,
                )
            )
        return kept

    def _put(
        self, event: StayEvent, plate: PlateReading, lane: LaneInView, exhibits: list[Exhibit]
    ) -> Record | None:
        parts = self._parts
        reminder = event.reminder
        notice = None if reminder is None else parts.memory.notice(reminder.notice_id)
        findings = Findings(
            Moments(
                self._moments.at(event.t_s),
                self._begin(event),
                self._moments.at(event.last_seen_s),
                self._clock(),
            ),
            plate,
            [*parts.memory.taken(event.stay_id), *exhibits][-EXHIBITS_PER_RECORD:],
            notice,
        )
        setting = Setting(parts.device, self._camera, lane_seen(lane), self._rules, parts.software)

        def make(seq: int, prev: str) -> Sealed:
            told = in_view(event, lane.moved)
            made = build_record(setting, told, findings, Place(parts.new_id(), seq, prev))
            return Sealed(made, parts.signer.seal(Record.PAYLOAD_TYPE, made.to_bytes()))

        counted = reminder is not None and event.kind is StayEventKind.OVERSTAY
        sealed = parts.outbox.put(str(reminder.notice_id) if reminder and counted else "", make)
        if sealed is None:
            return None
        log.info(
            "recorded kind=%s stay=%s seq=%d exhibits=%d",
            sealed.record.kind,
            event.stay_id,
            sealed.record.seq,
            len(sealed.record.exhibits),
        )
        parts.wake()
        return sealed.record

    def _begin(self, event: StayEvent) -> Moment:
        return self._parts.memory.begin(event.stay_id, self._moments.at(event.begin_s))

    def _clock(self) -> ClockState:
        health = clock_health(self._parts.paths, self._parts.clock.utc_ms())
        offset = None if health.offset_ms is None else round(health.offset_ms)
        return ClockState(state=health.state, offset_ms=offset)

    def _moment(self, frame: Frame) -> Moment:
        return Moment(
            utc_ms=frame.utc_ms,
            mono_ns=max(0, frame.mono_ns),
            boot=self._parts.boot,
            frame=frame.number,
        )


def encode(picture: Picture, quality: int) -> bytes:
    """JPEG bytes, within the contract's limit: a picture too rich for it is encoded coarser."""
    while True:
        done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        assert done, "OpenCV encodes any 8-bit picture"
        if data.nbytes <= EXHIBIT_BYTES:
            return data.tobytes()
        quality -= 10


def _wide(image: Picture) -> Picture:
    height, width = image.shape[:2]
    if width <= WIDE_PX:
        return image
    size = (WIDE_PX, round(height * WIDE_PX / width))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _close_up(image: Picture, subject: Box) -> Box | None:
    """Where the vehicle is, with a little around it; None where it is hardly in the frame."""
    height, width = image.shape[:2]
    dx, dy = subject.width * _CLOSE_UP, subject.height * _CLOSE_UP
    x1, x2 = max(0, int(subject.x1 - dx)), min(width, int(subject.x2 + dx))
    y1, y2 = max(0, int(subject.y1 - dy)), min(height, int(subject.y2 + dy))
    if x2 - x1 < _LEAST_PX or y2 - y1 < _LEAST_PX:
        return None
    return Box(x1, y1, x2, y2)


def _part(image: Picture, box: Box) -> Picture:
    return image[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)]
