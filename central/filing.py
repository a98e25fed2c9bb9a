"""Putting a record into the case of its stay: opening it, and keeping its summary up to date.

All functions run within the caller's transaction, which holds the lock on the device.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, select, update

from central import acting, events, notices, registry, reminder_rows, stays, tables
from central.cases import Act, Guard, Money, Remedy, Role, State
from central.counters import take
from central.stays import Summary, summary
from edge.wire.fields import parse
from edge.wire.records import Record
from edge.wire.signing import open_envelope

ACTOR = "ingest"
_CASE = tables.case


def read_record(db: Connection, device: str, envelope: bytes) -> Record:
    """A kept record, its signature checked again against all keys that the device ever had.

    Raises WireError where the kept bytes are damaged.
    """
    known = registry.keys(db, device, retired=True)
    return parse(Record, open_envelope(envelope, known, Record.PAYLOAD_TYPE).payload)


def file_record(db: Connection, record: Record, utc_ms: int, timezone: tzinfo) -> UUID:
    """The case of the record's stay, opened where this is the first stored record of it."""
    query = select(_CASE.c.id).where(
        _CASE.c.device == record.device, _CASE.c.stay_id == record.stay.id
    )
    known = db.scalar(query)
    return known if known is not None else _open(db, record, utc_ms, timezone)


def note_stored(db: Connection, record: Record, sha256: str, case_id: UUID, utc_ms: int) -> int:
    """Write down that the record is stored; the number of that line."""
    payload = {
        "record": str(record.record_id),
        "kind": record.kind.value,
        "seq": str(record.seq),
        "sha256": sha256,
        "exhibits": " ".join(exhibit.sha256 for exhibit in record.exhibits),
    }
    return events.append(
        db, events.Event(utc_ms, record.device, "record-stored", case_id, payload)
    ).seq


def records_of(db: Connection, case_id: UUID) -> list[Record]:
    """The stored records of the case, apart from erased ones.

    Raises WireError where kept bytes are damaged.
    """
    table = tables.record
    mine = (table.c.case_id == case_id) & (table.c.status == "stored") & (table.c.envelope != b"")
    query = select(table.c.device, table.c.envelope).where(mine).order_by(table.c.seq)
    return [read_record(db, row.device, row.envelope) for row in db.execute(query).all()]


def refresh(db: Connection, case_id: UUID, utc_ms: int) -> None:
    """Bring the case up to its stored records: the acts that follow from them, then the summary."""
    records = records_of(db, case_id)
    now = summary(records)
    notices.note_records(db, case_id, records)
    _act(db, case_id, records, utc_ms)
    case = db.execute(select(_CASE).where(_CASE.c.id == case_id)).one()
    head = events.head(db)
    assert head is not None
    places = (case.number, case.site, case.camera, case.lane)
    values = {**_columns(now), "changed_seq": head.seq, "words": words(*places, now.plate.text)}
    db.execute(update(_CASE).where(_CASE.c.id == case_id).values(values))


def _act(db: Connection, case_id: UUID, records: Sequence[Record], utc_ms: int) -> None:
    case = acting.standing(db, case_id)
    action = stays.device_act(case, records)
    if action is not None:
        proven = stays.shown(records)
        if stays.is_reminded(case):
            proven |= {Guard.REMINDED}
        act = Act(action, Role.DEVICE, records[0].device)
        acting.do(db, case_id, act, proven, utc_ms)


def words(*parts: str | None) -> str:
    """What a search in all words looks through: one column is read faster than five."""
    return " ".join(part for part in parts if part).lower()


def _open(db: Connection, record: Record, utc_ms: int, timezone: tzinfo) -> UUID:
    year = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(timezone).year
    case_id, number = uuid4(), f"{year}-{take(db, f'case-{year}'):06d}"
    site = db.scalar(select(tables.device.c.site).where(tables.device.c.id == record.device))
    db.execute(
        insert(_CASE).values(
            id=case_id,
            number=number,
            device=record.device,
            stay_id=record.stay.id,
            site=site,
            camera=record.camera,
            lane=record.lane.id,
            opened_utc_ms=utc_ms,
            state=State.SUSPECTED.value,
            remedy=Remedy.NONE.value,
            money=Money.UNBILLED.value,
            policy_sha256=record.rules.policy_sha256,
            due_utc_ms=None,
            changed_seq=0,
            words="",
            **_columns(summary([record])),
        )
    )
    payload = {"number": number, "stay": str(record.stay.id), "site": str(site)}
    events.append(db, events.Event(utc_ms, ACTOR, "opened", case_id, payload))
    reminder_rows.begin(db, case_id, utc_ms)
    return case_id


def _columns(now: Summary) -> dict[str, object]:
    return {
        "begin_utc_ms": now.latest.stay.begin.utc_ms,
        "standing_ms": now.latest.stay.standing_ms,
        "latest_kind": now.latest.kind.value,
        "latest_seq": now.latest.seq,
        "plate_status": now.plate.status,
        "plate": now.plate.text,
        "plate_colour": now.plate.colour,
        "thumb_sha256": now.thumb_sha256,
    }
