"""Time stamps of an independent authority over the log's checkpoints; it is OpenSSL's own here."""

from collections.abc import Iterator
from pathlib import Path
from subprocess import CalledProcessError

import pytest
from sqlalchemy import Engine, select

from central import events, tables
from central.events import Event
from central.stamps import Authority, NoStamp, stamp_all
from tests.device import signer
from tests.tsa import Tsa, authority, openssl


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tsa]:
    with authority(tmp_path_factory.mktemp("tsa")) as tsa:
        yield tsa


@pytest.fixture
def tsa(running: Tsa) -> Tsa:
    running.answer, running.status = None, 200
    running.asked.clear()
    return running


@pytest.fixture
def asked(tsa: Tsa) -> Authority:
    return Authority.of(tsa.url, tsa.roots, 10)


def sealed(engine: Engine, *days: str) -> None:
    with engine.begin() as db:
        events.append(db, Event(1, "gate-1", "arrival", None, {}))
        for day in days:
            events.seal(db, day, 5, signer(1))


def stamps(engine: Engine) -> dict[str, bytes | None]:
    table = tables.checkpoint
    with engine.connect() as db:
        return {row.day: row.time_stamp for row in db.execute(select(table))}


def test_openssl_itself_verifies_the_stamp_of_a_checkpoint(
    engine: Engine, tsa: Tsa, asked: Authority, tmp_path: Path
) -> None:
    sealed(engine, "2026-11-18")

    assert stamp_all(engine, asked.stamp) == 1

    with engine.connect() as db:
        row = db.execute(select(tables.checkpoint)).one()
    (tmp_path / "checkpoint.dsse").write_bytes(row.envelope)
    (tmp_path / "timestamp.tsr").write_bytes(row.time_stamp)
    words = ("ts", "-verify", "-data", "checkpoint.dsse", "-in", "timestamp.tsr", "-CAfile")
    assert "Verification: OK" in openssl(tmp_path, *words, str(tsa.roots))
    (tmp_path / "checkpoint.dsse").write_bytes(row.envelope + b" ")
    with pytest.raises(CalledProcessError):
        openssl(tmp_path, *words, str(tsa.roots))


def test_only_a_hash_leaves_the_house(engine: Engine, tsa: Tsa, asked: Authority) -> None:
    sealed(engine, "2026-11-18")

    stamp_all(engine, asked.stamp)

    assert [len(query) < 150 for query in tsa.asked] == [True]


def test_a_day_is_stamped_once_and_what_was_missed_is_made_up_for(
    engine: Engine, tsa: Tsa, asked: Authority
) -> None:
    sealed(engine, "2026-11-17", "2026-11-18")
    tsa.status = 503
    with pytest.raises(NoStamp, match="answered 503"):
        stamp_all(engine, asked.stamp)
    tsa.status = 200

    assert stamp_all(engine, asked.stamp) == 2
    first = stamps(engine)
    assert stamp_all(engine, asked.stamp) == 0

    assert None not in first.values()
    assert stamps(engine) == first


def test_a_stamp_of_another_authority_is_not_kept(engine: Engine, tsa: Tsa, tmp_path: Path) -> None:
    sealed(engine, "2026-11-18")
    with authority(tmp_path / "other") as other:
        asked = Authority.of(tsa.url, other.roots, 10)

        with pytest.raises(NoStamp, match="not good"):
            stamp_all(engine, asked.stamp)

    assert stamps(engine) == {"2026-11-18": None}


def test_a_stamp_of_other_bytes_or_of_another_request_is_not_kept(
    tsa: Tsa, asked: Authority
) -> None:
    other = asked.stamp(b"other bytes")
    same = asked.stamp(b"these bytes")

    asked.check(same, b"these bytes")
    with pytest.raises(NoStamp, match="not good"):
        asked.check(other, b"these bytes")
    tsa.answer = same  # an old answer, played again: its nonce is not ours
    with pytest.raises(NoStamp, match="not good"):
        asked.stamp(b"these bytes")


@pytest.mark.parametrize("answer", [b"", b"<html>busy</html>", bytes(300_000)])
def test_what_is_no_time_stamp_is_refused(tsa: Tsa, asked: Authority, answer: bytes) -> None:
    tsa.answer = answer

    with pytest.raises(NoStamp):
        asked.stamp(b"these bytes")


def test_an_authority_that_is_away_is_told_as_such(tmp_path: Path, tsa: Tsa) -> None:
    with authority(tmp_path / "gone") as gone:
        pass

    with pytest.raises(NoStamp, match="not reached: ConnectError"):
        Authority.of(gone.url, tsa.roots, 10).stamp(b"these bytes")
