"""What was written down to find a vehicle's owner: the plate as it was read at central and sent to
the register, whose owner was told, the check that the owner's page asks for, and the vehicle as the
register has it.

It goes with the rest of a case that led to no penalty, and otherwise after the pack's `lookups`.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from central import tables
from central.owner_tables import owner_check, vehicle_check
from central.reminder_tables import message, plate_reading, reminding


def forget(db: Connection, case_id: UUID) -> int:
    """Within the caller's transaction; how many rows said something."""
    told = (
        update(reminding)
        .where(reminding.c.case_id == case_id, reminding.c.plate.is_not(None))
        .values(plate=None, colour=None),
        update(message).where(message.c.case_id == case_id, message.c.plate != "").values(plate=""),
        delete(plate_reading).where(plate_reading.c.case_id == case_id),
        delete(owner_check).where(owner_check.c.case_id == case_id),
        delete(vehicle_check).where(vehicle_check.c.case_id == case_id),
    )
    return sum(db.execute(one).rowcount for one in told)


def known(db: Connection, wanted: ColumnElement[bool], most: int) -> Sequence[UUID]:
    """Cases of which something is written down still, of those `wanted`."""
    case = tables.case
    rests = or_(
        case.c.id.in_(select(reminding.c.case_id).where(reminding.c.plate.is_not(None))),
        case.c.id.in_(select(message.c.case_id).where(message.c.plate != "")),
        case.c.id.in_(select(plate_reading.c.case_id)),
        case.c.id.in_(select(owner_check.c.case_id)),
        case.c.id.in_(select(vehicle_check.c.case_id)),
    )
    return db.scalars(select(case.c.id).where(wanted, rests).limit(most)).all()
