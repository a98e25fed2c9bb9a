"""Opening the database: SQLite for one process, PostgreSQL by URL for many.

Every commit is on the disk when it returns. SQLite runs with WAL and synchronous=FULL; with NORMAL
every acknowledged commit since the last checkpoint is lost at a power cut, while `integrity_check`
says ok. Writing transactions begin IMMEDIATE, so that two writers wait instead of failing.

DatabaseFault
├── BadUrl        the address names no database that we support
└── WrongVersion  the tables are newer than this program
"""

import errno
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_S = 30
_MIGRATIONS = Path(__file__).parent / "migrations"
_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}


class DatabaseFault(Exception):
    """The database cannot be used as it is configured."""


class BadUrl(DatabaseFault):
    """The address names no database that we support."""


class WrongVersion(DatabaseFault):
    """The tables were made by a newer program."""


def parse_url(address: str) -> URL:
    """`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`. Raises BadUrl."""
    try:
        url = make_url(address)
        driver = _DRIVERS[url.get_backend_name()]
    except (ArgumentError, KeyError):
        raise BadUrl(
            f"database must be sqlite:///FILE or postgresql://USER@HOST/NAME, "
            f"got {address.rsplit('@', maxsplit=1)[-1]!r}"
        ) from None
    if driver == _DRIVERS["sqlite"] and url.database in (None, "", ":memory:"):
        raise BadUrl("an SQLite database must be a file: sqlite:///FILE")
    return url.set(drivername=driver)


def connect(address: str) -> Engine:
    """A pool of connections. Makes the folder of an SQLite file. Raises BadUrl."""
    url = parse_url(address)
    if url.get_backend_name() == "postgresql":
        return create_engine(url, pool_size=8, max_overflow=8, pool_pre_ping=True)
    Path(str(url.database)).absolute().parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=16,
        max_overflow=16,
        connect_args={"timeout": BUSY_S, "isolation_level": None},
    )
    flushes = _Flushes(Path(str(url.database)))
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "handle_error", flushes.failed)
    event.listen(engine, "begin", flushes.mend)
    event.listen(engine, "begin", _begin)
    return engine


class _Flushes:
    """What is to be done after a flush of SQLite's log has failed.

    Linux takes the pages for clean then, whether or not they reached the disk, and among them are
    commits that waited for a later flush. What is committed behind them would rest on a hole, which
    shows at the next power cut. So before anything more is written, all of the log, as it still is
    in memory, goes into the database file, and the log is begun anew.
    """

    def __init__(self, path: Path) -> None:
        self._log = path.with_name(f"{path.name}-wal")
        self._doubted = False

    def failed(self, context: ExceptionContext) -> None:
        code = getattr(context.original_exception, "sqlite_errorcode", 0)
        self._doubted = self._doubted or code & 0xFF == sqlite3.SQLITE_IOERR

    def mend(self, connection: Connection) -> None:
        """Raises OSError while readers hold the log, to be tried again."""
        if not self._doubted or connection.get_execution_options().get("reading", False):
            return
        busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        if busy:
            raise OSError(errno.EBUSY, "a flush failed, and the log is in use", str(self._log))
        handle = os.open(self._log, os.O_RDWR)
        try:
            os.fsync(handle)  # else the old log might come back, and with it older pages
        finally:
            os.close(handle)
        self._doubted = False


def _prepare(raw: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "journal_size_limit=67108864",
    ):
        raw.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    # Without a flush a commit may be lost at a power cut, with all that came before it intact; the
    # next flushed commit takes it along. It can only be said outside of a transaction.
    level = "NORMAL" if options.get("relaxed", False) else "FULL"
    connection.exec_driver_sql(f"PRAGMA synchronous={level}")
    connection.exec_driver_sql(
        "BEGIN DEFERRED" if options.get("reading", False) else "BEGIN IMMEDIATE"
    )


@contextmanager
def relaxed(engine: Engine) -> Iterator[Connection]:
    """A writing transaction that a power cut may undo: for what is only remembered to save work."""
    with engine.connect() as connection:
        prepared = connection.execution_options(relaxed=True)
        with prepared.begin():
            if _is_postgres(engine):
                prepared.execute(text("SET LOCAL synchronous_commit = off"))
            yield prepared


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent look at the database; never waits for a writer on SQLite."""
    with engine.connect() as connection:
        options = {"isolation_level": "REPEATABLE READ"} if _is_postgres(engine) else {}
        prepared = connection.execution_options(reading=True, **options)
        with prepared.begin():
            yield prepared


def migrate(engine: Engine) -> None:
    """Bring the tables up to this program. Raises WrongVersion where they are ahead of it."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with engine.begin() as connection:
        if _is_postgres(engine):  # SQLite's writers wait for one another anyway
            connection.execute(text("SELECT pg_advisory_xact_lock(7346625)"))
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in known:
            raise WrongVersion(
                f"the database is at version {current}, which this program does not know; "
                "install the newer program again"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _is_postgres(engine: Engine) -> bool:
    return engine.dialect.name == "postgresql"


def add_if_new(db: Connection, table: Table, values: Mapping[str, object]) -> bool:
    """Insert a row unless one of its unique keys is taken; whether it was inserted."""
    make = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    added = make(table).values(values).on_conflict_do_nothing()
    return db.execute(added.returning(*table.primary_key.columns)).first() is not None
