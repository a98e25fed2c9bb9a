"""Records, their exhibits and the cases they open, from the first byte to the receipt.

Every method is one transaction. A receipt is given for what is on the disk; what leads up to it may
be lost at a power cut, and is done again.
Locks are always taken in the order device, upload, counters, so that any number of workers may
share the database. A record is `pending` until all its exhibits are held, then `stored`: only that
opens or changes a case, writes the log and makes the receipt, in one commit.
"""

import hashlib
from dataclasses import dataclass
from datetime import tzinfo
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from central import filing, receipts, tables, uploads
from central.database import add_if_new, reading, relaxed
from central.receipts import Named
from central.trace import point
from central.uploads import Upload
from central.verification import VerifiedRecord
from edge.wire.errors import BadMessage, Code, WireError
from edge.wire.limits import PACKET_BYTES
from edge.wire.replies import MissingChunks
from edge.wire.signing import Signer
from edge.wire.topics import is_device_id

_TEXT_LENGTH = 300
_TOPIC_LENGTH = 160
_RECORD = tables.record


@dataclass(frozen=True, slots=True)
class Accepted:
    """A record that is known now: its receipt once it is stored, until then what is missing."""

    named: Named
    receipt: bytes | None
    missing: tuple[MissingChunks, ...] = ()
    written: tuple[Upload, ...] = ()
    """Exhibits of which every chunk is written but which have not become images yet."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A record that was stored, with the envelope to send to its device."""

    device: str
    receipt: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """Bytes that will never be taken. `device` is as the topic names it."""

    utc_ms: int
    device: str
    topic: str
    payload: bytes
    error: WireError


class Store:
    """The writing side of the database."""

    def __init__(self, engine: Engine, signer: Signer, timezone: tzinfo) -> None:
        self._engine = engine
        self._signer = signer
        self._timezone = timezone

    def accept(self, verified: VerifiedRecord, utc_ms: int) -> Accepted:
        """Make a record known, or find it known already.

        Raises BadMessage where other content has its id or its place in the chain, or where an
        exhibit cannot be what the record says.
        """
        record = verified.record
        named = Named.of(record, verified.sha256)
        # Not flushed, as marks of chunks are not: what a power cut takes away comes again, since
        # nothing was receipted. The commit that stores the record flushes all that came before.
        with relaxed(self._engine) as db:
            _lock_device(db, record.device)
            row = _known(db, verified)
            if row is None:
                _insert(db, verified, utc_ms)
                point("record_inserted", str(record.seq))
            elif row.receipt is not None:
                return Accepted(named, row.receipt)
            exhibits = {exhibit.sha256: exhibit for exhibit in record.exhibits}.values()
            begun = [uploads.begin(db, record.device, exhibit, utc_ms) for exhibit in exhibits]
            point("uploads_begun", str(record.seq))
        waiting = [upload for upload in begun if upload is not None]
        return Accepted(
            named,
            None,
            missing=tuple(part for upload in waiting if (part := upload.missing()) is not None),
            written=tuple(upload for upload in waiting if upload.complete),
        )

    def upload(self, device: str, sha256: str) -> Upload | None:
        """The exhibit on its way from that device, or None where none is awaited."""
        with reading(self._engine) as db:
            return uploads.find(db, device, sha256)

    def is_held(self, sha256: str) -> bool:
        """Whether the image is in the evidence folder."""
        with reading(self._engine) as db:
            return uploads.is_held(db, sha256)

    def chunk_written(self, device: str, sha256: str, index: int) -> Upload | None:
        """Mark a chunk whose bytes are in the part. None where the exhibit is not awaited.

        Neither is flushed: what a power cut takes away is asked for again.
        """
        with relaxed(self._engine) as db:
            marked = uploads.mark(db, device, sha256, index)
            point("chunk_noted", f"{sha256} {index}")
            return marked

    def start_over(self, upload: Upload) -> int:
        """The part was no image of that name. Gives how often that has happened."""
        with self._engine.begin() as db:
            return uploads.start_over(db, upload.device, upload.sha256)

    def misfit(self, upload: Upload) -> int:
        """A chunk cannot be part of the exhibit. Gives how often something was wrong with it."""
        with self._engine.begin() as db:
            return uploads.misfit(db, upload.device, upload.sha256)

    def lost(self, upload: Upload) -> Upload:
        """What was written of the exhibit is gone from our own disk; how it stands now."""
        with self._engine.begin() as db:
            uploads.lost(db, upload.device, upload.sha256)
        return upload.emptied()

    def held(self, upload: Upload, utc_ms: int) -> tuple[str, ...]:
        """The image is in the evidence folder. Gives other devices whose parts can be dropped.

        Not flushed: lost at a power cut, the image is found again when its last chunk comes.
        """
        with relaxed(self._engine) as db:
            others = uploads.finish(db, upload, utc_ms)
            point("exhibit_noted", upload.sha256)
            return others

    def pending_on(self, sha256: str, device: str | None = None) -> tuple[UUID, ...]:
        """Pending records that rest on an exhibit, of all devices or of one."""
        part = tables.record_exhibit
        query = (
            select(_RECORD.c.record_id)
            .join(part, part.c.record_id == _RECORD.c.record_id)
            .where(part.c.sha256 == sha256, _RECORD.c.status == "pending")
            .distinct()
        )
        if device is not None:
            query = query.where(_RECORD.c.device == device)
        with reading(self._engine) as db:
            return tuple(db.scalars(query))

    def complete(self, record_id: UUID, utc_ms: int) -> Stored | None:
        """Store a pending record all of whose exhibits are held. None while one is missing.

        Raises WireError where the kept bytes no longer verify.
        """
        mine = _RECORD.c.record_id == record_id
        with self._engine.begin() as db:
            device = db.scalar(select(_RECORD.c.device).where(mine))
            if device is None:
                return None
            _lock_device(db, device)
            row = db.execute(select(_RECORD).where(mine)).one_or_none()
            if row is None or _lacks_exhibits(db, record_id):
                return None
            if row.receipt is None:
                return Stored(device, self._store(db, row, utc_ms))
            return Stored(device, row.receipt)

    def refuse(self, refusal: Refusal) -> None:
        """Keep what was refused where people see it. The same bytes again are only counted."""
        with self._engine.begin() as db:
            _note(db, refusal)

    def withdraw(self, record_id: UUID, damaged: Upload, refusal: Refusal) -> None:
        """Refuse a record that was pending: an exhibit of it is not what it says."""
        with self._engine.begin() as db:
            _lock_device(db, refusal.device)
            _forget(db, record_id)
            uploads.drop(db, damaged)
            _note(db, refusal)

    def forget(self, record_id: UUID) -> None:
        """Give up a pending record, as if it had not come yet."""
        with self._engine.begin() as db:
            _forget(db, record_id)

    def envelope(self, record_id: UUID) -> bytes | None:
        """The exact bytes of a known record."""
        with reading(self._engine) as db:
            query = select(_RECORD.c.envelope).where(_RECORD.c.record_id == record_id)
            return db.execute(query).scalar_one_or_none()

    def _store(self, db: Connection, row: Row[tuple[object, ...]], utc_ms: int) -> bytes:
        record = filing.read_record(db, row.device, row.envelope)
        point("storing", str(record.seq))
        case_id = filing.file_record(db, record, utc_ms, self._timezone)
        point("record_filed", str(record.seq))
        index = filing.note_stored(db, record, row.sha256, case_id, utc_ms)
        point("record_logged", str(record.seq))
        envelope = receipts.receipt(self._signer, Named.of(record, row.sha256), utc_ms, index)
        point("receipt_signed", str(record.seq))
        values = {
            "status": "stored",
            "stored_utc_ms": utc_ms,
            "case_id": case_id,
            "log_index": index,
            "receipt": envelope,
        }
        db.execute(update(_RECORD).where(_RECORD.c.record_id == row.record_id).values(values))
        filing.refresh(db, case_id, utc_ms)
        point("case_refreshed", str(record.seq))
        return envelope


def _lock_device(db: Connection, device: str) -> None:
    """One writer a device: the order of its records, its case and its uploads hang together."""
    table = tables.device
    db.execute(select(table.c.id).where(table.c.id == device).with_for_update())


def _known(db: Connection, verified: VerifiedRecord) -> Row[tuple[object, ...]] | None:
    """The record as it is kept, or None. Raises BadMessage where other content is in its place."""
    record = verified.record
    same_place = (_RECORD.c.device == record.device) & (_RECORD.c.seq == record.seq)
    query = select(_RECORD).where((_RECORD.c.record_id == record.record_id) | same_place)
    rows = db.execute(query).all()
    for row in rows:
        if row.sha256 != verified.sha256:
            what = f"id {record.record_id}" if row.record_id == record.record_id else "seq"
            raise BadMessage(
                Code.RECORD_CONFLICT,
                f"another record with the {what} is known at seq {record.seq}: "
                f"{row.sha256}, this one is {verified.sha256}",
            )
    return rows[0] if rows else None


def _insert(db: Connection, verified: VerifiedRecord, utc_ms: int) -> None:
    record = verified.record
    db.execute(
        insert(_RECORD).values(
            record_id=record.record_id,
            device=record.device,
            seq=record.seq,
            prev=record.prev,
            sha256=verified.sha256,
            envelope_sha256=verified.envelope_sha256,
            key_id=verified.key_id,
            kind=record.kind.value,
            policy_sha256=record.rules.policy_sha256,
            lane_version=record.lane.version,
            stay_id=record.stay.id,
            envelope=verified.raw,
            status="pending",
            received_utc_ms=utc_ms,
        )
    )
    parts = [
        {
            "record_id": record.record_id,
            "position": position,
            "sha256": exhibit.sha256,
            "size": exhibit.size,
            "occasion": exhibit.occasion,
            "view": exhibit.view,
        }
        for position, exhibit in enumerate(record.exhibits)
    ]
    if parts:
        db.execute(insert(tables.record_exhibit), parts)


def _lacks_exhibits(db: Connection, record_id: UUID) -> bool:
    part, image = tables.record_exhibit, tables.exhibit
    query = (
        select(part.c.sha256)
        .outerjoin(image, image.c.sha256 == part.c.sha256)
        .where(part.c.record_id == record_id, image.c.sha256.is_(None))
        .limit(1)
    )
    return db.scalar(query) is not None


def _forget(db: Connection, record_id: UUID) -> None:
    parts = tables.record_exhibit
    pending = (_RECORD.c.record_id == record_id) & (_RECORD.c.status == "pending")
    if db.scalar(select(_RECORD.c.record_id).where(pending)) is not None:
        db.execute(delete(parts).where(parts.c.record_id == record_id))
        db.execute(delete(_RECORD).where(pending))


def _note(db: Connection, refusal: Refusal) -> None:
    table = tables.rejected
    sha256 = hashlib.sha256(refusal.payload).hexdigest()
    device = refusal.device if is_device_id(refusal.device) else "-"
    values = {
        "utc_ms": refusal.utc_ms,
        "device": device,
        "topic": refusal.topic[:_TOPIC_LENGTH],
        "code": refusal.error.code.value,
        "text": refusal.error.text[:_TEXT_LENGTH],
        "sha256": sha256,
        "size": len(refusal.payload),
        "payload": refusal.payload[:PACKET_BYTES],
        "times": 1,
    }
    if not add_if_new(db, table, values):
        again = (table.c.device == device) & (table.c.sha256 == sha256)
        db.execute(
            update(table).where(again).values(times=table.c.times + 1, utc_ms=refusal.utc_ms)
        )
