"""Looking through everything that is kept, for what no longer is what it was.

A disk changes bits without a word, and whoever has the disk can change more. Records carry their
devices' signatures, images are named by their hashes, the log is chained: so damage shows, here as
on a case's page, and what is whole beside it stays as good as it was. Run it by night
(`firelane-central audit`); a device still keeps for some days what it delivered, and sends it again
when asked.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Engine, Row, select, text
from sqlalchemy.exc import DBAPIError

from central import registry, tables
from central.blobs import BlobFault, Blobs, Missing
from central.database import reading
from central.events import LogDamaged, check_log, lines
from central.office_tables import erasure
from edge.wire.errors import WireError
from edge.wire.fields import parse
from edge.wire.records import Record
from edge.wire.signing import open_envelope

_RECORD, _PART, _EXHIBIT = tables.record, tables.record_exhibit, tables.exhibit


def audit(engine: Engine, blobs: Blobs) -> Iterator[str]:
    """A sentence for each thing that is damaged, at most one a record and an image; none where all
    is whole."""
    for look in (_structure, _records, _references, _log):
        try:
            with reading(engine) as db:
                yield from look(db)
        except (DBAPIError, LookupError, TypeError, ValueError) as error:
            yield f"the database cannot be read: {error.__class__.__name__}: {error}"
    try:
        with reading(engine) as db:
            names = db.scalars(select(_EXHIBIT.c.sha256).order_by(_EXHIBIT.c.sha256)).all()
    except DBAPIError as error:
        yield f"the images cannot be listed: {error}"
        return
    for name in names:
        try:
            blobs.check(name)
        except Missing:
            yield f"image {name} is missing"
        except BlobFault:
            yield f"image {name} is damaged"
        except OSError as error:
            yield f"image {name} cannot be read: {error.strerror}"


def _structure(db: Connection) -> Iterator[str]:
    """SQLite's own check; PostgreSQL has its own, with checksums of pages."""
    if db.dialect.name == "sqlite":
        for found in db.scalars(text("PRAGMA integrity_check(20)")):
            if found != "ok":
                yield f"the database is damaged: {found}"
        for row in db.execute(text("PRAGMA foreign_key_check")):
            yield f"a row of {row[0]} refers to one of {row[2]} that is not there"


def _records(db: Connection) -> Iterator[str]:
    erased = set(db.scalars(select(erasure.c.subject).where(erasure.c.kind == "personal")))
    for row in db.execute(select(_RECORD).order_by(_RECORD.c.device, _RECORD.c.seq)):
        if not row.envelope and row.sha256 in erased:
            continue  # its time was over, and the log says so
        fault = _fault(db, row)
        if fault:
            yield f"record {row.seq} of {row.device}: {fault}"


def _fault(db: Connection, row: Row[tuple[object, ...]]) -> str:
    keys = registry.keys(db, row.device, retired=True)
    try:
        opened = open_envelope(row.envelope, keys, Record.PAYLOAD_TYPE)
        record = parse(Record, opened.payload)
    except WireError as error:
        return error.text
    parts = db.execute(
        select(_PART).where(_PART.c.record_id == row.record_id).order_by(_PART.c.position)
    )
    kept = [(each.sha256, each.size, each.occasion, each.view) for each in parts]
    signed = [(each.sha256, each.size, each.occasion, each.view) for each in record.exhibits]
    says = (record.record_id, record.device, record.seq, record.prev, opened.sha256)
    if says != (row.record_id, row.device, row.seq, row.prev, row.sha256) or kept != signed:
        return "the row does not say what was signed"
    if (record.stay.id, record.kind.value) != (row.stay_id, row.kind):
        return "the row does not say what was signed"
    if row.status == "stored" and (row.receipt is None or row.case_id is None):
        return "it counts as stored, without its receipt or its case"
    return "" if row.status in ("pending", "stored") else f"its state is {row.status!r}"


def _references(db: Connection) -> Iterator[str]:
    """Images that stored records rest on and that are not known to be held, or of another size."""
    query = (
        select(_PART.c.sha256, _PART.c.size, _EXHIBIT.c.size.label("held"))
        .join(_RECORD, _RECORD.c.record_id == _PART.c.record_id)
        .outerjoin(_EXHIBIT, _EXHIBIT.c.sha256 == _PART.c.sha256)
        .where(_RECORD.c.status == "stored", _PART.c.sha256.not_in(select(erasure.c.subject)))
        .distinct()
    )
    for row in db.execute(query):
        if row.held != row.size:
            yield f"image {row.sha256} should be held with {row.size} bytes, got {row.held}"


def _log(db: Connection) -> Iterator[str]:
    try:
        last = check_log(lines(db))
    except LogDamaged as error:
        yield str(error)
        return
    newest = db.scalar(select(tables.checkpoint.c.seq).order_by(tables.checkpoint.c.seq.desc()))
    if newest is not None and (last is None or last.seq < newest):
        yield f"the log ends at line {last.seq if last else 0}, line {newest} was sealed"
