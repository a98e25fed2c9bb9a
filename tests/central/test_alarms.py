"""A database that was restored from an older backup is told, until somebody deals with it."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from central import events
from central.alarms import NAME, Alarms, NoAlarm
from central.database import connect
from tests.case_files import add_pack
from tests.device import SimulatedDevice
from tests.office import Office
from tests.staff import Staff, token

NOW = 1_795_000_000_000


@pytest.fixture
def alarms(office: Office) -> Alarms:
    return Alarms(office.engine, office.blobs)


def lines(office: Office, count: int, word: str = "x") -> None:
    with office.engine.begin() as db:
        for number in range(count):
            events.append(db, events.Event(NOW, "test", "note", None, {word: str(number)}))


def times_logged(office: Office, kind: str) -> int:
    with office.engine.connect() as db:
        return sum(line.type == kind for line in events.lines(db))


def cut(office: Office, count: int) -> None:
    """The newest lines are gone, as in a database from before them."""
    with office.engine.begin() as db:
        head = events.head(db)
        assert head is not None
        last = head.seq - count
        db.exec_driver_sql(f"DELETE FROM case_event WHERE seq > {last}")
        db.exec_driver_sql(f"UPDATE counter SET value = {last} WHERE name = 'log'")


def test_a_log_that_grows_raises_nothing(office: Office, alarms: Alarms) -> None:
    alarms.run(NOW)
    for _ in range(3):
        lines(office, 2)
        alarms.run(NOW)

    assert alarms.standing() == ()


def test_a_log_that_ends_before_what_was_seen_raises_the_alarm_once(
    office: Office, alarms: Alarms
) -> None:
    lines(office, 10)
    alarms.run(NOW)
    cut(office, 4)
    for later in (1000, 2000):
        alarms.run(NOW + later)

    [alarm] = alarms.standing()
    assert (alarm.code, alarm.since_utc_ms) == ("log-went-back", NOW + 1000)
    assert (alarm.facts["known"], alarm.facts["here"]) == ("10", "6")
    assert times_logged(office, "log-went-back") == 1


def test_a_log_that_grew_past_it_with_other_lines_is_found_out_too(
    office: Office, alarms: Alarms
) -> None:
    lines(office, 10)
    alarms.run(NOW)
    cut(office, 4)
    lines(office, 9, "y")
    alarms.run(NOW)

    [alarm] = alarms.standing()
    assert (alarm.facts["known"], alarm.facts["here"]) == ("10", "15")


def test_it_stands_until_somebody_says_what_is_done_and_then_the_log_counts_from_there(
    office: Office, alarms: Alarms
) -> None:
    lines(office, 10)
    alarms.run(NOW)
    cut(office, 4)
    alarms.run(NOW)
    alarms.acknowledge("log-went-back", "root", "已找回文书底稿", NOW)
    lines(office, 1)
    alarms.run(NOW)

    assert alarms.standing() == ()
    with pytest.raises(NoAlarm):
        alarms.acknowledge("log-went-back", "root", "再一次", NOW)
    cut(office, 2)
    alarms.run(NOW)
    assert len(alarms.standing()) == 1


@pytest.mark.parametrize("content", ["", "{", '{"seq": 1}', "[]"])
def test_a_file_that_cannot_be_read_is_made_anew(
    office: Office, alarms: Alarms, content: str
) -> None:
    lines(office, 3)
    office.blobs.folder.mkdir(parents=True, exist_ok=True)
    (office.blobs.folder / NAME).write_text(content)
    alarms.run(NOW)
    cut(office, 1)
    alarms.run(NOW)

    assert len(alarms.standing()) == 1


@pytest.fixture
def restored(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Staff]:
    """A server whose database file was put back from a copy of an hour ago."""
    shutil.copy(migrated_sqlite, tmp_path / "central.db")
    address = f"sqlite:///{tmp_path}/central.db"
    engine: Engine = connect(address)
    office = Office.open(engine, tmp_path)
    add_pack(office)
    kept, backup = (sqlite3.connect(tmp_path / name) for name in ("central.db", "backup.db"))
    with closing(kept), closing(backup):
        kept.backup(backup)
    device = office.register(SimulatedDevice())
    office.deliver(device.arrival())
    Alarms(engine, office.blobs).run(office.clock.utc_ms())
    engine.dispose()
    for name in ("central.db-wal", "central.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup.db", tmp_path / "central.db")
    engine = connect(address)
    with Staff.serving(Office.open(engine, tmp_path)) as staff:
        for job in staff.back.jobs():
            job.run(office.clock.utc_ms())
        yield staff
    engine.dispose()


def test_a_restored_database_is_shown_to_who_is_in_charge_until_they_deal_with_it(
    restored: Staff,
) -> None:
    said = "可能是从旧备份恢复的"
    with restored.signed_in("wang") as client:
        assert said not in client.get("/cases").text
        assert client.get("/alarms").status_code == 403
    with restored.signed_in("chen") as client:
        assert said in client.get("/cases").text
    with restored.signed_in("root") as client:
        assert said in client.get("/fleet").text
        page = client.get("/alarms")
        assert "文号可能已不在系统中" in page.text
        for reason, where in (("x", "/alarms?fault=reason"), ("已核对送出的文书", "/alarms"),
                              ("再来一次", "/alarms?fault=gone")):  # fmt: skip
            sent = {"csrf": token(page), "reason": reason}
            assert client.post("/alarms/log-went-back", data=sent).headers["location"] == where
        assert said not in client.get("/fleet").text
        assert "目前没有警报" in client.get("/alarms").text
    with restored.signed_in("chen") as client:
        audit = client.get("/audit?kind=acts").text

    assert "确认警报" in audit
