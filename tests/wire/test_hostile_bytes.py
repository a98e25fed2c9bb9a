"""Bytes from outside: whatever comes is read or refused with a code, and with no other error."""

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from edge.wire.catalog import CATALOG, parse_opened
from edge.wire.errors import Code, WireError
from edge.wire.examples import EXAMPLES, key
from edge.wire.fields import Message, parse
from edge.wire.limits import PACKET_BYTES
from edge.wire.records import Record
from edge.wire.signing import Opened, open_envelope
from edge.wire.topics import parse_topic

DEVICE = key("device")
KEYS = {DEVICE.key_id: DEVICE.key.public_key()}
MODELS = [entry.model for entry in CATALOG]
PAYLOADS = [EXAMPLES[entry.name].to_bytes() for entry in CATALOG]
ENVELOPES = [DEVICE.seal(model.PAYLOAD_TYPE or "text/plain", PAYLOADS[i])
             for i, model in enumerate(MODELS)]  # fmt: skip
MONSTERS = [
    b"",
    b"\x00" * 1000,
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"[" * PACKET_BYTES,
    b'{"a":' * 18_000,
    b"[" * 5000 + b"]" * 5000,
    b'"' + b"\\ud800" * 1000 + b'"',
    b'{"\\ud800":1}',
    b"9" * 90_000,
    b"-" + b"9" * 4301,
    b"1e999999999",
    b'{"v":' + b"9" * 5000 + b"}",
    b'{"v":NaN,"s":Infinity,"epoch":-Infinity}',
    b'{"v":1,' + b'"v":1,' * 10_000 + b'"v":1}',
    b"[" + b"{}," * 30_000 + b"{}]",
    b'{"' + b"k" * 90_000 + b'":1}',
    b'{"a\\u0000b\\n\\u001b[2J\\u202e":1}',
    b"null",
    b"true",
    b'"text"',
    b" " * PACKET_BYTES,
    b"{" + b" " * (PACKET_BYTES + 10),
    b"{}//comment",
    b"{'v':1}",
    b'{"v":01}',
    b'{"v":1,}',
]

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**60, max_value=10**400)
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from(["", "0" * 64, "central", "1", "\x00", "\u202e", "𝟙", "a" * 400]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
lenient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def refused(read: Any) -> WireError | None:
    """The refusal, or None where it was read. Any other exception fails the test."""
    try:
        read()
    except WireError as error:
        return error
    return None


def check(error: WireError | None) -> None:
    if error is not None:
        assert error.code in Code
        assert error.text
        assert error.text.isprintable()
        assert len(error.text) <= 300


@pytest.mark.parametrize("raw", MONSTERS, ids=lambda raw: repr(raw[:16]))
def test_monsters_are_refused_by_every_parser(raw: bytes) -> None:
    errors = [refused(lambda model=model: parse(model, raw)) for model in MODELS]
    errors.append(refused(lambda: open_envelope(raw, KEYS)))
    errors.append(refused(lambda: parse_topic(raw.decode("latin-1"))))

    for error in errors:
        assert error is not None
        check(error)


@given(st.binary(max_size=4096))
def test_no_bytes_crash_a_parser(raw: bytes) -> None:
    for model in MODELS:
        check(refused(lambda model=model: parse(model, raw)))
    check(refused(lambda: open_envelope(raw, KEYS)))
    check(refused(lambda: parse_topic(raw.decode("utf-8", "surrogateescape"))))


@lenient
@given(st.integers(0, len(MODELS) - 1), values)
def test_no_json_crashes_a_parser(which: int, value: object) -> None:
    raw = json.dumps(value).encode()

    check(refused(lambda: parse(MODELS[which], raw)))
    check(refused(lambda: open_envelope(raw, KEYS)))


def paths(tree: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree)
    found = []
    for name, part in inner:
        found.append((*at, name))
        if isinstance(part, dict | list):
            found += paths(part, (*at, name))
    return found


@lenient
@given(st.integers(0, len(MODELS) - 1), st.randoms(use_true_random=False), values)
def test_any_value_in_any_field_is_read_or_refused(
    which: int, chance: random.Random, value: object
) -> None:
    tree = json.loads(PAYLOADS[which])
    path = chance.choice(paths(tree))
    at = tree
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    raw = json.dumps(tree).encode()

    read: list[Message] = []
    check(refused(lambda: read.append(parse(MODELS[which], raw))))

    for message in read:
        assert parse(MODELS[which], message.to_bytes()) == message


edits = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 3), st.binary(max_size=6)), max_size=6
)


def edit(raw: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Cut, insert and overwrite at places counted round."""
    for place, cut, new in changes:
        at = place % (len(raw) + 1)
        raw = raw[:at] + new + raw[at + cut :]
    return raw


@lenient
@given(st.integers(0, len(MODELS) - 1), edits)
@example(0, [])
def test_bent_messages_are_read_or_refused(
    which: int, changes: list[tuple[int, int, bytes]]
) -> None:
    raw = edit(PAYLOADS[which], changes)

    check(refused(lambda: parse(MODELS[which], raw)))
    check(refused(lambda: parse_opened(Opened(raw, MODELS[which].PAYLOAD_TYPE, "0" * 32))))


@lenient
@given(st.integers(0, len(MODELS) - 1), edits)
def test_a_bent_envelope_gives_the_signed_bytes_or_nothing(
    which: int, changes: list[tuple[int, int, bytes]]
) -> None:
    opened: list[Opened] = []
    raw = edit(ENVELOPES[which], changes)

    check(refused(lambda: opened.append(open_envelope(raw, KEYS))))

    assert [found.payload for found in opened] in ([], [PAYLOADS[which]])


def test_what_a_parser_holds_is_bounded_by_what_came() -> None:
    """The largest lawful input of every kind of waste costs a few megabytes, not a few hundred."""
    import tracemalloc

    wasteful = [
        b"[" + b"{}," * (PACKET_BYTES // 3 - 2) + b"{}]",
        b'{"exhibits":[' + b"[]," * (PACKET_BYTES // 3 - 8) + b"[]]}",
        b"{" + b",".join(b'"%d":0' % i for i in range(9000)) + b"}",
    ]
    tracemalloc.start()
    try:
        for raw in wasteful:
            assert len(raw) <= PACKET_BYTES
            check(refused(lambda raw=raw: parse(Record, raw)))
            check(refused(lambda raw=raw: open_envelope(raw, KEYS)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 48 * 1024 * 1024
