"""What the passing of time does to cases: time limits are worked out, and what follows in the table
when one is over is done in the office's own name.

Every act asks for the same proofs as a person's would (central/proofs.py). A case whose act is
refused stays as it is, and stands in the list of what is due. Every call blocks.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Connection, Engine, Select, exists, select, update

from central import acting, documents, inquiry, papers, proofs, tables
from central.act_forms import papers as papers_of
from central.act_tables import pending_act
from central.calendar import LegalCalendar
from central.cases import Act, Action, CaseError, Role, State
from central.database import reading
from central.documents import facts
from central.documents.content import Incomplete
from central.limits import WATCHED, Due, running
from central.owner import parties
from central.owner_tables import service_consent
from central.policies import PolicyError
from central.proofs import ELECTRONIC, Known, Typed
from central.turns import Turn
from edge.wire.errors import WireError

ACTOR = "system"
ANNOUNCED = "公告送达"
_AT_ONCE = 200
_CASE = tables.case
A, S = Action, State
LATE: Mapping[State, Action] = MappingProxyType(
    {
        S.SUSPECTED: A.EXPIRE,
        S.REMINDER_FAILED: A.EXPIRE,
        S.QUARANTINED: A.EXPIRE,
        S.OVERSTAYED: A.EXPIRE,
        S.SCREENED: A.EXPIRE,
        S.FIRST_REVIEWED: A.EXPIRE,
        S.NOTIFIED: A.LAPSE,
        S.ANNOUNCED: A.PROVE_SERVICE,
        S.PAYABLE: A.FALL_OVERDUE,
        S.DEFERRED: A.FALL_OVERDUE,
    }
)
"""What follows when the time in a state is over."""
log = logging.getLogger("central.clocks")


@dataclass(frozen=True, slots=True)
class DueCase:
    """A case with the limits that run in it, the next one first."""

    id: UUID
    number: str
    state: str
    site: str
    dues: Sequence[Due]


class Clocks:
    """The office's clocks. Of several workers one runs them at a time (central/jobs.py)."""

    def __init__(self, engine: Engine, calendar: LegalCalendar) -> None:
        self._engine = engine
        self._calendar = calendar
        self._passing, self._serving = Turn(_AT_ONCE), Turn(_AT_ONCE)

    def run(self, utc_ms: int) -> None:
        """Everything that is due now, until nothing more follows."""
        self.work_out()
        self._each(self._some(self._passing, _over(utc_ms)), self._pass, utc_ms)
        self._each(self._some(self._serving, _CONSENTED), self._serve, utc_ms)
        self._drop_overtaken(utc_ms)
        self.work_out()

    def work_out(self) -> int:
        """The next time limit of every case that has none worked out; how many were."""
        with reading(self._engine) as db:
            wanted = _CASE.c.state.in_(sorted(WATCHED)) & _CASE.c.due_utc_ms.is_(None)
            waiting = db.scalars(select(_CASE.c.id).where(wanted).limit(_AT_ONCE)).all()
        for case_id in waiting:
            with self._engine.begin() as db:
                acting.lock(db, case_id)
                dues = running(inquiry.course_of(db, case_id), self._calendar)
                ends = dues[0].ends_utc_ms if dues else _NEVER
                mine = update(_CASE).where(_CASE.c.id == case_id)
                db.execute(mine.values(due_utc_ms=ends))
        return len(waiting)

    def forget(self) -> None:
        """Every limit that runs is worked out anew in the next rounds: at the start, since a year's
        plan of holidays may have come that moves it."""
        known = _CASE.c.state.in_(sorted(WATCHED)) & _CASE.c.due_utc_ms.is_not(None)
        with self._engine.begin() as db:
            db.execute(update(_CASE).where(known).values(due_utc_ms=None))

    def due(self, most: int) -> list[DueCase]:
        """Cases by the end of their next limit."""
        query = (
            select(_CASE.c.id, _CASE.c.number, _CASE.c.state, _CASE.c.site)
            .where(_CASE.c.state.in_(sorted(WATCHED - {S.SUSPECTED, S.REMINDER_FAILED})))
            .where(_CASE.c.due_utc_ms < _NEVER)
            .order_by(_CASE.c.due_utc_ms)
            .limit(most)
        )
        with reading(self._engine) as db:
            return [
                DueCase(
                    row.id,
                    row.number,
                    row.state,
                    row.site,
                    running(inquiry.course_of(db, row.id), self._calendar),
                )
                for row in db.execute(query).all()
            ]

    def dues(self, case_id: UUID) -> list[Due]:
        """The limits that run in one case."""
        with reading(self._engine) as db:
            return running(inquiry.course_of(db, case_id), self._calendar)

    def days_left(self, today: date, due: Due) -> int:
        """Working days from tomorrow to the last day; negative when it is over."""
        return self._calendar.working_days_left(today, due.last)

    def _some(self, turn: Turn, query: Select[tuple[UUID]]) -> Sequence[UUID]:
        with reading(self._engine) as db:
            return [row.id for row in turn.take(db, query)]

    def _drop_overtaken(self, utc_ms: int) -> None:
        """Acts that wait for a second signature in a case that went on: they can be signed no
        more, and what was typed into them is about people."""
        event = tables.case_event
        later = exists().where(
            event.c.case_id == pending_act.c.case_id,
            event.c.type == acting.ACT,
            event.c.seq > pending_act.c.seen,
        )
        waits = pending_act.c.state == "waiting"
        with reading(self._engine) as db:
            if db.execute(select(pending_act.c.id).where(waits, later).limit(1)).first() is None:
                return
        overtaken = update(pending_act).where(waits, later)
        values = {"state": "withdrawn", "ended_utc_ms": utc_ms, "ended_by": None, "fields": "{}"}
        with self._engine.begin() as db:
            db.execute(overtaken.values(values))

    def _each(
        self,
        found: Iterable[UUID],
        step: Callable[[Connection, UUID, int], None],
        utc_ms: int,
    ) -> None:
        for case_id in found:
            try:
                with self._engine.begin() as db:
                    acting.lock(db, case_id)
                    step(db, case_id, utc_ms)
            except (CaseError, Incomplete) as fault:
                log.info("nothing follows in case %s yet: %s", case_id, fault)
            except (WireError, PolicyError) as fault:
                log.error(
                    "case %s is left alone: what is kept of it is damaged: %s", case_id, fault
                )

    def _pass(self, db: Connection, case_id: UUID, utc_ms: int) -> None:
        """The act that follows when the time is over. Raises CaseError, Incomplete."""
        known = inquiry.read(db, case_id, ACTOR, utc_ms, self._calendar)
        action = LATE.get(known.case.main)
        if action is None or not proofs.is_over(known, action):
            return
        told = _ANNOUNCEMENT if action is A.PROVE_SERVICE else {}
        do_by_itself(db, case_id, action, known, told)

    def _serve(self, db: Connection, case_id: UUID, utc_ms: int) -> None:
        """Electronic service where the party agreed to it: begun at once, proven by its opening
        the decision on the page. Nothing else is service (行政处罚法 art. 61)."""
        if parties.consent(db, case_id) is None:
            return
        known = inquiry.read(db, case_id, ACTOR, utc_ms, self._calendar)
        if known.case.main is S.DECIDED:
            do_by_itself(db, case_id, A.BEGIN_SERVICE, known, _ON_THE_PAGE)
        elif _opened(db, case_id, known):
            do_by_itself(db, case_id, A.PROVE_SERVICE, known, _OPENED)


_NEVER = 2**62
_CONSENTED = select(_CASE.c.id).where(
    _CASE.c.state.in_((S.DECIDED.value, S.SERVING.value)),
    exists().where(
        service_consent.c.case_id == _CASE.c.id, service_consent.c.withdrawn_utc_ms.is_(None)
    ),
)
"""Decisions that may be on their way to a party by this office's page."""


def _over(utc_ms: int) -> Select[tuple[UUID]]:
    """Cases whose next limit is over and where something follows from it."""
    late = _CASE.c.state.in_(sorted(LATE)) & (_CASE.c.due_utc_ms <= utc_ms)
    return select(_CASE.c.id).where(late)


_ANNOUNCEMENT = {
    "way": ANNOUNCED,
    "service_place": "公告栏",
    "service_result": "自公告之日起公告期满，视为送达。",
}
_ON_THE_PAGE = {
    "way": ELECTRONIC,
    "service_place": "案件网页",
    "service_result": "经当事人同意，决定书已放入案件网页。",
}
_OPENED = {
    "way": ELECTRONIC,
    "service_place": "案件网页",
    "service_result": "当事人本人在案件网页打开决定书，系统记录了打开时间。",
}


def do_by_itself(
    db: Connection, case_id: UUID, action: Action, known: Known, told: Mapping[str, str]
) -> None:
    """One act of the system with its documents, within the caller's transaction that holds the
    case. Raises CaseError, Incomplete."""
    typed = Typed(way=told.get("way", ""))
    proven = proofs.proven(known, action, Role.SYSTEM, typed)
    detail = {"way": told["way"]} if "way" in told else {}
    for kind in papers_of(known.case, action):
        made = documents.issue(db, case_id, kind, known.now_utc_ms, told)
        detail |= {"document": made.sha256, "number": made.number or ""}
    acting.do(db, case_id, Act(action, Role.SYSTEM, ACTOR), proven, known.now_utc_ms, detail)


def _opened(db: Connection, case_id: UUID, known: Known) -> bool:
    """Whether the party opened the newest decision on the page."""
    decided = [one for one in papers.listed(db, case_id) if one.kind in facts.DECISIONS]
    receipt = decided[-1].receipt if decided else None
    return known.case.main is S.SERVING and receipt is not None and receipt.way == ELECTRONIC
