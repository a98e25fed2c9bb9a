"""What the treasury's lines make of a case: paid twice, short, late, refunded, for nothing."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from central import acting, balances
from central.billing import Billing, Report
from central.billing_tables import bill, payment, payment_report, refund
from central.cases import Action, CaseError, Money, Role, State
from central.documents.wording import local
from central.holidays import load
from central.statements import Line
from central.treasury import Imported, NoMatch, StatementTaken, Treasury
from tests.case_files import CaseFile, add_pack
from tests.case_steps import act
from tests.device import SimulatedDevice
from tests.office import Office

CODE, LAST = "33020026120000000017", date(2026, 12, 3)
"""Served on 2026-11-18; the fifteenth day after is a working day."""
DAY_MS = 86_400_000
HEADER = "流水号,收支,缴款码,金额,入账日期"


@pytest.fixture
def billing(office: Office) -> Billing:
    return Billing(office.engine, load())


@pytest.fixture
def treasury(office: Office) -> Treasury:
    return Treasury(office.engine)


@pytest.fixture
def file(office: Office, device: SimulatedDevice, billing: Billing) -> CaseFile:
    """A case that is to be paid."""
    add_pack(office)
    file = CaseFile.opened(office, device)
    file.to_served()
    issue_bill(office, billing)
    return file


def issue_bill(office: Office, billing: Billing, code: str = CODE) -> None:
    now = office.clock.utc_ms()
    (bill_id,) = billing.open_bills(now)
    with office.engine.begin() as db:
        billing.confirm(db, bill_id, code, "https://pay.example.invalid/1", now)


def statement(*lines: tuple[str, str, int, date], code: str = CODE) -> list[Line]:
    return [
        Line(n, reference, "in" if direction == "in" else "out", code, fen, day)
        for n, (reference, direction, fen, day) in enumerate(lines, 2)
    ]


def book(office: Office, treasury: Treasury, lines: Sequence[Line], name: str = "a") -> Imported:
    raw = f"{name} {lines}".encode()
    return treasury.import_statement(f"{name}.csv", raw, lines, "fin", office.clock.utc_ms())


def standing(file: CaseFile) -> tuple[State, Money]:
    with file.office.engine.connect() as db:
        case = acting.standing(db, file.case_id)
    return case.main, case.money


def refunds(office: Office) -> list[tuple[int, str, str | None]]:
    query = select(refund.c.amount_fen, refund.c.why, refund.c.reference)
    with office.engine.connect() as db:
        return [
            (row.amount_fen, row.why, row.reference)
            for row in db.execute(query.order_by(refund.c.asked_utc_ms, refund.c.amount_fen))
        ]


def actions(file: CaseFile) -> list[Action]:
    with file.office.engine.connect() as db:
        return [logged.act.action for logged in acting.acts(db, file.case_id)]


def test_a_served_decision_is_billed_once_with_a_notice(file: CaseFile, billing: Billing) -> None:
    with file.office.engine.connect() as db:
        row = db.execute(select(bill)).one()

    assert (row.amount_fen, row.last_day, row.state) == (10_000, LAST.isoformat(), "issued")
    assert row.serial == "202600000001"
    assert standing(file) == (State.PAYABLE, Money.BILLED)
    assert billing.open_bills(file.office.clock.utc_ms()) == []
    assert CODE in file.content("缴款通知").to_json()
    assert "2026年12月3日（含当日）前" in file.content("缴款通知").text[0]


def test_the_channel_confirming_twice_bills_once(file: CaseFile, billing: Billing) -> None:
    with file.office.engine.begin() as db:
        row = db.execute(select(bill)).one()
        billing.confirm(db, row.id, "other", "", file.office.clock.utc_ms())
        assert db.scalar(select(bill.c.code)) == CODE

    assert actions(file).count(Action.BILL) == 1


def test_a_line_of_the_treasury_pays(file: CaseFile, office: Office, treasury: Treasury) -> None:
    done = book(office, treasury, statement(("GK1", "in", 10_000, LAST)))

    assert (done.new, done.known, done.unmatched) == (1, 0, 0)
    assert standing(file) == (State.PAID, Money.PAID)
    assert dict(pair for row in file.content("电子票据").rows for pair in row)[
        "已缴金额（元）"
    ] == ("100.00")
    assert refunds(office) == []


def test_a_report_of_the_channel_pays_nothing(
    file: CaseFile, office: Office, billing: Billing
) -> None:
    with office.engine.connect() as db:
        bill_id = db.scalar(select(bill.c.id))
    assert bill_id is not None
    told = Report("wechat", "4200001", bill_id, 10_000, office.clock.utc_ms())

    assert [billing.report(told, office.clock.utc_ms()) for _ in range(3)] == [True] * 3

    with office.engine.connect() as db:
        rows = db.execute(select(payment_report)).all()
    assert [(row.transaction, row.times) for row in rows] == [("4200001", 3)]
    assert standing(file) == (State.PAYABLE, Money.BILLED)


def test_a_report_before_the_bill_is_confirmed_is_kept(
    office: Office, device: SimulatedDevice, billing: Billing, treasury: Treasury
) -> None:
    """The channel may be faster than our own commit."""
    add_pack(office)
    file = CaseFile.opened(office, device)
    file.to_served()
    now = office.clock.utc_ms()
    (bill_id,) = billing.open_bills(now)

    assert billing.report(Report("wechat", "4200001", bill_id, 10_000, now), now)
    assert standing(file) == (State.SERVED, Money.UNBILLED)

    with office.engine.begin() as db:
        billing.confirm(db, bill_id, CODE, "", now)
    book(office, treasury, statement(("GK1", "in", 10_000, LAST)))
    assert standing(file) == (State.PAID, Money.PAID)


def test_a_statement_before_the_bill_is_confirmed_is_settled_by_hand(
    office: Office, device: SimulatedDevice, billing: Billing, treasury: Treasury
) -> None:
    add_pack(office)
    file = CaseFile.opened(office, device)
    file.to_served()
    lines = statement(("GK1", "in", 10_000, LAST))
    assert book(office, treasury, lines).unmatched == 1

    issue_bill(office, billing)
    treasury.match("GK1", CODE, "缴款码晚到", "fin", office.clock.utc_ms())

    assert standing(file) == (State.PAID, Money.PAID)


def test_a_report_about_a_bill_that_is_not_ours_is_not_kept(
    office: Office, billing: Billing
) -> None:
    assert not billing.report(Report("wechat", "1", UUID(int=1), 1, 1), 1)
    assert office.count(payment_report) == 0


def test_who_pays_short_has_paid_in_part_until_the_rest_comes(
    file: CaseFile, office: Office, treasury: Treasury
) -> None:
    book(office, treasury, statement(("GK1", "in", 4_000, LAST)))
    assert standing(file) == (State.PAYABLE, Money.PART_PAID)

    book(office, treasury, statement(("GK2", "in", 5_999, LAST)), "b")
    assert standing(file) == (State.PAYABLE, Money.PART_PAID)

    book(office, treasury, statement(("GK3", "in", 1, LAST)), "c")
    assert standing(file) == (State.PAID, Money.PAID)
    assert actions(file)[-3:] == [Action.PAY_PART, Action.PAY_PART, Action.PAY]


def test_who_pays_twice_gets_the_second_payment_back(
    file: CaseFile, office: Office, treasury: Treasury
) -> None:
    book(office, treasury, statement(("GK1", "in", 10_000, LAST), ("GK2", "in", 10_000, LAST)))

    assert standing(file) == (State.PAID, Money.PAID)
    assert refunds(office) == [(10_000, "surplus", None)]

    book(office, treasury, statement(("TF1", "out", 10_000, LAST)), "b")
    assert refunds(office) == [(10_000, "surplus", "TF1")]
    assert standing(file) == (State.PAID, Money.PAID)


def test_a_second_payment_days_later_is_sent_back_too(
    file: CaseFile, office: Office, treasury: Treasury
) -> None:
    book(office, treasury, statement(("GK1", "in", 10_000, LAST)))
    office.clock.now_utc_ms += 40 * DAY_MS
    book(office, treasury, statement(("GK2", "in", 10_000, LAST + timedelta(30))), "b")

    assert standing(file) == (State.PAID, Money.PAID)
    assert refunds(office) == [(10_000, "surplus", None)]


def test_the_same_statement_again_changes_nothing(
    file: CaseFile, office: Office, treasury: Treasury
) -> None:
    lines = statement(("GK1", "in", 4_000, LAST))
    book(office, treasury, lines)
    before = actions(file)

    again, other = book(office, treasury, lines), book(office, treasury, lines, "overlap")

    assert [(done.new, done.known) for done in (again, other)] == [(0, 1), (0, 1)]
    assert actions(file) == before
    assert office.count(payment) == 1


def test_a_known_line_with_another_amount_refuses_the_whole_statement(
    file: CaseFile, office: Office, treasury: Treasury
) -> None:
    book(office, treasury, statement(("GK1", "in", 4_000, LAST)))

    with pytest.raises(StatementTaken, match="GK1 已经入账，amount_fen 当时是 4000，现在是 4001"):
        book(
            office,
            treasury,
            statement(("GK9", "in", 1, LAST), ("GK1", "in", 4_001, LAST)),
            "b",
        )

    assert office.count(payment) == 1


def test_a_crash_between_booking_and_settling_is_made_good_by_the_same_file(
    file: CaseFile, office: Office, treasury: Treasury, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = statement(("GK1", "in", 10_000, LAST))
    with monkeypatch.context() as patched:
        patched.setattr(Treasury, "settle", _cut)
        with pytest.raises(OSError, match="cut"):
            book(office, treasury, lines)
    assert standing(file) == (State.PAYABLE, Money.BILLED)

    book(office, treasury, lines)

    assert standing(file) == (State.PAID, Money.PAID)


def _cut(*_: object) -> None:
    raise OSError("cut")


@pytest.mark.parametrize(
    ("days_late", "owed"), [(0, 10_000), (1, 10_300), (33, 19_900), (34, 20_000), (400, 20_000)]
)
def test_who_pays_late_owes_three_per_cent_a_day_up_to_the_fine(
    file: CaseFile, office: Office, treasury: Treasury, days_late: int, owed: int
) -> None:
    day = LAST + timedelta(days_late)
    office.clock.now_utc_ms += (days_late + 30) * DAY_MS
    if owed > 10_000:
        book(office, treasury, statement(("GK1", "in", owed - 1, day)))
        assert standing(file) == (State.PAYABLE, Money.PART_PAID)

    book(office, treasury, statement(("GK2", "in", 1 if owed > 10_000 else owed, day)), "b")

    assert standing(file) == (State.PAID, Money.PAID)
    assert refunds(office) == []


def test_surcharge_stops_growing_when_the_fine_itself_is_paid(
    file: CaseFile, office: Office, treasury: Treasury
) -> None:
    book(office, treasury, statement(("GK1", "in", 10_000, LAST + timedelta(2))))
    with office.engine.connect() as db:
        later = balances.account(db, file.case_id, LAST + timedelta(90))

    assert later is not None
    assert (later.debt.surcharge_fen, later.left_fen) == (600, 600)


def test_the_days_of_a_remedy_are_not_counted(
    file: CaseFile, office: Office, treasury: Treasury
) -> None:
    """Overdue since 4 December; reconsideration from the 6th to the 10th."""
    for day, action, role in (
        (date(2026, 12, 6), Action.FILE_RECONSIDERATION, Role.PARTY),
        (date(2026, 12, 10), Action.DECIDE_RECONSIDERATION, Role.COURT),
    ):
        office.clock.now_utc_ms += (day - local(office.clock.now_utc_ms).date()).days * DAY_MS
        file.do(act(action, role))

    with office.engine.connect() as db:
        found = [
            balances.account(db, file.case_id, date(2026, 12, day)) for day in (5, 6, 10, 11, 12)
        ]

    assert [one.debt.surcharge_fen for one in found if one] == [600, 600, 600, 900, 1_200]


def test_a_deferral_moves_the_last_day(file: CaseFile, office: Office) -> None:
    file.do(act(Action.DEFER, Role.HEAD), until_day="2027-01-31")

    with office.engine.connect() as db:
        assert balances.last_day(db, file.case_id) == date(2027, 1, 31)
        account = balances.account(db, file.case_id, date(2027, 2, 1))
    assert account is not None
    assert account.debt.surcharge_fen == 300


def test_what_was_paid_for_a_revoked_decision_goes_back(
    file: CaseFile, office: Office, treasury: Treasury
) -> None:
    book(office, treasury, statement(("GK1", "in", 10_000, LAST)))
    file.do(act(Action.REVOKE, Role.HEAD))
    treasury.ask_refunds(office.clock.utc_ms())
    treasury.ask_refunds(office.clock.utc_ms())
    assert refunds(office) == [(10_000, "revoked", None)]
    assert standing(file)[0] is State.REVOKED

    book(office, treasury, statement(("TF1", "out", 10_000, LAST)), "b")

    assert standing(file) == (State.REFUNDED, Money.REFUNDED)
    assert refunds(office) == [(10_000, "revoked", "TF1")]
    assert "TF1" in file.content("退付凭证").to_json()


def test_a_payment_that_comes_after_the_revocation_goes_back_too(
    file: CaseFile, office: Office, treasury: Treasury
) -> None:
    file.do(act(Action.REVOKE, Role.HEAD))
    with office.engine.connect() as db:
        assert balances.nothing_to_refund(db, file.case_id)

    book(office, treasury, statement(("GK1", "in", 10_000, LAST)))

    with office.engine.connect() as db:
        assert not balances.nothing_to_refund(db, file.case_id)
    assert standing(file) == (State.REVOKED, Money.PART_PAID)
    assert refunds(office) == [(10_000, "revoked", None)]
    book(office, treasury, statement(("TF1", "out", 10_000, LAST)), "b")
    assert standing(file) == (State.REFUNDED, Money.REFUNDED)


def test_what_is_paid_for_an_undone_decision_goes_back_when_its_case_is_refunded_or_closed(
    file: CaseFile, office: Office, treasury: Treasury
) -> None:
    file.do(act(Action.REVOKE, Role.HEAD))
    for n in (1, 2):
        book(office, treasury, statement((f"GK{n}", "in", 10_000, LAST)), f"in {n}")
        book(office, treasury, statement((f"TF{n}", "out", 10_000, LAST)), f"out {n}")
    file.do(act(Action.CLOSE, Role.HEAD))
    book(office, treasury, statement(("GK3", "in", 10_000, LAST)), "in 3")

    assert [one[2] for one in refunds(office)] == ["TF1", "TF2", None]


def test_a_surplus_that_went_back_is_not_asked_for_again_after_a_revocation(
    file: CaseFile, office: Office, treasury: Treasury
) -> None:
    lines = statement(("GK1", "in", 10_000, LAST), ("GK2", "in", 500, LAST))
    book(office, treasury, lines)
    book(office, treasury, statement(("TF1", "out", 500, LAST)), "b")
    file.do(act(Action.REVOKE, Role.HEAD))
    treasury.ask_refunds(office.clock.utc_ms())

    assert sorted(refunds(office)) == [(500, "surplus", "TF1"), (10_000, "revoked", None)]


def test_a_line_without_a_bill_is_shown_and_matched_by_hand_with_a_reason(
    file: CaseFile, office: Office, treasury: Treasury
) -> None:
    done = book(
        office, treasury, statement(("GK1", "in", 10_000, LAST), code="3302002612000000001")
    )
    assert done.unmatched == 1
    assert standing(file) == (State.PAYABLE, Money.BILLED)

    for reference, code, why in (("GK1", "none", "x"), ("GK2", CODE, "x"), ("GK1", CODE, " ")):
        with pytest.raises(NoMatch):
            treasury.match(reference, code, why, "fin", office.clock.utc_ms())
    treasury.match("GK1", CODE, "银行少录一位", "fin", office.clock.utc_ms())

    assert standing(file) == (State.PAID, Money.PAID)


def test_nobody_but_finance_books_a_payment(file: CaseFile) -> None:
    with pytest.raises(CaseError):
        file.do(act(Action.PAY, Role.HEAD))
