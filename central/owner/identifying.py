"""Somebody on the owner's page confirms who they are through the identity gateway.

What they said of themselves before is asked about, nothing newly typed: nobody tries names against
numbers here. The question is written down before it is asked and the answer after it, both without
anything personal. Where nobody answers, an officer looks at the document, as without a gateway.

AskedEnough    through this link nothing more is asked
"""

import logging
from enum import StrEnum

from sqlalchemy import Connection, Engine, select, update

from central import acting, events, tables
from central.gateways.calls import GatewayError
from central.gateways.identity import Claim, IdentityGateway, is_id_number
from central.owner.parties import Party
from central.owner_links import Link
from central.owner_tables import party

ASKED, ANSWERED = "identity-asked", "identity-answered"
MOST_ASKED = 8
BY_GATEWAY = "gateway"
_EVENT = tables.case_event
log = logging.getLogger("central.owner")


class AskedEnough(Exception):
    """Through this link nothing more is asked."""


class Answer(StrEnum):
    """What came of it."""

    BELONGS = "belongs"
    DIFFERS = "differs"
    NOT_REACHED = "not-reached"


def is_askable(one: Party) -> bool:
    """Whether the gateway can say something: a person with a well-formed number, not seen yet."""
    known = one.person.kind == "person" and is_id_number(one.person.id_number)
    return known and one.checked_utc_ms is None


def answers(db: Connection, one: Party) -> tuple[Answer, ...]:
    """What the gateway said about somebody, in order."""
    told = _payloads(db, one, ANSWERED)
    return tuple(Answer(line["answer"]) for line in told)


class Identifying:
    """Every call blocks."""

    def __init__(self, engine: Engine, gateway: IdentityGateway | None = None) -> None:
        self._engine = engine
        self._gateway = gateway

    @property
    def is_there(self) -> bool:
        return self._gateway is not None

    def ask(self, link: Link, me: Party, utc_ms: int) -> Answer | None:
        """Ask who they are, and write down what was answered; None where there is no gateway or
        nothing to ask. Raises AskedEnough."""
        if self._gateway is None or not is_askable(me):
            return None
        actor, about = f"owner:{link.id}", {"party": str(me.id)}
        with self._engine.begin() as db:
            acting.lock(db, link.case_id)
            if len(_payloads(db, me, ASKED)) >= MOST_ASKED:
                raise AskedEnough(f"at most {MOST_ASKED} questions are asked about somebody")
            number = db.scalar(select(tables.case.c.number).where(tables.case.c.id == link.case_id))
            events.append(db, events.Event(utc_ms, actor, ASKED, link.case_id, about))
        # The question takes its time; nobody waits for it with a lock in hand.
        answer = self._answer(Claim(me.person.name, me.person.id_number, str(number)))
        with self._engine.begin() as db:
            acting.lock(db, link.case_id)
            if answer is Answer.BELONGS:
                _mark(db, me, utc_ms)
            told = {**about, "answer": answer.value}
            events.append(db, events.Event(utc_ms, actor, ANSWERED, link.case_id, told))
        return answer

    def _answer(self, claim: Claim) -> Answer:
        assert self._gateway is not None
        try:
            return Answer.BELONGS if self._gateway.belongs(claim) else Answer.DIFFERS
        except GatewayError as fault:
            log.warning("identity not asked case=%s fault=%s", claim.case, type(fault).__name__)
            return Answer.NOT_REACHED


def _mark(db: Connection, one: Party, utc_ms: int) -> None:
    """Name and number are real, where they are still those that were asked about."""
    same = (party.c.id == one.id) & (party.c.checked_utc_ms.is_(None))
    same &= (party.c.name == one.person.name) & (party.c.id_number == one.person.id_number)
    db.execute(update(party).where(same).values(checked_utc_ms=utc_ms, checked_by=BY_GATEWAY))


def _payloads(db: Connection, one: Party, kind: str) -> list[dict[str, str]]:
    query = select(_EVENT.c.payload).where(_EVENT.c.case_id == one.case_id, _EVENT.c.type == kind)
    lines = [events.parse_payload(text) for text in db.scalars(query.order_by(_EVENT.c.seq))]
    return [dict(line) for line in lines if line["party"] == str(one.id)]
