"""Reviews in the log: what waits, who typed which plate, who judged how.

Each act is a line of the append-only log. Acts of one case are taken one after another, under the
lock of its device, so that two officers at once cannot both be the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, func, select

from central import acting, documents, events, interests, review, tables
from central.act_forms import papers
from central.case_moves import RULES
from central.cases import Act, Action, Role, State
from central.database import reading
from central.likeness import UNASKED, BodyColour, Seen, SeenKind
from central.review import OPEN_TO_REVIEW, REVIEW_MS, Desk, Judgement, Typed
from central.views import CaseView

TYPED, OPENED = "plate-typed", "case opened"
_CASE, _EVENT = tables.case, tables.case_event
MOST_WAITING = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case in the queue. It says nothing of the plate."""

    id: UUID
    number: str
    site: str
    camera: str
    begin_utc_ms: int
    due_utc_ms: int
    second: bool


class AlreadyTyped(Exception):
    """This person typed a plate for this case before: the first reading stands."""


class Reviews:
    """The review desk's side of the database. Every call blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def waiting(self, person: str, now_utc_ms: int, most: int = MOST_WAITING) -> Sequence[Waiting]:
        """Cases that this person may review now, the most urgent first, at most `most`."""
        mine = select(func.count()).where(
            _EVENT.c.case_id == _CASE.c.id, _EVENT.c.type == acting.ACT, _EVENT.c.actor == person
        )
        query = (
            select(_CASE)
            .where(
                _CASE.c.state.in_(sorted(OPEN_TO_REVIEW)),
                _CASE.c.begin_utc_ms >= now_utc_ms - REVIEW_MS,
                mine.scalar_subquery() == 0,
            )
            .order_by(_CASE.c.begin_utc_ms, _CASE.c.number)
        )
        with reading(self._engine) as db:
            found = (_waiting(db, row, person) for row in db.execute(query).all())
            return list(islice((one for one in found if one is not None), most))

    def desk(self, view: CaseView, person: str) -> Desk:
        """The case as this person finds it on the desk."""
        with reading(self._engine) as db:
            return _desk(db, view, person)

    def type_plate(self, case_id: UUID, typed: Typed, now_utc_ms: int) -> None:
        """Keep a blind reading. Raises AlreadyTyped: nobody types again after having seen."""
        person, seen = typed.person, typed.seen
        with self._engine.begin() as db:
            acting.lock(db, case_id)
            if any(one.person == person for one in typed_in(db, case_id)):
                raise AlreadyTyped("a plate was typed before; the first reading stands")
            payload = {"person": person, "plate": typed.plate or ""}
            payload |= {"body_colour": seen.colour or "", "kind": seen.kind or ""}
            events.append(db, events.Event(now_utc_ms, person, TYPED, case_id, payload))

    def judge(self, view: CaseView, person: str, judgement: Judgement, now_utc_ms: int) -> Action:
        """Write the judgement down, with its record (审核记录). Raises CaseError where the case,
        person or proof forbids it, Incomplete where no policy pack names the agency."""
        case_id = view.row.id
        with self._engine.begin() as db:
            acting.lock(db, case_id)
            desk = _desk(db, view, person)
            if interests.interest(db, case_id, person) is not None:
                judgement = replace(judgement, no_conflict=False)
            action = review.action(desk, person, judgement)
            proven = review.proven(desk, person, judgement, now_utc_ms)
            answers = {**judgement.answers, **review.own_points(desk, person)}
            detail = {
                "answers": " ".join(f"{point}={answers[point]}" for point in sorted(answers)),
                "grounds": judgement.grounds,
            }
            act = Act(action, Role.OFFICER, person)
            # The rules are asked before a document is made, and documents before the log.
            RULES.do(desk.case, act, proven)
            for kind in papers(desk.case, action):
                extra = {**detail, **_seen_by(desk, person), "person": person}
                made = documents.issue(db, case_id, kind, now_utc_ms, extra)
                detail |= {"document": made.sha256, "number": made.number or ""}
            acting.do(db, case_id, act, proven, now_utc_ms, detail)
        return action


def _waiting(db: Connection, row: Row[tuple[object, ...]], person: str) -> Waiting | None:
    if _seen(db, row.id, person):
        return None
    return Waiting(
        id=row.id,
        number=row.number,
        site=row.site,
        camera=row.camera,
        begin_utc_ms=row.begin_utc_ms,
        due_utc_ms=row.begin_utc_ms + REVIEW_MS,
        second=row.state == State.FIRST_REVIEWED,
    )


def _lines(db: Connection, case_id: UUID, kind: str) -> list[Mapping[str, str]]:
    query = select(_EVENT.c.payload).where(_EVENT.c.case_id == case_id, _EVENT.c.type == kind)
    return [events.parse_payload(text) for text in db.scalars(query.order_by(_EVENT.c.seq))]


def typed_in(db: Connection, case_id: UUID) -> list[Typed]:
    """Every blind reading of a case, in order; none that was erased."""
    lines = _lines(db, case_id, TYPED)
    return [Typed(line["person"], line["plate"] or None, seen_in(line)) for line in lines if line]


def seen_in(line: Mapping[str, str]) -> Seen:
    """The vehicle in a line of the log or a row; older ones say nothing of it."""
    colour, kind = line.get("body_colour"), line.get("kind")
    return Seen(BodyColour(colour) if colour else None, SeenKind(kind) if kind else None)


def _seen_by(desk: Desk, person: str) -> Mapping[str, str]:
    """For the review's record; its words are the documents'."""
    mine = desk.typed_by(person)
    seen = mine.seen if mine else UNASKED
    return {"seen_colour": seen.colour or "", "seen_kind": seen.kind or ""}


def _seen(db: Connection, case_id: UUID, person: str) -> bool:
    """Whether this person opened the case's page before typing a plate: it shows the reading."""
    log = tables.access_log
    looks = (log.c.case_id == case_id) & (log.c.user_id == person) & (log.c.action == OPENED)
    looked = db.scalar(select(func.min(log.c.utc_ms)).where(looks))
    mine = (_EVENT.c.case_id == case_id) & (_EVENT.c.type == TYPED) & (_EVENT.c.actor == person)
    typed = db.scalar(select(func.min(_EVENT.c.utc_ms)).where(mine))
    return looked is not None and (typed is None or looked <= typed)


def _desk(db: Connection, view: CaseView, person: str) -> Desk:
    return Desk(
        case=acting.standing(db, view.row.id),
        checks=[check for held in view.records for check in held.checks],
        machine=view.row.plate,
        typed=typed_in(db, view.row.id),
        seen=_seen(db, view.row.id, person),
        captured_utc_ms=view.row.begin_utc_ms,
    )
