"""Fines in whole fen: the daily surcharge, its cap, and the days on which it rests. Pure.

行政处罚法 art. 72: three per cent of the fine for each day overdue, at most the fine itself.
Art. 73: the days of a reconsideration or a lawsuit are not counted. Parts of a fen are dropped,
which favours the owner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

SURCHARGE_PERCENT = 3


@dataclass(frozen=True, slots=True)
class Suspension:
    """Days on which the surcharge rests, both inclusive; `last` is None while it goes on."""

    first: date
    last: date | None

    def __post_init__(self) -> None:
        if self.last is not None and self.last < self.first:
            raise ValueError(f"a suspension must not end ({self.last}) before it begins")


@dataclass(frozen=True, slots=True)
class Debt:
    """What is owed on a day, in fen."""

    fine_fen: int
    surcharge_fen: int
    days_counted: int

    @property
    def total_fen(self) -> int:
        return self.fine_fen + self.surcharge_fen


@dataclass(frozen=True, slots=True)
class Paid:
    """What reached the treasury on a day."""

    day: date
    fen: int


@dataclass(frozen=True, slots=True)
class Balance:
    """What is owed, what came, what is left and what came too much, in fen."""

    debt: Debt
    paid_fen: int

    @property
    def left_fen(self) -> int:
        return max(0, self.debt.total_fen - self.paid_fen)

    @property
    def surplus_fen(self) -> int:
        return max(0, self.paid_fen - self.debt.total_fen)


def balance(
    fine_fen: int,
    last_day_to_pay: date,
    today: date,
    paid: Sequence[Paid] = (),
    suspensions: Sequence[Suspension] = (),
) -> Balance:
    """Where the account stands on `today`. Payments count for the fine first, and each day's
    surcharge is on what was unpaid of it when the day began: that favours the owner.

    Raises ValueError where the fine is negative.
    """
    if fine_fen < 0:
        raise ValueError(f"a fine must be 0 fen or more, got {fine_fen}")
    days = hundredths = 0
    for n in range(1, (today - last_day_to_pay).days + 1):
        day = last_day_to_pay + timedelta(days=n)
        unpaid = fine_fen - sum(one.fen for one in paid if one.day < day)
        if unpaid > 0 and not _rests(day, suspensions):
            days += 1
            hundredths += unpaid * SURCHARGE_PERCENT
    surcharge_fen = min(fine_fen, hundredths // 100)
    return Balance(Debt(fine_fen, surcharge_fen, days), sum(one.fen for one in paid))


def yuan(fen: int) -> str:
    """An amount for people: `100.00`. Raises ValueError for a negative one."""
    if fen < 0:
        raise ValueError(f"an amount must be 0 fen or more, got {fen}")
    return f"{fen // 100}.{fen % 100:02d}"


def _rests(day: date, suspensions: Sequence[Suspension]) -> bool:
    return any(
        pause.first <= day and (pause.last is None or day <= pause.last) for pause in suspensions
    )
