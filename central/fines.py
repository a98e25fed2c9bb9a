"""One act, one fine (行政处罚法 art. 29): fines for the same vehicle at an overlapping time.

Ours are cases with a decision that stands; others are told to us by the departments that made them.

FinesError
└── OtherContent    the department reported something else under this reference
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Engine, and_, or_, select, update

from central import tables
from central.case_moves import SINCE_DECISION
from central.cases import State
from central.database import add_if_new
from central.owner_tables import party
from central.sharing_tables import reported_fine

_CASE, _FINE = tables.case, reported_fine
OURS = "firelane"


class FinesError(Exception):
    """A reported fine is not taken."""


class OtherContent(FinesError):
    """The department reported something else under this reference."""


@dataclass(frozen=True, slots=True)
class Fine:
    """A fine that stands. `by` is the department; times are when the vehicle stood there."""

    by: str
    reference: str
    plate: str
    colour: str
    begin_utc_ms: int
    end_utc_ms: int
    place: str


def other_fines(
    db: Connection,
    plate: str,
    colour: str | None,
    begin_utc_ms: int,
    end_utc_ms: int,
    case_id: UUID | None = None,
) -> tuple[Fine, ...]:
    """Fines for the plate whose time overlaps, but those of the case itself.

    The colour is part of the key: a blue and a yellow plate of one text are two vehicles. Where it
    is not known, every colour counts.
    """
    return (
        *_ours(db, plate, colour, begin_utc_ms, end_utc_ms, case_id),
        *_reported(db, plate, colour, begin_utc_ms, end_utc_ms),
    )


def is_known_offender(db: Connection, case_id: UUID, id_number: str) -> bool:
    """Whether the vehicle or the person (by their ID number) was fined or spared in an earlier case
    that is still kept. Other stays of the same act are no earlier offence (central/returns.py)."""
    row = db.execute(select(_CASE).where(_CASE.c.id == case_id)).one()
    ruled = [*SINCE_DECISION, State.NO_PENALTY]
    same = [_CASE.c.plate.is_not(None), _CASE.c.plate == row.plate]
    if row.plate_colour is not None:
        same.append(_CASE.c.plate_colour == row.plate_colour)
    people = select(party.c.case_id).where(
        party.c.id_number == id_number,
        party.c.id_number != "",
        party.c.confirmed_utc_ms.is_not(None),
    )
    query = (
        select(_CASE.c.id)
        .where(_CASE.c.id != case_id, _CASE.c.state.in_(ruled))
        .where(_CASE.c.begin_utc_ms < row.begin_utc_ms)
        .where(or_(and_(*same), _CASE.c.id.in_(people)))
        .limit(1)
    )
    return db.scalar(query) is not None


def _ours(
    db: Connection, plate: str, colour: str | None, begin: int, end: int, but: UUID | None
) -> list[Fine]:
    lasts = _CASE.c.begin_utc_ms + _CASE.c.standing_ms
    wanted = (
        (_CASE.c.plate == plate)
        & _CASE.c.state.in_(SINCE_DECISION)
        & (_CASE.c.begin_utc_ms <= end)
        & (lasts >= begin)
    )
    if colour is not None:
        wanted &= _CASE.c.plate_colour == colour
    if but is not None:
        wanted &= _CASE.c.id != but
    rows = db.execute(select(_CASE).where(wanted).order_by(_CASE.c.number)).all()
    return [
        Fine(
            by=OURS,
            reference=row.number,
            plate=row.plate,
            colour=row.plate_colour,
            begin_utc_ms=row.begin_utc_ms,
            end_utc_ms=row.begin_utc_ms + row.standing_ms,
            place=row.site,
        )
        for row in rows
    ]


def _reported(db: Connection, plate: str, colour: str | None, begin: int, end: int) -> list[Fine]:
    wanted = (
        (_FINE.c.plate == plate)
        & _FINE.c.withdrawn_utc_ms.is_(None)
        & (_FINE.c.begin_utc_ms <= end)
        & (_FINE.c.end_utc_ms >= begin)
    )
    if colour is not None:
        wanted &= _FINE.c.colour == colour
    order = (_FINE.c.department, _FINE.c.reference)
    return [
        Fine(
            by=row.department,
            reference=row.reference,
            plate=row.plate,
            colour=row.colour,
            begin_utc_ms=row.begin_utc_ms,
            end_utc_ms=row.end_utc_ms,
            place=row.place,
        )
        for row in db.execute(select(_FINE).where(wanted).order_by(*order)).all()
    ]


class ReportedFines:
    """Fines that other departments tell us of. Every call blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def report(self, fine: Fine, utc_ms: int) -> bool:
        """Keep a fine; whether it is new. The same again changes nothing, and brings back one that
        was withdrawn. Raises OtherContent."""
        mine = (_FINE.c.department == fine.by) & (_FINE.c.reference == fine.reference)
        values = {
            "plate": fine.plate,
            "colour": fine.colour,
            "begin_utc_ms": fine.begin_utc_ms,
            "end_utc_ms": fine.end_utc_ms,
            "place": fine.place,
        }
        key = {"department": fine.by, "reference": fine.reference}
        with self._engine.begin() as db:
            if add_if_new(db, _FINE, {**key, **values, "reported_utc_ms": utc_ms}):
                return True
            row = db.execute(select(_FINE).where(mine)).mappings().one()
            if {name: row[name] for name in values} != values:
                raise OtherContent(
                    f"{fine.reference!r} was reported before with other content; "
                    "withdraw it and report under another reference"
                )
            db.execute(update(_FINE).where(mine).values(withdrawn_utc_ms=None))
            return False

    def withdraw(self, department: str, reference: str, utc_ms: int) -> bool:
        """Whether there was such a fine that stood."""
        mine = (_FINE.c.department == department) & (_FINE.c.reference == reference)
        stands = mine & _FINE.c.withdrawn_utc_ms.is_(None)
        with self._engine.begin() as db:
            gone = update(_FINE).where(stands).values(withdrawn_utc_ms=utc_ms)
            return db.execute(gone).rowcount == 1
