"""What was erased, as pages and exports tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Engine, func, select

from central import tables
from central.database import reading
from central.keeping.erasing import Rule, rules
from central.office_tables import erasure
from central.views import Erased


@dataclass(frozen=True, slots=True)
class Round:
    """What one line of the log says was erased."""

    number: str | None
    case_id: UUID | None
    erased: Erased
    count: int


def erased_of(db: Connection, case_id: UUID) -> Mapping[str, Erased]:
    """By hash, what of the case is erased."""
    table = erasure
    rows = db.execute(select(table).where(table.c.case_id == case_id).order_by(table.c.id))
    return {row.subject: Erased(row.kind, row.utc_ms, row.rule, row.log_seq) for row in rows}


class Ledger:
    """Every call blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rules(self, utc_ms: int) -> Mapping[str, Rule]:
        with reading(self._engine) as db:
            return rules(db, utc_ms)

    def last(self, most: int = 200) -> Sequence[Round]:
        """The newest tombstones."""
        table, case = erasure, tables.case
        columns = (table.c.log_seq, table.c.kind, table.c.case_id, table.c.rule, table.c.utc_ms)
        query = (
            select(*columns, case.c.number, func.count())
            .join(case, case.c.id == table.c.case_id, isouter=True)
            .group_by(*columns, case.c.number)
            .order_by(table.c.log_seq.desc())
            .limit(most)
        )
        with reading(self._engine) as db:
            return tuple(
                Round(
                    row.number,
                    row.case_id,
                    Erased(row.kind, row.utc_ms, row.rule, row.log_seq),
                    int(row[-1]),
                )
                for row in db.execute(query)
            )
