"""Opening the database and bringing it up to date."""

from pathlib import Path
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from central.database import BadUrl, WrongVersion, connect, migrate, parse_url, reading, relaxed
from central.schema import metadata


def test_the_migrations_make_the_tables_of_the_program(engine: Engine) -> None:
    with engine.connect() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    migrate(engine)


def test_workers_that_start_together_migrate_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/central.db"
    faults: list[Exception] = []

    def work() -> None:
        try:
            migrate(connect(url))
        except Exception as fault:
            faults.append(fault)

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    assert faults == []


def test_a_database_of_a_newer_program_is_not_touched(engine: Engine) -> None:
    with engine.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(WrongVersion, match="9999"):
        migrate(engine)


def test_sqlite_flushes_every_commit(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/new/central.db")

    with engine.connect() as db:
        told = [
            db.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert told == ["wal", 2, 1]


def test_a_relaxed_commit_is_followed_by_flushed_ones(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/central.db")
    levels = []

    for opened in (relaxed(engine), engine.begin(), relaxed(engine), engine.begin()):
        with opened as db:
            levels.append(db.exec_driver_sql("PRAGMA synchronous").scalar())

    assert levels == [1, 2, 1, 2]


def test_a_relaxed_commit_is_seen_by_all(engine: Engine) -> None:
    with relaxed(engine) as db:
        db.execute(text("INSERT INTO counter VALUES ('x', 1)"))

    with reading(engine) as db:
        assert db.execute(text("SELECT value FROM counter")).scalar() == 1


def test_a_reader_does_not_wait_for_a_writer(engine: Engine) -> None:
    with engine.begin() as writer:
        writer.execute(text("INSERT INTO counter VALUES ('x', 1)"))
        with reading(engine) as reader:
            assert reader.execute(text("SELECT count(*) FROM counter")).scalar() == 0


@pytest.mark.parametrize("url", ["", "x", "mysql://h/d", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_is_no_database_is_refused(url: str) -> None:
    with pytest.raises(BadUrl, match="database must be"):
        parse_url(url)
