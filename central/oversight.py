"""Who looked at what and why, and who did what: for auditors, page by page and as a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, and_, func, select, true

from central import events, tables
from central.acting import ACT
from central.database import reading

PAGE = 50
MOST_LINES = 20_000
"""Of a file: more is asked for in parts."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that is given must hold. Times from inclusive to exclusive."""

    from_utc_ms: int
    until_utc_ms: int
    person: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A look or an act. `number` is the case's, `subject` what it was about, `reason` why."""

    seq: int
    utc_ms: int
    person: str
    what: str
    number: str | None
    subject: str
    reason: str


class Audit:
    """Every call is one consistent look, and blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def looks(self, wanted: Wanted, most: int = PAGE, skip: int = 0) -> Sequence[Line]:
        """Newest first."""
        table = tables.access_log
        with reading(self._engine) as db:
            where = _where(db, table, wanted, table.c.user_id) & _of_case(wanted)
            query = _newest(table, where).limit(most).offset(skip)
            return tuple(
                Line(
                    seq=row.seq,
                    utc_ms=row.utc_ms,
                    person=row.user_id or "",
                    what=row.action,
                    number=row.number,
                    subject=row.subject,
                    reason=row.reason,
                )
                for row in db.execute(query)
            )

    def acts(self, wanted: Wanted, most: int = PAGE, skip: int = 0) -> Sequence[Line]:
        """What was done to cases, by people, devices and clocks. Newest first."""
        table = tables.case_event
        with reading(self._engine) as db:
            where = _where(db, table, wanted, table.c.actor) & _of_case(wanted)
            query = _newest(table, where).limit(most).offset(skip)
            return tuple(
                _act(row.seq, row.utc_ms, row.actor, row.type, row.number, row.payload)
                for row in db.execute(query)
            )


def _act(seq: int, utc_ms: int, actor: str, kind: str, number: str | None, payload: str) -> Line:
    said = events.parse_payload(payload)
    what = said.get("action", ACT) if kind == ACT else kind
    reason = said.get("grounds") or said.get("reason") or said.get("note") or said.get("rule") or ""
    return Line(seq, utc_ms, actor, what, number, said.get("second", ""), reason)


def _newest(table: Table, where: ColumnElement[bool]) -> Select[Any]:
    """Lines with the number of their case, newest first."""
    case = tables.case
    joined = select(table, case.c.number).join(case, case.c.id == table.c.case_id, isouter=True)
    return joined.where(where).order_by(table.c.seq.desc())


def _of_case(wanted: Wanted) -> ColumnElement[bool]:
    return true() if wanted.number is None else tables.case.c.number == wanted.number


def _where(
    db: Connection, table: Table, wanted: Wanted, person: ColumnElement[str]
) -> ColumnElement[bool]:
    """Lines of the time, found by their numbers: neither table has an index on the time."""
    first = _first_at(db, table, wanted.from_utc_ms)
    last = _first_at(db, table, wanted.until_utc_ms)
    between = and_(table.c.seq >= first, table.c.seq < last)
    return between if wanted.person is None else and_(between, person == wanted.person)


def _first_at(db: Connection, table: Table, utc_ms: int) -> int:
    """The number of the first line at or after a time. Numbers and times rise together."""
    low, high = db.execute(select(func.min(table.c.seq), func.max(table.c.seq))).one()
    if low is None:
        return 0
    high += 1
    while low < high:
        middle = (low + high) // 2
        at = select(table.c.utc_ms).where(table.c.seq >= middle).order_by(table.c.seq).limit(1)
        found = db.scalar(at)
        if found is not None and found < utc_ms:
            low = middle + 1
        else:
            high = middle
    return int(low)
