"""Bills on their way to the payment channel, and what finance sees of money. Every call blocks."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, select, update

from central import acting, balances, events, tables
from central.billing import Billing
from central.billing_tables import bill, payment, payment_report, refund
from central.calendar import LegalCalendar
from central.database import reading
from central.documents.content import Incomplete
from central.gateways.calls import BadAnswer, GatewayDown, GatewayRefused
from central.gateways.payment import Bill, PayChannel
from central.money import Balance
from central.treasury import Treasury
from edge.wire.errors import WireError

TITLE = "消防通道占用罚款"
"""What a telephone shows to whoever pays: nothing of the person."""
CODE_CHARS = (6, 64)
_AT_ONCE = 100
log = logging.getLogger("central.paying")


class NoBill(Exception):
    """There is no such bill that waits for a code, or the code cannot be one."""


@dataclass(frozen=True, slots=True)
class Loose:
    """A line of a statement that no bill is known for."""

    reference: str
    direction: str
    code: str
    amount_fen: int
    day: str


@dataclass(frozen=True, slots=True)
class Books:
    """What finance has to see to: lines without a bill, money to be sent back, bills without a
    code, and payments that a channel tells of and the treasury does not yet."""

    loose: Sequence[Loose]
    refunds: Sequence[Row[tuple[Any, ...]]]
    uncoded: Sequence[Row[tuple[Any, ...]]]
    reported: Sequence[Row[tuple[Any, ...]]]


class Paying:
    """Without a channel, bills wait until finance types the code that the platform gave."""

    def __init__(
        self, engine: Engine, calendar: LegalCalendar, channel: PayChannel | None = None
    ) -> None:
        self._engine = engine
        self._channel = channel
        self.billing = Billing(engine, calendar)
        self.treasury = Treasury(engine)

    @property
    def channel(self) -> PayChannel | None:
        return self._channel

    def run(self, utc_ms: int) -> None:
        """Bill what was served, ask the channel for codes, ask back what was paid for nothing."""
        self.billing.open_bills(utc_ms)
        self.treasury.ask_refunds(utc_ms)
        if self._channel is not None:
            self._ask(self._channel, utc_ms)

    def _ask(self, channel: PayChannel, utc_ms: int) -> None:
        """Raises GatewayDown where the channel is away: the same bills come round again."""
        query = select(bill).where(bill.c.state == "asked").order_by(bill.c.made_utc_ms)
        with reading(self._engine) as db:
            waiting = db.execute(query.limit(_AT_ONCE)).all()
        for row in waiting:
            asked = Bill(row.id, row.serial, TITLE, row.amount_fen, row.last_day)
            try:
                given = channel.ask(asked)
            except GatewayDown:
                raise
            except (GatewayRefused, BadAnswer) as fault:
                log.error("bill %s: %s", row.serial, fault)
                self._refused(row.id)
                continue
            try:
                with self._engine.begin() as db:
                    self.billing.confirm(db, row.id, given.code, given.pay_url, utc_ms)
            except (Incomplete, WireError) as fault:
                log.error("bill %s: its notice cannot be made: %s", row.serial, fault)

    def _refused(self, bill_id: UUID) -> None:
        """Finance sees it and types the code."""
        asked = (bill.c.id == bill_id) & (bill.c.state == "asked")
        with self._engine.begin() as db:
            db.execute(update(bill).where(asked).values(state="refused"))

    def type_code(self, serial: str, code: str, person: str, utc_ms: int) -> None:
        """The code as the platform gave it to a person. Raises NoBill."""
        fewest, most = CODE_CHARS
        fine = code.replace("-", "").isalnum() and code.isascii()
        if not fine or not fewest <= len(code) <= most:
            raise NoBill(f"缴款码应当是 {fewest} 至 {most} 位字母数字")
        with self._engine.begin() as db:
            row = db.execute(select(bill).where(bill.c.serial == serial)).one_or_none()
            taken = db.scalar(select(bill.c.id).where(bill.c.code == code)) is not None
            if row is None or row.state == "issued" or taken:
                raise NoBill("没有等待缴款码的这份缴款通知，或者缴款码已经用过")
            acting.lock(db, row.case_id)
            db.execute(update(bill).where(bill.c.id == row.id).values(state="asked"))
            self.billing.confirm(db, row.id, code, "", utc_ms)
            payload = {"serial": serial, "code": code}
            events.append(db, events.Event(utc_ms, person, "bill-coded", row.case_id, payload))

    def books(self) -> Books:
        """Everything that waits for finance, the oldest first."""
        with reading(self._engine) as db:
            loose = select(payment).where(payment.c.bill_id.is_(None))
            number = tables.case.c.number
            refunds = (
                select(refund, bill.c.serial, bill.c.code, bill.c.case_id, number)
                .join(bill, bill.c.id == refund.c.bill_id)
                .join(tables.case, tables.case.c.id == bill.c.case_id)
                .where(refund.c.reference.is_(None))
            )
            uncoded = (
                select(bill, number)
                .join(tables.case, tables.case.c.id == bill.c.case_id)
                .where(bill.c.code.is_(None))
            )
            paid = select(payment.c.bill_id).where(payment.c.bill_id.is_not(None))
            reported = (
                select(payment_report, bill.c.case_id, number)
                .join(bill, bill.c.id == payment_report.c.bill_id)
                .join(tables.case, tables.case.c.id == bill.c.case_id)
                .where(payment_report.c.bill_id.not_in(paid))
            )
            return Books(
                loose=[
                    Loose(row.reference, row.direction, row.code, row.amount_fen, row.day)
                    for row in db.execute(loose.order_by(payment.c.day).limit(_AT_ONCE))
                ],
                refunds=db.execute(refunds.order_by(refund.c.asked_utc_ms).limit(_AT_ONCE)).all(),
                uncoded=db.execute(uncoded.order_by(bill.c.made_utc_ms).limit(_AT_ONCE)).all(),
                reported=db.execute(
                    reported.order_by(payment_report.c.came_utc_ms).limit(_AT_ONCE)
                ).all(),
            )

    def account(
        self, case_id: UUID, today: date
    ) -> tuple[Row[tuple[Any, ...]], Balance, Sequence[Row[tuple[Any, ...]]]] | None:
        """The case's bill, where its account stands, and the treasury's lines; None before it."""
        with reading(self._engine) as db:
            row, found = balances.bill_of(db, case_id), balances.account(db, case_id, today)
            lines = balances.payments(db, case_id)
        return None if row is None or found is None else (row, found, lines)
