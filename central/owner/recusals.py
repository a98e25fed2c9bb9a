"""A party asks that an officer withdraw from the case (申请回避, 行政处罚法 art. 43).

The request is a statement; a head of office answers it, granting it against one person, who does
nothing more in the case from then on, or refusing it with reasons. The inquiry goes on meanwhile;
no decision is made before the answer (central/bars.py).

RecusalError
├── NotOpen      there is no such request in the case, or it was answered before
├── NotTheirs    who answers has an interest themselves, or would withdraw themselves
└── Unreasoned   no reasons, or nobody that it is granted against
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, Engine, select

from central import acting, events, interests, tables
from central.bars import RECUSAL, RECUSAL_ANSWERED, unanswered_recusals
from central.cases import JUDGING
from central.database import reading
from central.owner_tables import statement

REASON_CHARS = (4, 500)
_EVENT, _CASE, _USER = tables.case_event, tables.case, tables.user


class RecusalError(Exception):
    """A request that is not answered so."""


class NotOpen(RecusalError):
    """There is no such request in the case, or it was answered before."""


class NotTheirs(RecusalError):
    """Who answers has an interest themselves, or would withdraw themselves."""


class Unreasoned(RecusalError):
    """No reasons, or nobody that it is granted against."""


class Outcome(StrEnum):
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the head decided. `person` withdraws, where it was granted."""

    outcome: Outcome
    person: str
    reason: str
    by: str
    utc_ms: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits for its answer."""

    case_id: UUID
    number: str
    made_utc_ms: int


def answers(db: Connection, case_id: UUID) -> dict[UUID, Answer]:
    """The answers given in a case, by the statement that asked."""
    query = select(_EVENT.c.actor, _EVENT.c.utc_ms, _EVENT.c.payload).where(
        _EVENT.c.case_id == case_id, _EVENT.c.type == RECUSAL_ANSWERED
    )
    found: dict[UUID, Answer] = {}
    for row in db.execute(query):
        line = events.parse_payload(row.payload)
        found[UUID(line["statement"])] = Answer(
            Outcome(line["outcome"]), line["person"], line["reason"], row.actor, row.utc_ms
        )
    return found


class Recusals:
    """Every call blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def answers(self, case_id: UUID) -> dict[UUID, Answer]:
        with reading(self._engine) as db:
            return answers(db, case_id)

    def waiting(self) -> Sequence[Waiting]:
        """Requests without an answer, the oldest first."""
        query = (
            select(statement.c.id, statement.c.case_id, _CASE.c.number, statement.c.made_utc_ms)
            .join(_CASE, _CASE.c.id == statement.c.case_id)
            .where(statement.c.kind == RECUSAL)
            .order_by(statement.c.made_utc_ms)
        )
        with reading(self._engine) as db:
            asked = db.execute(query).all()
            unanswered = unanswered_recusals(db, {row.case_id for row in asked})
        return [
            Waiting(row.case_id, row.number, row.made_utc_ms)
            for row in asked
            if row.id in unanswered
        ]

    def candidates(self, head: str) -> Sequence[tuple[str, str]]:
        """Who may be told to withdraw: id and name of all who judge but the head who answers."""
        with reading(self._engine) as db:
            return _candidates(db, head)

    def answer(
        self, case_id: UUID, request: UUID, outcome: Outcome, person: str, reason: str, head: str,
        utc_ms: int,
    ) -> None:  # fmt: skip
        """Grant it against `person`, or refuse it. Raises RecusalError; nothing is written then."""
        fewest, most = REASON_CHARS
        granted = outcome is Outcome.GRANTED
        with self._engine.begin() as db:
            acting.lock(db, case_id)
            if request not in unanswered_recusals(db, [case_id]):
                raise NotOpen("there is no such request, or it was answered before")
            if interests.interest(db, case_id, head) is not None:
                raise NotTheirs("who answers has an interest in the case")
            if granted and person == head:
                raise NotTheirs("nobody answers a request about themselves")
            if not fewest <= len(reason) <= most:
                raise Unreasoned(f"reasons must have {fewest} to {most} characters")
            if granted and person not in dict(_candidates(db, head)):
                raise Unreasoned("it must be granted against somebody who judges")
            payload = {
                "statement": str(request),
                "outcome": outcome.value,
                "person": person if granted else "",
                "reason": reason,
            }
            event = events.Event(utc_ms, head, RECUSAL_ANSWERED, case_id, payload)
            events.append(db, event)
            if granted:
                interests.order(db, case_id, person, head, utc_ms)


def _candidates(db: Connection, head: str) -> Sequence[tuple[str, str]]:
    query = (
        select(_USER.c.id, _USER.c.display)
        .where(_USER.c.active, _USER.c.role.in_(sorted(JUDGING)), _USER.c.id != head)
        .order_by(_USER.c.display)
    )
    return [(row.id, row.display) for row in db.execute(query)]
