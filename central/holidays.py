"""Where the legal calendar's days come from.

The State Council announces each year's holidays and make-up working days late in the year before.
`chinesecalendar` carries the announced plans; a year that it does not have yet can be given as a
YAML file in the configuration's `calendar_dir` (configs/calendar/README.md), which also overrules
it.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated

import chinese_calendar
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from central.calendar import LegalCalendar
from central.config_file import ConfigError, plain


class BadPlan(ValueError):
    """A year's plan that cannot be used; the text says what was wrong in which file."""


class _Plan(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    year: Annotated[int, Field(ge=2000, le=2200)]
    source: Annotated[str, Field(min_length=1)]
    days_off: Annotated[list[date], Field(max_length=366)]
    days_worked: Annotated[list[date], Field(max_length=366)]


def announced() -> dict[int, Mapping[date, bool]]:
    """The plans that the library carries: year -> {date: worked?}."""
    plans: dict[int, dict[date, bool]] = {}
    for day in chinese_calendar.constants.holidays:
        plans.setdefault(day.year, {})[day] = False
    for day in chinese_calendar.constants.workdays:
        plans.setdefault(day.year, {})[day] = True
    return dict(plans)


def read_plan(path: Path) -> tuple[int, Mapping[date, bool]]:
    """One year's plan from a file. Raises BadPlan."""
    try:
        plan = _Plan.model_validate(plain(path.read_bytes(), path))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'plan'}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        )
        raise BadPlan(f"{path}: {faults}") from None
    except (OSError, ConfigError) as error:
        raise BadPlan(f"{path}: cannot be read: {error}") from None
    strangers = [str(day) for day in (*plan.days_off, *plan.days_worked) if day.year != plan.year]
    both = sorted(str(day) for day in set(plan.days_off) & set(plan.days_worked))
    if strangers or both:
        wrong = (
            f"days of another year: {', '.join(strangers)}"
            if strangers
            else f"days both off and worked: {', '.join(both)}"
        )
        raise BadPlan(f"{path}: the plan of {plan.year} holds {wrong}")
    return plan.year, dict.fromkeys(plan.days_off, False) | dict.fromkeys(plan.days_worked, True)


def load(folder: Path | None = None) -> LegalCalendar:
    """The announced plans, and over them those of the YAML files in `folder`. Raises BadPlan."""
    plans = announced()
    for path in sorted(folder.glob("*.yaml")) if folder is not None else ():
        year, plan = read_plan(path)
        plans[year] = plan
    return LegalCalendar(plans)
