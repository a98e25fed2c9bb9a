"""Filters of the case list that people keep: each user's own, and those that others of the same
role share.

FilterError
├── BadFilter     the name or the address is none; the text says what is allowed
└── NotYours      there is no such filter of this user
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import ColumnElement, Engine, and_, delete, func, insert, or_, select, update

from central import tables
from central.access import Role
from central.database import reading
from central.desk_tables import saved_filter

NAME_CHARS, QUERY_CHARS, MOST = 40, 500, 50


class FilterError(Exception):
    """A filter that is not kept or not changed."""


class BadFilter(FilterError):
    """The name or the address is none."""


class NotYours(FilterError):
    """There is no such filter of this user."""


@dataclass(frozen=True, slots=True)
class Filter:
    """`query` is that of the case list's address. `by` is who keeps it, `mine` whether that is who
    asks."""

    id: str
    name: str
    query: str
    shared: bool
    by: str
    mine: bool


class Filters:
    """Every call blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def visible(self, user_id: str, role: Role) -> Sequence[Filter]:
        """One's own by name, then those that people of the same role share."""
        table, user = saved_filter, tables.user
        mine = table.c.user_id == user_id
        shared = table.c.shared & (user.c.role == role.value) & user.c.active
        query = (
            select(table, user.c.display)
            .join(user, user.c.id == table.c.user_id)
            .where(or_(mine, shared))
            .order_by(table.c.name, table.c.made_utc_ms)
        )
        with reading(self._engine) as db:
            found = [
                Filter(row.id, row.name, row.query, row.shared, row.display, row.user_id == user_id)
                for row in db.execute(query)
            ]
        return sorted(found, key=lambda one: not one.mine)

    def save(self, user_id: str, name: str, query: str, utc_ms: int, *, shared: bool) -> None:
        """Keep a filter; one of the same name of this user is replaced. Raises BadFilter."""
        table, name = saved_filter, name.strip()
        if not 1 <= len(name) <= NAME_CHARS or not name.isprintable():
            raise BadFilter(f"a name must have 1 to {NAME_CHARS} characters")
        if not query or len(query) > QUERY_CHARS:
            raise BadFilter(f"a filter must ask for something, in at most {QUERY_CHARS} characters")
        same = (table.c.user_id == user_id) & (table.c.name == name)
        with self._engine.begin() as db:
            db.execute(delete(table).where(same))
            kept = db.scalar(select(func.count()).where(table.c.user_id == user_id)) or 0
            if kept >= MOST:
                raise BadFilter(f"at most {MOST} filters are kept; delete one first")
            values = {"user_id": user_id, "name": name, "query": query, "shared": shared}
            db.execute(insert(table).values(id=str(uuid4()), made_utc_ms=utc_ms, **values))

    def share(self, user_id: str, filter_id: str, *, shared: bool) -> None:
        """Show it to others of the same role, or no more. Raises NotYours."""
        mine = _own(user_id, filter_id)
        with self._engine.begin() as db:
            changed = update(saved_filter).where(mine).values(shared=shared)
            if db.execute(changed).rowcount == 0:
                raise NotYours("there is no such filter of yours")

    def drop(self, user_id: str, filter_id: str) -> None:
        """Raises NotYours."""
        with self._engine.begin() as db:
            gone = delete(saved_filter).where(_own(user_id, filter_id))
            if db.execute(gone).rowcount == 0:
                raise NotYours("there is no such filter of yours")


def _own(user_id: str, filter_id: str) -> ColumnElement[bool]:
    return and_(saved_filter.c.id == filter_id, saved_filter.c.user_id == user_id)
