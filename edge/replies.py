"""What comes down from the server: nothing is believed before its signature holds.

A message is taken only if one of the central server's keys signed it, for this device, in a type
that belongs to its topic.
"""

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.wire.errors import BadEnvelope, BadMessage, Code
from edge.wire.fields import parse
from edge.wire.replies import ConfigDesired, Need, Notice, Receipt, Reject, Request
from edge.wire.signing import open_envelope
from edge.wire.topics import Kind, parse_topic

Reply = Receipt | Need | Reject | Notice | Request | ConfigDesired

_BY_TOPIC: dict[Kind, tuple[type[Reply], ...]] = {
    Kind.RECEIPT: (Receipt, Need, Reject),
    Kind.NOTICE: (Notice,),
    Kind.REQUEST: (Request,),
    Kind.CONFIG_DESIRED: (ConfigDesired,),
}


def read_reply(
    device: str, topic: str, payload: bytes, keys: Mapping[str, Ed25519PublicKey]
) -> Reply:
    """The message, checked. Raises WireError: wrong topic, type, signature, content or device."""
    address = parse_topic(topic)
    opened = open_envelope(payload, keys)
    kinds = _BY_TOPIC.get(address.kind, ())
    for kind in kinds:
        if opened.payload_type == kind.PAYLOAD_TYPE:
            message = parse(kind, opened.payload)
            if message.device != device or address.device != device:
                raise BadMessage(
                    Code.DEVICE_MISMATCH,
                    f"message must be for {device!r}, got {message.device!r} on {topic!r}",
                )
            return message
    allowed = ", ".join(kind.PAYLOAD_TYPE for kind in kinds) or "nothing"
    raise BadEnvelope(
        Code.PAYLOAD_TYPE_WRONG,
        f"{topic} takes {allowed}, got {opened.payload_type!r}",
    )
