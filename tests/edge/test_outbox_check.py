"""At each start the rows of the outbox are held against the bytes that were signed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.stay_memory import ReceivedNotice
from edge.wire.replies import Notice, SeqRange
from tests.packets import BOOT, UTC_MS, Box, jpeg, moment, opened, put, uuid

NOTICE = ReceivedNotice(
    Notice(
        v=1,
        device="gate-1",
        notice_id=uuid(1),
        stay_id=uuid(2),
        reminded_utc_ms=UTC_MS,
        sent_utc_ms=UTC_MS + 1,
        grace_ms=900_000,
    ),
    10**12,
    str(BOOT),
)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = opened(tmp_path)
    yield made
    made.database.close()


def changed(box: Box, statement: str) -> Box:
    """The box after somebody, or a flipped bit, changed a row; opened again."""
    for number in (1, 2, 3):
        put(box.outbox, box.vault, number, [jpeg(number)])
    box.memory.save_stays("front", b'{"open": 1}')
    box.memory.begin(uuid(7), moment())
    box.memory.notice_came(NOTICE)
    box.database.close()
    with closing(sqlite3.connect(box.folder / "outbox.sqlite3")) as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.execute(statement)
        database.commit()
    return opened(box.folder)


WRONG = [
    (
        "UPDATE record SET envelope = CAST(replace(envelope, 'sig', 'sag') AS BLOB) WHERE seq = 2",
        "not those that",
    ),
    ("UPDATE record SET record_sha256 = lower(hex(zeroblob(32))) WHERE seq = 2", "does not say"),
    ("UPDATE record SET made_utc_ms = made_utc_ms + 1 WHERE seq = 2", "does not say"),
    ("UPDATE record SET kind = 'departure' WHERE seq = 2", "does not say"),
    ("UPDATE record SET state = 'waitinG' WHERE seq = 2", "CHECK constraint"),
    ("UPDATE record SET state = 'receipted' WHERE seq = 2", "its receipt is gone"),
    ("UPDATE record SET envelope = NULL WHERE seq = 2", "its bytes are gone"),
    ("UPDATE record SET seq = 9 WHERE seq = 3", "record 9: follows record 2"),
    ("UPDATE exhibit SET sha256 = lower(hex(zeroblob(32))) WHERE seq = 2", "does not say"),
    ("UPDATE exhibit SET seq = 12 WHERE seq = 2", "does not say"),
]


@pytest.mark.parametrize(("statement", "fault"), WRONG)
def test_a_row_that_is_not_what_was_signed_is_found_and_all_comes_back_from_the_files(
    box: Box, statement: str, fault: str
) -> None:
    again = changed(box, statement)

    assert fault in again.fault
    assert [packet.seq for packet in again.outbox.waiting(0, 9)] == [1, 2, 3]
    for packet in again.outbox.waiting(0, 9):
        for sha256 in packet.exhibits:
            again.vault.check(sha256)


def test_open_stays_and_notices_are_taken_along(box: Box) -> None:
    again = changed(box, WRONG[0][0])

    assert again.memory.load_stays("front") == b'{"open": 1}'
    assert again.memory.notices() == [NOTICE]
    assert again.memory.begin(uuid(7), moment(5)) == moment()


def test_a_notice_that_cannot_be_read_is_left_behind_and_nothing_else(box: Box) -> None:
    again = changed(box, "UPDATE notice SET body = replace(body, ':', ';')")

    assert "notice" in again.fault
    assert again.memory.notices() == []
    assert again.memory.load_stays("front") == b'{"open": 1}'


DIGITS = [
    ("UPDATE snapshot SET body = CAST(replace(body, '1', '3') AS BLOB)", "snapshot"),
    ("UPDATE notice SET body = CAST(replace(body, '900000', '100000') AS BLOB)", "notice"),
    ("UPDATE notice SET mono_ns = mono_ns + 1", "notice"),
    ("UPDATE notice SET done = 1", "notice"),
    ("UPDATE stay SET begin = replace(begin, '17', '16')", "stay"),
]


@pytest.mark.parametrize(("statement", "table"), DIGITS)
def test_a_digit_that_flips_in_what_nobody_signs_is_found(
    box: Box, statement: str, table: str
) -> None:
    again = changed(box, statement)

    assert f"a row of {table} is not what was kept" in again.fault
    assert len(list(box.folder.glob("outbox.damaged-*.sqlite3"))) == 1
    assert again.memory.notices() == ([] if table == "notice" else [NOTICE])
    assert again.memory.stays_damaged("front") is (table == "snapshot")
    assert again.memory.begin(uuid(7), moment(5)) == moment(5 if table == "stay" else 0)


def test_damaged_stays_are_damaged_until_the_rules_save_them_anew(box: Box) -> None:
    again = changed(box, DIGITS[0][0])
    again.database.close()
    third = opened(box.folder)

    assert (third.fault, third.memory.stays_damaged("front")) == ("", True)
    third.memory.save_stays("front", b"{}")
    assert third.memory.stays_damaged("front") is False


def test_a_notice_that_was_taken_in_is_whole(box: Box) -> None:
    box.memory.notice_came(NOTICE)
    box.memory.notice_done(NOTICE.notice.notice_id)
    box.database.close()

    assert opened(box.folder).fault == ""


def test_an_outbox_of_the_time_before_digests_gets_them(box: Box) -> None:
    box.memory.save_stays("front", b"{}")
    box.memory.notice_came(NOTICE)
    box.database.close()
    with closing(sqlite3.connect(box.folder / "outbox.sqlite3")) as database:
        for table in ("taken", "stay", "snapshot", "notice"):
            database.execute(f"ALTER TABLE {table} DROP COLUMN digest")
        database.execute("DELETE FROM _sqlite_migrations WHERE name = 'digests'")
        database.commit()

    again = opened(box.folder)

    assert again.fault == ""
    assert again.memory.load_stays("front") == b"{}"
    assert again.memory.notices() == [NOTICE]


def test_a_whole_outbox_is_left_alone(box: Box) -> None:
    again = changed(box, "SELECT 1")

    assert again.fault == ""
    assert list(box.folder.glob("*.damaged-*")) == []


def test_what_was_made_and_forgotten_was_not_never_made(box: Box) -> None:
    for number in (1, 2):
        put(box.outbox, box.vault, number, [jpeg(number)])
    with box.database.transaction("lose a row") as connection:
        connection.execute("DELETE FROM exhibit WHERE seq = 1")
        connection.execute("DELETE FROM record WHERE seq = 1")

    told = box.outbox.resend(SeqRange(first=1, last=3))

    assert [(each.seq, each.reason) for each in told] == [(1, "damaged"), (3, "never-made")]
