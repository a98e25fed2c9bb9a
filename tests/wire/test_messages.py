"""Every message: what it says survives the way, and what contradicts itself is refused."""

import json
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from edge.wire.catalog import CATALOG, Entry, parse_opened
from edge.wire.errors import BadEnvelope, BadMessage, Code
from edge.wire.examples import EXAMPLES, arrival, key, overstay
from edge.wire.fields import Message, parse
from edge.wire.limits import PACKET_BYTES, PAYLOAD_BYTES
from edge.wire.records import GENESIS, Ending, Record, RecordKind, lane_version
from edge.wire.replies import ConfigDesired, Need, Notice, Request, Response, SeqRange, Tombstone
from edge.wire.signing import Opened, open_envelope
from edge.wire.status import CameraHealth, Health, State

NAMES = [entry.name for entry in CATALOG]
Path = tuple[str | int, ...]


def altered(name: str, path: Path, value: Any) -> bytes:
    """The example with one field set, or taken away where the value is `...`."""
    tree = json.loads(EXAMPLES[name].to_bytes())
    at = tree
    for step in path[:-1]:
        at = at[step]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return json.dumps(tree).encode()


def refusal(name: str, payload: bytes) -> BadMessage:
    with pytest.raises(BadMessage) as caught:
        parse(type(EXAMPLES[name]), payload)
    return caught.value


@pytest.mark.parametrize("name", NAMES)
def test_a_message_reads_back_as_it_was_written(name: str) -> None:
    message = EXAMPLES[name]

    assert parse(type(message), message.to_bytes()) == message


@pytest.mark.parametrize("name", NAMES)
def test_the_bytes_are_compact_and_leave_out_nothing(name: str) -> None:
    tree = json.loads(EXAMPLES[name].to_bytes())

    assert (
        EXAMPLES[name].to_bytes()
        == json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()
    )
    assert list(tree) == list(type(EXAMPLES[name]).model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_key_is_refused_by_its_name(name: str) -> None:
    error = refusal(name, altered(name, ("colour_of_hat",), 1))

    assert error.code is Code.MESSAGE_INVALID
    assert error.text == "colour_of_hat: Extra inputs are not permitted, got '1'"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("version", [0, 2, True, 1.0, "1", None])
def test_another_version_is_refused(name: str, version: object) -> None:
    assert refusal(name, altered(name, ("v",), version)).text.startswith("v: ")


@pytest.mark.parametrize("name", NAMES)
def test_every_key_must_be_there(name: str) -> None:
    for field in type(EXAMPLES[name]).model_fields:
        assert refusal(name, altered(name, (field,), ...)).text.startswith(
            f"{field}: Field required"
        )


@pytest.mark.parametrize(
    "entry", [entry for entry in CATALOG if entry.signed], ids=lambda e: e.name
)
def test_a_signed_message_is_told_by_its_type(entry: Entry) -> None:
    signer = key(entry.sender)
    message = EXAMPLES[entry.name]
    raw = signer.seal(message.PAYLOAD_TYPE, message.to_bytes())

    opened = open_envelope(raw, {signer.key_id: signer.key.public_key()})

    assert parse_opened(opened) == message


def test_a_type_that_nobody_sends_is_refused() -> None:
    with pytest.raises(BadEnvelope) as caught:
        parse_opened(Opened(b"{}", "application/vnd.firelane.record.v2+json", "0" * 32))

    assert caught.value.code is Code.PAYLOAD_TYPE_WRONG


def test_no_signed_message_holds_a_fraction() -> None:
    def fractions(schema: Any) -> list[Any]:
        if isinstance(schema, dict):
            own = [schema] if schema.get("type") == "number" else []
            return own + [hit for part in schema.values() for hit in fractions(part)]
        if isinstance(schema, list):
            return [hit for part in schema for hit in fractions(part)]
        return []

    signed = [entry.model for entry in CATALOG if entry.signed]

    assert [fractions(model.model_json_schema()) for model in signed] == [[]] * len(signed)


RECORD_FAULTS: list[tuple[Path, Any, str]] = [
    (("seq",), 1, "prev must be 64 zeros in the first record"),
    (("prev",), GENESIS, "prev must be 64 zeros in the first record"),
    (("seq",), 0, "greater than or equal to 1"),
    (("seq",), 2**53 + 1, "less than or equal to 9007199254740992"),
    (("prev",), "A" * 64, "match pattern"),
    (("device",), "central", "the server's own name"),
    (("device",), "gate east", "match pattern"),
    (("kind",), "parking", "'arrival', 'overstay', 'departure' or 'broken'"),
    (("record_id",), "01A2175B-515C-7C0B-8A17-92B6F1D5E6C4", "36 lower-case characters"),
    (("stay", "ending"), "lane-empty", "overstay cannot have the ending lane-empty"),
    (("stay", "unobserved_ms"), 1, "sum of the gaps (40000), got 1"),
    (("stay", "gaps", 0, "end_ms"), 399_999, "gap must not end before it begins"),
    (("stay", "samples"), [], "at least 1 item"),
    (("stay", "samples", 1, "offset_ms"), -1, "greater than or equal to 0"),
    (("stay", "samples", 0, "offset_ms"), 990_001, "samples must be in order of time"),
    (("stay", "samples", 0, "overlap_pm"), 1001, "less than or equal to 1000"),
    (("stay", "samples", 0, "cues"), [], "at least 1 item"),
    (("stay", "samples", 0, "box"), [0, 0, 1], "Field required"),
    (("stay", "begin", "mono_ns"), 1.5, "valid integer"),
    (("lane", "polygon"), [[0, 0], [1, 1]], "at least 3 items"),
    (("lane", "frame_width"), 15, "greater than or equal to 16"),
    (("vehicle", "plate", "text"), None, "exactly when its status is 'read'"),
    (("vehicle", "plate", "status"), "unread", "exactly when its status is 'read'"),
    (("vehicle", "plate", "status"), "guessed", "'read' or 'unread'"),
    (("exhibits", 0, "size"), 8 * 1024 * 1024 + 1, "less than or equal to 8388608"),
    (("exhibits", 0, "size"), 0, "greater than or equal to 1"),
    (("exhibits", 0, "media_type"), "image/png", "image/jpeg"),
    (("exhibits", 0, "sha256"), "../../etc/passwd", "match pattern"),
    (("made", "utc_ms"), -1, "greater than or equal to 0"),
    (("clock", "offset_ms"), 2**41, "less than or equal to"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "told"), RECORD_FAULTS)
def test_a_record_that_contradicts_itself_is_refused_with_what_is_allowed(
    path: Path, value: Any, told: str
) -> None:
    error = refusal("record", altered("record", path, value))

    assert error.code is Code.MESSAGE_INVALID
    assert told in error.text


@pytest.mark.parametrize(
    ("kind", "ending", "allowed"),
    [
        (kind, ending, allowed)
        for kind, endings in (
            (RecordKind.ARRIVAL, {None}),
            (RecordKind.OVERSTAY, {None}),
            (RecordKind.DEPARTURE, {Ending.LANE_EMPTY, Ending.SEEN_OUTSIDE, Ending.REPLACED}),
            (
                RecordKind.BROKEN,
                {Ending.GAP_TOO_LONG, Ending.IDENTITY_UNPROVEN, Ending.LANE_CHANGED},
            ),
        )
        for ending in (None, *Ending)
        for allowed in [ending in endings]
    ],
)
def test_each_kind_of_record_has_its_own_endings(
    kind: RecordKind, ending: Ending | None, allowed: bool
) -> None:
    tree = json.loads(overstay().to_bytes())
    tree["kind"] = kind
    tree["stay"]["ending"] = ending

    if allowed:
        assert parse(Record, json.dumps(tree).encode()).kind is kind
    else:
        assert "cannot have the ending" in refusal("record", json.dumps(tree).encode()).text


def test_overlapping_gaps_are_refused() -> None:
    gap = {"begin_ms": 0, "end_ms": 10, "reason": "occluded", "proof": "none"}
    tree = json.loads(overstay().to_bytes())
    tree["stay"]["gaps"] = [gap, {**gap, "begin_ms": 9, "end_ms": 39_999}]

    assert "gaps must be in order" in refusal("record", json.dumps(tree).encode()).text


def test_a_refusal_names_five_faults_and_counts_the_rest() -> None:
    tree = dict.fromkeys(type(EXAMPLES["receipt"]).model_fields)

    text = refusal("receipt", json.dumps(tree).encode()).text

    assert text.startswith("v: ")
    assert len(text) <= 300
    assert text.count("got 'None'") >= 4


def test_ranges_of_missing_chunks_are_in_order_and_inside_an_exhibit() -> None:
    for ranges in ([[4, 4], [0, 1]], [[2, 1]], [[0, 128]], [[-1, 0]], []):
        assert refusal("need", altered("need", ("missing", 0, "ranges"), ranges)).code is (
            Code.MESSAGE_INVALID
        )


def test_a_notice_cannot_be_sent_before_the_reminder() -> None:
    example = EXAMPLES["notice"]
    assert isinstance(example, Notice)

    error = refusal("notice", altered("notice", ("sent_utc_ms",), example.reminded_utc_ms - 1))

    assert "must not be before reminded_utc_ms" in error.text


@pytest.mark.parametrize("operation", ["resend", "snapshot", "birth", "diagnose", "restart"])
def test_only_a_resend_names_records(operation: str) -> None:
    with_range = altered("request", ("operation",), operation)
    tree = {**json.loads(with_range), "records": None}
    without = json.dumps(tree).encode()
    good, bad = (with_range, without) if operation == "resend" else (without, with_range)

    assert parse(Request, good).operation == operation
    assert "with no other" in refusal("request", bad).text


def test_a_resend_asks_for_a_thousand_records_at_most() -> None:
    assert SeqRange(first=1, last=1000).last == 1000
    for first, last in ((1, 1001), (2, 1)):
        with pytest.raises(ValidationError, match="0 to 999 above first"):
            SeqRange(first=first, last=last)


def test_what_is_not_a_number_is_not_written_either() -> None:
    host = EXAMPLES["health"]
    assert isinstance(host, Health)

    for value in (float("nan"), float("inf")):
        with pytest.raises(ValidationError):
            type(host.host)(**{**host.host.model_dump(), "load1": value})


def test_messages_cannot_be_changed_once_made() -> None:
    state = EXAMPLES["state"]
    assert isinstance(state, State)

    with pytest.raises(ValidationError):
        state.epoch = 1


def test_the_lanes_version_is_the_hash_of_its_compact_json() -> None:
    import hashlib

    text = b'["a",[1920,1080],[[0,0],[10,0],[10,10]]]'

    assert (
        lane_version("a", (1920, 1080), [(0, 0), (10, 0), (10, 10)])
        == hashlib.sha256(text).hexdigest()
    )


WIDEST = "\U0001f697"
"""Four bytes in UTF-8: nothing that a limit counts as one character takes more, escapes aside."""
UUID_MAX = UUID(int=2**128 - 1)


def largest_record() -> Record:
    """Every list full, every number and text at its limit."""
    tree = json.loads(arrival().to_bytes())
    moment = {"utc_ms": 2**48, "mono_ns": 2**62, "boot": str(UUID_MAX), "frame": 2**53}
    last = 400 * 86_400_000
    gap = {"begin_ms": last, "end_ms": last, "reason": "camera-blurred", "proof": "appearance"}
    sample = {
        "offset_ms": last,
        "box": [16384] * 4,
        "overlap_pm": 1000,
        "score_pm": 1000,
        "cues": ["background", "appearance", "appearance"],
    }
    exhibit = {
        **tree["exhibits"][0],
        "occasion": "departure",
        "size": 8 * 1024 * 1024,
        "width": 16384,
        "height": 16384,
        "taken": moment,
        "masked": 2**53,
    }
    model = {"role": "plate-corners", "sha256": "f" * 64, "runtime": WIDEST * 64}
    tree["stay"] |= {
        "previous_id": str(UUID_MAX),
        "begin": moment,
        "last_seen": moment,
        "gaps": [gap] * 256,
        "samples": [sample] * 128,
        "standing_ms": last,
    }
    tree["vehicle"] = {
        "kind": WIDEST * 64,
        "plate": {
            "status": "read",
            "text": WIDEST * 10,
            "grammar": "m" * 16,
            "colour": "yellow-green",
            "confidence_pm": 1000,
            "chars_pm": [1000] * 10,
            "frames": 2**53,
        },
    }
    tree["software"] |= {"version": WIDEST * 64, "models": [model] * 4}
    tree["lane"] |= {"polygon": [[16384, 16384]] * 64}
    return parse(Record, json.dumps({**tree, "made": moment, "exhibits": [exhibit] * 16}).encode())


def largest_replies() -> list[Message]:
    need = json.loads(EXAMPLES["need"].to_bytes())
    ranges = [[min(2 * i, 127), min(2 * i, 127)] for i in range(64)]
    need["missing"] = [{"sha256": "f" * 64, "ranges": ranges}] * 16
    return [
        parse(Need, json.dumps(need).encode()),
        Response(
            v=1,
            device="a" * 32,
            request_id=UUID_MAX,
            ok=False,
            text=WIDEST * 300,
            tombstones=[Tombstone(seq=2**53, record_sha256="f" * 64, reason="pruned-after-receipt")]
            * 200,
            facts={f"{'f' * 46}{i:02}": WIDEST * 200 for i in range(24)},
        ),
        ConfigDesired(
            v=1,
            device="a" * 32,
            version=2**53,
            issued_utc_ms=2**48,
            sha256="f" * 64,
            document="车" * 16_384 + "a" * 16_000,
        ),
    ]


def test_the_largest_messages_fit_their_envelopes() -> None:
    for message in [largest_record(), *largest_replies()]:
        payload = message.to_bytes()
        raw = key("device").seal(message.PAYLOAD_TYPE, payload)

        assert len(payload) <= PAYLOAD_BYTES
        assert len(raw) <= PACKET_BYTES
        assert parse(type(message), payload) == message


def test_health_with_eight_cameras_stays_within_four_kibibytes() -> None:
    health = EXAMPLES["health"]
    assert isinstance(health, Health)
    camera = CameraHealth(
        **{
            **health.cameras[0].model_dump(),
            "id": "c" * 32,
            "state": "starting",
            "view": "saturated",
            "light": "unknown",
            "last_frame_age_s": 12345.678,
            "fps_in": 29.970029,
            "fps_looked": 1.999999,
            "reconnects_1h": 3600,
            "stalls_1h": 3600,
            "occupied": 99,
            "moved_px": 1234.5678,
        }
    )
    many = health.model_copy(
        update={"cameras": [camera] * 8, "reasons": ["camera-covered-for-long"] * 16}
    )

    assert len(many.to_bytes()) <= 4096
