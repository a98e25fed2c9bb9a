"""The one SQLite file of a device: opened safely, checked at start, set aside when damaged.

WAL with `synchronous=FULL`: what is committed survives a power cut. With NORMAL every
commit since the last checkpoint was lost in our power-cut trials, while the file stayed "ok".
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlite_utils
from sqlite_utils.migrations import Migrations

from edge import outbox_check
from edge.storage import DiskBroken, StorageFault, storage_faults
from edge.trace import point

SCHEMA = Path(__file__).with_name("outbox.sql")
STEPS = Migrations("firelane-outbox")
"""How the schema grew. Each step and the note that it was taken are one transaction; a step that
has shipped never changes: what comes later is a new one."""
PAGES = 65_536
"""At most 256 MiB, some hundred thousand records: a bug may not fill the disk with rows."""
_PRAGMAS = f"""
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 256;
PRAGMA journal_size_limit = 8388608;
PRAGMA busy_timeout = 5000;
PRAGMA foreign_keys = ON;
PRAGMA mmap_size = 0;
PRAGMA max_page_count = {PAGES};
"""


@STEPS(name="first")
def _first(database: sqlite_utils.Database) -> None:
    for statement in _statements(SCHEMA.read_text(encoding="utf-8")):
        database.execute(statement)


@STEPS(name="digests")
def _digests(database: sqlite_utils.Database) -> None:
    """What nobody signs carries a digest; what is there already is taken to be whole."""
    for table in ("taken", "stay", "snapshot", "notice"):
        rows = list(database.execute(f"SELECT * FROM {table}").fetchall())  # noqa: S608 - ours
        database.execute(f"ALTER TABLE {table} ADD COLUMN digest TEXT NOT NULL DEFAULT ''")
        database.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
        told = [(*row, outbox_check.digest(*row)) for row in rows]
        outbox_check.put_back(database.conn, {table: told} if told else {})


_KNOWN = frozenset({"first", "digests"})


def _statements(script: str) -> Iterator[str]:
    """One statement at a time: `executescript` would commit the step before it is whole."""
    lines: list[str] = []
    for line in script.splitlines():
        lines.append(line)
        if sqlite3.complete_statement("\n".join(lines)):
            yield "\n".join(lines)
            lines = []


class Database:
    """A connection that several threads share, one transaction at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def transaction(self, doing: str) -> Iterator[sqlite3.Connection]:
        """All or nothing, durable once the block has ended. Raises StorageFault, having undone it.

        After a failed sync nobody knows what the file holds, so the next one opens it afresh.
        """
        with self._lock:
            try:
                with storage_faults(doing):
                    connection = self._open()
                    connection.execute("BEGIN IMMEDIATE")
                    yield connection
                    point("before_commit", doing)
                    connection.execute("COMMIT")
                    point("committed", doing)
            except BaseException as error:
                self._undo(reopen=isinstance(error, DiskBroken))
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One look at the database by one thread. Raises StorageFault."""
        with self._lock, storage_faults("read the outbox"):
            yield self._open()

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _undo(self, *, reopen: bool) -> None:
        if self._connection is None:
            return
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        if reopen:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False, cached_statements=64
            )
            connection.row_factory = sqlite3.Row
            connection.executescript(_PRAGMAS)
            STEPS.apply(sqlite_utils.Database(connection))
            self._connection = connection
        return self._connection


def open_database(path: Path, utc_ms: int) -> tuple[Database, str]:
    """Open or create the database, and say what was wrong with it ('' if nothing).

    A damaged file is kept beside under a name with the time, for whoever wants to look, and a new
    one is begun: its records come back from their signed files, and what else can still be read is
    taken along. Raises StorageFault.
    """
    database = Database(path)
    fault = _check(database)
    if fault:
        rows = _salvaged(database)
        database.close()
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                with storage_faults("set the damaged outbox aside"):
                    part.rename(
                        path.with_name(f"{path.stem}.damaged-{utc_ms}{path.suffix}{suffix}")
                    )
        database = Database(path)
        with database.transaction("put back what could be read") as connection:
            outbox_check.put_back(connection, rows)
    return database, fault


def _salvaged(database: Database) -> outbox_check.Rows:
    with suppress(sqlite3.Error, StorageFault), database.reading() as connection:
        return outbox_check.salvage(connection)
    return {}


def _check(database: Database) -> str:
    try:
        with database.reading() as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            taken = [step.name for step in STEPS.applied(sqlite_utils.Database(connection))]
            unsigned = outbox_check.disagreement(connection) if found == "ok" else ""
    except (sqlite3.DatabaseError, ValueError, TypeError, KeyError) as error:
        return f"the outbox cannot be read: {error}"
    except StorageFault as error:
        if isinstance(error.__cause__, sqlite3.OperationalError):
            return f"the outbox cannot be read: {error.__cause__}"
        raise
    if found != "ok":
        return f"the outbox is damaged: {found}"
    unknown = sorted(set(taken) - _KNOWN)
    if unknown:
        return f"the outbox is of a newer program: it has taken the step {', '.join(unknown)}"
    return f"the outbox is damaged: {unsigned}" if unsigned else ""
