"""Telling a device that an owner was reminded, until the device has it.

A device says nothing when a notice came; its next record names it. Until then, or until the case
goes another way, the notice is published again: at once when the device announces itself, else
ever more seldom. Each time the two times in it tell afresh how long ago the owner was reminded.
"""

from collections.abc import Callable, Iterable
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, insert, select, update

from central import tables
from central.cases import State
from central.database import reading
from central.receipts import Outgoing
from central.reminder_tables import notice
from central.trace import point
from edge.wire.records import Record
from edge.wire.replies import Notice
from edge.wire.signing import Signer
from edge.wire.topics import Kind, device_topic

AGAIN_MS = (2_000, 5_000, 15_000, 30_000, 60_000)
"""After each time published; the last one holds from then on."""
_C = notice.c


def begin(db: Connection, case_id: UUID, reminded_utc_ms: int, grace_ms: int) -> None:
    """The owner was reminded: goes with the act, in its transaction. Again changes nothing: the
    first delivery starts the grace."""
    known = select(_C.id).where(_C.case_id == case_id)
    if db.scalar(known) is not None:
        return
    case = tables.case.c
    row = db.execute(select(case.device, case.stay_id).where(case.id == case_id)).one()
    db.execute(
        insert(notice).values(
            id=_new_id(case_id, reminded_utc_ms),
            case_id=case_id,
            device=row.device,
            stay_id=row.stay_id,
            reminded_utc_ms=reminded_utc_ms,
            grace_ms=grace_ms,
            next_utc_ms=reminded_utc_ms,
            times=0,
            over="",
        )
    )


def note_records(db: Connection, case_id: UUID, records: Iterable[Record]) -> None:
    """A record that counts from a notice shows that the device has it."""
    named = {record.stay.reminded.notice_id for record in records if record.stay.reminded}
    if named:
        mine = (_C.case_id == case_id) & _C.id.in_(named) & (_C.over == "")
        db.execute(update(notice).where(mine).values(over="had"))


def came_back(engine: Engine, device: str) -> bool:
    """The device announced itself: what it may have missed is due now. Whether there is any."""
    mine = (_C.device == device) & (_C.over == "")
    with engine.begin() as db:
        return db.execute(update(notice).where(mine).values(next_utc_ms=0)).rowcount > 0


def of_case(db: Connection, case_id: UUID) -> tuple[int, str] | None:
    """How often the case's notice was published, and why no more; None where there is none."""
    row = db.execute(select(_C.times, _C.over).where(_C.case_id == case_id)).one_or_none()
    return None if row is None else (row.times, row.over)


class Notices:
    """Every call blocks; `publish` may be called while the broker is away: it is then lost."""

    def __init__(self, engine: Engine, signer: Signer, publish: Callable[[Outgoing], None]) -> None:
        self._engine = engine
        self._signer = signer
        self._publish = publish

    def run(self, utc_ms: int) -> int:
        """Publish what is due; how many."""
        due = (_C.over == "") & (_C.next_utc_ms <= utc_ms)
        case = tables.case.c
        query = (
            select(notice, case.state)
            .join(tables.case, case.id == _C.case_id)
            .where(due)
            .order_by(_C.next_utc_ms)
        )
        with reading(self._engine) as db:
            rows = db.execute(query).all()
        for row in rows:
            ended = row.state != State.REMINDED.value
            if not ended:
                self._publish(self._sealed(row, utc_ms))
                point("notice_published", str(row.id))
            wait_ms = AGAIN_MS[min(row.times, len(AGAIN_MS) - 1)]
            told = {"times": row.times + 1, "next_utc_ms": utc_ms + wait_ms}
            values = {"over": "ended"} if ended else told
            with self._engine.begin() as db:
                db.execute(update(notice).where(_C.id == row.id).values(values))
            point("notice_noted", str(row.id))
        return len(rows)

    def _sealed(self, row: Row[tuple[object, ...]], utc_ms: int) -> Outgoing:
        told = Notice(
            v=1,
            device=row.device,
            notice_id=row.id,
            stay_id=row.stay_id,
            reminded_utc_ms=row.reminded_utc_ms,
            sent_utc_ms=max(utc_ms, row.reminded_utc_ms),
            grace_ms=row.grace_ms,
        )
        sealed = self._signer.seal(told.PAYLOAD_TYPE, told.to_bytes())
        return Outgoing(device_topic(row.device, Kind.NOTICE), sealed)


def _new_id(case_id: UUID, utc_ms: int) -> UUID:
    """A UUIDv7 of the reminder, the same for the same case and time."""
    low = case_id.int & ((1 << 62) - 1)
    return UUID(
        int=(utc_ms << 80) | (7 << 76) | ((case_id.int >> 64) & 0xFFF) << 64 | 2 << 62 | low
    )
