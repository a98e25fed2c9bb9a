"""What a simulated box of the demo signs stands before the server's own checks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from central.checks import Context, check_record
from edge.wire.fields import parse
from edge.wire.records import Record, RecordKind
from edge.wire.signing import open_envelope
from scripts import certificates
from scripts.demosite import plan
from scripts.demosite.album import Album
from scripts.demosite.boxes import UNREAD, Box, Times, read

DEVICE = "demo-gate-02"
TIMES = Times("ab" * 32, confirm_s=10, grace_s=60)


@pytest.fixture(scope="module")
def album() -> Album:
    return Album.open(plan.ALBUM)


@pytest.fixture
def box(tmp_path: Path, album: Album) -> Iterator[Box]:
    """A box whose broker is away: what it records stays with it."""
    pki = tmp_path / "pki"
    certificates.init(pki)
    certificates.server(pki, "central", [], certificates.DAYS)
    certificates.device(pki, DEVICE, certificates.DAYS)
    made = Box(DEVICE, album, TIMES, tmp_path / "box", pki, plan.free_port())
    made.start()
    yield made
    made.stop()


def kept(box: Box) -> list[tuple[Record, bytes]]:
    """Records in the box, each with its envelope."""
    keys = {box.signer.key_id: box.signer.key.public_key()}
    found = []
    for path in sorted((box.folder / "records").rglob("*")):
        if path.is_file():
            envelope = path.read_bytes()
            payload = open_envelope(envelope, keys, Record.PAYLOAD_TYPE).payload
            found.append((parse(Record, payload), envelope))
    return sorted(found, key=lambda one: one[0].seq)


def test_arrival_and_departure_pass_every_check_that_the_server_makes(box: Box) -> None:
    standing = box.arrived("leaver", read("浙B2K6P8", "civil", "blue"))
    box.left(standing)

    records = kept(box)

    assert [record.kind for record, _ in records] == [RecordKind.ARRIVAL, RecordKind.DEPARTURE]
    for record, envelope in records:
        context = Context(
            envelope=envelope,
            keys={box.signer.key_id: box.signer.key.public_key()},
            device_active=True,
            received_utc_ms=record.made.utc_ms,
            previous=None,
            held={exhibit.sha256: "held" for exhibit in record.exhibits},
            first=None if record.seq == 1 else records[0][0],
        )
        assert [c.name for c in check_record(record, context) if c.ok is False] == []


def test_an_unread_plate_is_told_as_unread_with_its_picture(box: Box) -> None:
    box.arrived("muddy", UNREAD, empty="night")

    record, _ = kept(box)[0]

    assert (record.vehicle.plate.status, record.vehicle.plate.text) == ("unread", None)
    assert [exhibit.view for exhibit in record.exhibits] == ["wide", "plate"]
    assert record.exhibits[0].width == 1280


def test_a_stay_begins_before_it_is_told_by_the_time_that_confirms_it(box: Box) -> None:
    standing = box.arrived("payer", read("浙B7M5K2", "civil", "blue"))

    record, _ = kept(box)[0]

    assert 10_000 <= record.stay.standing_ms < 20_000
    assert record.stay.deadline_ms == 70_000
    assert not box.noticed(standing)


def test_two_pictures_of_one_vehicle_are_never_the_same_bytes(album: Album) -> None:
    one = album.shot("payer", "2026-03-01 10:00:00", 1)
    other = album.shot("payer", "2026-03-01 10:01:00", 2)

    assert one.wide != other.wide
    assert one.plate != other.plate
    assert album.shot("day", "2026-03-01 10:00:00", 1).plate is None
