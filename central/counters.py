"""Numbers handed out without a gap: taken under a lock that is held until the commit."""

from sqlalchemy import Connection, select, update

from central import tables
from central.database import add_if_new


def take(db: Connection, name: str) -> int:
    """The next number, from 1. It is given back if the caller's transaction fails."""
    table = tables.counter
    add_if_new(db, table, {"name": name, "value": 0})
    bump = update(table).where(table.c.name == name).values(value=table.c.value + 1)
    return int(db.execute(bump.returning(table.c.value)).scalar_one())


def value(db: Connection, name: str) -> int:
    """The last number that was taken, 0 before the first."""
    found = db.scalar(select(tables.counter.c.value).where(tables.counter.c.name == name))
    return 0 if found is None else int(found)
