"""What the sharing API reads of the database: cases by their last change, acts, counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine, Row, func, select

from central import events, fines, tables
from central.acting import ACT
from central.api.documents import ActDone, Case, Counted, FineFound, Standing
from central.database import reading

_CASE, _EVENT = tables.case, tables.case_event


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases: changed after a line of the log, of a site, in a state."""

    changed_after: int
    limit: int
    site: str | None = None
    state: str | None = None


class Source:
    """Every call is one consistent look, and blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cases(self, wanted: Wanted, with_plates: bool) -> list[Case]:
        """At most `limit`, in the order of their last change."""
        condition = _CASE.c.changed_seq > wanted.changed_after
        if wanted.site is not None:
            condition &= _CASE.c.site == wanted.site
        if wanted.state is not None:
            condition &= _CASE.c.state == wanted.state
        query = select(_CASE).where(condition).order_by(_CASE.c.changed_seq).limit(wanted.limit)
        with reading(self._engine) as db:
            return [_case(row, with_plates) for row in db.execute(query).all()]

    def case(self, number: str, with_plates: bool) -> tuple[UUID, Case, list[ActDone]] | None:
        with reading(self._engine) as db:
            row = db.execute(select(_CASE).where(_CASE.c.number == number)).one_or_none()
            if row is None:
                return None
            mine = (_EVENT.c.case_id == row.id) & (_EVENT.c.type == ACT)
            lines = db.execute(select(_EVENT).where(mine).order_by(_EVENT.c.seq)).all()
            return row.id, _case(row, with_plates), [_act(line) for line in lines]

    def fines(self, standing: Standing) -> list[FineFound]:
        end = standing.begin_utc_ms + standing.lasting_ms
        with reading(self._engine) as db:
            found = fines.other_fines(
                db, standing.plate, standing.colour, standing.begin_utc_ms, end
            )
        return [
            FineFound(
                by=fine.by,
                reference=fine.reference,
                begin_utc_ms=fine.begin_utc_ms,
                end_utc_ms=fine.end_utc_ms,
                place=fine.place,
            )
            for fine in found
        ]

    def counts(self, from_utc_ms: int, until_utc_ms: int) -> Sequence[Counted]:
        """Cases opened from the one (inclusive) to the other, by site and state."""
        opened = _CASE.c.opened_utc_ms
        query = (
            select(_CASE.c.site, _CASE.c.state, func.count())
            .where(opened >= from_utc_ms, opened < until_utc_ms)
            .group_by(_CASE.c.site, _CASE.c.state)
        )
        sites: dict[str, dict[str, int]] = {}
        with reading(self._engine) as db:
            for site, state, number in db.execute(query).all():
                sites.setdefault(site, {})[state] = number
        return [
            Counted(site=site, cases=sum(states.values()), states=states)
            for site, states in sorted(sites.items())
        ]


def _case(row: Row[tuple[object, ...]], with_plates: bool) -> Case:
    return Case(
        number=row.number,
        state=row.state,
        remedy=row.remedy,
        money=row.money,
        site=row.site,
        camera=row.camera,
        lane=row.lane,
        opened_utc_ms=row.opened_utc_ms,
        begin_utc_ms=row.begin_utc_ms,
        standing_ms=row.standing_ms,
        changed_seq=row.changed_seq,
        plate=row.plate if with_plates else None,
        plate_colour=row.plate_colour if with_plates else None,
    )


def _act(line: Row[tuple[object, ...]]) -> ActDone:
    said = events.parse_payload(line.payload)
    return ActDone(seq=line.seq, utc_ms=line.utc_ms, action=said["action"], role=said["role"])
