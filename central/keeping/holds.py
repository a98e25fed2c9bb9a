"""Legal holds: while one stands, nothing of the case is erased.

HoldError
├── Held       the case is under a hold already
└── NotHeld    the case is under no hold
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, insert, select, update

from central import acting, events, tables
from central.database import reading
from central.office_tables import legal_hold

PUT, LIFTED = "hold-put", "hold-lifted"
REASON_CHARS = (4, 300)


class HoldError(Exception):
    """A hold that is not put or not lifted."""


class Held(HoldError):
    """The case is under a hold already."""


class NotHeld(HoldError):
    """The case is under no hold."""


@dataclass(frozen=True, slots=True)
class Hold:
    """`lifted_utc_ms` is None while it stands."""

    case_id: UUID
    number: str
    reason: str
    put_by: str
    put_utc_ms: int
    lifted_by: str | None
    lifted_utc_ms: int | None
    lift_reason: str | None


class Holds:
    """Every call blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, case_id: UUID, by: str, reason: str, utc_ms: int) -> None:
        """Raises Held."""
        with self._engine.begin() as db:
            acting.lock(db, case_id)
            if is_held(db, case_id):
                raise Held("the case is under a hold already")
            values = {"reason": reason, "put_by": by, "put_utc_ms": utc_ms}
            db.execute(insert(legal_hold).values(id=uuid4(), case_id=case_id, **values))
            events.append(db, events.Event(utc_ms, by, PUT, case_id, {"reason": reason}))

    def lift(self, case_id: UUID, by: str, reason: str, utc_ms: int) -> None:
        """Raises NotHeld."""
        with self._engine.begin() as db:
            acting.lock(db, case_id)
            values = {"lifted_by": by, "lifted_utc_ms": utc_ms, "lift_reason": reason}
            if (
                db.execute(update(legal_hold).where(_standing(case_id)).values(values)).rowcount
                == 0
            ):
                raise NotHeld("the case is under no hold")
            events.append(db, events.Event(utc_ms, by, LIFTED, case_id, {"reason": reason}))

    def of(self, case_id: UUID) -> Sequence[Hold]:
        """All holds that the case was ever under, the newest first."""
        return self._read(legal_hold.c.case_id == case_id)

    def standing(self) -> Sequence[Hold]:
        return self._read(legal_hold.c.lifted_utc_ms.is_(None))

    def _read(self, wanted: ColumnElement[bool]) -> Sequence[Hold]:
        case = tables.case
        query = (
            select(legal_hold, case.c.number)
            .join(case, case.c.id == legal_hold.c.case_id)
            .where(wanted)
            .order_by(legal_hold.c.put_utc_ms.desc())
        )
        with reading(self._engine) as db:
            return tuple(_hold(row) for row in db.execute(query))


def is_held(db: Connection, case_id: UUID) -> bool:
    """Within the caller's transaction, which holds the case's lock."""
    return db.execute(select(legal_hold.c.id).where(_standing(case_id))).first() is not None


def _standing(case_id: UUID) -> ColumnElement[bool]:
    return and_(legal_hold.c.case_id == case_id, legal_hold.c.lifted_utc_ms.is_(None))


def _hold(row: Row[tuple[object, ...]]) -> Hold:
    return Hold(
        case_id=row.case_id,
        number=row.number,
        reason=row.reason,
        put_by=row.put_by,
        put_utc_ms=row.put_utc_ms,
        lifted_by=row.lifted_by,
        lifted_utc_ms=row.lifted_utc_ms,
        lift_reason=row.lift_reason,
    )
