"""The vehicle that the officers saw beside the one that the register has, as it is kept for the
people who go on with the case. Neither the owner's page nor a document shows it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Engine, insert, select

from central import acting
from central.case_moves import REVIEWS
from central.database import reading
from central.gateways.register import Vehicle
from central.likeness import LETTERS, BodyColour, Part, Registered, Seen, compared, differs
from central.owner_tables import vehicle_check
from central.reviewing import typed_in


@dataclass(frozen=True, slots=True)
class VehicleCheck:
    """For the case's page. `seen` is by the officers' user ids; `compared` False where nobody could
    tell a colour, or the register has none."""

    asked_utc_ms: int
    seen: Mapping[str, Seen]
    colours: Sequence[BodyColour]
    vehicle_class: str
    status: str
    make: str
    model: str
    differs: Sequence[Part]
    compared: bool


class VehicleChecks:
    """Every call blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, case_id: UUID) -> VehicleCheck | None:
        """None before the register was asked, where it had no single answer, and after retention
        took it away."""
        query = select(vehicle_check).where(vehicle_check.c.case_id == case_id)
        with reading(self._engine) as db:
            row = db.execute(query).one_or_none()
            if row is None:
                return None
            seen = _seen(db, case_id)
        return VehicleCheck(
            asked_utc_ms=row.asked_utc_ms,
            seen=seen,
            colours=[LETTERS[letter] for letter in row.body_colour],
            vehicle_class=row.vehicle_class,
            status=row.status,
            make=row.make,
            model=row.model,
            differs=[Part(name) for name in row.differs.split()],
            compared=compared([*seen.values()], Registered(row.body_colour)),
        )


def keep(db: Connection, case_id: UUID, vehicle: Vehicle, utc_ms: int) -> Sequence[Part]:
    """Hold what both reviewers saw against the register's entry and keep it; what contradicts it.
    Within the caller's transaction."""
    found = differs(
        [*_seen(db, case_id).values()], Registered(vehicle.body_colour, vehicle.vehicle_class)
    )
    row = {
        "case_id": case_id,
        "asked_utc_ms": utc_ms,
        "vehicle_class": vehicle.vehicle_class,
        "status": vehicle.status,
        "body_colour": vehicle.body_colour,
        "make": vehicle.make,
        "model": vehicle.model,
        "differs": " ".join(found),
    }
    db.execute(insert(vehicle_check).values(row))
    return found


def _seen(db: Connection, case_id: UUID) -> Mapping[str, Seen]:
    """By those who judged: who only typed and went away stands for nothing."""
    judged = {done.act.person for done in acting.acts(db, case_id) if done.act.action in REVIEWS}
    return {one.person: one.seen for one in typed_in(db, case_id) if one.person in judged}
