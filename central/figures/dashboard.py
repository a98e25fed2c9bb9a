"""Reading the figures: totals, months, sites and cameras of a stretch of months.

A case counts in the month in which it opened, whatever became of it later, so that shares compare
what belongs together. Cases of lanes that only warned are counted apart: no penalty could follow.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, select

from central.database import reading
from central.figures.anomalies import Conspicuous, conspicuous
from central.figures.manual import Manual, counts
from central.figures.rollup import SUMMED
from central.figures.visits import Visit, visits
from central.office_tables import case_fact, month_count

_DAY_MS = 86_400_000
KeyOf = Callable[[Manual], str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Months from first to last, both inclusive, as YYYY-MM; a site, or all."""

    first: str
    last: str
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """How many cases, and of how many of them each holds."""

    name: str
    cases: int = 0
    reminded: int = 0
    left_in_time: int = 0
    overstayed: int = 0
    rejected: int = 0
    decided: int = 0
    paid: int = 0
    self_paid: int = 0
    revoked: int = 0
    warning: int = 0
    """Cases of lanes in their warning phase, which the other columns leave out."""
    manual_found: int = 0
    manual_fined: int = 0
    median_days: float | None = None
    """Half of the decisions came sooner after the packet."""

    @property
    def left_pm(self) -> int | None:
        return _share_pm(self.left_in_time, self.reminded)

    @property
    def self_paid_pm(self) -> int | None:
        return _share_pm(self.self_paid, self.decided)


@dataclass(frozen=True, slots=True)
class Dashboard:
    """All that the page and the sheets show."""

    wanted: Wanted
    total: Sums
    months: Sequence[Sums]
    sites: Sequence[Sums]
    cameras: Sequence[Sums]
    conspicuous: Sequence[Conspicuous] = ()
    visits: Sequence[Visit] = field(default_factory=tuple)


class Figures:
    """Every call is one consistent look, and blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def dashboard(self, wanted: Wanted) -> Dashboard:
        with reading(self._engine) as db:
            month, site = month_count.c.month, month_count.c.site
            manual = counts(db, wanted.first, wanted.last, wanted.site)
            months = _sums(db, wanted, [month])
            sites = _sums(db, wanted, [site])
            cameras = _sums(db, wanted, [month_count.c.device, month_count.c.camera])
            whole = _sums(db, wanted, [])
            return Dashboard(
                wanted=wanted,
                total=_with(whole, [""], manual, {"": _median(db, wanted)}, lambda _: "")[0],
                months=_with(
                    months,
                    _months(wanted),
                    manual,
                    _medians(db, wanted, "month"),
                    lambda one: one.month,
                ),
                sites=_with(
                    sites,
                    sorted({one.site for one in manual}),
                    manual,
                    _medians(db, wanted, "site"),
                    lambda one: one.site,
                ),
                cameras=_with(cameras, [], (), {}, lambda one: one.site),
                conspicuous=conspicuous(_by_camera(db, wanted)),
                visits=visits(db, wanted.first, wanted.last),
            )

    def span(self) -> tuple[str, str] | None:
        """The first and the last month that hold cases."""
        with reading(self._engine) as db:
            row = db.execute(select(func.min(month_count.c.month), func.max(month_count.c.month)))
            first, last = row.one()
        return None if first is None else (first, last)


def _share_pm(part: int, whole: int) -> int | None:
    return None if whole == 0 else round(1000 * part / whole)


def _where(wanted: Wanted) -> ColumnElement[bool]:
    table = month_count.c
    between = table.month.between(wanted.first, wanted.last)
    return between if wanted.site is None else and_(between, table.site == wanted.site)


def _sums(
    db: Connection, wanted: Wanted, group: Sequence[ColumnElement[str]]
) -> dict[str, dict[str, int]]:
    table = month_count.c
    counted = (1 - table.warning) * table.cases
    query = (
        select(
            *group,
            func.sum(counted).label("cases"),
            func.sum(table.warning * table.cases).label("warning"),
            *(func.sum((1 - table.warning) * table[name]).label(name) for name in SUMMED),
        )
        .where(_where(wanted))
        .group_by(*group)
        .order_by(*group)
    )
    found: dict[str, dict[str, int]] = {}
    for row in db.execute(query):
        name = " · ".join(str(part) for part in row[: len(group)])
        numbers = dict(zip(("cases", "warning", *SUMMED), row[len(group) :], strict=True))
        found[name] = {key: int(value or 0) for key, value in numbers.items()}
    return found


def _with(
    sums: dict[str, dict[str, int]],
    names: Sequence[str],
    manual: Sequence[Manual],
    medians: dict[str, float | None],
    key: KeyOf,
) -> list[Sums]:
    """The sums with what people found on foot and the medians, also where no camera saw a thing."""
    return [
        Sums(
            name=name,
            **sums.get(name, {}),
            manual_found=sum(one.found for one in manual if key(one) == name),
            manual_fined=sum(one.fined for one in manual if key(one) == name),
            median_days=medians.get(name),
        )
        for name in sorted({*names, *sums})
    ]


def _months(wanted: Wanted) -> list[str]:
    """Every month of the stretch: one without cases is shown as empty, not left out."""
    year, month = (int(part) for part in wanted.first.split("-"))
    found = []
    while (name := f"{year:04d}-{month:02d}") <= wanted.last:
        found.append(name)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found


def _decided(wanted: Wanted) -> ColumnElement[bool]:
    table = case_fact.c
    mine = and_(
        table.month.between(wanted.first, wanted.last),
        table.decision_ms.is_not(None),
        table.warning == 0,
    )
    return mine if wanted.site is None else and_(mine, table.site == wanted.site)


def _median(db: Connection, wanted: Wanted) -> float | None:
    times = db.scalars(select(case_fact.c.decision_ms).where(_decided(wanted))).all()
    return _middle_days(sorted(times))


def _medians(db: Connection, wanted: Wanted, by: str) -> dict[str, float | None]:
    rows = db.execute(select(case_fact.c[by], case_fact.c.decision_ms).where(_decided(wanted)))
    times: dict[str, list[int]] = {}
    for name, decision_ms in rows:
        times.setdefault(name, []).append(decision_ms)
    return {name: _middle_days(sorted(some)) for name, some in times.items()}


def _middle_days(times: Sequence[int]) -> float | None:
    if not times:
        return None
    middle = len(times) // 2
    ms = times[middle] if len(times) % 2 else (times[middle - 1] + times[middle]) / 2
    return ms / _DAY_MS


def _by_camera(db: Connection, wanted: Wanted) -> dict[str, dict[tuple[str, str, str], int]]:
    """Cases of every camera by month. Warned ones count: a place that draws cars does so anyway."""
    table = month_count.c
    query = (
        select(table.month, table.site, table.device, table.camera, func.sum(table.cases))
        .where(table.month.between(wanted.first, wanted.last))
        .group_by(table.month, table.site, table.device, table.camera)
    )
    found: dict[str, dict[tuple[str, str, str], int]] = {}
    for row in db.execute(query):
        found.setdefault(row[0], {})[row[1], row[2], row[3]] = int(row[4])
    return found
