"""Bytes that will never be taken: each is refused with its code, kept, and harms nothing."""

import base64
import errno
import hashlib
import json
import os
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from central import tables
from central.views import CaseFilter
from edge.wire.errors import Code
from edge.wire.limits import CHUNK_BYTES, PACKET_BYTES
from edge.wire.records import Record
from edge.wire.replies import Need, Receipt, Reject
from edge.wire.topics import Kind, chunk_topic, device_topic
from tests.device import Packet, Shot, SimulatedDevice, signer
from tests.office import Office, wanted

Forge = Callable[[Packet, SimulatedDevice], bytes]


def flip_signature(packet: Packet, _device: SimulatedDevice) -> bytes:
    envelope: dict[str, Any] = json.loads(packet.envelope)
    raw = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
    raw[0] ^= 1
    envelope["signatures"][0]["sig"] = base64.b64encode(raw).decode()
    return json.dumps(envelope, separators=(",", ":")).encode()


def change_payload(packet: Packet, _device: SimulatedDevice) -> bytes:
    envelope: dict[str, Any] = json.loads(packet.envelope)
    payload = base64.b64decode(envelope["payload"]).replace(b'"lane-1"', b'"lane-2"')
    envelope["payload"] = base64.b64encode(payload).decode()
    return json.dumps(envelope, separators=(",", ":")).encode()


def by_a_stranger(packet: Packet, _device: SimulatedDevice) -> bytes:
    return signer(99).seal(Record.PAYLOAD_TYPE, packet.payload)


def of_another_device(packet: Packet, device: SimulatedDevice) -> bytes:
    payload = packet.payload.replace(device.id.encode(), b"gate-west-01")
    return device.signer.seal(Record.PAYLOAD_TYPE, payload)


def another_type(packet: Packet, device: SimulatedDevice) -> bytes:
    return device.signer.seal("application/vnd.firelane.response.v1+json", packet.payload)


def field_too_long(packet: Packet, device: SimulatedDevice) -> bytes:
    payload = packet.payload.replace(b'"kind":"car"', b'"kind":"' + b"c" * 65 + b'"')
    return device.signer.seal(Record.PAYLOAD_TYPE, payload)


def unknown_key(packet: Packet, device: SimulatedDevice) -> bytes:
    payload = packet.payload.replace(b'{"v":1,', b'{"v":1,"extra":1,', 1)
    return device.signer.seal(Record.PAYLOAD_TYPE, payload)


def too_large(_packet: Packet, _device: SimulatedDevice) -> bytes:
    return b"{" + b" " * PACKET_BYTES + b"}"


@pytest.mark.parametrize(
    ("forge", "code"),
    [
        (flip_signature, Code.SIGNATURE_INVALID),
        (change_payload, Code.SIGNATURE_INVALID),
        (by_a_stranger, Code.KEY_UNKNOWN),
        (of_another_device, Code.DEVICE_MISMATCH),
        (another_type, Code.PAYLOAD_TYPE_WRONG),
        (field_too_long, Code.MESSAGE_INVALID),
        (unknown_key, Code.MESSAGE_INVALID),
        (too_large, Code.ENVELOPE_TOO_LARGE),
        (lambda _p, _d: b"", Code.ENVELOPE_NOT_JSON),
        (lambda _p, _d: b"\xff\xfe", Code.ENVELOPE_NOT_JSON),
        (lambda p, _d: p.envelope[:-40], Code.ENVELOPE_NOT_JSON),
    ],
)
def test_a_bad_record_is_rejected_with_its_code_and_the_good_one_after_it_is_stored(
    office: Office, device: SimulatedDevice, forge: Forge, code: Code
) -> None:
    packet = device.arrival(shots=[])
    bad = forge(packet, device)

    (reject,) = office.send(packet.topic, bad)
    (receipt,) = office.send(packet.topic, packet.envelope)

    assert isinstance(reject, Reject)
    assert reject.code == code
    assert isinstance(receipt, Receipt)
    with office.engine.connect() as db:
        kept = db.execute(select(tables.rejected)).one()
    assert (kept.code, kept.device, kept.times) == (code, device.id, 1)
    assert kept.payload == bad[:PACKET_BYTES]


def test_a_record_from_a_device_that_nobody_registered_is_rejected(office: Office) -> None:
    packet = SimulatedDevice(id="gate-west-01").arrival(shots=[])

    (reject,) = office.send(packet.topic, packet.envelope)

    assert isinstance(reject, Reject)
    assert (reject.device, reject.code) == ("gate-west-01", Code.DEVICE_UNKNOWN)


def test_a_device_that_was_switched_off_is_taken_again_when_it_is_on(
    office: Office, device: SimulatedDevice
) -> None:
    packet = device.arrival(shots=[])
    office.registry.set_active(device.id, False)
    (off,) = office.send(packet.topic, packet.envelope)
    office.registry.set_active(device.id, True)
    (on,) = office.send(packet.topic, packet.envelope)

    assert isinstance(off, Reject)
    assert isinstance(on, Receipt)


def test_a_retired_key_signs_nothing_new(office: Office, device: SimulatedDevice) -> None:
    packet = device.arrival(shots=[])
    office.registry.retire_key(device.key_id, 0)

    (reject,) = office.send(packet.topic, packet.envelope)

    assert isinstance(reject, Reject)
    assert reject.code == Code.KEY_UNKNOWN


def test_a_record_replayed_on_another_devices_topic_is_rejected(
    office: Office, device: SimulatedDevice
) -> None:
    other = office.register(SimulatedDevice(id="gate-west-01", seed=2))
    packet = device.arrival(shots=[])

    (reject,) = office.send(device_topic(other.id, Kind.RECORD), packet.envelope)

    assert isinstance(reject, Reject)
    assert reject.code == Code.KEY_UNKNOWN
    assert office.lookup.cases(CaseFilter()).total == 0


def test_other_content_at_the_same_place_in_the_chain_is_a_conflict(
    office: Office, device: SimulatedDevice
) -> None:
    first = device.arrival(shots=[])
    office.deliver(first)
    clone = SimulatedDevice(seed=1)
    clone.arrival(shots=[])
    second = SimulatedDevice(seed=1).arrival(shots=[], record_id=uuid4())

    (reject,) = office.send(second.topic, second.envelope)

    assert isinstance(reject, Reject)
    assert reject.code == Code.RECORD_CONFLICT
    assert office.store.envelope(first.record.record_id) == first.envelope


def test_other_content_under_the_same_id_is_a_conflict(
    office: Office, device: SimulatedDevice
) -> None:
    first = device.arrival(shots=[])
    office.deliver(first)
    second = device.arrival(shots=[], record_id=first.record.record_id)

    (reject,) = office.send(second.topic, second.envelope)

    assert isinstance(reject, Reject)
    assert reject.code == Code.RECORD_CONFLICT


def test_an_exhibit_that_is_held_with_another_size_is_a_mismatch(
    office: Office, device: SimulatedDevice
) -> None:
    image = Shot(data=b"image" * 1000)
    first = device.arrival(shots=[image])
    office.deliver(first)
    lying = first.record.exhibits[0].model_copy(update={"size": 4999})
    second = device.arrival(shots=[], exhibits=[lying])

    (reject,) = office.send(second.topic, second.envelope)

    assert isinstance(reject, Reject)
    assert reject.code == Code.HASH_MISMATCH


@pytest.mark.parametrize("length", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES + 1])
def test_a_chunk_of_the_wrong_length_is_refused_and_asked_for_again(
    office: Office, device: SimulatedDevice, length: int
) -> None:
    packet = device.arrival(shots=[Shot(data=bytes(range(256)) * 1000)])
    need = office.send(packet.topic, packet.envelope)
    topic, _ = wanted(packet, need)[0]

    replies = office.send(topic, bytes(length))

    assert replies == []
    assert office.send(packet.topic, packet.envelope) == need
    with office.engine.connect() as db:
        assert db.scalar(select(tables.rejected.c.code)) == Code.CHUNK_SIZE_WRONG


def test_a_chunk_that_comes_wrong_a_third_time_has_its_record_refused(
    office: Office, device: SimulatedDevice
) -> None:
    packet = device.arrival(shots=[Shot(data=bytes(range(256)) * 1000)])
    answers = []
    for _ in range(3):
        *whole, (topic, last) = wanted(packet, office.send(packet.topic, packet.envelope))
        for chunk in whole:
            office.send(*chunk)
        answers.append(office.send(topic, last[:-1]))

    (reject,) = answers.pop()
    assert answers == [[], []]
    assert isinstance(reject, Reject)
    assert (reject.code, reject.record_id) == (Code.CHUNK_SIZE_WRONG, packet.record.record_id)
    assert reject.envelope_sha256 == hashlib.sha256(packet.envelope).hexdigest()
    assert reject.text == "chunk 3 of an exhibit of 256000 bytes must have 59392 bytes, got 59391"
    assert office.count(tables.record) == office.count(tables.upload) == 0
    assert [type(reply) for reply in office.deliver(packet)] == [Need, Receipt]


def test_a_chunk_that_nobody_awaits_is_refused(office: Office, device: SimulatedDevice) -> None:
    replies = office.send(chunk_topic(device.id, "ab" * 32, 0), b"chunk")

    assert replies == []
    with office.engine.connect() as db:
        assert db.scalar(select(tables.rejected.c.code)) == Code.EXHIBIT_UNKNOWN


def test_a_chunk_behind_the_end_of_its_exhibit_is_refused(
    office: Office, device: SimulatedDevice
) -> None:
    packet = device.arrival(shots=[Shot(data=b"short")])
    office.send(packet.topic, packet.envelope)
    (sha256,) = packet.exhibits

    assert office.send(chunk_topic(device.id, sha256, 5), b"short") == []
    assert [type(reply) for reply in office.deliver(packet)] == [Need, Receipt]


def test_one_devices_wrong_bytes_do_not_spoil_anothers_image(office: Office) -> None:
    image = Shot(data=b"the same image" * 100)
    honest, liar = (
        office.register(SimulatedDevice(id=name, seed=seed))
        for seed, name in enumerate(("gate-1", "gate-2"))
    )
    theirs, own = liar.arrival(shots=[image]), honest.arrival(shots=[image])
    (sha256,) = own.exhibits
    office.send(theirs.topic, theirs.envelope)
    office.send(chunk_topic(liar.id, sha256, 0), bytes(len(own.exhibits[sha256])))

    replies = office.deliver(own)

    # The honest image also completes the record that waited for it under the same hash.
    assert isinstance(replies[0], Need)
    assert {reply.device for reply in replies[1:] if isinstance(reply, Receipt)} == {
        "gate-1",
        "gate-2",
    }
    assert office.blobs.read(sha256) == own.exhibits[sha256]


@pytest.mark.parametrize(
    "topic",
    ["firelane/1/central/state", "firelane/1/gate-east-01/receipt", "other", "firelane/1/A/record"],
)
def test_a_topic_that_nothing_comes_up_on_is_refused(office: Office, topic: str) -> None:
    assert office.send(topic, b"x") == []
    with office.engine.connect() as db:
        assert db.scalar(select(tables.rejected.c.topic)) == topic


def test_the_same_refusal_is_counted_not_kept_again(
    office: Office, device: SimulatedDevice
) -> None:
    for _ in range(5):
        office.send(device_topic(device.id, Kind.RECORD), b"poison")

    with office.engine.connect() as db:
        assert db.execute(select(tables.rejected.c.times)).scalars().all() == [5]


def test_a_full_disk_is_told_to_the_caller_and_loses_nothing(
    office: Office, device: SimulatedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    packet = device.arrival(shots=[Shot()])
    chunks = wanted(packet, office.send(packet.topic, packet.envelope))

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="No space left"):
            office.send(*chunks[0])

    assert [type(reply) for reply in office.deliver(packet)] == [Need, Receipt]


def test_after_a_failed_flush_the_image_is_fetched_anew(
    office: Office, device: SimulatedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    packet = device.arrival(shots=[Shot(data=b"one chunk")])
    (chunk,) = wanted(packet, office.send(packet.topic, packet.envelope))

    def broken(_handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="Input/output"):
            office.send(*chunk)

    # What the kernel kept of a failed flush is not trusted: the bytes come once more.
    assert [type(reply) for reply in office.deliver(packet)] == [Need, Receipt]


def test_a_disk_that_fails_again_and_again_is_not_held_against_the_device(
    office: Office, device: SimulatedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part goes with the failed flush, and the chunk in hand is tried again: what is left of
    the others then is nothing that the device did."""
    packet = device.arrival(shots=[Shot(data=bytes(range(256)) * 1000)])

    def broken(_handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    for _ in range(4):
        *others, last = wanted(packet, office.send(packet.topic, packet.envelope))
        for chunk in others:
            assert office.send(*chunk) == []
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", broken)
            with pytest.raises(OSError, match="Input/output"):
                office.send(*last)
        replies = office.send(*last)
        assert not any(isinstance(reply, Reject) for reply in replies)

    assert office.count(tables.rejected) == 0
    assert [type(reply) for reply in office.deliver(packet)] == [Need, Receipt]


def test_a_part_that_is_gone_is_begun_anew_with_the_next_chunk(
    office: Office, device: SimulatedDevice
) -> None:
    packet = device.arrival(shots=[Shot(data=bytes(range(256)) * 1000)])
    (sha256,) = packet.exhibits
    chunks = wanted(packet, office.send(packet.topic, packet.envelope))
    for chunk in chunks[:2]:
        office.send(*chunk)
    office.blobs.drop(device.id, sha256)  # as a power cut may
    for chunk in chunks[2:]:
        assert office.send(*chunk) == []

    again = office.send(packet.topic, packet.envelope)
    replies = [reply for chunk in chunks[:2] for reply in office.send(*chunk)]

    assert wanted(packet, again) == chunks[:2]
    assert [type(reply) for reply in replies] == [Receipt]


def test_a_full_database_is_told_to_the_caller_and_loses_nothing(
    office: Office, device: SimulatedDevice
) -> None:
    if office.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL cannot be told to be full")
    packet = device.arrival(shots=[])
    office.engine.dispose()
    with office.engine.connect() as db:
        pages = db.exec_driver_sql("PRAGMA page_count").scalar_one()
        db.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    def fill() -> None:
        for _ in range(1000):
            office.send(device_topic(device.id, Kind.RECORD), os.urandom(60_000))

    with pytest.raises(OperationalError, match="full"):
        fill()
    office.engine.dispose()

    assert [type(reply) for reply in office.deliver(packet)] == [Receipt]
