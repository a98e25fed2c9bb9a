"""A simulated central server: the signed replies that a real one would send to a device."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.wire.errors import Code
from edge.wire.fields import Message
from edge.wire.limits import CHUNK_BYTES
from edge.wire.records import Record
from edge.wire.replies import (
    ConfigDesired,
    MissingChunks,
    Need,
    Notice,
    Operation,
    Receipt,
    Reject,
    Request,
)
from edge.wire.signing import Signer
from tests.device import BEGAN_UTC_MS, Packet, signer

_NAMES = UUID("6f1c0a52-6d0b-4c39-9d27-5d4a4d3f1e00")


@dataclass
class SimulatedServer:
    """Seals replies with its own key; `keys` is what a device trusts for messages from above."""

    seed: int = 1000
    log_index: int = 0
    signer: Signer = field(init=False)

    def __post_init__(self) -> None:
        self.signer = signer(self.seed)

    @property
    def keys(self) -> dict[str, Ed25519PublicKey]:
        return {self.signer.key_id: self.signer.key.public_key()}

    def seal(self, message: Message) -> bytes:
        return self.signer.seal(message.PAYLOAD_TYPE, message.to_bytes())

    def receipt(self, packet: Packet, **fields: Any) -> bytes:
        """`packet` is durably stored. `fields` replace fields of the message, here and below."""
        self.log_index += 1
        record = packet.record
        values: dict[str, Any] = {
            "v": 1,
            "device": record.device,
            "record_id": record.record_id,
            "record_sha256": packet.sha256,
            "seq": record.seq,
            "stored_utc_ms": record.made.utc_ms + 400,
            "log_index": self.log_index,
        }
        return self.seal(Receipt(**{**values, **fields}))

    def need(
        self, packet: Packet, missing: Sequence[MissingChunks] | None = None, **fields: Any
    ) -> bytes:
        """Ask for `missing`, or for every chunk of every exhibit."""
        everything = [
            MissingChunks(sha256=sha256, ranges=[(0, (len(data) - 1) // CHUNK_BYTES)])
            for sha256, data in packet.exhibits.items()
        ]
        values: dict[str, Any] = {
            "v": 1,
            "device": packet.record.device,
            "record_id": packet.record.record_id,
            "record_sha256": packet.sha256,
            "missing": everything if missing is None else list(missing),
            "pause_ms": 0,
        }
        return self.seal(Need(**{**values, **fields}))

    def reject(self, packet: Packet, code: Code, text: str, **fields: Any) -> bytes:
        values: dict[str, Any] = {
            "v": 1,
            "device": packet.record.device,
            "envelope_sha256": hashlib.sha256(packet.envelope).hexdigest(),
            "record_id": packet.record.record_id,
            "code": str(code),
            "text": text,
        }
        return self.seal(Reject(**{**values, **fields}))

    def notice(self, record: Record, reminded_utc_ms: int, **fields: Any) -> bytes:
        """The owner of the vehicle of this stay was reminded; sent two seconds later."""
        values: dict[str, Any] = {
            "v": 1,
            "device": record.device,
            "notice_id": uuid5(_NAMES, f"notice {record.stay.id} {reminded_utc_ms}"),
            "stay_id": record.stay.id,
            "reminded_utc_ms": reminded_utc_ms,
            "sent_utc_ms": reminded_utc_ms + 2_000,
            "grace_ms": 900_000,
        }
        return self.seal(Notice(**{**values, **fields}))

    def request(self, device: str, operation: Operation, **fields: Any) -> bytes:
        values: dict[str, Any] = {
            "v": 1,
            "device": device,
            "request_id": uuid5(_NAMES, f"request {operation} {fields}"),
            "operation": operation,
            "expires_utc_ms": BEGAN_UTC_MS + 60_000,
            "camera": None,
            "records": None,
        }
        return self.seal(Request(**{**values, **fields}))

    def config(self, device: str, version: int, document: str) -> bytes:
        return self.seal(
            ConfigDesired(
                v=1,
                device=device,
                version=version,
                issued_utc_ms=BEGAN_UTC_MS,
                sha256=hashlib.sha256(document.encode()).hexdigest(),
                document=document,
            )
        )
