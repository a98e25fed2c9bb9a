"""A party asks that an officer withdraw from the case (申请回避, 行政处罚法 art. 43).

The request is a statement, written on the owner's page or taken down by staff where it was said; a
head of office answers it, granting it against one person, who does nothing more in the case from
then on, or refusing it with reasons. The inquiry goes on meanwhile; no decision is made before the
answer (central/bars.py). A request that nobody answered in time is an alarm (central/alarms.py).

RecusalError
├── NotOpen      there is no such request in the case, or it was answered before
├── TooLate      the case is decided or over: nobody is left to withdraw
├── NotTheirs    who answers has an interest themselves, or would withdraw themselves
└── Unreasoned   no reasons, or nobody that it is granted against
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, Engine, select

from central import acting, events, interests, tables
from central.bars import RECUSAL, RECUSAL_ANSWERED, unanswered_recusals
from central.calendar import LIMITS, LegalCalendar, local_date
from central.case_moves import STAGES
from central.cases import JUDGING
from central.database import add_if_new, reading
from central.limits import CHINA, midnight
from central.owner_tables import statement
from central.policies import kept_packs
from central.policy import Pack, in_force, made_under

REASON_CHARS = (4, 500)
TAKEN_DOWN = "recusal-taken-down"
OPEN_STATES = frozenset(state.value for name in ("review", "procedure") for state in STAGES[name])
"""Officers are at work, and nothing is decided yet: a request can be made, and must be answered."""
_EVENT, _CASE, _USER = tables.case_event, tables.case, tables.user


class RecusalError(Exception):
    """A request that is not answered so."""


class NotOpen(RecusalError):
    """There is no such request in the case, or it was answered before."""


class TooLate(RecusalError):
    """The case is decided or over: nobody is left to withdraw."""


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
    """A request that waits for its answer, in time until the midnight after `last`."""

    case_id: UUID
    number: str
    made_utc_ms: int
    last: date
    ends_utc_ms: int


@dataclass(frozen=True, slots=True)
class Oral:
    """A request that somebody made by word of mouth. `form` is the form's own number, `way` how it
    was said, `party_id` who said it where they are named in the case."""

    case_id: UUID
    form: UUID
    party_id: UUID | None
    way: str
    text: str
    day: date


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

    def __init__(self, engine: Engine, calendar: LegalCalendar) -> None:
        self._engine = engine
        self._calendar = calendar

    def take_down(self, said: Oral, person: str, utc_ms: int) -> None:
        """Keep what was said, once: from now on it is a request like a written one. Raises
        TooLate; nothing is written then."""
        today = local_date(utc_ms, CHINA)
        values = {
            "id": said.form,
            "case_id": said.case_id,
            "form": said.form.hex,
            "kind": RECUSAL,
            "grounds": said.way,
            "text": said.text,
            "party_id": said.party_id,
            "recorded_by": person,
            "made_utc_ms": utc_ms if said.day >= today else midnight(said.day),
        }
        with self._engine.begin() as db:
            acting.lock(db, said.case_id)
            state = db.scalar(select(_CASE.c.state).where(_CASE.c.id == said.case_id))
            if state not in OPEN_STATES:
                raise TooLate(f"nobody can be asked to withdraw from a case that is {state}")
            if add_if_new(db, statement, values):
                payload = {
                    "statement": str(said.form),
                    "way": said.way,
                    "day": said.day.isoformat(),
                    "text": hashlib.sha256(said.text.encode()).hexdigest(),
                }
                event = events.Event(utc_ms, person, TAKEN_DOWN, said.case_id, payload)
                events.append(db, event)

    def answers(self, case_id: UUID) -> dict[UUID, Answer]:
        with reading(self._engine) as db:
            return answers(db, case_id)

    def waiting(self) -> Sequence[Waiting]:
        """Requests without an answer in cases that are open yet, the oldest first."""
        query = (
            select(
                statement.c.id, statement.c.case_id, statement.c.made_utc_ms,
                _CASE.c.number, _CASE.c.begin_utc_ms, _CASE.c.policy_sha256,
            )
            .join(_CASE, _CASE.c.id == statement.c.case_id)
            .where(statement.c.kind == RECUSAL, _CASE.c.state.in_(sorted(OPEN_STATES)))
            .order_by(statement.c.made_utc_ms)
        )  # fmt: skip
        with reading(self._engine) as db:
            asked = db.execute(query).all()
            unanswered = unanswered_recusals(db, {row.case_id for row in asked})
            packs = kept_packs(db) if unanswered else {}
        found = []
        for row in asked:
            if row.id in unanswered:
                began = local_date(row.begin_utc_ms, CHINA)
                pack = made_under(packs, row.policy_sha256) or in_force(packs.values(), began)
                last = self._last_day(local_date(row.made_utc_ms, CHINA), pack)
                ends = midnight(last + timedelta(days=1))
                found.append(Waiting(row.case_id, row.number, row.made_utc_ms, last, ends))
        return found

    def _last_day(self, asked: date, pack: Pack | None) -> date:
        length = pack.policy.limit("answer-recusal") if pack else LIMITS["answer-recusal"]
        return self._calendar.after(asked, length).last

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
