"""A packet from its first byte to its receipt."""

import random
from threading import Thread

import pytest

from central import tables
from central.ingest import Incoming
from central.views import CaseFilter
from edge.wire.errors import Code
from edge.wire.fields import Message
from edge.wire.limits import CHUNK_BYTES
from edge.wire.replies import MissingChunks, Need, Receipt, Reject
from tests.device import Packet, Shot, SimulatedDevice
from tests.office import NOW, Office, wanted


def of(kind: type[Message], replies: list[Message]) -> list[Message]:
    return [reply for reply in replies if isinstance(reply, kind)]


def test_a_new_record_is_answered_with_all_that_is_missing(
    office: Office, device: SimulatedDevice
) -> None:
    packet = device.arrival()

    replies = office.send(packet.topic, packet.envelope)

    assert replies == [
        Need(
            v=1,
            device=device.id,
            record_id=packet.record.record_id,
            record_sha256=packet.sha256,
            missing=[
                MissingChunks(sha256=sha256, ranges=[(0, (len(data) - 1) // CHUNK_BYTES)])
                for sha256, data in packet.exhibits.items()
            ],
            pause_ms=0,
        )
    ]


def test_the_receipt_comes_with_the_last_chunk_and_names_the_line_of_the_log(
    office: Office, device: SimulatedDevice
) -> None:
    packet = device.arrival()

    replies = office.deliver(packet)

    assert replies[1:] == [
        Receipt(
            v=1,
            device=device.id,
            record_id=packet.record.record_id,
            record_sha256=packet.sha256,
            seq=1,
            stored_utc_ms=NOW,
            log_index=2,
        )
    ]


def test_the_stored_images_are_the_bytes_that_were_sent(
    office: Office, device: SimulatedDevice
) -> None:
    packet = device.arrival()

    office.deliver(packet)

    assert {name: office.blobs.read(name) for name in packet.exhibits} == packet.exhibits


def test_a_record_without_exhibits_is_receipted_at_once(
    office: Office, device: SimulatedDevice
) -> None:
    packet = device.arrival(shots=[])

    replies = office.send(packet.topic, packet.envelope)

    assert [type(reply) for reply in replies] == [Receipt]


def test_a_duplicate_gets_the_same_bytes_of_receipt_and_changes_nothing(
    office: Office, device: SimulatedDevice
) -> None:
    packet = device.arrival(shots=[])
    first = office.ingest.handle(Incoming(packet.topic, packet.envelope))
    events = office.count(tables.case_event)
    office.clock.now_utc_ms += 60_000

    second = office.ingest.handle(Incoming(packet.topic, packet.envelope))

    assert [reply.payload for reply in second] == [reply.payload for reply in first]
    assert (office.count(tables.case_event), office.count(tables.record)) == (events, 1)


def test_only_the_chunks_that_are_missing_are_asked_for_again(
    office: Office, device: SimulatedDevice
) -> None:
    packet = device.arrival(shots=[Shot(data=bytes(range(256)) * 1000)])  # four chunks
    (sha256,) = packet.exhibits
    chunks = wanted(packet, office.send(packet.topic, packet.envelope))
    office.send(*chunks[0])
    office.send(*chunks[2])

    (again,) = office.send(packet.topic, packet.envelope)

    assert isinstance(again, Need)
    assert again.missing == [MissingChunks(sha256=sha256, ranges=[(1, 1), (3, 3)])]


def test_an_image_that_another_record_brought_is_not_asked_for(
    office: Office, device: SimulatedDevice
) -> None:
    image = Shot(data=b"one image" * 1000)
    office.deliver(device.arrival(shots=[image]))
    packet = device.arrival(shots=[image])

    replies = office.send(packet.topic, packet.envelope)

    assert [type(reply) for reply in replies] == [Receipt]


def test_two_records_that_wait_for_one_image_are_both_receipted_when_it_is_in(
    office: Office, device: SimulatedDevice
) -> None:
    image = Shot(data=b"one image" * 1000)
    first, second = device.arrival(shots=[image]), device.arrival(shots=[image])
    needs = office.send(first.topic, first.envelope)
    office.send(second.topic, second.envelope)

    replies = [reply for chunk in wanted(first, needs) for reply in office.send(*chunk)]

    assert {reply.record_sha256 for reply in replies if isinstance(reply, Receipt)} == {
        first.sha256,
        second.sha256,
    }


def test_every_message_five_times_and_shuffled_gives_the_same_result(
    office: Office, device: SimulatedDevice
) -> None:
    arrival = device.arrival()
    overstay = device.overstay_after_notice(arrival)
    departure = device.departure(overstay)
    packets = [arrival, overstay, departure]
    office.deliver(arrival)
    office.remind(arrival)
    messages = [(packet.topic, packet.envelope) for packet in packets] * 5
    messages += [chunk for packet in packets for chunk in packet.chunks()] * 5
    random.Random(7).shuffle(messages)

    receipts = [reply for message in messages for reply in office.send(*message)]
    for packet in packets:
        receipts += office.deliver(packet)

    stored = {reply.record_sha256 for reply in receipts if isinstance(reply, Receipt)}
    assert stored == {packet.sha256 for packet in packets}
    assert not of(Reject, receipts)
    (case,) = office.lookup.cases(CaseFilter()).rows
    assert (case.state, case.latest_kind) == ("overstayed", "departure")
    assert office.count(tables.record) == 3
    assert office.count(tables.exhibit) == 6
    assert office.count(tables.upload) == 0


def test_a_worker_goes_on_where_another_was_killed(office: Office, device: SimulatedDevice) -> None:
    packet = device.arrival(shots=[Shot(data=bytes(range(256)) * 1000)])
    chunks = wanted(packet, office.send(packet.topic, packet.envelope))
    office.send(*chunks[0])
    other = Office.open(office.engine, office.blobs.folder.parent)

    (need,) = other.send(packet.topic, packet.envelope)
    replies = [reply for chunk in wanted(packet, [need]) for reply in other.send(*chunk)]

    assert [type(reply) for reply in replies] == [Receipt]


def test_two_workers_with_the_same_messages_store_each_record_once(
    office: Office, device: SimulatedDevice
) -> None:
    packets: list[Packet] = [device.arrival() for _ in range(6)]
    workers = [office, Office.open(office.engine, office.blobs.folder.parent)]
    replies: list[Message] = []

    def work(worker: Office, order: list[Packet]) -> None:
        for packet in order:
            replies.extend(worker.deliver(packet))

    threads = [
        Thread(target=work, args=(worker, order))
        for worker, order in zip(workers, [packets, packets[::-1]], strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    receipts = [reply for reply in replies if isinstance(reply, Receipt)]
    assert {receipt.record_sha256 for receipt in receipts} == {packet.sha256 for packet in packets}
    # However often it was sent, a record has one receipt.
    assert len({receipt.log_index for receipt in receipts}) == 6
    assert office.lookup.cases(CaseFilter()).total == 6
    assert office.count(tables.case_event) == 12


def test_a_crash_before_the_commit_leaves_an_image_that_is_taken_up(
    office: Office, device: SimulatedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    packet = device.arrival(shots=[Shot()])
    chunks = wanted(packet, office.send(packet.topic, packet.envelope))

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    for chunk in chunks[:-1]:
        office.send(*chunk)
    with monkeypatch.context() as patch:
        patch.setattr(office.store, "held", killed)
        with pytest.raises(Killed):
            office.send(*chunks[-1])

    (need,) = office.send(packet.topic, packet.envelope)
    replies = office.send(*chunks[-1])

    # The last chunk was not marked, so it is asked for; the image that is there is kept.
    assert wanted(packet, [need]) == chunks[-1:]
    assert [type(reply) for reply in replies] == [Receipt]


def test_a_part_that_a_power_cut_damaged_is_fetched_again(
    office: Office, device: SimulatedDevice
) -> None:
    packet = device.arrival(shots=[Shot(data=bytes(range(256)) * 1000)])
    (sha256,) = packet.exhibits
    chunks = wanted(packet, office.send(packet.topic, packet.envelope))
    for chunk in chunks[:3]:
        office.send(*chunk)
    office.blobs.write_chunk(device.id, sha256, 0, bytes(CHUNK_BYTES))  # what was not flushed

    (again,) = office.send(*chunks[3])
    replies = [reply for chunk in wanted(packet, [again]) for reply in office.send(*chunk)]

    assert isinstance(again, Need)
    assert [type(reply) for reply in replies] == [Receipt]


def test_chunks_that_never_hash_right_are_refused_in_the_end_and_leave_nothing(
    office: Office, device: SimulatedDevice
) -> None:
    packet = device.arrival(shots=[Shot(data=bytes(range(256)) * 1000)])
    replies = office.send(packet.topic, packet.envelope)
    while replies and isinstance(replies[-1], Need):
        chunks = wanted(packet, replies[-1:])
        replies = [reply for topic, data in chunks for reply in office.send(topic, data[::-1])]

    (reject,) = replies
    assert isinstance(reject, Reject)
    assert (reject.code, reject.record_id) == (Code.HASH_MISMATCH, packet.record.record_id)
    assert office.count(tables.record) == office.count(tables.upload) == 0
    assert [type(reply) for reply in office.deliver(packet)] == [Need, Receipt]
