"""Exhibits on their way: which chunks are written, kept in the database so that any worker goes on.

An upload belongs to one device: what another sends under the same hash cannot spoil it. All
functions run within the caller's transaction.
"""

from dataclasses import dataclass, replace

from sqlalchemy import Connection, delete, select, update

from central import tables
from central.database import add_if_new
from edge.wire.errors import BadMessage, Code
from edge.wire.limits import CHUNK_BYTES
from edge.wire.records import Exhibit
from edge.wire.replies import MissingChunks

_TABLE = tables.upload


@dataclass(frozen=True, slots=True)
class Upload:
    """`have` holds one byte a chunk: 0 missing, 1 written."""

    device: str
    sha256: str
    size: int
    have: bytes

    @property
    def complete(self) -> bool:
        return 0 not in self.have

    @property
    def begun(self) -> bool:
        return 1 in self.have

    def emptied(self) -> "Upload":
        """The same with nothing written."""
        return replace(self, have=bytes(len(self.have)))

    def chunk_bytes(self, index: int) -> int | None:
        """How long chunk `index` must be; None where there is no such chunk."""
        if not 0 <= index < len(self.have):
            return None
        return min(CHUNK_BYTES, self.size - index * CHUNK_BYTES)

    def is_last(self, index: int) -> bool:
        """Whether every chunk but this one is written."""
        return self.have.count(0) == 1 and self.have[index] == 0

    def missing(self) -> MissingChunks | None:
        """The chunks that are not written, as ranges; None where all are."""
        ranges: list[tuple[int, int]] = []
        for index, written in enumerate(self.have):
            if written:
                continue
            if ranges and ranges[-1][1] == index - 1:
                ranges[-1] = (ranges[-1][0], index)
            else:
                ranges.append((index, index))
        return MissingChunks(sha256=self.sha256, ranges=ranges) if ranges else None


def begin(db: Connection, device: str, exhibit: Exhibit, utc_ms: int) -> Upload | None:
    """Await an exhibit, or go on awaiting it; None where its image is held.

    Raises BadMessage where the hash is known with another size: both cannot be true.
    """
    held = db.scalar(select(tables.exhibit.c.size).where(tables.exhibit.c.sha256 == exhibit.sha256))
    if held is not None:
        _require_size(exhibit, int(held))
        return None
    values = {
        "device": device,
        "sha256": exhibit.sha256,
        "size": exhibit.size,
        "media_type": exhibit.media_type,
        "have": bytes(-(-exhibit.size // CHUNK_BYTES)),
        "restarts": 0,
        "begun_utc_ms": utc_ms,
    }
    add_if_new(db, _TABLE, values)
    upload = find(db, device, exhibit.sha256)
    assert upload is not None
    _require_size(exhibit, upload.size)
    return upload


def find(db: Connection, device: str, sha256: str, *, lock: bool = False) -> Upload | None:
    query = select(_TABLE).where(_TABLE.c.device == device, _TABLE.c.sha256 == sha256)
    row = db.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else Upload(row.device, row.sha256, row.size, row.have)


def mark(db: Connection, device: str, sha256: str, index: int) -> Upload | None:
    """Chunk `index` is written; the upload after it, or None where it is awaited no more."""
    upload = find(db, device, sha256, lock=True)
    if upload is None:
        return None
    have = upload.have[:index] + b"\x01" + upload.have[index + 1 :]
    if have != upload.have:
        db.execute(
            update(_TABLE)
            .where(_TABLE.c.device == device, _TABLE.c.sha256 == sha256)
            .values(have=have)
        )
    return Upload(device, sha256, upload.size, have)


def start_over(db: Connection, device: str, sha256: str) -> int:
    """What was written is no image of that name: all is missing again. Gives how often something
    was wrong with it so far."""
    upload = find(db, device, sha256, lock=True)
    return 0 if upload is None else _change(db, upload.emptied(), faults=1)


def misfit(db: Connection, device: str, sha256: str) -> int:
    """A chunk came that cannot be part of it; those that are here stay. Gives how often something
    was wrong with it so far."""
    upload = find(db, device, sha256, lock=True)
    return 0 if upload is None else _change(db, upload, faults=1)


def lost(db: Connection, device: str, sha256: str) -> None:
    """What was written is gone from our own disk: all is missing again, and nobody did wrong."""
    upload = find(db, device, sha256, lock=True)
    if upload is not None:
        _change(db, upload.emptied(), faults=0)


def _change(db: Connection, upload: Upload, faults: int) -> int:
    again = (
        update(_TABLE)
        .where(_TABLE.c.device == upload.device, _TABLE.c.sha256 == upload.sha256)
        .values(have=upload.have, restarts=_TABLE.c.restarts + faults)
        .returning(_TABLE.c.restarts)
    )
    return int(db.execute(again).scalar_one())


def finish(db: Connection, upload: Upload, utc_ms: int) -> tuple[str, ...]:
    """The image is in the evidence folder, so nobody needs to send it any more.

    Gives the other devices that were sending it too.
    """
    mine = (_TABLE.c.device == upload.device) & (_TABLE.c.sha256 == upload.sha256)
    media_type = db.scalar(select(_TABLE.c.media_type).where(mine))
    if media_type is not None:
        values = {
            "sha256": upload.sha256,
            "size": upload.size,
            "media_type": media_type,
            "stored_utc_ms": utc_ms,
        }
        add_if_new(db, tables.exhibit, values)
    gone = delete(_TABLE).where(_TABLE.c.sha256 == upload.sha256).returning(_TABLE.c.device)
    return tuple(name for name in db.scalars(gone) if name != upload.device)


def drop(db: Connection, upload: Upload) -> None:
    """Await it no more."""
    mine = (_TABLE.c.device == upload.device) & (_TABLE.c.sha256 == upload.sha256)
    db.execute(delete(_TABLE).where(mine))


def is_held(db: Connection, sha256: str) -> bool:
    table = tables.exhibit
    return db.scalar(select(table.c.sha256).where(table.c.sha256 == sha256)) is not None


def _require_size(exhibit: Exhibit, known: int) -> None:
    if exhibit.size != known:
        raise BadMessage(
            Code.HASH_MISMATCH,
            f"exhibit {exhibit.sha256} has {known} bytes elsewhere, this record says "
            f"{exhibit.size}",
        )
