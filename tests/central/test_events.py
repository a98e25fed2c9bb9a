"""The append-only log: what is done to it shows."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Thread

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError

from central import tables
from central.events import (
    Checkpoint,
    Event,
    LogDamaged,
    Logged,
    append,
    check_log,
    content_hash,
    head,
    line_hash,
    lines,
    seal,
)
from edge.wire.fields import parse
from edge.wire.signing import open_envelope
from tests.device import signer

LINE = Logged(7, 1_795_000_000_000, "wang", "opened", None, '{"number":"浙"}', "0" * 64, "")


def write(engine: Engine, count: int) -> list[Logged]:
    with engine.begin() as db:
        for number in range(count):
            append(db, Event(number, "test", "noted", None, {"number": str(number)}))
    with engine.connect() as db:
        return list(lines(db))


def test_the_hash_of_a_line_is_as_documented() -> None:
    assert content_hash(LINE) == "62000aa75058fa1c482a9a7fd2e28097675be67f73119cd8ed183eee684978ed"
    assert line_hash(LINE) == "c0391d7ca1fade1cfb2e1e0b9c8073cf16ded1a0edbb76ee37f799dfb5ef33d6"


def test_lines_are_numbered_from_one_and_lead_from_hash_to_hash(engine: Engine) -> None:
    written = write(engine, 3)

    assert [line.seq for line in written] == [1, 2, 3]
    assert [line.prev_hash for line in written] == ["0" * 64, written[0].hash, written[1].hash]
    assert check_log(written) == written[-1]


Change = Callable[[list[Logged]], Sequence[Logged]]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda log: [*log[:1], *log[2:]], "line 2 of the log is missing, 3 follows"),
        (lambda log: [log[0], log[2], log[1]], "line 2 of the log is missing, 3 follows"),
        (
            lambda log: [log[0], replace(log[1], actor="li"), log[2]],
            "line 2 of the log was changed",
        ),
        (
            lambda log: [log[0], _rehashed(replace(log[1], payload="{}")), log[2]],
            "line 3 of the log does not follow the line before it",
        ),
        (lambda log: log[1:], "line 1 of the log is missing, 2 follows"),
    ],
)
def test_every_change_to_the_log_shows(engine: Engine, change: Change, told: str) -> None:
    written = write(engine, 3)

    with pytest.raises(LogDamaged, match=told):
        check_log(change(written))


def _rehashed(line: Logged) -> Logged:
    return replace(line, hash=line_hash(line))


def test_a_line_that_was_not_committed_leaves_no_number_behind(engine: Engine) -> None:
    with engine.connect() as db:
        append(db, Event(1, "test", "noted", None, {}))
        db.rollback()

    assert [line.seq for line in write(engine, 1)] == [1]


def test_many_writers_at_once_leave_no_gap(engine: Engine) -> None:
    def work() -> None:
        for _ in range(10):
            with engine.begin() as db:
                append(db, Event(1, "test", "noted", None, {}))

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    with engine.connect() as db:
        last = check_log(lines(db))
    assert last is not None
    assert last.seq == 40


def test_a_day_is_sealed_once_with_the_head_of_the_log(engine: Engine) -> None:
    own = signer(1)
    last = write(engine, 3)[-1]
    with engine.begin() as db:
        first = seal(db, "2026-11-18", 5, own)
    write(engine, 1)
    with engine.begin() as db:
        again = seal(db, "2026-11-18", 9, own)

    assert first is not None
    opened = open_envelope(first, {own.key_id: own.key.public_key()}, Checkpoint.PAYLOAD_TYPE)
    assert parse(Checkpoint, opened.payload) == Checkpoint(
        v=1, day="2026-11-18", seq=3, hash=last.hash, utc_ms=5
    )
    assert again == first


def test_an_empty_log_is_not_sealed(engine: Engine) -> None:
    with engine.begin() as db:
        assert seal(db, "2026-11-18", 5, signer(1)) is None
        assert head(db) is None


def test_the_database_refuses_a_second_line_with_a_number(engine: Engine) -> None:
    (line,) = write(engine, 1)
    table = tables.case_event

    with engine.connect() as db:
        row = db.execute(select(table)).mappings().one()
    with pytest.raises(IntegrityError), engine.begin() as db:
        db.execute(insert(table).values(dict(row)))
    assert line.seq == 1
