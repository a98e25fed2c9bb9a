"""What bars a case from a penalty whatever anybody proves: rules that nobody here put in force, and
rules or lanes that were found wrong.

`found_wrong` is written by a head or a legal reviewer; `Doubts.run` lists every case that rests on
it, those that come later too, until a person has settled each.

DoubtError
├── KnownWrong     it was found wrong before
├── NothingSuch    no record rests on it
└── NotListed      the case is not on the list, or was settled before
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Engine, Integer, Row, and_, func, insert, select, update

from central import acting, events, tables
from central.database import reading
from central.office_tables import found_wrong, wrong_case

FOUND, LISTED, SETTLED = "found-wrong", "listed-for-recheck", "recheck-settled"
ACTOR = "recheck"
REASON_CHARS = (4, 500)
_MOST_A_ROUND = 500
_CASE, _RECORD = tables.case, tables.record


class DoubtError(Exception):
    """What is not written down."""


class KnownWrong(DoubtError):
    """It was found wrong before."""


class NothingSuch(DoubtError):
    """No record rests on it."""


class NotListed(DoubtError):
    """The case is not on the list, or was settled before."""


class Kind(StrEnum):
    POLICY = "policy"
    LANE = "lane"


class Outcome(StrEnum):
    """What looking at a case again came to. What follows for it is an act of the case table."""

    STANDS = "stands"
    REVOKE = "revoke"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A pack or a version of a lane that was found wrong, and how many cases wait or are done."""

    id: UUID
    kind: Kind
    value: str
    reason: str
    by: str
    utc_ms: int
    waiting: int
    settled: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A case on the list; `settled_utc_ms` None while somebody has to look at it."""

    wrong_id: UUID
    case_id: UUID
    number: str
    state: str
    site: str
    listed_utc_ms: int
    settled_utc_ms: int | None
    settled_by: str | None
    outcome: str | None
    note: str | None


class Doubts:
    """Every call blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, kind: Kind, value: str, by: str, reason: str, utc_ms: int) -> None:
        """A pack or lane is wrong. Its cases are listed at once. Raises KnownWrong, NothingSuch."""
        column = _column(kind)
        with self._engine.begin() as db:
            same = and_(found_wrong.c.kind == kind.value, found_wrong.c.value == value)
            if db.execute(select(found_wrong.c.id).where(same)).first() is not None:
                raise KnownWrong(f"this {kind} was found wrong before")
            if db.execute(select(_RECORD.c.record_id).where(column == value)).first() is None:
                raise NothingSuch(f"no record rests on this {kind}")
            row = {"kind": kind.value, "value": value, "reason": reason, "by": by}
            db.execute(insert(found_wrong).values(id=uuid4(), utc_ms=utc_ms, **row))
            told = {"kind": kind.value, "value": value, "reason": reason}
            events.append(db, events.Event(utc_ms, by, FOUND, None, told))
        self.run(utc_ms)

    def run(self, utc_ms: int) -> int:
        """List the cases that rest on what was found wrong and are not listed yet; how many."""
        with reading(self._engine) as db:
            rows = db.execute(select(found_wrong)).all()
        return sum(self._list(row, utc_ms) for row in rows)

    def _list(self, wrong: Row[tuple[object, ...]], utc_ms: int) -> int:
        column = _column(Kind(wrong.kind))
        listed = select(wrong_case.c.case_id).where(wrong_case.c.wrong_id == wrong.id)
        query = (
            select(_RECORD.c.case_id)
            .where(column == wrong.value, _RECORD.c.case_id.is_not(None))
            .where(_RECORD.c.case_id.not_in(listed))
            .distinct()
        )
        done = 0
        while True:
            with self._engine.begin() as db:
                cases = db.scalars(query.limit(_MOST_A_ROUND)).all()
                for case_id in cases:
                    row = {"wrong_id": wrong.id, "case_id": case_id, "listed_utc_ms": utc_ms}
                    db.execute(insert(wrong_case).values(row))
                    told = {"kind": wrong.kind, "value": wrong.value}
                    events.append(db, events.Event(utc_ms, ACTOR, LISTED, case_id, told))
            done += len(cases)
            if len(cases) < _MOST_A_ROUND:
                return done

    def settle(
        self, wrong_id: UUID, case_id: UUID, by: str, outcome: Outcome, note: str, utc_ms: int
    ) -> None:
        """A person looked at the case again. One case at a time. Raises NotListed."""
        mine = and_(wrong_case.c.wrong_id == wrong_id, wrong_case.c.case_id == case_id)
        values = {"settled_utc_ms": utc_ms, "settled_by": by, "outcome": outcome.value}
        with self._engine.begin() as db:
            acting.lock(db, case_id)
            change = update(wrong_case).where(mine, wrong_case.c.settled_utc_ms.is_(None))
            if db.execute(change.values(note=note, **values)).rowcount == 0:
                raise NotListed("the case is not on the list, or was settled before")
            told = {"wrong": str(wrong_id), "outcome": outcome.value, "note": note}
            events.append(db, events.Event(utc_ms, by, SETTLED, case_id, told))

    def all(self) -> Sequence[Wrong]:
        """What was found wrong, newest first."""
        waiting = func.sum(wrong_case.c.settled_utc_ms.is_(None).cast(Integer))
        query = (
            select(found_wrong, func.count(wrong_case.c.case_id), func.coalesce(waiting, 0))
            .join(wrong_case, wrong_case.c.wrong_id == found_wrong.c.id, isouter=True)
            .group_by(*found_wrong.columns)
            .order_by(found_wrong.c.utc_ms.desc())
        )
        with reading(self._engine) as db:
            return tuple(
                Wrong(
                    id=row.id,
                    kind=Kind(row.kind),
                    value=row.value,
                    reason=row.reason,
                    by=row.by,
                    utc_ms=row.utc_ms,
                    waiting=int(row[-1]) if row[-2] else 0,
                    settled=int(row[-2]) - int(row[-1]) if row[-2] else 0,
                )
                for row in db.execute(query)
            )

    def listed(self, most: int = 200) -> Sequence[Listed]:
        """Cases on the list: those that wait first, the oldest of them first."""
        query = (
            select(wrong_case, _CASE.c.number, _CASE.c.state, _CASE.c.site)
            .join(_CASE, _CASE.c.id == wrong_case.c.case_id)
            .order_by(
                wrong_case.c.settled_utc_ms.is_not(None), wrong_case.c.listed_utc_ms, _CASE.c.number
            )
            .limit(most)
        )
        with reading(self._engine) as db:
            return tuple(_listed(row) for row in db.execute(query))

    def under_unknown_packs(self, most: int = 200) -> Sequence[tuple[UUID, str, str, str]]:
        """Cases whose pack was never put in force here: id, number, state, pack. Newest first."""
        known = select(tables.policy.c.sha256)
        query = (
            select(_CASE.c.id, _CASE.c.number, _CASE.c.state, _CASE.c.policy_sha256)
            .where(_CASE.c.policy_sha256.not_in(known))
            .order_by(_CASE.c.opened_utc_ms.desc())
            .limit(most)
        )
        with reading(self._engine) as db:
            return [(row[0], row[1], row[2], row[3]) for row in db.execute(query)]


def _column(kind: Kind) -> ColumnElement[str]:
    return _RECORD.c.policy_sha256 if kind is Kind.POLICY else _RECORD.c.lane_version


def _listed(row: Row[tuple[object, ...]]) -> Listed:
    return Listed(
        wrong_id=row.wrong_id,
        case_id=row.case_id,
        number=row.number,
        state=row.state,
        site=row.site,
        listed_utc_ms=row.listed_utc_ms,
        settled_utc_ms=row.settled_utc_ms,
        settled_by=row.settled_by,
        outcome=row.outcome,
        note=row.note,
    )
