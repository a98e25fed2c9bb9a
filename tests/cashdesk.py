"""Paying in the tests: the local channel behind a real office, and finance with the file.

with cash_desk(staff) as desk:
    desk.bill()
    desk.pay(10_000)
    desk.bring_statement()
"""

import base64
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from httpx import Response, post
from pydantic import SecretStr
from sqlalchemy import select

from central.billing_tables import bill
from central.gateways.config import NonTaxPayment
from central.gateways.local.cashier import Cashier, create_cashier
from central.gateways.local.serving import serving
from central.gateways.payment import CALLBACK_PATH, NonTaxChannel
from central.holidays import load
from central.paying import Paying
from tests.staff import Staff, token

SECRET = "whsec_" + base64.b64encode(b"s" * 24).decode()


@dataclass
class CashDesk:
    """The channel's books, the office's paying, and where the channel listens."""

    staff: Staff
    cashier: Cashier
    paying: Paying
    port: int

    @property
    def code(self) -> str:
        with self.staff.office.engine.connect() as db:
            found = db.scalars(select(bill.c.code).order_by(bill.c.made_utc_ms.desc())).first()
        assert isinstance(found, str)
        return found

    def bill(self) -> None:
        """The office's round: bills, codes, refunds."""
        self.paying.run(self.staff.office.clock.utc_ms())

    def pay(self, fen: int) -> None:
        """A telephone pays."""
        path = f"http://127.0.0.1:{self.port}/pay/{self.code}"
        assert post(path, data={"fen": str(fen)}).status_code == 303

    def send_back(self, fen: int) -> None:
        self.cashier.send_back(self.code, fen)

    def bring_statement(self, raw: bytes | None = None) -> Response:
        """Finance imports the channel's file."""
        data = self.cashier.statement() if raw is None else raw
        with self.staff.signed_in("zhou") as client:
            csrf = {"csrf": token(client.get("/money"))}
            file = {"file": ("a.csv", data, "text/csv")}
            return client.post("/money/statements", data=csrf, files=file)


@contextmanager
def cash_desk(staff: Staff) -> Iterator[CashDesk]:
    """The pages hear the channel's callbacks."""
    cashier = Cashier(staff.office.clock, "t", SECRET)
    with serving(create_cashier(cashier)) as port:
        cashier.address = f"http://127.0.0.1:{port}"
        config = NonTaxPayment(
            kind="non-tax",
            url=cashier.address,
            token=SecretStr("t"),
            callback_secret=SecretStr(SECRET),
        )
        with closing(NonTaxChannel(config, f"{staff.address}{CALLBACK_PATH}/non-tax")) as channel:
            paying = Paying(staff.office.engine, load(), channel)
            staff.use_channel(channel)
            try:
                yield CashDesk(staff, cashier, paying, port)
            finally:
                cashier.stop.set()
