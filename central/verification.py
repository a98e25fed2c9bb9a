"""Whether bytes from a device may be taken. Pure: bytes and keys in, a record or a refusal out.

The order matters: whom the broker let write to the topic, whether that device is registered, whose
signature holds, and only then what the bytes say. Nothing is parsed before its signature held.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.wire.errors import BadMessage, BadSignature, Code
from edge.wire.fields import parse
from edge.wire.records import Record
from edge.wire.replies import Response
from edge.wire.signing import open_envelope

AnySigned = TypeVar("AnySigned", Record, Response)


@dataclass(frozen=True, slots=True)
class Registered:
    """What the registry knows of a device: its keys by id, those that may sign now."""

    device: str
    active: bool
    keys: Mapping[str, Ed25519PublicKey]


@dataclass(frozen=True, slots=True)
class VerifiedRecord:
    """A record that its device signed; `raw` are the exact bytes that came."""

    record: Record
    raw: bytes
    sha256: str
    key_id: str

    @property
    def envelope_sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


def verify_record(raw: bytes, topic_device: str, registered: Registered | None) -> VerifiedRecord:
    """Raises WireError: the bytes will never be taken, and its code says why."""
    record, sha256, key_id = _verify(raw, Record, topic_device, registered)
    return VerifiedRecord(record, raw, sha256, key_id)


def verify_response(raw: bytes, topic_device: str, registered: Registered | None) -> Response:
    """A device's signed answer to a request. Raises WireError."""
    return _verify(raw, Response, topic_device, registered)[0]


def require_registered(topic_device: str, registered: Registered | None) -> Registered:
    """Raises BadSignature for a device that nobody registered or that was switched off."""
    if registered is None:
        raise BadSignature(Code.DEVICE_UNKNOWN, f"no device {topic_device!r} is registered")
    if not registered.active:
        raise BadSignature(Code.DEVICE_UNKNOWN, f"device {topic_device!r} is switched off")
    return registered


def require_same_device(topic_device: str, said: str) -> None:
    """Raises BadMessage where a device speaks for another."""
    if said != topic_device:
        raise BadMessage(
            Code.DEVICE_MISMATCH,
            f"device must be the {topic_device!r} of the topic, got {said!r}",
        )


def _verify(
    raw: bytes, kind: type[AnySigned], topic_device: str, registered: Registered | None
) -> tuple[AnySigned, str, str]:
    known = require_registered(topic_device, registered)
    opened = open_envelope(raw, known.keys, kind.PAYLOAD_TYPE)
    message = parse(kind, opened.payload)
    require_same_device(topic_device, message.device)
    return message, opened.sha256, opened.key_id
