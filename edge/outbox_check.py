"""Whether the rows of an outbox agree with the bytes that were signed.

SQLite finds a damaged page only where its structure is hurt; a bit that flips within a value stays
unseen, and would send other bytes than were signed, or let an exhibit be removed that a record
rests on. What a row says is said once more by its own signed bytes, so each start compares the two.
What nobody signs (open stays, beginnings, exhibits taken, notices) carries a digest of its own.

Reads a connection; the caller has a transaction or the database to itself.
"""

import base64
import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress

from edge.wire.errors import WireError
from edge.wire.fields import Moment, parse
from edge.wire.records import Exhibit
from edge.wire.replies import Notice

Rows = dict[str, list[tuple[object, ...]]]
"""By table, whole rows in the order of the columns."""
DAMAGED = "damaged"
"""Stands for the digest of open stays that were found damaged: they are shown, and end broken."""


def digest(*values: object) -> str:
    """Of a row of what nobody signs: all its values but the digest, in the order of the columns."""
    return hashlib.sha256(repr(values).encode()).hexdigest()


def whole(row: sqlite3.Row) -> bool:
    """Whether a row that carries a digest is what was kept."""
    *values, told = tuple(row)
    return bool(told == digest(*values))


def disagreement(connection: sqlite3.Connection) -> str:
    """The first row that is not what was signed, or cannot be read; '' if there is none."""
    before: tuple[int, str] | None = None
    exhibits = _exhibits(connection)
    for row in connection.execute("SELECT * FROM record ORDER BY seq"):
        seq = row["seq"]
        fault = _row_fault(row, exhibits.pop(seq, {}), before)
        if fault:
            return f"record {seq}: {fault}"
        before = seq, row["record_sha256"]
    if exhibits:
        return f"exhibits of record {min(exhibits)}, which is not there"
    for table, good in _SIDE.items():
        for row in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608 - names of ours
            if not _is(good, row) or not (whole(row) or row["digest"] == DAMAGED):
                return f"a row of {table} is not what was kept"
    return ""


def salvage(connection: sqlite3.Connection) -> Rows:
    """The rows that no signed file can bring back and that are whole: open stays and notices, whose
    loss would end or misdate a stay. Damaged open stays come along, marked: each of them ends as
    broken. Anything else that is damaged is left behind; the server sends a notice again."""
    found: Rows = {}
    for table, good in _SIDE.items():
        with suppress(sqlite3.DatabaseError):
            for row in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608 - names of ours
                if _is(good, row) and (whole(row) or table == "snapshot"):
                    told = row["digest"] if whole(row) else DAMAGED
                    found.setdefault(table, []).append((*tuple(row)[:-1], told))
    return found


def put_back(connection: sqlite3.Connection, rows: Rows) -> None:
    """Salvaged rows into a new outbox."""
    for table, found in rows.items():
        marks = ", ".join("?" * len(found[0]))
        connection.executemany(
            f"INSERT OR IGNORE INTO {table} VALUES ({marks})",  # noqa: S608 - names of ours
            found,
        )


def _exhibits(connection: sqlite3.Connection) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for seq, sha256, size in connection.execute("SELECT seq, sha256, size FROM exhibit"):
        found.setdefault(seq, {})[sha256] = size
    return found


def _row_fault(row: sqlite3.Row, exhibits: dict[str, int], before: tuple[int, str] | None) -> str:
    if before is not None and row["seq"] != before[0] + 1:
        return f"follows record {before[0]}"
    if row["envelope"] is None:
        return "" if row["state"] == "pruned" else "its bytes are gone"
    if row["state"] == "receipted" and row["receipt"] is None:
        return "its receipt is gone"
    if hashlib.sha256(row["envelope"]).hexdigest() != row["envelope_sha256"]:
        return "its bytes are not those that were signed"
    payload = base64.b64decode(json.loads(row["envelope"])["payload"])
    signed = json.loads(payload)
    says = (
        hashlib.sha256(payload).hexdigest(),
        signed["seq"],
        signed["record_id"],
        signed["stay"]["id"],
        signed["kind"],
        signed["made"]["utc_ms"],
        {each["sha256"]: each["size"] for each in signed["exhibits"]},
    )
    columns = ("record_sha256", "seq", "record_id", "stay_id", "kind", "made_utc_ms")
    if says != (*(row[name] for name in columns), exhibits):
        return "the row does not say what was signed"
    if before is not None and signed["prev"] != before[1]:
        return "it does not follow the record before it"
    return ""


def _is(good: Callable[[sqlite3.Row], bool], row: sqlite3.Row) -> bool:
    with suppress(WireError, ValueError, TypeError):
        return good(row)
    return False


def _notice(row: sqlite3.Row) -> bool:
    notice = parse(Notice, row["body"])
    numbers = isinstance(row["mono_ns"], int) and row["done"] in (0, 1)
    return str(notice.notice_id) == row["notice_id"] and numbers


_SIDE: dict[str, Callable[[sqlite3.Row], bool]] = {
    "taken": lambda row: Exhibit.model_validate_json(row["body"]).sha256 == row["sha256"],
    "stay": lambda row: bool(Moment.model_validate_json(row["begin"])),
    "snapshot": lambda row: isinstance(row["body"], bytes),
    "notice": _notice,
}
