"""Erasing on time: what goes, what proves it, what a hold keeps, and that nothing else suffers."""

from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, update

from central import acting, events, tables
from central.audit import audit
from central.events import LogDamaged, check_log, lines
from central.export import ExportError, Source, export_case
from central.firelane_verify import verify
from central.keeping import lookups, rounds
from central.keeping.erasing import Eraser
from central.keeping.holds import Held, Holds, NotHeld
from central.keeping.ledger import Ledger
from central.likeness import BodyColour, Seen, SeenKind
from central.owner_tables import owner_link, owner_upload, statement
from central.reminder_tables import plate_reading, reminding
from central.review import Typed
from central.reviewing import Reviews
from tests.case_files import IN_FORCE, add_pack
from tests.case_steps import ALL, TO_DECIDED
from tests.device import Packet, Shot, SimulatedDevice
from tests.office import Office

DAY = 86_400_000
RED_CAR = Seen(BodyColour.RED, SeenKind.CAR)
SMALL = (Shot(width=48, height=32), Shot(view="plate", width=24, height=16))


@pytest.fixture
def left(office: Office, device: SimulatedDevice) -> Packet:
    """A vehicle that left in time, under a pack that keeps pictures for three days."""
    add_pack(office)
    packet = device.arrival(SMALL)
    office.deliver(packet)
    office.remind(packet)
    office.deliver(device.departure(packet, shots=[]))
    return packet


def later(office: Office, days: int) -> int:
    office.clock.now_utc_ms += days * DAY
    return rounds.run(office.engine, office.blobs, office.clock.utc_ms())


def files(office: Office) -> list[Path]:
    return [path for path in office.blobs.folder.rglob("*") if path.is_file()]


def source(office: Office) -> Source:
    return Source(office.engine, office.blobs, office.signer)


def log_of(office: Office, kind: str) -> list[dict[str, str]]:
    with office.engine.connect() as db:
        return [events.parse_payload(line.payload) for line in lines(db) if line.type == kind]


def test_pictures_of_who_left_in_time_go_on_the_third_day_and_not_before(
    office: Office, left: Packet
) -> None:
    before = later(office, 2)
    kept = len(files(office))
    gone = later(office, 1)

    assert (before, kept) == (0, 2)
    assert gone == 2
    assert files(office) == []
    assert office.count(tables.exhibit) == 0
    told = log_of(office, "erased")
    assert [(one["class"], one["rule"]) for one in told] == [
        ("images", "示例：住宅小区消防通道 1: images 3 d")
    ]
    assert told[0]["sha256"].split() == sorted(left.exhibits)


def test_nothing_is_erased_under_a_pack_that_names_no_period(
    office: Office, device: SimulatedDevice
) -> None:
    text = IN_FORCE[: IN_FORCE.index("\nretention:")] + IN_FORCE[IN_FORCE.index("\nwarned:") :]
    add_pack(office, text)
    packet = device.arrival(SMALL)
    office.deliver(packet)
    office.deliver(device.departure(packet, shots=[]))

    assert later(office, 5000) == 0
    assert len(files(office)) == 2


def test_pictures_of_a_case_that_goes_on_or_was_fined_stay(
    office: Office, device: SimulatedDevice
) -> None:
    device.policy_sha256 = add_pack(office)
    waiting, fined = device.arrival(SMALL), device.arrival(SMALL)
    for packet in (waiting, fined):
        office.deliver(packet)
    with office.engine.begin() as db:
        for step in TO_DECIDED:
            acting.do(db, office.case_of(fined), step, ALL, office.clock.utc_ms())

    assert later(office, 400) == 0
    assert len(files(office)) == 4


def test_a_legal_hold_keeps_everything_of_its_case_until_it_is_lifted(
    office: Office, left: Packet
) -> None:
    holds, case_id = Holds(office.engine), office.case_of(left)
    holds.put(case_id, "chen", "复议中", office.clock.utc_ms())
    under = later(office, 400)
    holds.lift(case_id, "chen", "复议已结束", office.clock.utc_ms())
    after = later(office, 0)

    assert under == 0
    assert after > 0
    assert [log_of(office, kind)[0]["reason"] for kind in ("hold-put", "hold-lifted")] == [
        "复议中",
        "复议已结束",
    ]


def test_a_hold_is_put_once_and_lifted_once(office: Office, left: Packet) -> None:
    holds, case_id, now = Holds(office.engine), office.case_of(left), office.clock.utc_ms()
    with pytest.raises(NotHeld):
        holds.lift(case_id, "chen", "kein", now)
    holds.put(case_id, "chen", "复议中", now)
    with pytest.raises(Held):
        holds.put(case_id, "liu", "again", now)

    assert [(one.put_by, one.lifted_utc_ms) for one in holds.standing()] == [("chen", None)]


def test_a_picture_that_another_case_rests_on_stays(
    office: Office, device: SimulatedDevice, left: Packet
) -> None:
    wide = next(shot for shot in SMALL if shot.view == "wide")
    other = device.arrival(
        [Shot(width=48, height=32, data=left.exhibits[sorted(left.exhibits)[0]])]
    )
    office.deliver(other)

    later(office, 3)

    assert wide.view == "wide"
    assert [path.name for path in files(office)] == sorted(other.exhibits)


def test_a_crash_between_log_and_disk_is_made_good_in_the_next_round(
    office: Office, left: Packet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(_self: object, _name: str) -> None:
        raise OSError("power")

    office.clock.now_utc_ms += 3 * DAY
    with monkeypatch.context() as patched:
        patched.setattr(type(office.blobs), "remove", cut)
        with pytest.raises(OSError, match="power"):
            Eraser(office.engine, office.blobs).run(office.clock.utc_ms())
    kept = len(files(office))
    later(office, 0)

    assert kept == 2
    assert files(office) == []
    assert len(log_of(office, "erased")) == 1


def test_the_packet_of_a_case_whose_pictures_are_erased_says_so_and_passes(
    office: Office, left: Packet
) -> None:
    later(office, 3)

    report = verify(export_case(source(office), office.case_of(left), office.clock.utc_ms()))

    assert report.reasons == []
    assert len([note for note in report.notes if note.startswith("image ")]) == 2
    assert "erased on 2026-11-21" in report.notes[0]
    assert "under rule 示例：住宅小区消防通道 1: images 3 d" in report.notes[0]


def test_the_case_page_data_tells_what_was_erased(office: Office, left: Packet) -> None:
    later(office, 3)
    view = office.lookup.case(office.case_of(left))

    assert view is not None
    assert set(view.erased) == set(left.exhibits)
    check = next(one for one in view.records[0].checks if one.name == "exhibits")
    assert (check.ok, check.detail) == (
        None,
        "2 of 2 images were erased when their time was over",
    )


def test_plate_and_track_go_later_and_the_chains_still_hold(
    office: Office, device: SimulatedDevice, left: Packet
) -> None:
    next_one = device.arrival(SMALL)
    office.deliver(next_one)
    case_id = office.case_of(left)
    Reviews(office.engine).type_plate(
        case_id, Typed("zhao", "浙B12345", RED_CAR), office.clock.utc_ms()
    )
    later(office, 30)

    with office.engine.connect() as db:
        records = db.execute(select(tables.record).where(tables.record.c.case_id == case_id)).all()
        case = db.execute(select(tables.case).where(tables.case.c.id == case_id)).one()
        check_log(lines(db))
    assert [row.envelope for row in records] == [b"", b""]
    assert (case.plate, case.plate_status) == (None, "erased")
    assert "浙" not in case.words
    assert log_of(office, "plate-typed") == [{}]
    assert verify(
        export_case(source(office), office.case_of(next_one), office.clock.utc_ms())
    ).passed
    assert list(audit(office.engine, office.blobs)) == []
    with pytest.raises(ExportError, match="its records were erased under the rule"):
        export_case(source(office), case_id, office.clock.utc_ms())


def test_an_erased_line_of_the_log_cannot_be_made_to_say_something_else(
    office: Office, left: Packet
) -> None:
    case_id = office.case_of(left)
    Reviews(office.engine).type_plate(
        case_id, Typed("zhao", "浙B12345", RED_CAR), office.clock.utc_ms()
    )
    later(office, 30)
    table = tables.case_event
    with office.engine.begin() as db:
        forged = update(table).where(table.c.type == "plate-typed").values(payload='{"plate":"x"}')
        db.execute(forged)

    with office.engine.connect() as db, pytest.raises(LogDamaged, match="says something"):
        check_log(lines(db))


def test_old_lines_of_looks_and_refusals_go_with_a_tombstone(office: Office, left: Packet) -> None:
    office.send(left.topic, b"no envelope")
    later(office, 1094)
    kept = office.count(tables.rejected)
    later(office, 2)

    assert kept == 1
    assert office.count(tables.rejected) == 0
    assert log_of(office, "erased")[-1]["rejected"] == "1"


def test_a_record_whose_pictures_never_come_is_given_up_and_taken_when_it_comes_again(
    office: Office, device: SimulatedDevice, left: Packet
) -> None:
    packet = device.arrival(SMALL)
    office.send(packet.topic, packet.envelope)
    later(office, 13)
    waiting = office.count(tables.upload)
    later(office, 2)
    gone = office.count(tables.upload)

    assert (waiting, gone) == (2, 0)
    assert len(log_of(office, "unfinished-dropped")) == 1
    office.deliver(packet)
    assert office.standing(packet).main == "suspected"


def test_the_ledger_lists_tombstones_newest_first(office: Office, left: Packet) -> None:
    later(office, 3)
    later(office, 30)

    told = [(one.erased.kind, one.count) for one in Ledger(office.engine).last()]
    assert told == [("personal", 2), ("images", 2)]


def written(office: Office, packet: Packet) -> int:
    """Rows that say about whom the register was asked for the case."""
    with office.engine.connect() as db:
        return len(lookups.known(db, tables.case.c.id == office.case_of(packet), 9))


def ask_the_register(office: Office, packet: Packet) -> None:
    """As a reminder does on its way."""
    with office.engine.begin() as db:
        case_id = office.case_of(packet)
        mine = reminding.c.case_id == case_id
        db.execute(update(reminding).where(mine).values(plate="浙B12345", colour="blue"))
        reading = {"case_id": case_id, "reader": "machine", "plate": "浙B12345", "colour": "blue"}
        db.execute(insert(plate_reading).values(**reading, confidence_pm=900, utc_ms=0))


def test_whom_the_register_was_asked_about_goes_with_the_case_that_led_to_nothing(
    office: Office, left: Packet
) -> None:
    ask_the_register(office, left)
    later(office, 29)
    before = written(office, left)
    later(office, 1)

    assert (before, written(office, left)) == (1, 0)
    with office.engine.connect() as db:
        assert db.scalars(select(reminding.c.plate)).all() == [None]
    assert office.count(plate_reading) == 0


def test_look_ups_of_a_case_that_is_over_go_after_their_own_time(
    office: Office, device: SimulatedDevice
) -> None:
    device.policy_sha256 = add_pack(office)
    packet = device.arrival(SMALL)
    office.deliver(packet)
    ask_the_register(office, packet)
    with office.engine.begin() as db:
        mine = tables.case.c.id == office.case_of(packet)
        db.execute(update(tables.case).where(mine).values(state="archived"))
    later(office, 1094)
    before = written(office, packet)
    later(office, 2)

    assert (before, written(office, packet)) == (1, 0)
    assert [one["class"] for one in log_of(office, "erased")] == ["lookups"]


def test_look_ups_of_a_case_that_goes_on_stay(office: Office, device: SimulatedDevice) -> None:
    device.policy_sha256 = add_pack(office)
    packet = device.arrival(SMALL)
    office.deliver(packet)
    ask_the_register(office, packet)
    later(office, 4000)

    assert written(office, packet) == 1


def test_what_a_party_sent_goes_with_its_file_some_time_after_the_case(
    office: Office, left: Packet
) -> None:
    case_id, data = office.case_of(left), b"a picture"
    name = office.blobs.keep("uploads.", data)
    with office.engine.begin() as db:
        link, told = uuid4(), uuid4()
        sent = {"case_id": case_id, "link_id": link, "made_utc_ms": 0}
        db.execute(insert(owner_link).values(
            id=link, token_sha256="0" * 64, case_id=case_id, made_utc_ms=0, expires_utc_ms=1,
            failures=0))  # fmt: skip
        db.execute(insert(statement).values(
            id=told, form="f", kind="statement", grounds="", text="",
            **sent))  # fmt: skip
        db.execute(insert(owner_upload).values(
            id=uuid4(), statement_id=told, sha256=name, size=len(data),
            media_type="image/jpeg", name="路面.jpg", dropped=False, **sent))  # fmt: skip
    later(office, 729)
    kept = office.blobs.path(name).is_file()
    later(office, 1)

    assert kept
    assert not office.blobs.path(name).exists()
    [tombstone] = [one for one in log_of(office, "erased") if one["class"] == "uploads"]
    assert tombstone["sha256"] == name
