"""What was done to a case, read from the log, and the one way of doing more.

A case is what its acts made of it: each is a line of the append-only log, of devices, gateways,
clocks and people alike. `do` holds the row lock of the case's device while it reads, judges and
writes, so that of two acts at once the second finds the case as the first left it. The columns
`state`, `remedy` and `money` repeat what the log says, for lists.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Connection, select, update

from central import bars, events, owner_links, tables
from central.case_moves import RULES
from central.cases import Act, Action, Case, Guard, Role

ACT = "act"
CARRIED_OVER = "carried-over"
"""One line with all acts of a case from before devices' acts were logged (migration 0002)."""
NOTHING: Mapping[str, str] = MappingProxyType({})
_CASE, _EVENT = tables.case, tables.case_event
_OWN = ("action", "role", "person", "second")
_SPEAKS_TO_OWNERS = frozenset(
    {Action.NOTIFY, Action.DECIDE, Action.DECIDE_ON_THE_SPOT, Action.PROVE_SERVICE, Action.DEMAND}
)
"""What refers to the owner's page, or sets a time running there."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One act as the log holds it. `detail` is what its author added; never anything personal."""

    seq: int
    utc_ms: int
    act: Act
    detail: Mapping[str, str]


def lock(db: Connection, case_id: UUID) -> None:
    """Hold the lock under which all acts and records of the case are taken, until the commit."""
    device = select(_CASE.c.device).where(_CASE.c.id == case_id).scalar_subquery()
    table = tables.device
    db.execute(select(table.c.id).where(table.c.id == device).with_for_update())


def acts(db: Connection, case_id: UUID) -> list[Logged]:
    """Every act of the case, in the order in which they were done."""
    return acts_of(db, [case_id]).get(case_id, [])


def acts_of(db: Connection, cases: Sequence[UUID]) -> dict[UUID, list[Logged]]:
    """The acts of some cases, each in the order in which they were done."""
    query = (
        select(_EVENT.c.case_id, _EVENT.c.seq, _EVENT.c.utc_ms, _EVENT.c.type, _EVENT.c.payload)
        .where(_EVENT.c.case_id.in_(cases), _EVENT.c.type.in_((ACT, CARRIED_OVER)))
        .order_by(_EVENT.c.seq)
    )
    found: dict[UUID, list[Logged]] = {}
    for row in db.execute(query):
        line = events.parse_payload(row.payload)
        if row.type == CARRIED_OVER:
            told = json.loads(line["acts"])
            found[row.case_id] = [_logged(row.seq, row.utc_ms, one) for one in told]
        else:
            found.setdefault(row.case_id, []).append(_logged(row.seq, row.utc_ms, line))
    return found


def standing(db: Connection, case_id: UUID) -> Case:
    """Where the case stands, and who did what to get it there."""
    return RULES.replay(logged.act for logged in acts(db, case_id))


def forget_due(db: Connection, case_id: UUID) -> None:
    """Something that is no act set another time limit running: it is worked out anew
    (central/clocks.py)."""
    db.execute(update(_CASE).where(_CASE.c.id == case_id).values(due_utc_ms=None))


def do(
    db: Connection,
    case_id: UUID,
    act: Act,
    proven: frozenset[Guard],
    utc_ms: int,
    detail: Mapping[str, str] = NOTHING,
) -> Logged:
    """Do the act within the caller's transaction, and write it down.

    Raises CaseError where the case, the role, the person or the proof forbids it; nothing is
    written then, and the caller may go on.
    """
    assert not set(detail) & set(_OWN), f"detail must not hold {', '.join(_OWN)}"
    lock(db, case_id)
    shown = (proven - bars.SEEN_HERE) | bars.shown(db, case_id)
    after = RULES.do(standing(db, case_id), act, shown)
    payload = {"action": act.action.value, "role": act.role.value, "person": act.person}
    if act.second is not None:
        payload["second"] = act.second
    event = events.Event(utc_ms, act.person, ACT, case_id, {**payload, **detail})
    line = events.append(db, event)
    db.execute(
        update(_CASE)
        .where(_CASE.c.id == case_id)
        .values(
            state=after.main.value,
            remedy=after.remedy.value,
            money=after.money.value,
            due_utc_ms=None,
            changed_seq=line.seq,
        )
    )
    if act.action in _SPEAKS_TO_OWNERS:
        owner_links.lengthen(db, case_id, utc_ms)
    return Logged(line.seq, utc_ms, act, MappingProxyType(dict(detail)))


def _logged(seq: int, utc_ms: int, line: Mapping[str, str]) -> Logged:
    act = Act(Action(line["action"]), Role(line["role"]), line["person"], line.get("second"))
    detail = {name: value for name, value in line.items() if name not in _OWN}
    return Logged(seq, utc_ms, act, MappingProxyType(detail))
