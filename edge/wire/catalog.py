"""Every message once: which topic carries it, who says it, how it is published, who signs it.

The schemas, the AsyncAPI document and the examples are generated from this table, and either side
finds in it which model an opened envelope holds.
"""

from dataclasses import dataclass
from typing import Literal

from edge.wire.errors import BadEnvelope, Code
from edge.wire.fields import Message, parse
from edge.wire.records import Record
from edge.wire.replies import (
    ConfigDesired,
    ConfigReported,
    Need,
    Notice,
    Receipt,
    Reject,
    Request,
    Response,
)
from edge.wire.signing import Opened
from edge.wire.status import Alert, Birth, CentralState, Health, State
from edge.wire.topics import CENTRAL, PREFIX, RETAINED, Kind, subscription


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of the protocol. `at_most_once` marks the one kind that may be lost (QoS 0)."""

    name: str
    model: type[Message]
    sender: Literal["device", "central"]
    kind: Kind
    summary: str
    at_most_once: bool = False

    @property
    def topic(self) -> str:
        """The topic with its variable parts in braces."""
        if self.model is CentralState:
            return f"{PREFIX}/{CENTRAL}/{Kind.STATE}"
        return subscription(self.kind, "{device}").replace("+", "{code}")

    @property
    def qos(self) -> int:
        return 0 if self.at_most_once else 1

    @property
    def retained(self) -> bool:
        return self.kind in RETAINED

    @property
    def signed(self) -> bool:
        return bool(self.model.PAYLOAD_TYPE)


CATALOG = (
    Entry("state", State, "device", Kind.STATE, "Whether the device is there; also its will."),
    Entry("birth", Birth, "device", Kind.BIRTH, "What the device is, said at every start."),
    Entry("health", Health, "device", Kind.HEALTH, "How the device fares.", at_most_once=True),
    Entry("alert", Alert, "device", Kind.ALERT, "Something needs a person; empty when cleared."),
    Entry("record", Record, "device", Kind.RECORD, "A statement about a stay."),
    Entry("need", Need, "central", Kind.RECEIPT, "The record is known, these chunks are missing."),
    Entry("receipt", Receipt, "central", Kind.RECEIPT, "The packet is durably stored."),
    Entry("reject", Reject, "central", Kind.RECEIPT, "These bytes will never be taken."),
    Entry("notice", Notice, "central", Kind.NOTICE, "The owner was reminded."),
    Entry("request", Request, "central", Kind.REQUEST, "Do one thing of a fixed list."),
    Entry("response", Response, "device", Kind.RESPONSE, "The answer to a request."),
    Entry(
        "config-desired",
        ConfigDesired,
        "central",
        Kind.CONFIG_DESIRED,
        "The configuration that the device should run.",
    ),
    Entry(
        "config-reported",
        ConfigReported,
        "device",
        Kind.CONFIG_REPORTED,
        "The configuration that the device runs.",
    ),
    Entry("central-state", CentralState, "central", Kind.STATE, "Whether packets are taken."),
)

_SIGNED = {entry.model.PAYLOAD_TYPE: entry.model for entry in CATALOG if entry.signed}


def parse_opened(opened: Opened) -> Message:
    """The message in an envelope whose type was not fixed beforehand: `receipt`, `need` and
    `reject` share a topic. Raises BadEnvelope for a type that nobody sends, BadMessage."""
    model = _SIGNED.get(opened.payload_type)
    if model is None:
        raise BadEnvelope(
            Code.PAYLOAD_TYPE_WRONG,
            f"payload type must be one of {sorted(_SIGNED)}, got {opened.payload_type!r}",
        )
    return parse(model, opened.payload)
