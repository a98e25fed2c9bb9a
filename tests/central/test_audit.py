"""The audit names what is damaged of what is kept, and nothing else."""

import pytest
from sqlalchemy import update

from central import events, tables
from central.audit import audit
from tests.device import Packet, Shot, SimulatedDevice
from tests.office import NOW, Office

SMALL = (Shot(width=48, height=32), Shot(view="plate", width=24, height=16))


@pytest.fixture
def packet(office: Office, device: SimulatedDevice) -> Packet:
    made = device.arrival(SMALL)
    office.deliver(made)
    office.deliver(device.departure(made, shots=[]))
    return made


def told(office: Office) -> list[str]:
    return list(audit(office.engine, office.blobs))


def change(office: Office, table: str, **values: object) -> None:
    with office.engine.begin() as db:
        db.execute(update(tables.metadata.tables[table]).values(values))


def test_of_a_whole_server_nothing_is_told(office: Office, packet: Packet) -> None:
    assert told(office) == []


def test_a_changed_image_and_a_missing_one_are_named(office: Office, packet: Packet) -> None:
    first, second = sorted(packet.exhibits)
    office.blobs.path(first).write_bytes(b"other")
    office.blobs.path(second).unlink()

    assert told(office) == [f"image {first} is damaged", f"image {second} is missing"]


def test_a_record_whose_bytes_no_longer_verify_is_named(office: Office, packet: Packet) -> None:
    with office.engine.begin() as db:
        mine = tables.record.c.seq == 1
        changed = packet.envelope.replace(b'"sig":"', b'"sig":"A')
        db.execute(update(tables.record).where(mine).values(envelope=changed))

    assert [each.partition(":")[0] for each in told(office)] == ["record 1 of gate-east-01"]


def test_a_row_that_says_something_else_than_was_signed_is_named(
    office: Office, packet: Packet
) -> None:
    change(office, "record", kind="overstay")

    assert told(office) == [
        f"record {seq} of gate-east-01: the row does not say what was signed" for seq in (1, 2)
    ]


def test_a_changed_line_of_the_log_is_named(office: Office, packet: Packet) -> None:
    change(office, "case_event", actor="somebody")

    assert told(office) == ["line 1 of the log was changed"]


def test_a_log_cut_off_behind_a_checkpoint_is_told(office: Office, packet: Packet) -> None:
    with office.engine.begin() as db:
        events.seal(db, "2026-11-18", NOW, office.signer)
        last = events.head(db)
        assert last is not None
        db.execute(tables.case_event.delete().where(tables.case_event.c.seq == last.seq))

    assert told(office) == [f"the log ends at line {last.seq - 1}, line {last.seq} was sealed"]
