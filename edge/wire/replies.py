"""What the server sends down and what the device answers: signed, apart from `config/reported`."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from edge.wire.fields import (
    Code_,
    Count,
    DeviceId,
    Line,
    LocalId,
    Message,
    OffsetMs,
    Part,
    Seq,
    Sha256,
    UtcMs,
    Uuid,
    Version,
)
from edge.wire.limits import (
    CHUNKS_PER_EXHIBIT,
    EXHIBITS_PER_RECORD,
    FACTS_PER_RESPONSE,
    TOMBSTONES_PER_RESPONSE,
)

ChunkIndex = Annotated[int, Field(ge=0, lt=CHUNKS_PER_EXHIBIT)]


class Receipt(Message):
    """The packet is durably stored. Only this lets a device give the packet up."""

    PAYLOAD_TYPE: ClassVar[str] = "application/vnd.firelane.receipt.v1+json"

    v: Version
    device: DeviceId
    record_id: Uuid
    record_sha256: Sha256
    seq: Seq
    stored_utc_ms: UtcMs
    log_index: Count


class MissingChunks(Part):
    """Chunks of one exhibit that the server lacks, as inclusive ranges in order."""

    sha256: Sha256
    ranges: Annotated[list[tuple[ChunkIndex, ChunkIndex]], Field(min_length=1, max_length=64)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        flat = [index for pair in self.ranges for index in pair]
        if flat != sorted(flat):
            raise ValueError("ranges must be in order and must not overlap")
        return self


class Need(Message):
    """The record is known; these chunks are still missing."""

    PAYLOAD_TYPE: ClassVar[str] = "application/vnd.firelane.need.v1+json"

    v: Version
    device: DeviceId
    record_id: Uuid
    record_sha256: Sha256
    missing: Annotated[list[MissingChunks], Field(min_length=1, max_length=EXHIBITS_PER_RECORD)]
    pause_ms: Annotated[int, Field(ge=0, le=600_000)]


class Reject(Message):
    """The server will never take these bytes. The device sets the packet aside and shows it."""

    PAYLOAD_TYPE: ClassVar[str] = "application/vnd.firelane.reject.v1+json"

    v: Version
    device: DeviceId
    envelope_sha256: Sha256
    record_id: Uuid | None
    code: Code_
    text: Line


class Notice(Message):
    """The owner was reminded. Both times are the server's, so that their difference holds
    whatever the device's clock says: the device counts back `sent - reminded` from arrival."""

    PAYLOAD_TYPE: ClassVar[str] = "application/vnd.firelane.notice.v1+json"

    v: Version
    device: DeviceId
    notice_id: Uuid
    stay_id: Uuid
    reminded_utc_ms: UtcMs
    sent_utc_ms: UtcMs
    grace_ms: OffsetMs

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.sent_utc_ms < self.reminded_utc_ms:
            raise ValueError("sent_utc_ms must not be before reminded_utc_ms")
        return self


class Operation(StrEnum):
    RESEND = "resend"
    SNAPSHOT = "snapshot"
    BIRTH = "birth"
    DIAGNOSE = "diagnose"
    RESTART = "restart"


class SeqRange(Part):
    first: Seq
    last: Seq

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.first <= self.last <= self.first + 999:
            raise ValueError("last must be 0 to 999 above first")
        return self


class Request(Message):
    """The server asks a device to do one thing of a fixed list. `records` belongs to `resend`."""

    PAYLOAD_TYPE: ClassVar[str] = "application/vnd.firelane.request.v1+json"

    v: Version
    device: DeviceId
    request_id: Uuid
    operation: Operation
    expires_utc_ms: UtcMs
    camera: LocalId | None
    records: SeqRange | None

    @model_validator(mode="after")
    def _range_with_resend(self) -> Self:
        if (self.operation is Operation.RESEND) != (self.records is not None):
            raise ValueError("records must be given with the operation 'resend' and with no other")
        return self


class Tombstone(Part):
    """A record that the device no longer has, and why. `record_sha256` where it is still known."""

    seq: Seq
    record_sha256: Sha256 | None
    reason: Literal["pruned-after-receipt", "damaged", "disk-full", "never-made"]


class Response(Message):
    """A device's answer to a request, signed by the device."""

    PAYLOAD_TYPE: ClassVar[str] = "application/vnd.firelane.response.v1+json"

    v: Version
    device: DeviceId
    request_id: Uuid
    ok: bool
    text: Line
    tombstones: Annotated[list[Tombstone], Field(max_length=TOMBSTONES_PER_RESPONSE)]
    facts: Annotated[
        dict[
            Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,48}$")],
            Annotated[str, Field(max_length=200)],
        ],
        Field(max_length=FACTS_PER_RESPONSE),
    ]


class ConfigDesired(Message):
    """The configuration that a device should run, whole, as YAML text."""

    PAYLOAD_TYPE: ClassVar[str] = "application/vnd.firelane.config.v1+json"

    v: Version
    device: DeviceId
    version: Seq
    issued_utc_ms: UtcMs
    sha256: Sha256
    document: Annotated[str, Field(min_length=1, max_length=32_768)]


class ConfigReported(Message):
    """The configuration that a device runs; `error` says why the desired one was refused."""

    v: Version
    device: DeviceId
    version: Count
    sha256: Sha256
    refused_version: Count
    error: Annotated[str, Field(max_length=2000)]
