"""The legal calendar: working days in China, and when a time limit runs out.

Pure. Which days are worked is given to the calendar (`central/holidays.py` reads it from the State
Council's yearly plans); a year without a plan is computed from the week alone and says so.

Rules, as the reference law texts have them:
- Limits of two, three, five and seven days count working days (行政处罚法 art. 85); longer ones,
  months and years count all days.
- The day of the event is not counted; a limit that would end on a day off ends on the next working
  day (民事诉讼法 ch. 7, on periods, applied by analogy).
- A month's limit ends on the day of the same number, or on the month's last day.
"""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import Enum
from types import MappingProxyType
from typing import Literal

_SATURDAY = 5
_FURTHEST_DAYS = 5000


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day on which the act is in time. `provisional` where a year's plan was missing."""

    last: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class LegalCalendar:
    """`plans` maps a year to its exceptions: a date that is off (False) or worked (True) although
    the week says otherwise."""

    plans: Mapping[int, Mapping[date, bool]]

    def is_planned(self, year: int) -> bool:
        """Whether the year's plan of holidays is known."""
        return year in self.plans

    def is_working_day(self, day: date) -> bool:
        """By the year's plan; without one, Monday to Friday."""
        plan: Mapping[date, bool] = self.plans.get(day.year, MappingProxyType({}))
        return plan.get(day, day.weekday() < _SATURDAY)

    def next_working_day(self, day: date) -> date:
        """`day` itself where it is worked, else the first one after it that is."""
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def after(self, start: date, length: "Length") -> Deadline:
        """When a limit of `length` that an event on `start` sets running runs out."""
        if length.unit is Unit.WORKING_DAYS:
            last = self._working_days(start, length.count)
        else:
            last = self.next_working_day(_plain(start, length))
        years = range(start.year, last.year + 1)
        return Deadline(last, provisional=not all(self.is_planned(year) for year in years))

    def working_days_left(self, today: date, last: date) -> int:
        """Working days from tomorrow to `last`, negative by those missed; 0 on the last day."""
        step = 1 if last >= today else -1
        days = (today + timedelta(days=step * n) for n in range(1, abs((last - today).days) + 1))
        return step * sum(self.is_working_day(day) for day in days)

    def _working_days(self, start: date, count: int) -> date:
        day = start
        while count > 0:
            day += timedelta(days=1)
            count -= self.is_working_day(day)
        return day


class Unit(Enum):
    WORKING_DAYS = "working days"
    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Length:
    """How long a limit is. Raises ValueError for a count that no law has."""

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        if not 1 <= self.count <= _FURTHEST_DAYS:
            raise ValueError(f"a limit must be 1 to {_FURTHEST_DAYS} {self.unit.value}")


Limit = Literal[
    "review",
    "notify-owner",
    "answer-objection",
    "make-statement",
    "answer-recusal",
    "withdraw-publication",
    "serve-decision",
    "pay-fine",
    "announce-service",
    "demand-answer",
    "reconsideration",
    "sue-after-reconsideration",
    "appeal",
    "decide-after-filing",
    "court-enforcement",
    "litigation",
    "prosecution",
]

LIMITS: Mapping[Limit, Length] = MappingProxyType(
    {
        # 道路交通安全违法行为处理程序规定 arts. 19, 20, 22: kept as good practice
        "review": Length(5, Unit.WORKING_DAYS),
        "notify-owner": Length(5, Unit.WORKING_DAYS),
        "answer-objection": Length(5, Unit.WORKING_DAYS),
        # 行政处罚法 art. 44 names none; local rules have three to five working days
        "make-statement": Length(5, Unit.WORKING_DAYS),
        # 行政处罚法 art. 43 names none; 公安机关办理行政案件程序规定 art. 21 has two days
        "answer-recusal": Length(2, Unit.WORKING_DAYS),
        # 行政处罚法 arts. 48, 61, 67, 60, 36
        "withdraw-publication": Length(3, Unit.WORKING_DAYS),
        "serve-decision": Length(7, Unit.WORKING_DAYS),
        "pay-fine": Length(15, Unit.DAYS),
        "decide-after-filing": Length(90, Unit.DAYS),
        "prosecution": Length(2, Unit.YEARS),
        # 民事诉讼法 art. 95
        "announce-service": Length(30, Unit.DAYS),
        # 行政强制法 arts. 54, 53; its art. 69 counts limits of up to ten days in working days
        "demand-answer": Length(10, Unit.WORKING_DAYS),
        "court-enforcement": Length(3, Unit.MONTHS),
        # 行政复议法 art. 20, 行政诉讼法 art. 46
        "reconsideration": Length(60, Unit.DAYS),
        "litigation": Length(6, Unit.MONTHS),
        # 行政诉讼法 arts. 45, 85
        "sue-after-reconsideration": Length(15, Unit.DAYS),
        "appeal": Length(15, Unit.DAYS),
    }
)


def local_date(utc_ms: int, zone: tzinfo) -> date:
    """The civil date of a moment where the case is handled."""
    return datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(zone).date()


def _plain(start: date, length: Length) -> date:
    if length.unit is Unit.DAYS:
        return start + timedelta(days=length.count)
    months = length.count * (12 if length.unit is Unit.YEARS else 1)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last_of_month = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last_of_month))
