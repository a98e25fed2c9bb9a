"""The treasury's statements: what came in, what went back, and what that makes of a case.

Only a line of the treasury's or bank's statement pays (行政处罚法 arts. 67, 74). What the lines
make of a case is worked out anew each time, so that a crash between two steps, or the same file
once more, changes nothing.

TreasuryError
├── StatementTaken    a statement holds a line that is known with other content
└── NoMatch           the line cannot be matched by hand
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from central import acting, balances, events, tables
from central.billing import ACTOR, do_with_document
from central.billing_tables import bill, payment, refund, statement_file
from central.calendar import local_date
from central.case_moves import RULES
from central.cases import Act, Action, Case, Guard, Role, State
from central.database import add_if_new
from central.documents.content import Incomplete
from central.documents.wording import CHINA
from central.money import yuan
from central.statements import Line
from edge.wire.errors import WireError

UNDOES = frozenset({Action.REVOKE, Action.MAKE_VOID})
"""What was paid for a decision after these goes back, also when the case was refunded or closed
since: the code of the bill can be paid as long as somebody has it."""

log = logging.getLogger("central.treasury")


class TreasuryError(Exception):
    """The books are not changed."""


class StatementTaken(TreasuryError):
    """A statement holds a line that is known with other content."""


class NoMatch(TreasuryError):
    """The line cannot be matched by hand."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought: lines that are new, those known before, those without a bill, and
    numbers of cases that are booked but in which nothing could be done, since what is kept of them
    is damaged or incomplete."""

    sha256: str
    new: int
    known: int
    unmatched: int
    unsettled: Sequence[str] = ()


class Treasury:
    """The books. Every call blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def import_statement(
        self, name: str, raw: bytes, lines: Sequence[Line], person: str, utc_ms: int
    ) -> Imported:
        """Book a statement and do what follows for each case. The same file, or lines that another
        file brought before, change nothing.

        Raises StatementTaken where a reference is known with other content.
        """
        sha256 = hashlib.sha256(raw).hexdigest()
        with self._engine.begin() as db:
            kept = {
                "sha256": sha256,
                "name": name,
                "imported_utc_ms": utc_ms,
                "imported_by": person,
                "content": raw,
            }
            if add_if_new(db, statement_file, kept):
                payload = {"sha256": sha256, "lines": str(len(lines))}
                new = [line for line in lines if _book(db, sha256, line)]
                payload["new"] = str(len(new))
                events.append(db, events.Event(utc_ms, person, "statement-imported", None, payload))
            else:
                new = []
        unsettled = []
        for case_id, number in self._cases_of([line.reference for line in lines]).items():
            try:
                self.settle(case_id, person, utc_ms)
            except (Incomplete, WireError) as fault:
                log.error("case %s is booked and not settled: %s", number, fault)
                unsettled.append(number)
        with self._engine.connect() as db:
            loose = select(func.count()).where(
                payment.c.statement_sha256 == sha256, payment.c.bill_id.is_(None)
            )
            unmatched = int(db.scalar(loose) or 0)
        return Imported(sha256, len(new), len(lines) - len(new), unmatched, tuple(unsettled))

    def match(self, reference: str, code: str, why: str, person: str, utc_ms: int) -> None:
        """Put a line that names no bill to one, by hand and with a reason. Raises NoMatch."""
        with self._engine.begin() as db:
            row = db.execute(select(bill).where(bill.c.code == code)).first()
            if row is None:
                raise NoMatch(f"没有缴款码为“{code}”的缴款通知")
            if not why.strip():
                raise NoMatch("请写明匹配的理由")
            acting.lock(db, row.case_id)
            loose = (payment.c.reference == reference) & payment.c.bill_id.is_(None)
            done = db.execute(update(payment).where(loose).values(bill_id=row.id, note=why))
            if done.rowcount == 0:
                raise NoMatch(f"流水 {reference} 不存在或者已经匹配")
            payload = {"reference": reference, "code": code, "why": why}
            events.append(db, events.Event(utc_ms, person, "payment-matched", row.case_id, payload))
        self.settle(row.case_id, person, utc_ms)

    def settle(self, case_id: UUID, person: str, utc_ms: int) -> None:
        """Whatever the treasury's lines make of the case now: paid in part, in full, to be sent
        back, sent back."""
        with self._engine.begin() as db:
            acting.lock(db, case_id)
            account = balances.account(db, case_id, local_date(utc_ms, CHINA))
            if account is None:
                return
            _Books(db, case_id, person, utc_ms).settle(account.left_fen, account.surplus_fen)

    def ask_refunds(self, utc_ms: int) -> None:
        """Ask back what was paid for decisions that are undone."""
        query = (
            select(bill.c.case_id)
            .join(tables.case, tables.case.c.id == bill.c.case_id)
            .join(payment, payment.c.bill_id == bill.c.id)
            .where(tables.case.c.state.in_([State.REVOKED.value, State.VOID.value]))
            .distinct()
        )
        with self._engine.connect() as db:
            undone = db.scalars(query).all()
        for case_id in undone:
            self.settle(case_id, ACTOR, utc_ms)

    def _cases_of(self, references: Sequence[str]) -> dict[UUID, str]:
        """The cases that these lines are about, with their numbers."""
        found: dict[UUID, str] = {}
        case = tables.case
        with self._engine.connect() as db:
            for first in range(0, len(references), 500):
                some = references[first : first + 500]
                query = (
                    select(bill.c.case_id, case.c.number)
                    .join(payment, payment.c.bill_id == bill.c.id)
                    .join(case, case.c.id == bill.c.case_id)
                    .where(payment.c.reference.in_(some))
                )
                found |= {row.case_id: row.number for row in db.execute(query)}
        return found


def _book(db: Connection, sha256: str, line: Line) -> bool:
    """Write one line down; whether it is new. Raises StatementTaken."""
    values = {
        "reference": line.reference,
        "direction": line.direction,
        "statement_sha256": sha256,
        "line": line.line,
        "code": line.code,
        "amount_fen": line.amount_fen,
        "day": line.day.isoformat(),
        "bill_id": db.scalar(select(bill.c.id).where(bill.c.code == line.code)),
        "note": "",
    }
    if add_if_new(db, payment, values):
        return True
    known = db.execute(select(payment).where(payment.c.reference == line.reference)).one()
    for name in ("direction", "code", "amount_fen", "day"):
        if values[name] != getattr(known, name):
            raise StatementTaken(
                f"第 {line.line} 行：流水号 {line.reference} 已经入账，{name} 当时是 "
                f"{getattr(known, name)}，现在是 {values[name]}"
            )
    return False


@dataclass(frozen=True, slots=True)
class _Books:
    """One case's books within a transaction that holds the case."""

    db: Connection
    case_id: UUID
    person: str
    utc_ms: int

    def settle(self, left_fen: int, surplus_fen: int) -> None:
        case = acting.standing(self.db, self.case_id)
        lines = balances.payments(self.db, self.case_id)
        came = [line for line in lines if line.direction == "in"]
        if came and self.person != ACTOR:
            self._pay(case, came, left_fen)
        undone = any(act.action in UNDOES for act in case.acts)
        back = sum(line.amount_fen for line in came) if undone else surplus_fen
        self._ask_back(back, "revoked" if undone else "surplus")
        self._note_refunds([line for line in lines if line.direction == "out"])

    def _pay(self, case: Case, came: Sequence[Row[tuple[Any, ...]]], left_fen: int) -> None:
        known = {
            reference
            for logged in acting.acts(self.db, self.case_id)
            for reference in logged.detail.get("references", "").split()
        }
        new = [line.reference for line in came if line.reference not in known]
        if not new:
            return
        paid_up = left_fen == 0 and Action.PAY in RULES.open_to(case, Role.FINANCE)
        action = Action.PAY if paid_up else Action.PAY_PART
        if action not in RULES.open_to(case, Role.FINANCE):
            return
        proven = frozenset({Guard.TREASURY_STATEMENT, Guard.FULL_AMOUNT} if paid_up
                           else {Guard.TREASURY_STATEMENT})  # fmt: skip
        act = Act(action, Role.FINANCE, self.person)
        do_with_document(self.db, self.case_id, act, proven, self.utc_ms, references=" ".join(new))

    def _ask_back(self, wanted_fen: int, why: str) -> None:
        """Ask for what is not asked for yet; a surplus that was asked for counts."""
        bill_id = balances.bill_of(self.db, self.case_id)
        assert bill_id is not None
        asked = self.db.scalar(
            select(func.coalesce(func.sum(refund.c.amount_fen), 0)).where(
                refund.c.bill_id == bill_id.id
            )
        )
        if (more := wanted_fen - int(asked or 0)) > 0:
            self.db.execute(
                insert(refund).values(
                    id=uuid4(),
                    bill_id=bill_id.id,
                    amount_fen=more,
                    why=why,
                    asked_utc_ms=self.utc_ms,
                )
            )

    def _note_refunds(self, went: Sequence[Row[tuple[Any, ...]]]) -> None:
        """Put outgoing lines to what was asked back; when all is back, the case is refunded."""
        row = balances.bill_of(self.db, self.case_id)
        assert row is not None
        open_ones = select(refund).where(refund.c.bill_id == row.id)
        asked = self.db.execute(open_ones.order_by(refund.c.asked_utc_ms)).all()
        taken = {one.reference for one in asked}
        for line in went:
            fits = [one for one in asked if one.reference is None
                    and one.amount_fen == line.amount_fen]  # fmt: skip
            if line.reference not in taken and fits:
                self.db.execute(
                    update(refund).where(refund.c.id == fits[0].id).values(reference=line.reference)
                )
                asked = [one for one in asked if one.id != fits[0].id]
        case = acting.standing(self.db, self.case_id)
        if self.person == ACTOR or not went:
            return
        if Action.REFUND in RULES.open_to(case, Role.FINANCE) and balances.nothing_to_refund(
            self.db, self.case_id
        ):
            act = Act(Action.REFUND, Role.FINANCE, self.person)
            told = {
                "refund_amount": yuan(sum(line.amount_fen for line in went)),
                "refund_reference": " ".join(line.reference for line in went),
            }
            proven = frozenset({Guard.TREASURY_STATEMENT})
            do_with_document(self.db, self.case_id, act, proven, self.utc_ms, **told)
