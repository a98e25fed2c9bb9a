"""Keeping the figures: a row for each case, and the rows added up per month, site and camera.

`refresh` is what central/following.py calls with the cases that changed. Only the sums that these
cases lie in are made anew, so that the dashboard adds up some hundred rows and not every case.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, Engine, and_, delete, func, insert, select

from central import acting, following, tables
from central.calendar import local_date
from central.documents.wording import CHINA
from central.figures.facts import fact
from central.office_tables import case_fact, month_count
from central.policies import kept_packs
from central.policy import Pack

NAME = "figures"
_BATCH = 500
_KEY = ("month", "site", "device", "camera")
SUMMED = (
    "reminded",
    "left_in_time",
    "overstayed",
    "rejected",
    "decided",
    "paid",
    "self_paid",
    "revoked",
)
Key = tuple[str, str, str, str]


def catch_up(engine: Engine) -> None:
    """Everything that the log holds is in the figures."""
    following.catch_up(engine, NAME, refresh)


def rebuild(engine: Engine) -> None:
    """Throw the figures away and make them again from the log."""
    with engine.begin() as db:
        db.execute(delete(month_count))
        db.execute(delete(case_fact))
        following.start_over(db, NAME)
    catch_up(engine)


def refresh(db: Connection, cases: Sequence[UUID]) -> None:
    """Make the rows of these cases anew, and the sums that they lie in."""
    packs = kept_packs(db)
    touched: set[Key] = set()
    for first in range(0, len(cases), _BATCH):
        some = cases[first : first + _BATCH]
        touched |= _keys(db, some)
        db.execute(delete(case_fact).where(case_fact.c.case_id.in_(some)))
        rows = list(_facts(db, some, packs))
        if rows:
            db.execute(insert(case_fact), rows)
        touched |= _keys(db, some)
    for key in sorted(touched):
        _add_up(db, key)


def _keys(db: Connection, cases: Sequence[UUID]) -> set[Key]:
    columns = [case_fact.c[name] for name in _KEY]
    query = select(*columns).where(case_fact.c.case_id.in_(cases)).distinct()
    return {(row.month, row.site, row.device, row.camera) for row in db.execute(query)}


def _facts(
    db: Connection, cases: Sequence[UUID], packs: dict[str, Pack]
) -> Iterator[dict[str, object]]:
    table = tables.case
    done = acting.acts_of(db, cases)
    for row in db.execute(select(table).where(table.c.id.in_(cases))):
        opened = local_date(row.opened_utc_ms, CHINA)
        yield {
            "case_id": row.id,
            "month": f"{opened:%Y-%m}",
            "site": row.site,
            "device": row.device,
            "camera": row.camera,
            "warning": int(_only_warns(packs.get(row.policy_sha256), row.site, row.lane, opened)),
            **asdict(fact(row.state, row.opened_utc_ms, done.get(row.id, ()))),
        }


def _only_warns(pack: Pack | None, site: str, lane: str, day: date) -> bool:
    return pack is not None and pack.policy.only_warns(site, lane, day)


def _add_up(db: Connection, key: Key) -> None:
    mine = and_(*(case_fact.c[name] == value for name, value in zip(_KEY, key, strict=True)))
    same = and_(*(month_count.c[name] == value for name, value in zip(_KEY, key, strict=True)))
    db.execute(delete(month_count).where(same))
    group = [*(case_fact.c[name] for name in _KEY), case_fact.c.warning]
    sums = [func.sum(case_fact.c[name]) for name in SUMMED]
    totals = select(*group, func.count(), *sums).where(mine).group_by(*group)
    names = [*_KEY, "warning", "cases", *SUMMED]
    db.execute(insert(month_count).from_select(names, totals))
