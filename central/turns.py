"""Whose turn it is, of more cases than one round has time for.

Some cases wait for a person, and nothing can be done for them by itself, however often they are
asked. Were the oldest asked first each time, enough of them would keep all others waiting for ever.
"""

from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Row, Select

from central import tables

_FIRST = UUID(int=0)
_Columns = TypeVar("_Columns", bound=tuple[Any, ...])


@dataclass
class Turn:
    """A place in the line of all cases. One of it for each kind of work, kept between rounds."""

    most: int
    _after: UUID = _FIRST

    def take(self, db: Connection, query: Select[_Columns]) -> list[Row[_Columns]]:
        """At most `most` rows of the query, which names the case's id; the next ones next time, and
        from the beginning after the last."""
        case_id = tables.case.c.id
        some = query.where(case_id > self._after).order_by(case_id).limit(self.most)
        rows = list(db.execute(some).all())
        self._after = rows[-1].id if len(rows) == self.most else _FIRST
        return rows
