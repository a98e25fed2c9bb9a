"""The field types that the messages are made of, and how a message becomes bytes and comes back.

Signed messages hold integers and text only, never floating point: shares and confidences are per
mille (`_pm`), durations milliseconds (`_ms`), so that every implementation writes the same bytes.
"""

from typing import Annotated, ClassVar, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.wire.errors import BadMessage, Code
from edge.wire.limits import EXHIBIT_BYTES, FRAME_PIXELS, PACKET_BYTES
from edge.wire.topics import DEVICE_ID_PATTERN

_FAULTS_TOLD = 5

DeviceId = Annotated[str, Field(pattern=DEVICE_ID_PATTERN)]
LocalId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
"""The id of a camera or a lane within its device."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Code_ = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]
Line = Annotated[str, Field(max_length=300)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
UtcMs = Annotated[int, Field(ge=0, le=2**48)]
"""Milliseconds since 1970-01-01 UTC, leap seconds not counted."""
OffsetMs = Annotated[int, Field(ge=0, le=400 * 86_400_000)]
"""Monotonic milliseconds since the stay began."""
PerMille = Annotated[int, Field(ge=0, le=1000)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Seq = Annotated[int, Field(ge=1, le=2**53)]
Pixel = Annotated[int, Field(ge=0, le=FRAME_PIXELS)]
Point = tuple[Pixel, Pixel]
BoxPx = tuple[Pixel, Pixel, Pixel, Pixel]
"""x1, y1, x2, y2 in pixels of the frame."""
SizeBytes = Annotated[int, Field(ge=1, le=EXHIBIT_BYTES)]


class Part(BaseModel):
    """A piece of a message. Unknown keys are refused, values are never coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Message(Part):
    """A whole message. `PAYLOAD_TYPE` names it in the signature; empty where it is not signed."""

    PAYLOAD_TYPE: ClassVar[str] = ""

    def to_bytes(self) -> bytes:
        """Compact UTF-8 JSON in the order of the fields; `null` is written out."""
        return self.model_dump_json().encode()


class Moment(Part):
    """When a frame was captured: wall clock, monotonic clock of one boot, and frame number."""

    utc_ms: UtcMs
    mono_ns: Annotated[int, Field(ge=0, le=2**62)]
    boot: UUID
    frame: Count


AnyMessage = TypeVar("AnyMessage", bound=Message)


def parse(kind: type[AnyMessage], payload: bytes) -> AnyMessage:
    """Read a payload whose signature was checked. Raises BadMessage naming up to five faults."""
    if len(payload) > PACKET_BYTES:
        raise BadMessage(
            Code.MESSAGE_TOO_LARGE,
            f"message must be at most {PACKET_BYTES} bytes, got {len(payload)}",
        )
    try:
        return kind.model_validate_json(payload)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        if faults[0]["type"] == "json_invalid":
            raise BadMessage(
                Code.MESSAGE_NOT_JSON, f"message must be JSON: {faults[0]['msg']}"
            ) from None
        told = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'message'}: {fault['msg']}, "
            f"got {str(fault['input'])[:60]!r}"
            for fault in faults[:_FAULTS_TOLD]
        )
        more = f" (and {len(faults) - _FAULTS_TOLD} more)" if len(faults) > _FAULTS_TOLD else ""
        raise BadMessage(Code.MESSAGE_INVALID, told + more) from None
