"""Looking the registered keeper up, once two officers have passed the record and not before
(个人信息保护法 arts. 6, 34): the query is a document of the file, its result a person who was named
and is not thereby the party.
"""

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, select

from central import acting, documents, tables
from central.cases import Act, Action, CaseError, Guard, Role, State
from central.database import reading
from central.documents.content import Incomplete
from central.gateways.calls import BadAnswer, GatewayRefused
from central.gateways.register import Holder, Query, Register, Vehicle
from central.owner import parties
from central.owner.parties import Person
from central.turns import Turn
from edge.wire.errors import WireError

ACTOR = "system"
QUERY = "查询记录"
_AT_ONCE = 50
log = logging.getLogger("central.owner_lookup")


class OwnerLookup:
    """Without a register the file goes on, and officers find out who the keeper is."""

    def __init__(self, engine: Engine, register: Register | None = None) -> None:
        self._engine = engine
        self._register = register
        self._turn = Turn(_AT_ONCE)

    def run(self, utc_ms: int) -> None:
        """Every case that passed its second review. Raises GatewayDown: it comes round again."""
        case = tables.case
        query = select(case.c.id, case.c.number, case.c.plate, case.c.plate_colour).where(
            case.c.state == State.SECOND_REVIEWED.value
        )
        with reading(self._engine) as db:
            waiting: list[Row[Any]] = self._turn.take(db, query)
        for row in waiting:
            try:
                found = self._find(row.plate, row.plate_colour, row.number)
                with self._engine.begin() as db:
                    _resolve(db, row.id, found, utc_ms)
            except (GatewayRefused, BadAnswer, CaseError, Incomplete, WireError) as fault:
                log.error("the keeper in case %s is not looked up: %s", row.number, fault)

    def _find(self, plate: str, colour: str, number: str) -> Sequence[Vehicle] | None:
        """None where nobody can be asked."""
        if self._register is None:
            return None
        return self._register.find(Query(plate, colour, "case", number))


def result_of(found: Sequence[Vehicle] | None) -> tuple[str, Holder | None]:
    """What a query came to: only a single keeper of a vehicle in good standing is taken over."""
    if found is None:
        return "by-hand", None
    if len(found) != 1:
        return ("several" if found else "none"), None
    holder = found[0].holder
    if found[0].status != "normal" or holder is None:
        return "unclear", None
    return "one", holder


def _resolve(db: Connection, case_id: UUID, found: Sequence[Vehicle] | None, utc_ms: int) -> None:
    """Within the caller's transaction. Raises CaseError, Incomplete."""
    acting.lock(db, case_id)
    result, holder = result_of(found)
    if holder is not None:
        person = Person(
            name=holder.name,
            id_number=holder.id_number,
            address=holder.address,
            kind=holder.kind,
            relation="holder",
        )
        parties.add(db, case_id, person, "register", utc_ms)
    made = documents.issue(db, case_id, QUERY, utc_ms, {})
    detail = {"document": made.sha256, "result": result}
    act = Act(Action.RESOLVE_OWNER, Role.SYSTEM, ACTOR)
    acting.do(db, case_id, act, frozenset[Guard](), utc_ms, detail)
