"""What is in no case's file: logs of looks and takings, refused bytes, uploads without an end."""

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, Table, delete, func, select

from central import events, tables
from central.blobs import Blobs
from central.database import reading
from central.keeping.erasing import ACTOR, ERASED, Rule
from central.sharing_tables import taking

DROPPED = "unfinished-dropped"
_OLD: Mapping[str, Table] = {
    "access_log": tables.access_log,
    "taking": taking,
    "rejected": tables.rejected,
}


def erase_logs(engine: Engine, rule: Rule, utc_ms: int) -> int:
    """Lines older than the rule allows; the log tells how many of which went."""
    cutoff, counts = rule.cutoff(utc_ms), dict[str, str]()
    with engine.begin() as db:
        for name, table in _OLD.items():
            gone = db.execute(delete(table).where(table.c.utc_ms < cutoff)).rowcount
            if gone:
                counts[name] = str(gone)
        if counts:
            payload = {"class": rule.kind, "rule": rule.text, "policy": rule.pack.sha256, **counts}
            events.append(db, events.Event(utc_ms, ACTOR, ERASED, None, payload))
    return sum(int(count) for count in counts.values())


def drop_unfinished(engine: Engine, blobs: Blobs, rule: Rule, utc_ms: int) -> int:
    """Give up records whose pictures never came, as if they had not come yet: the device has them
    until it gets a receipt, and sends them again when it is back. Parts on the disk go with them.
    """
    record, cutoff = tables.record, rule.cutoff(utc_ms)
    stale = (record.c.status == "pending") & (record.c.received_utc_ms < cutoff)
    with reading(engine) as db:
        rows = db.execute(select(record.c.record_id, record.c.device).where(stale)).all()
    for row in rows:
        with engine.begin() as db:
            _lock(db, row.device)
            mine = (record.c.record_id == row.record_id) & stale
            if db.execute(select(record.c.record_id).where(mine)).first() is None:
                continue
            part = tables.record_exhibit
            db.execute(delete(part).where(part.c.record_id == row.record_id))
            db.execute(delete(record).where(mine))
            payload = {"record": str(row.record_id), "rule": rule.text}
            events.append(db, events.Event(utc_ms, row.device, DROPPED, None, payload))
    _drop_uploads(engine, blobs, cutoff)
    return len(rows)


def _drop_uploads(engine: Engine, blobs: Blobs, cutoff: int) -> None:
    """Uploads that no record waits for any more, with their parts."""
    upload, part, record = tables.upload, tables.record_exhibit, tables.record
    awaited = (
        select(func.count())
        .select_from(part)
        .join(record, record.c.record_id == part.c.record_id)
        .where(part.c.sha256 == upload.c.sha256, record.c.device == upload.c.device)
        .scalar_subquery()
    )
    with reading(engine) as db:
        old = select(upload.c.device, upload.c.sha256).where(upload.c.begun_utc_ms < cutoff)
        rows = db.execute(old.where(awaited == 0)).all()
    for row in rows:
        mine = (upload.c.device == row.device) & (upload.c.sha256 == row.sha256)
        with engine.begin() as db:
            _lock(db, row.device)
            if db.execute(delete(upload).where(mine, awaited == 0)).rowcount:
                blobs.drop(row.device, row.sha256)


def _lock(db: Connection, device: str) -> None:
    table = tables.device
    db.execute(select(table.c.id).where(table.c.id == device).with_for_update())
