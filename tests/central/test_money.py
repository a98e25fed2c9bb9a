"""What is owed, to the fen."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.money import Debt, Paid, Suspension, balance, yuan

LAST = date(2021, 12, 31)


def on(day: int, *suspensions: Suspension, fine_fen: int = 10_000) -> Debt:
    """The debt so many days after the last day to pay."""
    today = LAST + timedelta(days=day)
    return balance(fine_fen, LAST, today, suspensions=suspensions).debt


@pytest.mark.parametrize(
    ("day", "surcharge_fen"),
    [(-5, 0), (0, 0), (1, 300), (2, 600), (33, 9_900), (34, 10_000), (365, 10_000)],
)
def test_a_hundred_yuan_grows_by_three_a_day_and_at_most_doubles(
    day: int, surcharge_fen: int
) -> None:
    owed = on(day)

    assert (owed.surcharge_fen, owed.total_fen) == (surcharge_fen, 10_000 + surcharge_fen)


def test_days_of_a_reconsideration_are_not_counted() -> None:
    pause = Suspension(LAST + timedelta(days=3), LAST + timedelta(days=12))

    assert on(2, pause).surcharge_fen == 600
    assert on(12, pause).surcharge_fen == 600
    assert on(14, pause).surcharge_fen == 1_200


def test_while_a_lawsuit_goes_on_nothing_is_added() -> None:
    assert on(400, Suspension(LAST, None)) == Debt(10_000, 0, 0)


def test_overlapping_suspensions_are_taken_off_once() -> None:
    first = Suspension(LAST + timedelta(days=1), LAST + timedelta(days=5))
    second = Suspension(LAST + timedelta(days=4), LAST + timedelta(days=8))

    assert on(10, first, second).days_counted == 2


def test_parts_of_a_fen_are_dropped() -> None:
    assert on(1, fine_fen=99).surcharge_fen == 2


@given(st.integers(0, 10**7), st.integers(-10, 500))
def test_the_surcharge_never_shrinks_by_waiting_nor_passes_the_fine(fine: int, day: int) -> None:
    today, tomorrow = on(day, fine_fen=fine), on(day + 1, fine_fen=fine)

    assert 0 <= today.surcharge_fen <= tomorrow.surcharge_fen <= fine


def test_a_negative_fine_is_refused() -> None:
    with pytest.raises(ValueError, match="a fine must be 0 fen or more, got -1"):
        balance(-1, LAST, LAST)


def test_a_suspension_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="must not end"):
        Suspension(LAST, LAST - timedelta(days=1))


@pytest.mark.parametrize(("fen", "text"), [(0, "0.00"), (5, "0.05"), (10_000, "100.00")])
def test_amounts_for_people_have_two_places(fen: int, text: str) -> None:
    assert yuan(fen) == text


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
PAID = st.lists(st.builds(Paid, DAYS, st.integers(1, 20_000)), max_size=5)


@given(fine=st.integers(0, 50_000), last=DAYS, today=DAYS, paid=PAID)
def test_a_payment_never_makes_the_surcharge_larger(
    fine: int, last: date, today: date, paid: list[Paid]
) -> None:
    with_it, without = balance(fine, last, today, paid), balance(fine, last, today)

    assert 0 <= with_it.debt.surcharge_fen <= without.debt.surcharge_fen <= fine
    assert min(with_it.left_fen, with_it.surplus_fen) == 0
    total = with_it.debt.total_fen
    assert total - with_it.paid_fen == with_it.left_fen - with_it.surplus_fen


def test_each_day_counts_what_was_unpaid_when_it_began() -> None:
    """100 yuan, half paid on the second day overdue: 3 + 3 + 1.50 + 1.50."""
    last = date(2026, 12, 3)
    paid = [Paid(date(2026, 12, 5), 5_000)]

    found = balance(10_000, last, date(2026, 12, 7), paid)

    assert (found.debt.surcharge_fen, found.debt.days_counted) == (900, 4)
    assert found.left_fen == 5_900
