"""Every topic string, once.

Identity in a topic is the device id alone: the site is an attribute in the central registry,
because boxes move. The broker's ACL maps the certificate's CN to the same id.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from edge.wire.errors import BadTopic, Code
from edge.wire.limits import CHUNKS_PER_EXHIBIT

PREFIX = "firelane/1"
CENTRAL = "central"
DEVICE_ID_PATTERN = r"^[a-z0-9][a-z0-9-]{2,31}$"
_DEVICE = re.compile(DEVICE_ID_PATTERN)
_ALERT = re.compile(r"^[a-z0-9][a-z0-9-]{0,47}$")
_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_INDEX = re.compile(r"^(0|[1-9][0-9]{0,3})$")
_LONGEST = 160


class Kind(StrEnum):
    """What a topic carries. The value is the part of the topic behind the device id."""

    STATE = "state"
    BIRTH = "birth"
    HEALTH = "health"
    ALERT = "alert"
    RECORD = "record"
    CHUNK = "chunk"
    RESPONSE = "response"
    CONFIG_REPORTED = "config/reported"
    RECEIPT = "receipt"
    NOTICE = "notice"
    REQUEST = "request"
    CONFIG_DESIRED = "config/desired"


UP = (
    Kind.STATE,
    Kind.BIRTH,
    Kind.HEALTH,
    Kind.ALERT,
    Kind.RECORD,
    Kind.CHUNK,
    Kind.RESPONSE,
    Kind.CONFIG_REPORTED,
)
DOWN = (Kind.RECEIPT, Kind.NOTICE, Kind.REQUEST, Kind.CONFIG_DESIRED)
RETAINED = frozenset(
    {Kind.STATE, Kind.BIRTH, Kind.ALERT, Kind.CONFIG_REPORTED, Kind.CONFIG_DESIRED}
)


@dataclass(frozen=True, slots=True)
class Address:
    """A topic taken apart. `detail` is the alert code; `sha256` and `index` belong to a chunk."""

    device: str
    kind: Kind
    detail: str = ""
    sha256: str = ""
    index: int = 0


def is_device_id(text: str) -> bool:
    """Whether `text` may name a device. `central` is the server's own name and never a device's."""
    return _DEVICE.fullmatch(text) is not None and text != CENTRAL


def device_topic(device: str, kind: Kind) -> str:
    """The topic of everything but alerts and chunks.

    Raises BadTopic where `device` is not a device id.
    """
    if not is_device_id(device):
        raise BadTopic(
            Code.DEVICE_ID_INVALID,
            f"device id must match {DEVICE_ID_PATTERN} and not be {CENTRAL!r}, got {device[:64]!r}",
        )
    return f"{PREFIX}/{device}/{kind}"


def alert_topic(device: str, code: str) -> str:
    """One retained topic per alert code; an empty payload clears it."""
    if _ALERT.fullmatch(code) is None:
        raise BadTopic(
            Code.TOPIC_UNKNOWN,
            f"alert code must be lower-case words joined by '-', got {code[:64]!r}",
        )
    return f"{device_topic(device, Kind.ALERT)}/{code}"


def chunk_topic(device: str, sha256: str, index: int) -> str:
    """The topic of chunk `index` of the exhibit whose bytes hash to `sha256` (lower-case hex)."""
    if _SHA256.fullmatch(sha256) is None or not 0 <= index < CHUNKS_PER_EXHIBIT:
        raise BadTopic(
            Code.TOPIC_UNKNOWN,
            f"chunk needs a sha256 in hex and an index of 0 to {CHUNKS_PER_EXHIBIT - 1}, "
            f"got {sha256[:64]!r} and {index}",
        )
    return f"{device_topic(device, Kind.CHUNK)}/{sha256}/{index}"


def central_state_topic() -> str:
    """Where the server says whether it takes records (retained, with a will)."""
    return f"{PREFIX}/{CENTRAL}/state"


def subscription(kind: Kind, device: str = "+") -> str:
    """A topic filter for `kind`, of one device or of all."""
    tail = {Kind.ALERT: "/+", Kind.CHUNK: "/+/+"}.get(kind, "")
    return f"{PREFIX}/{device}/{kind}{tail}"


def parse_topic(topic: str) -> Address:
    """Take a topic apart. Raises BadTopic for anything that this module would not have made."""
    if len(topic) > _LONGEST:
        raise BadTopic(
            Code.TOPIC_TOO_LONG, f"topic must have at most {_LONGEST} characters, got {len(topic)}"
        )
    head, _, rest = topic.removeprefix(f"{PREFIX}/").partition("/")
    if not topic.startswith(f"{PREFIX}/") or not rest:
        raise BadTopic(Code.TOPIC_UNKNOWN, f"topic must be {PREFIX}/<device>/<kind>, got {topic!r}")
    if not is_device_id(head):
        raise BadTopic(
            Code.DEVICE_ID_INVALID,
            f"device id must match {DEVICE_ID_PATTERN} and not be {CENTRAL!r}, got {head!r}",
        )
    return _parse_rest(topic, head, rest)


def _parse_rest(topic: str, device: str, rest: str) -> Address:
    if rest in {kind.value for kind in Kind} - {Kind.ALERT, Kind.CHUNK}:
        return Address(device, Kind(rest))
    parts = rest.split("/")
    if parts[0] == Kind.ALERT and len(parts) == 2 and _ALERT.fullmatch(parts[1]):
        return Address(device, Kind.ALERT, detail=parts[1])
    if parts[0] == Kind.CHUNK and len(parts) == 3:
        index = int(parts[2]) if _INDEX.fullmatch(parts[2]) else CHUNKS_PER_EXHIBIT
        if _SHA256.fullmatch(parts[1]) and index < CHUNKS_PER_EXHIBIT:
            return Address(device, Kind.CHUNK, sha256=parts[1], index=index)
    raise BadTopic(Code.TOPIC_UNKNOWN, f"no such topic: {topic!r}")
