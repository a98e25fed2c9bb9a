"""Time limits of cases: midnight, the year's end, holidays, and how near the end is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest

from central.calendar import LegalCalendar
from central.cases import Act, Action, Case, Remedy, Role, State
from central.holidays import announced
from central.limits import CHINA, DEMAND, NOTICE, Course, Level, court_window, midnight, running
from central.review import REVIEW_MS

CALENDAR = LegalCalendar(announced())
A = Action


@dataclass(frozen=True)
class Done:
    """An act of the log."""

    utc_ms: int
    act: Act
    detail: Mapping[str, str] = field(default_factory=dict)


def china(text: str) -> int:
    """A moment in China, as `2026-12-31 23:59`."""
    at = datetime.fromisoformat(text).replace(tzinfo=CHINA)
    return int(at.timestamp() * 1000)


def course(state: State, *done: tuple[Action, str], **fields: object) -> Course:
    values: dict[str, object] = {
        "case": Case(state),
        "done": [Done(china(at), Act(action, Role.SYSTEM, "x")) for action, at in done],
        "begin_utc_ms": china("2026-03-02 10:00"),
        "end_utc_ms": china("2026-03-02 10:20"),
        "received": {},
        "pay_until": None,
        "policy": None,
        **fields,
    }
    return Course(**values)  # type: ignore[arg-type]


def last_days(found: Course) -> dict[str, str]:
    return {due.limit: str(due.last) for due in running(found, CALENDAR)}


def test_midnight_is_chinas_wherever_the_server_stands() -> None:
    assert midnight(date(2026, 1, 1)) == int(
        datetime(2025, 12, 31, 16, tzinfo=UTC).timestamp() * 1000
    )


@pytest.mark.parametrize(
    ("decided", "last"),
    [
        ("2026-03-02 23:59", "2026-03-11"),
        ("2026-03-03 00:00", "2026-03-12"),
        # The National Day holiday, with its make-up workdays before and after it.
        ("2026-09-29 10:00", "2026-10-14"),
        # Over the end of the year.
        ("2025-12-30 10:00", "2026-01-09"),
    ],
)
def test_seven_working_days_to_serve_count_from_the_day_of_the_decision(
    decided: str, last: str
) -> None:
    found = course(State.DECIDED, (A.DECIDE, decided))

    assert last_days(found)["serve-decision"] == last
    (due,) = running(found, CALENDAR)
    end = date.fromisoformat(last)
    assert due.ends_utc_ms == midnight(date.fromordinal(end.toordinal() + 1))


def test_ninety_days_since_filing_warn_at_sixty_seventy_five_and_eighty_five() -> None:
    found = course(State.FILED, (A.FILE, "2026-03-02 09:00"))
    due = next(due for due in running(found, CALENDAR) if due.limit == "decide-after-filing")
    day = 86_400_000

    levels = {days: due.level(due.begun_utc_ms + days * day) for days in (59, 60, 75, 85, 89, 90)}

    assert str(due.last) == "2026-06-01"  # 31 May is a Sunday
    assert due.level(due.ends_utc_ms) is Level.OVER
    assert levels == {
        59: Level.CALM,
        60: Level.NEAR,
        75: Level.SOON,
        85: Level.LAST,
        89: Level.LAST,
        90: Level.LAST,
    }


def test_the_time_to_state_runs_from_the_receipt_of_the_notice_only() -> None:
    silent = course(State.NOTIFIED, (A.FILE, "2026-03-02 09:00"), (A.NOTIFY, "2026-03-05 09:00"))
    told = course(
        State.NOTIFIED,
        (A.FILE, "2026-03-02 09:00"),
        received={NOTICE: date(2026, 3, 6)},
    )

    assert "make-statement" not in last_days(silent)
    assert last_days(told)["make-statement"] == "2026-03-13"


def test_two_years_since_the_act_end_on_the_same_day() -> None:
    assert last_days(course(State.FILED))["prosecution"] == "2028-03-02"


def test_remedies_then_three_months_bound_the_way_to_court() -> None:
    found = course(
        State.DEMANDED,
        (A.PROVE_SERVICE, "2026-03-31 09:00"),
        received={DEMAND: date(2026, 10, 20)},
    )

    assert last_days(found) == {"demand-answer": "2026-11-03", "court-enforcement": "2026-12-30"}


def test_while_a_remedy_is_pending_the_court_is_not_awaited() -> None:
    pending = Case(State.OVERDUE, Remedy.SUING)
    found = course(State.OVERDUE, (A.PROVE_SERVICE, "2026-03-31 09:00"), case=pending)

    assert last_days(found) == {}


def test_a_review_is_over_five_times_24_hours_after_the_vehicle_stood_there() -> None:
    (due,) = running(course(State.OVERSTAYED), CALENDAR)

    assert due.ends_utc_ms == china("2026-03-02 10:00") + REVIEW_MS
    assert due.awaits == (A.REVIEW, A.REVIEW_AGAIN)


def test_a_year_without_a_plan_says_so() -> None:
    found = course(State.DECIDED, (A.DECIDE, "2031-12-30 10:00"))

    assert [due.provisional for due in running(found, CALENDAR)] == [True]


@pytest.mark.parametrize(
    ("done", "over", "until"),
    [
        # Six months since service.
        ([], "2026-09-02", "2026-12-02"),
        # Reconsideration took longer: fifteen days for a lawsuit since its decision.
        ([(A.DECIDE_RECONSIDERATION, "2026-10-15 10:00")], "2026-10-30", "2027-02-01"),
        ([(A.DECIDE_RECONSIDERATION, "2026-05-08 10:00")], "2026-09-02", "2026-12-02"),
        # A judgment: fifteen days for an appeal.
        ([(A.DECIDE_SUIT, "2026-12-01 10:00")], "2026-12-16", "2027-03-16"),
    ],
)
def test_the_court_is_asked_when_no_remedy_is_left(
    done: list[tuple[Action, str]], over: str, until: str
) -> None:
    found = course(State.DEMANDED, (A.PROVE_SERVICE, "2026-03-02 10:00"), *done)
    window = court_window(found, CALENDAR)

    assert window is not None
    assert [str(due.last) for due in window] == [over, until]
