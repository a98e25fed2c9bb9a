"""Putting a record into the case of its stay: opening it, and keeping its summary up to date.

All functions run within the caller's transaction, which holds the lock on the device.
"""

from datetime import UTC, datetime, tzinfo
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, select, update

from central import events, registry, tables
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


def refresh(db: Connection, case_id: UUID, utc_ms: int) -> None:
    """Bring the case's summary up to its stored records, and log a change of state."""
    table = tables.record
    rows = db.execute(
        select(table.c.device, table.c.envelope).where(
            table.c.case_id == case_id, table.c.status == "stored"
        )
    ).all()
    now = summary([read_record(db, row.device, row.envelope) for row in rows])
    before = db.execute(select(_CASE).where(_CASE.c.id == case_id)).one()
    if before.state != now.standing:
        payload = {"from": before.state, "to": now.standing.value, "by": now.latest.kind.value}
        events.append(db, events.Event(utc_ms, ACTOR, "state-changed", case_id, payload))
    head = events.head(db)
    assert head is not None
    places = (before.number, before.site, before.camera, before.lane)
    values = {**_columns(now), "changed_seq": head.seq, "words": words(*places, now.plate.text)}
    db.execute(update(_CASE).where(_CASE.c.id == case_id).values(values))


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
            changed_seq=0,
            words="",
            **_columns(summary([record])),
        )
    )
    payload = {"number": number, "stay": str(record.stay.id), "site": str(site)}
    events.append(db, events.Event(utc_ms, ACTOR, "opened", case_id, payload))
    return case_id


def _columns(now: Summary) -> dict[str, object]:
    return {
        "begin_utc_ms": now.latest.stay.begin.utc_ms,
        "standing_ms": now.latest.stay.standing_ms,
        "state": now.standing.value,
        "latest_kind": now.latest.kind.value,
        "latest_seq": now.latest.seq,
        "plate_status": now.plate.status,
        "plate": now.plate.text,
        "plate_colour": now.plate.colour,
        "thumb_sha256": now.thumb_sha256,
    }
