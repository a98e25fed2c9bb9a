"""What can be wrong with bytes from the other side.

WireError                 their fault: refuse, count, go on. Every refusal carries a stable code.
├── BadTopic              the topic is not one of ours, or names an impossible device
├── BadEnvelope           not a DSSE envelope, or too large
├── BadSignature          unknown key, unknown algorithm, or the signature does not fit the bytes
└── BadMessage            signed by whom it says, but the content breaks the contract
"""

from enum import StrEnum

from edge.wire.limits import TEXT_CHARS


class Code(StrEnum):
    """Stable names of refusals; they travel in `reject` and stand in logs, so they never change."""

    TOPIC_UNKNOWN = "topic-unknown"
    TOPIC_TOO_LONG = "topic-too-long"
    DEVICE_ID_INVALID = "device-id-invalid"
    ENVELOPE_TOO_LARGE = "envelope-too-large"
    ENVELOPE_NOT_JSON = "envelope-not-json"
    ENVELOPE_MALFORMED = "envelope-malformed"
    PAYLOAD_TYPE_WRONG = "payload-type-wrong"
    ALGORITHM_UNKNOWN = "algorithm-unknown"
    KEY_UNKNOWN = "key-unknown"
    SIGNATURE_INVALID = "signature-invalid"
    MESSAGE_TOO_LARGE = "message-too-large"
    MESSAGE_NOT_JSON = "message-not-json"
    MESSAGE_INVALID = "message-invalid"
    DEVICE_MISMATCH = "device-mismatch"
    DEVICE_UNKNOWN = "device-unknown"
    RECORD_CONFLICT = "record-conflict"
    EXHIBIT_UNKNOWN = "exhibit-unknown"
    EXHIBIT_TOO_LARGE = "exhibit-too-large"
    CHUNK_SIZE_WRONG = "chunk-size-wrong"
    HASH_MISMATCH = "hash-mismatch"


class WireError(ValueError):
    """Never raised itself; the subclasses name the layer that refused.

    `text` repeats what came, so it is made fit for a log line and for `reject`: printable, at most
    TEXT_CHARS long.
    """

    def __init__(self, code: Code, text: str) -> None:
        line = "".join(char if char.isprintable() else "\ufffd" for char in text[:TEXT_CHARS])
        super().__init__(line)
        self.code = code
        self.text = line


class BadTopic(WireError):
    """The topic is not one of ours."""


class BadEnvelope(WireError):
    """The bytes are not a DSSE envelope within the size limit."""


class BadSignature(WireError):
    """Nobody we know signed these bytes."""


class BadMessage(WireError):
    """The signed content breaks the contract."""
