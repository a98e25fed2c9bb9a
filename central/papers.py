"""Papers that reached somebody: the notice, the decision, the demand.

That a decision was served is an act of the case table. That the notice or the demand came in is
none, and yet time limits begin with it: such a receipt is a line of the log of its own, one for a
document. The owner's page writes one too when a document is opened there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, select

from central import acting, events, tables
from central.document_tables import document
from central.documents.facts import DECISIONS, DEMAND, NOTICE
from central.documents.wording import local
from central.owner.papers import OPENED

RECEIVED = "paper-received"
ELECTRONIC = "电子送达"
"""The way of service that needs the party's consent (行政处罚法 art. 61)."""
PAPERS = frozenset({NOTICE, DEMAND, *DECISIONS})


class PaperError(Exception):
    """The receipt is not taken."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a document came in: `day` in China, `way` as service knows it."""

    sha256: str
    kind: str
    way: str
    day: date


def note_received(
    db: Connection, case_id: UUID, kind: str, receipt: tuple[str, date], person: str, utc_ms: int
) -> bool:
    """Write down that the newest document of the kind came in, by which way on which day.

    Within the caller's transaction; once a document: False where it is in the log already. Raises
    PaperError where no such document was issued, or the day cannot be.
    """
    way, day = receipt
    acting.lock(db, case_id)
    query = (
        select(document.c.sha256, document.c.issued_utc_ms)
        .where(document.c.case_id == case_id, document.c.kind == kind)
        .order_by(document.c.issued_utc_ms.desc())
    )
    row = db.execute(query.limit(1)).first()
    if row is None or kind not in PAPERS:
        raise PaperError(f"本案没有出具过《{kind}》")
    issued, today = _day(row.issued_utc_ms), _day(utc_ms)
    if not issued <= day <= today:
        raise PaperError(f"收到日期应当在 {issued} 至 {today} 之间，填写的是 {day}")
    if row.sha256 in received(db, case_id):
        return False
    payload = {"document": row.sha256, "kind": kind, "way": way, "day": day.isoformat()}
    events.append(db, events.Event(utc_ms, person, RECEIVED, case_id, payload))
    acting.forget_due(db, case_id)
    return True


def received(db: Connection, case_id: UUID) -> Mapping[str, Receipt]:
    """What came in, by the document's hash: as it was noted, or as the party opened it on the page
    while a consent to electronic service was in force."""
    event = tables.case_event
    query = select(event.c.type, event.c.utc_ms, event.c.payload).where(
        event.c.case_id == case_id, event.c.type.in_((RECEIVED, OPENED))
    )
    found: dict[str, Receipt] = {}
    for row in db.execute(query.order_by(event.c.seq)):
        line = events.parse_payload(row.payload)
        if row.type == RECEIVED:
            receipt = Receipt(
                line["document"], line["kind"], line["way"], date.fromisoformat(line["day"])
            )
        elif line["consent"]:
            receipt = Receipt(line["document"], line["kind"], ELECTRONIC, _day(row.utc_ms))
        else:
            continue
        found.setdefault(receipt.sha256, receipt)
    return found


def _day(utc_ms: int) -> date:
    return local(utc_ms).date()


@dataclass(frozen=True, slots=True)
class Paper:
    """An issued document as the case page lists it. `receipt` where it came in."""

    sha256: str
    kind: str
    number: str | None
    issued_utc_ms: int
    receipt: Receipt | None
    awaited: bool


def listed(db: Connection, case_id: UUID) -> list[Paper]:
    """The documents of a case, oldest first; `awaited`: a time limit waits for its receipt."""
    came = received(db, case_id)
    query = select(
        document.c.sha256, document.c.kind, document.c.number, document.c.issued_utc_ms
    ).where(document.c.case_id == case_id)
    rows = db.execute(query.order_by(document.c.issued_utc_ms, document.c.sha256)).all()
    newest = {row.kind: row.sha256 for row in rows}
    return [
        Paper(
            row.sha256,
            row.kind,
            row.number,
            row.issued_utc_ms,
            came.get(row.sha256),
            awaited=row.kind in (NOTICE, DEMAND)
            and newest[row.kind] == row.sha256
            and row.sha256 not in came,
        )
        for row in rows
    ]
