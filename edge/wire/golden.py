"""The golden vectors: what another implementation of the contract can check itself against."""

import base64
import hashlib
import json
import re

from edge.wire.catalog import CATALOG
from edge.wire.errors import Code
from edge.wire.examples import EXAMPLES, LANE, arrival, key
from edge.wire.limits import PACKET_BYTES, PAYLOAD_BYTES
from edge.wire.records import Record, lane_version
from edge.wire.signing import pre_authentication_encoding
from edge.wire.topics import PREFIX

Vector = dict[str, object]
_SIGNERS = ("device", "central", "stranger")


def vector_files() -> dict[str, list[Vector]]:
    """File name to the vectors in it."""
    return {
        "keys.json": [_key(name) for name in _SIGNERS],
        "pae.json": [_pae(*pair) for pair in (("", b""), ("t", b"x y"), ("a/b", "车".encode()))],
        "lanes.json": _lanes(),
        "topics.json": _topics(),
        "envelopes.json": _envelopes(),
        "refused-envelopes.json": _refused_envelopes(),
        "refused-messages.json": _refused_messages(),
    }


def _key(name: str) -> Vector:
    signer = key(name)
    return {
        "name": name,
        "seed_hex": signer.key.private_bytes_raw().hex(),
        "public_hex": signer.key.public_key().public_bytes_raw().hex(),
        "keyid": signer.key_id,
    }


def _pae(kind: str, body: bytes) -> Vector:
    encoded = pre_authentication_encoding(kind, body)
    return {"type": kind, "body_hex": body.hex(), "pae_hex": encoded.hex()}


def _lanes() -> list[Vector]:
    frame, square = (1920, 1080), [(0, 0), (100, 0), (100, 100), (0, 100)]
    return [
        {"id": name, "frame": list(frame), "polygon": [list(p) for p in polygon], "version": v}
        for name, polygon in (("ring-road", LANE), ("a", square))
        for v in [lane_version(name, frame, polygon)]
    ]


def _topics() -> list[Vector]:
    sha = "ab" * 32
    good: list[Vector] = [
        {"topic": f"{PREFIX}/box-1/record", "device": "box-1", "kind": "record"},
        {"topic": f"{PREFIX}/box-1/config/desired", "device": "box-1", "kind": "config/desired"},
        {"topic": f"{PREFIX}/box-1/alert/a-b", "device": "box-1", "kind": "alert", "detail": "a-b"},
        {
            "topic": f"{PREFIX}/box-1/chunk/{sha}/127",
            "device": "box-1",
            "kind": "chunk",
            "sha256": sha,
            "index": 127,
        },
    ]
    bad = [
        ("", Code.TOPIC_UNKNOWN),
        ("firelane/2/box-1/record", Code.TOPIC_UNKNOWN),
        (f"{PREFIX}/box-1/records", Code.TOPIC_UNKNOWN),
        (f"{PREFIX}/box-1/chunk/{sha}/128", Code.TOPIC_UNKNOWN),
        (f"{PREFIX}/box-1/chunk/{sha}/01", Code.TOPIC_UNKNOWN),
        (f"{PREFIX}/box-1/chunk/{sha.upper()}/1", Code.TOPIC_UNKNOWN),
        (f"{PREFIX}/box-1/alert", Code.TOPIC_UNKNOWN),
        (f"{PREFIX}/central/record", Code.DEVICE_ID_INVALID),
        (f"{PREFIX}/Box-1/record", Code.DEVICE_ID_INVALID),
        (f"{PREFIX}/b/record", Code.DEVICE_ID_INVALID),
        (f"{PREFIX}/+/record", Code.DEVICE_ID_INVALID),
        (f"{PREFIX}/box-1/{'x' * 200}", Code.TOPIC_TOO_LONG),
    ]
    refused: list[Vector] = [{"topic": topic, "code": str(code)} for topic, code in bad]
    return good + refused


def _envelopes() -> list[Vector]:
    found: list[Vector] = []
    for entry in CATALOG:
        if entry.signed:
            message = EXAMPLES[entry.name]
            payload = message.to_bytes()
            found.append(
                {
                    "message": entry.name,
                    "signer": entry.sender,
                    "payload_type": message.PAYLOAD_TYPE,
                    "payload": payload.decode(),
                    "payload_sha256": hashlib.sha256(payload).hexdigest(),
                    "envelope": key(entry.sender).seal(message.PAYLOAD_TYPE, payload).decode(),
                }
            )
    return found


def _told(name: str, text: str) -> Vector:
    """Text as it is, or `{"parts": [[text, times], ...]}` where one character goes on and on."""
    found = re.search(r"(.)\1{4000,}", text)
    if found is None:
        return {name: text}
    begin, end = found.span()
    parts = [[text[:begin], 1], [found[1], end - begin], [text[end:], 1]]
    return {name: {"parts": parts}}


def _refused_envelopes() -> list[Vector]:
    """Bytes that must be refused where only the key `device` may sign and a record is awaited."""
    good = key("device").seal(Record.PAYLOAD_TYPE, arrival().to_bytes())
    cases = [*_unreadable(good.decode()), *_bent(json.loads(good)), *_badly_signed(good)]
    return [
        {"what": what, **_told("envelope", raw), "code": str(code)} for what, raw, code in cases
    ]


_Cases = list[tuple[str, str, Code]]


def _unreadable(text: str) -> _Cases:
    return [
        ("nothing", "", Code.ENVELOPE_NOT_JSON),
        ("cut in the middle", text[: len(text) // 2], Code.ENVELOPE_NOT_JSON),
        ("nested too deep", "[" * 10_000, Code.ENVELOPE_NOT_JSON),
        ("a number of 5,000 digits", "9" * 5000, Code.ENVELOPE_NOT_JSON),
        ("half a surrogate pair", text.replace("payloadType", "\\ud800"), Code.ENVELOPE_NOT_JSON),
        ("larger than a packet", " " * (PACKET_BYTES + 1), Code.ENVELOPE_TOO_LARGE),
        ("a list", "[]", Code.ENVELOPE_MALFORMED),
        ("a key twice", text[:-1] + ',"payload":"e30="}', Code.ENVELOPE_MALFORMED),
    ]


def _bent(parts: dict[str, object]) -> _Cases:
    def swap(**changes: object) -> str:
        return json.dumps({**parts, **changes}, separators=(",", ":"))

    large = base64.b64encode(bytes(PAYLOAD_BYTES + 1)).decode()
    return [
        ("a payload over the limit", swap(payload=large), Code.MESSAGE_TOO_LARGE),
        ("a key too many", swap(more=1), Code.ENVELOPE_MALFORMED),
        ("no signature", swap(signatures=[]), Code.ENVELOPE_MALFORMED),
        ("payload not base64", swap(payload="e30"), Code.ENVELOPE_MALFORMED),
        ("payload in another spelling", swap(payload="e31="), Code.ENVELOPE_MALFORMED),
        ("payload in the URL alphabet", swap(payload="_-8="), Code.ENVELOPE_MALFORMED),
        ("another type", swap(payloadType="text/plain"), Code.PAYLOAD_TYPE_WRONG),
        ("another payload", swap(payload="e30="), Code.SIGNATURE_INVALID),
    ]


def _badly_signed(good: bytes) -> _Cases:
    parts = json.loads(good)
    device, stranger = key("device"), key("stranger")
    of_other_bytes = json.loads(device.seal(Record.PAYLOAD_TYPE, b"{}"))["signatures"][0]["sig"]
    strange = stranger.seal(Record.PAYLOAD_TYPE, arrival().to_bytes()).decode()
    disguised = strange.replace(stranger.key_id, device.key_id)

    def sign(**changes: object) -> str:
        signatures = [{**parts["signatures"][0], **changes}]
        return json.dumps({**parts, "signatures": signatures}, separators=(",", ":"))

    return [
        ("the signature of other bytes", sign(sig=of_other_bytes), Code.SIGNATURE_INVALID),
        ("a signature too short", sign(sig="e30="), Code.SIGNATURE_INVALID),
        ("another algorithm", sign(alg="none"), Code.ALGORITHM_UNKNOWN),
        ("a stranger's signature", strange, Code.KEY_UNKNOWN),
        ("a stranger under the device's name", disguised, Code.SIGNATURE_INVALID),
    ]


_CONTRADICTIONS = (
    ("record", "a later version", '"v":1', '"v":2'),
    ("record", "a boolean version", '"v":1', '"v":true'),
    ("record", "a key twice", '"seq":2', '"seq":2,"seq":2'),
    ("record", "an unknown key", '"seq":2', '"seq":2,"x":0'),
    ("record", "a fraction", '"seq":2', '"seq":2.0'),
    ("record", "a number as text", '"seq":2', '"seq":"2"'),
    ("record", "seq 1 with a predecessor", '"seq":2', '"seq":1'),
    ("record", "an overstay that ended", '"ending":null', '"ending":"replaced"'),
    ("record", "gaps that do not add up", '"unobserved_ms":40000', '"unobserved_ms":39999'),
    ("record", "a read plate without text", '"text":"京A00000"', '"text":null'),
    ("record", "the server's name as the device", '"gate-east-01"', '"central"'),
    ("record", "a UUID in capitals", '"record_id":"0', '"record_id":"A'),
    ("need", "ranges out of order", "[[0,1],[4,4]]", "[[4,4],[0,1]]"),
    ("need", "a chunk past the largest exhibit", "[4,4]", "[4,128]"),
    ("notice", "sent before the reminder", '"sent_utc_ms":1', '"sent_utc_ms":'),
    ("request", "a resend without a range", '{"first":7,"last":9}', "null"),
    ("request", "an operation that is none", '"resend"', '"shell"'),
    ("health", "not a number", '"load1":0.42', '"load1":NaN'),
    ("health", "an endless number", '"load1":0.42', '"load1":1e999'),
)
"""Message, what is wrong with it, and the edit of its example that makes it so."""


def _refused_messages() -> list[Vector]:
    """Payloads that break the contract of their message, whoever signed them."""
    cases = [
        ("record", "not JSON", "{", Code.MESSAGE_NOT_JSON),
        ("record", "not an object", "[]", Code.MESSAGE_INVALID),
        ("record", "larger than a packet", " " * (PACKET_BYTES + 1), Code.MESSAGE_TOO_LARGE),
    ]
    for name, what, old, new in _CONTRADICTIONS:
        text = EXAMPLES[name].to_bytes().decode()
        assert old in text, (name, old)
        cases.append((name, what, text.replace(old, new, 1), Code.MESSAGE_INVALID))
    return [
        {"message": name, "what": what, **_told("payload", raw), "code": str(code)}
        for name, what, raw, code in cases
    ]
