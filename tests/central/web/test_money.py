"""The books on the page, and what a channel may tell: twice, late, forged, for nothing."""

import json
from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import pytest
from httpx import Response, post
from pydantic import SecretStr
from sqlalchemy import select

from central.billing_tables import bill, payment_report
from central.cases import State
from central.gateways.config import NonTaxPayment
from central.gateways.local.cashier import Mood
from central.gateways.payment import CALLBACK_PATH, NonTaxChannel
from central.gateways.sms import signature
from central.holidays import load
from central.paying import Paying
from tests.cashdesk import SECRET, CashDesk, cash_desk
from tests.staff import Staff, token
from tests.stories import Teller
from tests.waiting import until
from tests.walks import Walk, said


@pytest.fixture
def walk(staff: Staff, teller: Teller) -> Walk:
    """A case that is served."""
    walk = Walk.begun(staff, teller)
    walk.to_served()
    return walk


@pytest.fixture
def desk(walk: Walk) -> Iterator[CashDesk]:
    with cash_desk(walk.staff) as desk:
        desk.bill()
        yield desk


def reports(walk: Walk) -> list[tuple[int, int]]:
    query = select(payment_report.c.amount_fen, payment_report.c.times)
    with walk.staff.office.engine.connect() as db:
        return [(row.amount_fen, row.times) for row in db.execute(query)]


def tell(walk: Walk, secret: str = SECRET, at_ms: int = 0, **changes: object) -> Response:
    """What the channel pushes, by hand."""
    now = walk.staff.office.clock.utc_ms()
    with walk.staff.office.engine.connect() as db:
        bill_id = db.scalar(select(bill.c.id))
    told = {"kind": "paid", "bill": str(bill_id), "transaction": "T1", "amount_fen": 10_000}
    body = json.dumps({**told, "paid_utc_ms": now, **changes}).encode()
    stamp = (at_ms or now) // 1000
    headers = {
        "webhook-id": "m",
        "webhook-timestamp": str(stamp),
        "webhook-signature": signature(secret, "m", stamp, body),
    }
    address = f"{walk.staff.address}{CALLBACK_PATH}/non-tax"
    return post(address, content=body, headers=headers)


def test_a_callback_is_shown_and_pays_nothing_however_often_it_comes(
    walk: Walk, desk: CashDesk
) -> None:
    desk.cashier.mood = Mood.TWICE
    desk.pay(10_000)
    assert until(lambda: reports(walk) == [(10_000, 2)])

    with walk.staff.signed_in("zhou") as client:
        page = client.get("/money")
    assert "GK20261126000001" in page.text
    assert walk.state() is State.PAYABLE


def test_a_callback_that_comes_late_finds_the_case_paid_and_changes_nothing(
    walk: Walk, desk: CashDesk
) -> None:
    desk.cashier.mood = Mood.NEVER
    desk.pay(10_000)
    desk.bring_statement()
    assert walk.state() is State.PAID

    assert tell(walk).status_code == 204
    assert walk.state() is State.PAID


@pytest.mark.parametrize("forged", ["secret", "time", "channel", "bill"])
def test_what_the_channel_did_not_say_is_refused(walk: Walk, desk: CashDesk, forged: str) -> None:
    now = walk.staff.office.clock.utc_ms()
    answers = {
        "secret": lambda: tell(walk, "whsec_" + "eA" * 20),
        "time": lambda: tell(walk, at_ms=now - 400_000),
        "channel": lambda: post(f"{walk.staff.address}{CALLBACK_PATH}/wechat", content=b"{}"),
        "bill": lambda: tell(walk, bill=str(uuid4())),
    }
    status = {"secret": 401, "time": 401, "channel": 404, "bill": 404}

    assert answers[forged]().status_code == status[forged]
    assert reports(walk) == []
    assert tell(walk).status_code == 204


def test_a_channel_that_is_away_is_asked_again(walk: Walk) -> None:
    away = NonTaxPayment(
        kind="non-tax", url="http://127.0.0.1:9", callback_secret=SecretStr(SECRET)
    )
    engine, now = walk.staff.office.engine, walk.staff.office.clock.utc_ms()
    with closing(NonTaxChannel(away, "")) as channel, pytest.raises(ConnectionError):
        Paying(engine, load(), channel).run(now)
    assert walk.state() is State.SERVED

    with cash_desk(walk.staff) as back:
        back.bill()
    assert walk.state() is State.PAYABLE


def test_without_a_channel_finance_types_the_code(walk: Walk) -> None:
    walk.staff.app.state.parts.work.paying.run(walk.staff.office.clock.utc_ms())
    with walk.staff.signed_in("zhou") as client:
        sent = {"csrf": token(client.get("/money")), "serial": "202600000001"}
        bad = client.post("/money/codes", data={**sent, "code": "<b>"})
        done = client.post("/money/codes", data={**sent, "code": "33020026120000000017"})
        again = client.post("/money/codes", data={**sent, "code": "33020026120000000018"})

    assert [one.status_code for one in (bad, done, again)] == [409, 303, 409]
    assert walk.state() is State.PAYABLE
    assert "33020026120000000017" in walk.content("缴款通知").to_json()


def test_a_statement_with_a_fault_is_not_booked_at_all(walk: Walk, desk: CashDesk) -> None:
    rows = "流水号,收支,缴款码,金额,入账日期\nGK1,收,{},100.00,2026-11-26\nGK2,收,x,-5,2026-11-26\n"
    answer = desk.bring_statement(rows.format(desk.code).encode())

    assert answer.status_code == 422
    assert "第 3 行：金额应当大于 0" in said(answer)
    assert walk.state() is State.PAYABLE


def test_the_same_statement_again_books_nothing_and_another_amount_is_refused(
    walk: Walk, desk: CashDesk
) -> None:
    desk.pay(4_000)
    first, again = desk.bring_statement(), desk.bring_statement()
    other = desk.bring_statement(desk.cashier.statement().replace(b"40.00", b"41.00"))

    assert "新入账 1 条" in first.text
    assert "新入账 0 条，此前已入账 1 条" in again.text
    assert other.status_code == 409
    assert "已经入账" in said(other)


def test_only_finance_keeps_the_books_and_heads_and_auditors_see_them(
    walk: Walk, desk: CashDesk
) -> None:
    seen = {}
    for name in ("zhou", "chen", "wang", "qian", "root"):
        with walk.staff.signed_in(name) as client:
            csrf = token(client.get("/account"))
            code = {"csrf": csrf, "serial": "1", "code": "123456"}
            file = {"file": ("a.csv", desk.cashier.statement(), "text/csv")}
            seen[name] = [
                client.get("/money").status_code,
                client.post("/money/codes", data=code).status_code,
                client.post("/money/matches", data=code).status_code,
                client.post("/money/statements", data={"csrf": csrf}, files=file).status_code,
            ]

    assert seen == {
        "zhou": [200, 409, 409, 422],
        "chen": [200, 403, 403, 403],
        "wang": [403] * 4,
        "qian": [403] * 4,
        "root": [403] * 4,
    }
