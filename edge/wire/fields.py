"""The field types that the messages are made of, and how a message becomes bytes and comes back.

Signed messages hold integers and text only, never floating point: shares and confidences are per
mille (`_pm`), durations milliseconds (`_ms`), so that every implementation writes the same bytes.
"""

import re
from typing import Annotated, ClassVar, Literal, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)

from edge.wire.errors import BadMessage, Code
from edge.wire.limits import EXHIBIT_BYTES, FRAME_PIXELS, PACKET_BYTES, TEXT_CHARS
from edge.wire.strictjson import TwiceError, refuse_doubled_keys
from edge.wire.topics import CENTRAL, DEVICE_ID_PATTERN

_FAULTS_TOLD = 5
_UUID_PATTERN = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


def _not_central(text: str) -> str:
    if text == CENTRAL:
        raise ValueError(f"{CENTRAL!r} is the server's own name")
    return text


def _one_spelling(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(_UUID_PATTERN, value) is None:
        raise ValueError("a UUID must be written as 36 lower-case characters")
    return value


def _whole(value: object) -> object:
    if type(value) is not int:
        raise ValueError("must be a whole number")
    return value


Version = Annotated[Literal[1], BeforeValidator(_whole)]
"""`true` and `1.0` equal 1 in Python, but are no version."""
Uuid = Annotated[
    UUID,
    BeforeValidator(_one_spelling),
    WithJsonSchema({"type": "string", "format": "uuid", "pattern": _UUID_PATTERN}),
]
DeviceId = Annotated[str, Field(pattern=DEVICE_ID_PATTERN), AfterValidator(_not_central)]
LocalId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
"""The id of a camera or a lane within its device."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Code_ = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]
Line = Annotated[str, Field(max_length=TEXT_CHARS)]
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

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


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
    boot: Uuid
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
        message = kind.model_validate_json(payload)
        refuse_doubled_keys(payload)
    except TwiceError as error:
        raise BadMessage(Code.MESSAGE_INVALID, str(error)) from None
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        if faults[0]["type"] == "json_invalid":
            raise BadMessage(
                Code.MESSAGE_NOT_JSON, f"message must be JSON: {faults[0]['msg']}"
            ) from None
        told = "; ".join(
            f"{'.'.join(str(part)[:48] for part in fault['loc']) or 'message'}: {fault['msg']}, "
            f"got {str(fault['input'])[:60]!r}"
            for fault in faults[:_FAULTS_TOLD]
        )
        more = f" (and {len(faults) - _FAULTS_TOLD} more)" if len(faults) > _FAULTS_TOLD else ""
        raise BadMessage(Code.MESSAGE_INVALID, told + more) from None
    return message
