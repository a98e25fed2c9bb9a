"""Keeping what only repeats the log up to date, by reading on from where one stopped.

Whatever changes a case writes a line of the log within the same transaction. Who follows is told
which cases have new lines and makes their rows anew from what is there; a counter says how far it
came. Made from nothing, the rows are the same: a test holds that.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import Connection, Engine, select, update

from central import counters, events, tables
from central.database import add_if_new
from central.policies import PACK_ADDED

LINES = 5000
"""Read in one transaction, which other writers wait for."""
Refresh = Callable[[Connection, Sequence[UUID]], None]


def follow(engine: Engine, name: str, refresh: Refresh, lines: int = LINES) -> int:
    """Take the next lines of the log; how many there were, 0 where nothing is new."""
    table, counter = tables.case_event, tables.counter
    with engine.begin() as db:
        add_if_new(db, counter, {"name": name, "value": 0})
        mine = counter.c.name == name
        after = int(db.execute(select(counter.c.value).where(mine).with_for_update()).scalar_one())
        until = min(after + lines, counters.value(db, "log"))
        if until <= after:
            return 0
        new = select(table.c.case_id).where(
            table.c.seq > after, table.c.seq <= until, table.c.case_id.is_not(None)
        )
        cases = [*db.scalars(new.distinct()), *_under_new_packs(db, after, until)]
        if cases:
            refresh(db, cases)
        db.execute(update(counter).where(mine).values(value=until))
        return until - after


def _under_new_packs(db: Connection, after: int, until: int) -> Sequence[UUID]:
    """Cases whose pack was not known here when they came: what it says counts from now on."""
    table, case = tables.case_event, tables.case
    added = (table.c.seq > after) & (table.c.seq <= until) & (table.c.type == PACK_ADDED)
    names = [
        events.parse_payload(text)["sha256"]
        for text in db.scalars(select(table.c.payload).where(added))
    ]
    return db.scalars(select(case.c.id).where(case.c.policy_sha256.in_(names))).all()


def catch_up(engine: Engine, name: str, refresh: Refresh) -> None:
    """Until nothing is new."""
    while follow(engine, name, refresh):
        pass


def start_over(db: Connection, name: str) -> None:
    """What was made is thrown away by the caller: begin at the log's first line again."""
    counter = tables.counter
    db.execute(update(counter).where(counter.c.name == name).values(value=0))
