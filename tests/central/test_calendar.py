"""Time limits run out on the day on which the law says so."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central import holidays
from central.calendar import LIMITS, Deadline, LegalCalendar, Length, Unit, local_date

CHINA = holidays.load()
DATES = st.dates(date(2004, 1, 1), date(2026, 6, 30))


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2021, 9, 17), True),
        (date(2021, 9, 18), True),  # Saturday, made up for the Mid-Autumn holiday
        (date(2021, 9, 20), False),  # Monday, off for it
        (date(2021, 10, 1), False),
        (date(2021, 10, 9), True),
        (date(2021, 10, 10), False),
        (date(2026, 2, 14), True),
        (date(2026, 2, 16), False),
    ],
)
def test_holidays_and_make_up_days_are_known(day: date, worked: bool) -> None:
    assert CHINA.is_working_day(day) is worked


def test_seven_working_days_to_serve_skip_the_national_holiday_and_count_made_up_days() -> None:
    # 27 28 29 30 September, then 8 October (Friday), 9 (Saturday, worked), 11 (Monday)
    assert CHINA.after(date(2021, 9, 26), LIMITS["serve-decision"]) == Deadline(
        date(2021, 10, 11), provisional=False
    )


def test_fifteen_days_to_pay_that_end_in_the_holiday_end_on_the_next_working_day() -> None:
    assert CHINA.after(date(2021, 9, 18), LIMITS["pay-fine"]).last == date(2021, 10, 8)


def test_fifteen_days_to_pay_count_days_off_in_between() -> None:
    assert CHINA.after(date(2021, 3, 1), LIMITS["pay-fine"]).last == date(2021, 3, 16)


@pytest.mark.parametrize(
    ("start", "last"),
    [
        (date(2021, 8, 31), date(2022, 2, 28)),
        (date(2021, 12, 21), date(2022, 6, 21)),
        (date(2021, 4, 1), date(2021, 10, 8)),
    ],
)
def test_six_months_end_on_the_day_of_that_number_or_the_months_last(
    start: date, last: date
) -> None:
    assert CHINA.after(start, LIMITS["litigation"]).last == last


def test_two_years_from_a_leap_day_end_on_the_last_of_february_or_the_next_working_day() -> None:
    assert CHINA.after(date(2020, 2, 29), LIMITS["prosecution"]).last == date(2022, 2, 28)


def test_a_limit_that_reaches_into_a_year_without_a_plan_is_provisional() -> None:
    known = LegalCalendar({2026: CHINA.plans[2026]})

    assert known.after(date(2026, 12, 21), LIMITS["serve-decision"]) == Deadline(
        date(2026, 12, 30), provisional=False
    )
    assert known.after(date(2026, 12, 28), LIMITS["serve-decision"]) == Deadline(
        date(2027, 1, 6), provisional=True
    )


@pytest.mark.parametrize(
    ("today", "left"),
    [(date(2021, 9, 30), 2), (date(2021, 10, 9), 0), (date(2021, 10, 11), -1)],
)
def test_days_left_are_counted_in_working_days(today: date, left: int) -> None:
    assert CHINA.working_days_left(today, date(2021, 10, 9)) == left


@given(DATES, st.integers(1, 60))
def test_a_limit_in_working_days_holds_exactly_so_many_and_ends_on_one(
    start: date, count: int
) -> None:
    last = CHINA.after(start, Length(count, Unit.WORKING_DAYS)).last

    between = [start + timedelta(days=n) for n in range(1, (last - start).days + 1)]
    assert sum(CHINA.is_working_day(day) for day in between) == count
    assert CHINA.is_working_day(last)


@given(DATES, st.sampled_from(sorted(LIMITS)))
def test_no_limit_ends_on_a_day_off_or_early(start: date, name: str) -> None:
    last = CHINA.after(start, LIMITS[name]).last  # type: ignore[index]

    assert CHINA.is_working_day(last)
    assert last > start


@pytest.mark.parametrize("count", [0, -1, 5001])
def test_a_limit_that_no_law_has_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="a limit must be 1 to 5000 days"):
        Length(count, Unit.DAYS)


def test_the_date_of_an_act_is_the_one_in_shanghai() -> None:
    late = int(datetime(2021, 12, 31, 16, 30, tzinfo=UTC).timestamp() * 1000)

    assert local_date(late, ZoneInfo("Asia/Shanghai")) == date(2022, 1, 1)
    assert local_date(late, UTC) == date(2021, 12, 31)


def test_a_plan_in_a_file_overrules_the_package(tmp_path: Path) -> None:
    (tmp_path / "2026.yaml").write_text(
        "year: 2026\nsource: test\ndays_off: [2026-03-02]\ndays_worked: [2026-03-07]\n",
        encoding="utf-8",
    )

    calendar = holidays.load(tmp_path)

    assert not calendar.is_working_day(date(2026, 3, 2))
    assert calendar.is_working_day(date(2026, 3, 7))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "year: 2030\nsource: x\ndays_off: [2031-01-01]\ndays_worked: []\n",
            "days of another year",
        ),
        (
            "year: 2030\nsource: x\ndays_off: [2030-01-01]\ndays_worked: [2030-01-01]\n",
            "both off and worked: 2030-01-01",
        ),
        ("year: 2030\ndays_off: []\ndays_worked: []\n", "source: Field required"),
        ("year: 2030\nsource: x\ndays_off: [soon]\ndays_worked: []\n", r"days_off\.0"),
        ("[", "cannot be read"),
        ("year: 2030\nsource: x\ndays_off: []\ndays_worked: []\nextra: 1\n", "extra: Extra inputs"),
    ],
)
def test_a_plan_with_a_fault_is_refused_with_the_fault(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "2030.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(holidays.BadPlan, match=told):
        holidays.read_plan(path)
