"""Where a case's account stands: read from the bill, the treasury's lines and the log."""

from datetime import date
from uuid import UUID

from sqlalchemy import Connection, Row, select

from central import acting
from central.acting import Logged
from central.billing_tables import bill, payment
from central.calendar import local_date
from central.cases import Action
from central.documents.wording import CHINA
from central.money import Balance, Paid, Suspension, balance

_BEGIN = frozenset({Action.FILE_RECONSIDERATION, Action.FILE_SUIT})
_END = frozenset({Action.DECIDE_RECONSIDERATION, Action.DECIDE_SUIT, Action.WITHDRAW_REMEDY})
UNTIL = "until_day"
"""In the detail of a deferral: until which day, YYYY-MM-DD."""


def bill_of(db: Connection, case_id: UUID) -> Row[tuple[object, ...]] | None:
    return db.execute(select(bill).where(bill.c.case_id == case_id)).one_or_none()


def suspensions(done: list[Logged]) -> list[Suspension]:
    """Days of reconsideration and litigation, from the log (行政处罚法 art. 73)."""
    found: list[Suspension] = []
    for logged in done:
        day = local_date(logged.utc_ms, CHINA)
        if logged.act.action in _BEGIN:
            found.append(Suspension(day, None))
        elif logged.act.action in _END and found and found[-1].last is None:
            found[-1] = Suspension(found[-1].first, day)
    return found


def last_day(db: Connection, case_id: UUID) -> date | None:
    """The last day to pay in time, a deferral counted; None before the bill."""
    found = bill_of(db, case_id)
    return None if found is None else _last_day(str(found.last_day), acting.acts(db, case_id))


def account(db: Connection, case_id: UUID, today: date) -> Balance | None:
    """What is owed, paid and left on `today`; None before the bill."""
    found = bill_of(db, case_id)
    if found is None:
        return None
    done = acting.acts(db, case_id)
    lines = db.execute(select(payment).where(payment.c.bill_id == found.id)).all()
    paid = [Paid(date.fromisoformat(row.day), row.amount_fen) for row in lines
            if row.direction == "in"]  # fmt: skip
    return balance(
        int(str(found.amount_fen)),
        _last_day(str(found.last_day), done),
        today,
        paid,
        suspensions(done),
    )


def _last_day(first: str, done: list[Logged]) -> date:
    deferred = [
        logged.detail[UNTIL]
        for logged in done
        if logged.act.action is Action.DEFER and UNTIL in logged.detail
    ]
    return max(date.fromisoformat(day) for day in (first, *deferred))
