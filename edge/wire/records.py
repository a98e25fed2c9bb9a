"""`record`: what a device states about a stay, signed, chained and resting on exhibits.

A record tells what was seen, never what should follow from it. Offsets count monotonic milliseconds
from the beginning of the stay, so that no step of the wall clock changes a duration.
"""

import hashlib
import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from edge.wire.fields import (
    BoxPx,
    Count,
    DeviceId,
    LocalId,
    Message,
    Moment,
    Name,
    OffsetMs,
    Part,
    PerMille,
    Pixel,
    Point,
    Seq,
    Sha256,
    SizeBytes,
    UtcMs,
    Uuid,
    Version,
)
from edge.wire.limits import (
    EXHIBITS_PER_RECORD,
    FRAME_PIXELS,
    GAPS_PER_RECORD,
    POLYGON_POINTS,
    SAMPLES_PER_RECORD,
)

GENESIS = "0" * 64
"""`prev` of a device's first record."""


class RecordKind(StrEnum):
    ARRIVAL = "arrival"
    OVERSTAY = "overstay"
    DEPARTURE = "departure"
    BROKEN = "broken"


class GapReason(StrEnum):
    """Why the vehicle could not be seen for a while."""

    OCCLUDED = "occluded"
    UNDETECTED = "undetected"
    STREAM_DOWN = "stream-down"
    BOX_OFF = "box-off"
    CAMERA_MOVED = "camera-moved"
    CAMERA_COVERED = "camera-covered"
    CAMERA_BLURRED = "camera-blurred"
    CAMERA_DARK = "camera-dark"
    CAMERA_FROZEN = "camera-frozen"


class Proof(StrEnum):
    """What shows that the vehicle behind a gap is the one before it."""

    PLATE = "plate"
    APPEARANCE = "appearance"
    NONE = "none"


class Ending(StrEnum):
    """How a stay ended. The first three are departures, the others make it `broken`."""

    LANE_EMPTY = "lane-empty"
    SEEN_OUTSIDE = "seen-outside"
    REPLACED = "replaced"
    GAP_TOO_LONG = "gap-too-long"
    IDENTITY_UNPROVEN = "identity-unproven"
    LANE_CHANGED = "lane-changed"


DEPARTURES = frozenset({Ending.LANE_EMPTY, Ending.SEEN_OUTSIDE, Ending.REPLACED})


class Cue(StrEnum):
    """What showed the vehicle in a sample."""

    DETECTOR = "detector"
    BACKGROUND = "background"
    APPEARANCE = "appearance"


class LaneMoved(Part):
    """How the polygon came to be where it is: the camera was moved a little, and the device laid
    the drawing of the given version onto the new view, by so many pixels right and down."""

    drawn_version: Sha256
    right_px: Annotated[int, Field(ge=-FRAME_PIXELS, le=FRAME_PIXELS)]
    down_px: Annotated[int, Field(ge=-FRAME_PIXELS, le=FRAME_PIXELS)]


class LaneSeen(Part):
    """The lane as the device held it: the polygon in pixels of a frame of the given size."""

    id: LocalId
    version: Sha256
    polygon: Annotated[list[Point], Field(min_length=3, max_length=POLYGON_POINTS)]
    frame_width: Annotated[Pixel, Field(ge=16)]
    frame_height: Annotated[Pixel, Field(ge=16)]
    moved: LaneMoved | None = None


def lane_version(lane: str, frame: tuple[int, int], polygon: Sequence[Point]) -> str:
    """The hash that names one drawing of a lane: SHA-256, in hex, of the compact JSON
    `[id,[width,height],[[x,y],...]]` with integers in pixels of a frame of that size."""
    text = json.dumps([lane, frame, [list(point) for point in polygon]], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class Rules(Part):
    """The times that the device kept to, and the policy that they came from."""

    policy_sha256: Sha256
    settle_ms: OffsetMs
    confirm_ms: OffsetMs
    grace_ms: OffsetMs
    max_gap_ms: OffsetMs


class Gap(Part):
    """Seconds in which the vehicle was not observed."""

    begin_ms: OffsetMs
    end_ms: OffsetMs
    reason: GapReason
    proof: Proof

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end_ms < self.begin_ms:
            raise ValueError(
                f"gap must not end before it begins, got {self.begin_ms}-{self.end_ms}"
            )
        return self


class Sample(Part):
    """One look at the vehicle. `overlap_pm` is the share of its footprint inside the lane."""

    offset_ms: OffsetMs
    box: BoxPx
    overlap_pm: PerMille
    score_pm: PerMille
    cues: Annotated[list[Cue], Field(min_length=1, max_length=3)]


class Reminded(Part):
    """The notice that this record counts its deadline from."""

    notice_id: Uuid
    reminded_utc_ms: UtcMs
    offset_ms: OffsetMs


class Stay(Part):
    """The stay so far. `standing_ms` runs from the beginning to the last sight of the vehicle."""

    id: Uuid
    previous_id: Uuid | None
    begin: Moment
    last_seen: Moment
    standing_ms: OffsetMs
    unobserved_ms: OffsetMs
    deadline_ms: OffsetMs
    reminded: Reminded | None
    ending: Ending | None
    gaps: Annotated[list[Gap], Field(max_length=GAPS_PER_RECORD)]
    samples: Annotated[list[Sample], Field(min_length=1, max_length=SAMPLES_PER_RECORD)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for before, after in zip(self.gaps, self.gaps[1:], strict=False):
            if after.begin_ms < before.end_ms:
                raise ValueError("gaps must be in order and must not overlap")
        total = sum(gap.end_ms - gap.begin_ms for gap in self.gaps)
        if total != self.unobserved_ms:
            raise ValueError(
                f"unobserved_ms must be the sum of the gaps ({total}), got {self.unobserved_ms}"
            )
        offsets = [sample.offset_ms for sample in self.samples]
        if offsets != sorted(offsets):
            raise ValueError("samples must be in order of time")
        return self


class PlateReading(Part):
    """What the looks at the plate add up to: a plate or `unread`, never a guess."""

    status: Literal["read", "unread"]
    text: Annotated[str, Field(min_length=5, max_length=10)] | None
    grammar: Annotated[str, Field(pattern=r"^[a-z_]{2,16}$")] | None
    colour: Literal["blue", "yellow", "green", "yellow-green", "white", "black"] | None
    confidence_pm: PerMille
    chars_pm: Annotated[list[PerMille], Field(max_length=10)]
    frames: Count

    @model_validator(mode="after")
    def _read_or_unread(self) -> Self:
        if (self.status == "read") != (self.text is not None):
            raise ValueError("plate must have a text exactly when its status is 'read'")
        return self


class Vehicle(Part):
    """The kind of vehicle as most looks had it; kinds flip, so nothing rests on it."""

    kind: Name
    plate: PlateReading


class ModelUsed(Part):
    role: Literal["vehicle", "plate-corners", "plate-text"]
    sha256: Sha256
    runtime: Name


class Software(Part):
    version: Name
    sha256: Sha256
    models: Annotated[list[ModelUsed], Field(max_length=4)]


class Clock(Part):
    """How far the wall clock may be trusted. `offset_ms` is the estimate of its error."""

    state: Literal["unset", "saved", "synced"]
    offset_ms: Annotated[int, Field(ge=-(2**40), le=2**40)] | None


class Exhibit(Part):
    """An image that the record rests on, named by its bytes."""

    occasion: Literal["arrival", "notice", "deadline", "departure"]
    view: Literal["wide", "plate"]
    sha256: Sha256
    size: SizeBytes
    media_type: Literal["image/jpeg"]
    width: Annotated[Pixel, Field(ge=1)]
    height: Annotated[Pixel, Field(ge=1)]
    taken: Moment
    masked: Count


class Record(Message):
    """A signed statement about a stay."""

    PAYLOAD_TYPE: ClassVar[str] = "application/vnd.firelane.record.v1+json"

    v: Version
    kind: RecordKind
    record_id: Uuid
    seq: Seq
    prev: Sha256
    device: DeviceId
    camera: LocalId
    made: Moment
    clock: Clock
    lane: LaneSeen
    rules: Rules
    stay: Stay
    vehicle: Vehicle
    software: Software
    exhibits: Annotated[list[Exhibit], Field(max_length=EXHIBITS_PER_RECORD)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.seq == 1) != (self.prev == GENESIS):
            raise ValueError("prev must be 64 zeros in the first record (seq 1) and in no other")
        ending = self.stay.ending
        allowed = {
            RecordKind.DEPARTURE: ending in DEPARTURES,
            RecordKind.BROKEN: ending is not None and ending not in DEPARTURES,
        }.get(self.kind, ending is None)
        if not allowed:
            raise ValueError(f"a record of kind {self.kind} cannot have the ending {ending}")
        return self
