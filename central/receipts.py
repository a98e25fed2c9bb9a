"""The signed replies to a device. Pure: what is known in, exact bytes for a topic out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from edge.wire.errors import WireError
from edge.wire.fields import Message
from edge.wire.records import Record
from edge.wire.replies import (
    ConfigDesired,
    MissingChunks,
    Need,
    Operation,
    Receipt,
    Reject,
    Request,
    SeqRange,
)
from edge.wire.signing import Signer
from edge.wire.topics import Kind, device_topic

_TEXT_LENGTH = 300
REQUEST_MS = 15 * 60_000
"""How long a device may still answer a request."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be published."""

    topic: str
    payload: bytes
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A record as replies name it."""

    device: str
    record_id: UUID
    sha256: str
    seq: int

    @classmethod
    def of(cls, record: Record, sha256: str) -> "Named":
        return cls(record.device, record.record_id, sha256, record.seq)


def receipt(signer: Signer, named: Named, stored_utc_ms: int, log_index: int) -> bytes:
    """The envelope that lets the device give the packet up."""
    return _seal(
        signer,
        Receipt(
            v=1,
            device=named.device,
            record_id=named.record_id,
            record_sha256=named.sha256,
            seq=named.seq,
            stored_utc_ms=stored_utc_ms,
            log_index=log_index,
        ),
    )


def need(
    signer: Signer, named: Named, missing: Sequence[MissingChunks], pause_ms: int = 0
) -> Outgoing:
    """What is still missing of a known record."""
    message = Need(
        v=1,
        device=named.device,
        record_id=named.record_id,
        record_sha256=named.sha256,
        missing=list(missing),
        pause_ms=pause_ms,
    )
    return down(named.device, _seal(signer, message))


def reject(
    signer: Signer, device: str, raw: bytes, error: WireError, record_id: UUID | None = None
) -> Outgoing:
    """These bytes will never be taken."""
    message = Reject(
        v=1,
        device=device,
        envelope_sha256=hashlib.sha256(raw).hexdigest(),
        record_id=record_id,
        code=error.code,
        text=error.text[:_TEXT_LENGTH],
    )
    return down(device, _seal(signer, message))


def resend(
    signer: Signer, device: str, records: tuple[int, int], request_id: UUID, utc_ms: int
) -> Outgoing:
    """Ask for records first to last (at most 1000) once more."""
    message = Request(
        v=1,
        device=device,
        request_id=request_id,
        operation=Operation.RESEND,
        expires_utc_ms=utc_ms + REQUEST_MS,
        camera=None,
        records=SeqRange(first=records[0], last=records[1]),
    )
    return Outgoing(device_topic(device, Kind.REQUEST), _seal(signer, message))


def config(signer: Signer, device: str, version: int, document: str, utc_ms: int) -> Outgoing:
    """The configuration that a device should run, retained at the broker."""
    message = ConfigDesired(
        v=1,
        device=device,
        version=version,
        issued_utc_ms=utc_ms,
        sha256=hashlib.sha256(document.encode()).hexdigest(),
        document=document,
    )
    return desired(device, _seal(signer, message))


def desired(device: str, envelope: bytes) -> Outgoing:
    """A sealed configuration to where the device finds it whenever it connects."""
    return Outgoing(device_topic(device, Kind.CONFIG_DESIRED), envelope, retain=True)


def down(device: str, envelope: bytes) -> Outgoing:
    """A receipt, need or reject to where the device listens for them."""
    return Outgoing(device_topic(device, Kind.RECEIPT), envelope)


def _seal(signer: Signer, message: Message) -> bytes:
    return signer.seal(message.PAYLOAD_TYPE, message.to_bytes())
