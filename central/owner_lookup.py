"""Looking the registered keeper up, once two officers have passed the record and not before
(个人信息保护法 arts. 6, 34): the query is a document of the file, its result a person who was named
and is not thereby the party. Where the vehicle that both officers saw cannot be the one that the
register has, the plate may be cloned (套牌): then nobody is taken over, and people look.
"""

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, select

from central import acting, documents, plates, tables, vehicle_checks
from central.cases import Act, Action, CaseError, Guard, Role, State
from central.database import reading
from central.documents.content import Incomplete
from central.gateways.calls import BadAnswer, GatewayRefused
from central.gateways.register import Holder, Query, Register, Vehicle
from central.likeness import Part
from central.owner import parties
from central.owner.parties import Person
from central.proofs import DIFFERS
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
                asked = Query(row.plate, row.plate_colour, "case", row.number)
                found = self._register.find(asked) if self._register else None
                with self._engine.begin() as db:
                    _resolve(db, row.id, asked, found, utc_ms)
            except (GatewayRefused, BadAnswer, CaseError, Incomplete, WireError) as fault:
                log.error("the keeper in case %s is not looked up: %s", row.number, fault)


def result_of(
    asked: Query, found: Sequence[Vehicle] | None, differs: Sequence[Part] = ()
) -> tuple[str, Holder | None]:
    """What a query came to, None where nobody could be asked: only a single keeper of the vehicle
    that was asked about and seen, in good standing, is taken over."""
    if found is None:
        return "by-hand", None
    if len(found) != 1:
        return ("several" if found else "none"), None
    (vehicle,) = found
    if not _is_of(vehicle, asked) or vehicle.status != "normal" or vehicle.holder is None:
        return "unclear", None
    return ("differs", None) if differs else ("one", vehicle.holder)


def _is_of(vehicle: Vehicle, asked: Query) -> bool:
    return (plates.normal(vehicle.plate), vehicle.colour) == (asked.plate, asked.colour)


def _resolve(
    db: Connection, case_id: UUID, asked: Query, found: Sequence[Vehicle] | None, utc_ms: int
) -> None:
    """Within the caller's transaction. Raises CaseError, Incomplete."""
    acting.lock(db, case_id)
    differs: Sequence[Part] = ()
    if found and len(found) == 1 and _is_of(found[0], asked):
        differs = vehicle_checks.keep(db, case_id, found[0], utc_ms)
    result, holder = result_of(asked, found, differs)
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
    if differs:
        detail[DIFFERS] = " ".join(differs)
    act = Act(Action.RESOLVE_OWNER, Role.SYSTEM, ACTOR)
    acting.do(db, case_id, act, frozenset[Guard](), utc_ms, detail)
