"""Where a case's account stands: read from the bill, the treasury's lines and the log."""

from collections.abc import Sequence
from datetime import date
from typing import Any
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


def bill_of(db: Connection, case_id: UUID) -> Row[tuple[Any, ...]] | None:
    return db.execute(select(bill).where(bill.c.case_id == case_id)).one_or_none()


def payments(db: Connection, case_id: UUID) -> Sequence[Row[tuple[Any, ...]]]:
    """The treasury's lines about the case's bill, in order of their day."""
    query = select(payment).join(bill, payment.c.bill_id == bill.c.id)
    mine = query.where(bill.c.case_id == case_id)
    return db.execute(mine.order_by(payment.c.day, payment.c.reference)).all()


def suspensions(done: Sequence[Logged]) -> list[Suspension]:
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
    return None if found is None else _last_day(found.last_day, acting.acts(db, case_id))


def account(db: Connection, case_id: UUID, today: date) -> Balance | None:
    """What is owed, paid and left on `today`; None before the bill."""
    found = bill_of(db, case_id)
    if found is None:
        return None
    done = acting.acts(db, case_id)
    paid = [
        Paid(date.fromisoformat(line.day), line.amount_fen)
        for line in payments(db, case_id)
        if line.direction == "in"
    ]
    return balance(
        found.amount_fen,
        _last_day(found.last_day, done),
        today,
        paid,
        suspensions(done),
    )


def nothing_to_refund(db: Connection, case_id: UUID) -> bool:
    """Whether nothing came in, or all of it went back."""
    lines = payments(db, case_id)
    came = sum(line.amount_fen for line in lines if line.direction == "in")
    return bool(came == sum(line.amount_fen for line in lines if line.direction == "out"))


def _last_day(first: str, done: Sequence[Logged]) -> date:
    deferred = [
        logged.detail[UNTIL]
        for logged in done
        if logged.act.action is Action.DEFER and UNTIL in logged.detail
    ]
    return max(date.fromisoformat(day) for day in (first, *deferred))
