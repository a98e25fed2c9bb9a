"""Bills: asked from the payment channel once a decision is served, and what channels report.

A channel's report that somebody paid is kept and shown, and pays nothing: only the treasury's
statement does (central/treasury.py).
"""

import logging
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, insert, select, update

from central import acting, balances, documents, tables
from central.billing_tables import bill, payment_report
from central.calendar import LegalCalendar, local_date
from central.case_moves import RULES
from central.cases import Act, Action, Guard, Role, State
from central.counters import take
from central.database import add_if_new
from central.documents import facts
from central.documents.wording import CHINA
from central.turns import Turn
from edge.wire.errors import WireError

ACTOR = "billing"
_MOST_A_ROUND = 100
log = logging.getLogger("central.billing")


@dataclass(frozen=True, slots=True)
class Report:
    """A channel's word that a bill was paid; its signature was checked."""

    channel: str
    transaction: str
    bill_id: UUID
    amount_fen: int
    paid_utc_ms: int


class Billing:
    """What is billed, and what channels say of it. Every call blocks."""

    def __init__(self, engine: Engine, calendar: LegalCalendar) -> None:
        self._engine = engine
        self._calendar = calendar
        self._turn = Turn(_MOST_A_ROUND)

    def open_bills(self, utc_ms: int) -> list[UUID]:
        """A bill for every case whose decision was served since; their ids."""
        query = (
            select(tables.case.c.id)
            .outerjoin(bill, bill.c.case_id == tables.case.c.id)
            .where(tables.case.c.state == State.SERVED.value, bill.c.id.is_(None))
        )
        with self._engine.connect() as db:
            waiting = [row.id for row in self._turn.take(db, query)]
        made = []
        for case_id in waiting:
            try:
                with self._engine.begin() as db:
                    if (bill_id := self._open(db, case_id, utc_ms)) is not None:
                        made.append(bill_id)
            except WireError as fault:
                log.error(
                    "case %s is not billed: what is kept of it is damaged: %s", case_id, fault
                )
        return made

    def _open(self, db: Connection, case_id: UUID, utc_ms: int) -> UUID | None:
        acting.lock(db, case_id)
        if balances.bill_of(db, case_id) is not None:
            return None
        served = [one.utc_ms for one in acting.acts(db, case_id)
                  if one.act.action is Action.PROVE_SERVICE]  # fmt: skip
        policy = facts.read(db, case_id, utc_ms).rules.case
        assert policy is not None, "a decision is made under a pack"
        last = self._calendar.after(local_date(served[-1], CHINA), policy.limit("pay-fine")).last
        bill_id = uuid4()
        year = local_date(utc_ms, CHINA).year
        db.execute(
            insert(bill).values(
                id=bill_id,
                case_id=case_id,
                serial=f"{year}{take(db, f'bill-{year}'):08d}",
                amount_fen=decided_fen(db, case_id),
                last_day=last.isoformat(),
                made_utc_ms=utc_ms,
                state="asked",
            )
        )
        return bill_id

    def confirm(self, db: Connection, bill_id: UUID, code: str, pay_url: str, utc_ms: int) -> None:
        """The channel gave the payment code: the notice goes out, and the case is payable. Within
        the caller's transaction; once."""
        row = db.execute(select(bill).where(bill.c.id == bill_id)).one()
        acting.lock(db, row.case_id)
        done = db.execute(
            update(bill)
            .where(bill.c.id == bill_id, bill.c.state == "asked")
            .values(state="issued", code=code, pay_url=pay_url)
        )
        if done.rowcount == 0 or Action.BILL not in RULES.open_to(
            acting.standing(db, row.case_id), Role.SYSTEM
        ):
            return
        do_with_document(db, row.case_id, Act(Action.BILL, Role.SYSTEM, ACTOR), frozenset(), utc_ms)

    def report(self, told: Report, utc_ms: int) -> bool:
        """Keep a channel's report; False where the bill is not ours. The same again is counted."""
        with self._engine.begin() as db:
            if db.scalar(select(bill.c.id).where(bill.c.id == told.bill_id)) is None:
                return False
            values = {
                "channel": told.channel,
                "transaction": told.transaction,
                "bill_id": told.bill_id,
                "amount_fen": told.amount_fen,
                "paid_utc_ms": told.paid_utc_ms,
                "came_utc_ms": utc_ms,
                "times": 1,
            }
            if not add_if_new(db, payment_report, values):
                same = (payment_report.c.channel == told.channel) & (
                    payment_report.c.transaction == told.transaction
                )
                again = update(payment_report).where(same)
                db.execute(again.values(times=payment_report.c.times + 1))
        return True


def decided_fen(db: Connection, case_id: UUID) -> int:
    """The amount that the decision prints."""
    decision = [one for one in facts.issued(db, case_id) if one.kind in facts.DECISIONS][-1]
    return int(str(decision.content.values["amount"]).replace(".", ""))


def do_with_document(
    db: Connection,
    case_id: UUID,
    act: Act,
    proven: frozenset[Guard],
    utc_ms: int,
    **extra: str,
) -> None:
    """The act with the document that it makes."""
    kinds = [move.document for move in RULES.moves_of(acting.standing(db, case_id), act.action)]
    detail = {name: value for name, value in extra.items() if name == "references"}
    for kind in kinds:
        if kind in documents.KINDS:
            made = documents.issue(db, case_id, kind, utc_ms, {"person": act.person, **extra})
            detail |= {"document": made.sha256, "number": made.number or ""}
    acting.do(db, case_id, act, proven, utc_ms, detail)
