"""Own interest in a case (行政处罚法 art. 43): nobody acts on their own vehicle.

Staff declare their own and their families' plates, once, for all cases to come; who finds another
interest says so in the case, and whom a party rightly objects to a head has withdraw. Besides,
whoever bears the party's name is taken for the party until somebody else acts instead.
"""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, delete, select

from central import acting, events, tables
from central.act_tables import own_plate
from central.database import add_if_new
from central.owner_tables import party
from central.plates import classify, normal

RECUSED = "recused"
MOST_PLATES = 20
_EVENT = tables.case_event


class Interest(StrEnum):
    """Why somebody must not act on a case."""

    OWN_VEHICLE = "own-vehicle"
    OWN_NAME = "own-name"
    DECLARED = "declared"
    ORDERED = "ordered"


class BadPlate(ValueError):
    """What was declared is no plate, or there are too many."""


def interest(db: Connection, case_id: UUID, person: str) -> Interest | None:
    """The person's own interest in the case, as far as it is known."""
    lines = (_EVENT.c.case_id == case_id) & (_EVENT.c.type == RECUSED)
    for line in db.execute(select(_EVENT.c.actor, _EVENT.c.payload).where(lines)):
        if events.parse_payload(line.payload)["person"] == person:
            return Interest.DECLARED if line.actor == person else Interest.ORDERED
    plate = db.scalar(select(tables.case.c.plate).where(tables.case.c.id == case_id))
    if plate is not None and normal(plate) in plates(db, person):
        return Interest.OWN_VEHICLE
    name = db.scalar(select(tables.user.c.display).where(tables.user.c.id == person))
    named = db.scalars(select(party.c.name).where(party.c.case_id == case_id)).all()
    folded = {"".join(one.split()).casefold() for one in named}
    return Interest.OWN_NAME if name and "".join(name.split()).casefold() in folded else None


def plates(db: Connection, person: str) -> Sequence[str]:
    """What the person declared, sorted."""
    query = select(own_plate.c.plate).where(own_plate.c.user_id == person)
    return db.scalars(query.order_by(own_plate.c.plate)).all()


def declare(db: Connection, person: str, typed: str, utc_ms: int) -> None:
    """One plate more. Raises BadPlate."""
    plate = normal(typed)
    if classify(plate) is None:
        raise BadPlate(f"not a number plate: {typed[:20]!r}")
    if len(plates(db, person)) >= MOST_PLATES:
        raise BadPlate(f"at most {MOST_PLATES} plates may be declared")
    values = {"user_id": person, "plate": plate, "declared_utc_ms": utc_ms}
    add_if_new(db, own_plate, values)


def withdraw(db: Connection, person: str, plate: str) -> None:
    """The vehicle is the person's no more."""
    mine = (own_plate.c.user_id == person) & (own_plate.c.plate == plate)
    db.execute(delete(own_plate).where(mine))


def recuse(db: Connection, case_id: UUID, person: str, utc_ms: int) -> None:
    """From now on the person does nothing in this case. Within the caller's transaction; once."""
    acting.lock(db, case_id)
    if interest(db, case_id, person) is not Interest.DECLARED:
        events.append(db, events.Event(utc_ms, person, RECUSED, case_id, {"person": person}))


def order(db: Connection, case_id: UUID, person: str, head: str, utc_ms: int) -> None:
    """A head of office has the person withdraw. Within the caller's transaction, lock in hand."""
    events.append(db, events.Event(utc_ms, head, RECUSED, case_id, {"person": person}))
