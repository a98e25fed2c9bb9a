"""What the sending thread does with receipts: it marks them all at once, and not while it sends."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.carrier import Carrier
from edge.delivery_rules import Announce, Chunk, Pace
from edge.wire.limits import CHUNK_BYTES
from edge.wire.records import Record
from edge.wire.replies import MissingChunks, Need, Receipt
from tests.packets import DEVICE, UTC_MS, Box, jpeg, opened, put


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = opened(tmp_path)
    yield made
    made.database.close()


def recorded(box: Box, number: int) -> Record:
    made = put(box.outbox, box.vault, number, [jpeg(number, 2 * CHUNK_BYTES)])
    assert made is not None
    return made.record


def receipt(record: Record) -> Receipt:
    return Receipt(
        v=1,
        device=DEVICE,
        record_id=record.record_id,
        record_sha256=hashlib.sha256(record.to_bytes()).hexdigest(),
        seq=record.seq,
        stored_utc_ms=UTC_MS,
        log_index=0,
    )


def need(record: Record) -> Need:
    missing = MissingChunks(sha256=record.exhibits[0].sha256, ranges=[(0, 1)])
    sha256 = hashlib.sha256(record.to_bytes()).hexdigest()
    return Need(
        v=1,
        device=DEVICE,
        record_id=record.record_id,
        record_sha256=sha256,
        missing=[missing],
        pause_ms=0,
    )


def waiting(box: Box) -> list[int]:
    return [each.seq for each in box.outbox.waiting(0, 10)]


def test_receipts_are_marked_a_tenth_of_a_second_after_the_first(box: Box) -> None:
    carrier = Carrier(DEVICE, box.outbox, box.vault, Pace(), lambda: 1.0)
    records = [recorded(box, number) for number in (1, 2)]
    for record in records:
        carrier.receipt(5.0, receipt(record), b"signed")

    carrier.settle(5.09, UTC_MS)
    before = waiting(box)
    carrier.settle(5.1, UTC_MS)

    assert (before, waiting(box)) == ([1, 2], [])


def test_while_chunks_are_under_way_receipts_wait_half_a_second(box: Box) -> None:
    carrier = Carrier(DEVICE, box.outbox, box.vault, Pace(), lambda: 1.0)
    first, second = recorded(box, 1), recorded(box, 2)
    announced = [parcel for _, parcel in carrier.due(5.0, UTC_MS)]
    carrier.need(5.0, need(second))
    chunks = [parcel for _, parcel in carrier.due(5.0, UTC_MS)]
    carrier.receipt(5.0, receipt(first), b"signed")

    carrier.settle(5.49, UTC_MS)
    before = waiting(box)
    carrier.settle(5.5, UTC_MS)

    assert announced == [Announce(1), Announce(2)]
    assert chunks == [Chunk(2, second.exhibits[0].sha256, index) for index in (0, 1)]
    assert (before, waiting(box)) == ([1, 2], [2])


def test_as_soon_as_nothing_is_under_way_receipts_are_marked(box: Box) -> None:
    carrier = Carrier(DEVICE, box.outbox, box.vault, Pace(), lambda: 1.0)
    first, second = recorded(box, 1), recorded(box, 2)
    list(carrier.due(5.0, UTC_MS))
    carrier.need(5.0, need(second))
    chunks = [parcel for _, parcel in carrier.due(5.0, UTC_MS)]
    carrier.receipt(5.0, receipt(first), b"signed")
    for chunk in chunks:
        carrier.acked(5.2, chunk, failed=False)

    carrier.settle(5.2, UTC_MS)

    assert waiting(box) == [2]
