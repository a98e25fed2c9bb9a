"""Numbers of documents: taken inside the approving transaction, gapless, never used twice.

One series for each code and year, counted under a row lock that is held until the commit: a
transaction that fails gives its number back, one that commits keeps it for ever. A number that was
issued and turned out spoilt stays in the register with the reason.

NumberError    the number cannot be spoilt
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from central import events
from central.counters import take
from central.document_tables import document_number
from central.documents.wording import local
from central.policy import Office

PAGE_ROWS = 100
_TABLE = document_number


class NumberError(Exception):
    """The number cannot be spoilt."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """For which document a number is taken."""

    kind: str
    series: str
    case_id: UUID
    utc_ms: int


@dataclass(frozen=True, slots=True)
class Registered:
    """One line of the register."""

    number: str
    kind: str
    case_id: UUID
    issued_utc_ms: int
    state: str
    reason: str


def allocate(db: Connection, office: Office, wanted: Wanted) -> str:
    """The next number of the series in the document's year, within the caller's transaction."""
    year = local(wanted.utc_ms).year
    serial = take(db, f"document-{wanted.series}-{year}")
    number = office.number.format(area=office.area, series=wanted.series, year=year, serial=serial)
    db.execute(
        insert(_TABLE).values(
            series=wanted.series,
            year=year,
            serial=serial,
            number=number,
            kind=wanted.kind,
            case_id=wanted.case_id,
            issued_utc_ms=wanted.utc_ms,
            state="issued",
            reason="",
        )
    )
    return number


def spoil(db: Connection, number: str, person: str, reason: str, utc_ms: int) -> None:
    """Mark an issued number as spoilt, and log it. Raises NumberError."""
    if not reason.strip():
        raise NumberError("a reason must be given")
    row = db.execute(select(_TABLE).where(_TABLE.c.number == number).with_for_update()).first()
    if row is None or row.state != "issued":
        raise NumberError(f"{number} is not an issued number")
    db.execute(
        update(_TABLE).where(_TABLE.c.number == number).values(state="spoilt", reason=reason)
    )
    payload = {"number": number, "kind": row.kind, "reason": reason}
    events.append(db, events.Event(utc_ms, person, "number-spoilt", row.case_id, payload))


def register(db: Connection, series: str, year: int, page: int = 1) -> Sequence[Registered]:
    """The register of one series and year in order, `PAGE_ROWS` at a time."""
    query = (
        select(_TABLE)
        .where(_TABLE.c.series == series, _TABLE.c.year == year)
        .order_by(_TABLE.c.serial)
        .limit(PAGE_ROWS)
        .offset((page - 1) * PAGE_ROWS)
    )
    return [
        Registered(row.number, row.kind, row.case_id, row.issued_utc_ms, row.state, row.reason)
        for row in db.execute(query)
    ]
