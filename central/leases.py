"""Who runs a job that only one worker may run at a time."""

from sqlalchemy import Engine, or_, update

from central import tables
from central.database import add_if_new


def take_lease(engine: Engine, name: str, owner: str, utc_ms: int, for_ms: int) -> bool:
    """Whether `owner` has the job until `for_ms` from now. Who has it may take it again."""
    table = tables.lease
    with engine.begin() as db:
        add_if_new(db, table, {"name": name, "owner": owner, "until_utc_ms": 0})
        free = or_(table.c.owner == owner, table.c.until_utc_ms <= utc_ms)
        taken = (
            update(table)
            .where(table.c.name == name, free)
            .values(owner=owner, until_utc_ms=utc_ms + for_ms)
        )
        return db.execute(taken).rowcount == 1
