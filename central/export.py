"""Taking a case out of the database and the evidence folder as a packet that proves itself.

ExportError       the case cannot be exported; the text says why. Damaged evidence is one reason:
                  what would not pass the verifier is never handed out.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Engine, Row, select

from central import events, registry, tables
from central.blobs import BlobFault, Blobs
from central.database import reading
from central.document_tables import document
from central.documents.press import Press, printed
from central.events import LogDamaged, Logged
from central.keeping.ledger import erased_of
from central.packet import (
    CaseFacts,
    KeyFacts,
    LogLine,
    LogLink,
    NotKnown,
    PacketError,
    Parts,
    SignedRecord,
    build_packet,
)
from edge.wire.errors import WireError
from edge.wire.fields import parse
from edge.wire.records import Record
from edge.wire.signing import Signer, open_envelope
from edge.wire.topics import CENTRAL

_CASE, _RECORD = tables.case, tables.record


class ExportError(Exception):
    """The case cannot be exported."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a case is taken from, and who signs what goes out.

    `former_keys` are the server's keys of earlier years, which old receipts are signed with.
    """

    engine: Engine
    blobs: Blobs
    signer: Signer
    former_keys: Sequence[Ed25519PublicKey] = ()


def export_case(source: Source, case_id: UUID, utc_ms: int) -> bytes:
    """The packet of a case: what is stored of it now. Raises ExportError."""
    Press(source.engine, source.blobs).run(utc_ms, case_id)
    with reading(source.engine) as db:
        case = db.execute(select(_CASE).where(_CASE.c.id == case_id)).one_or_none()
        if case is None:
            raise ExportError(f"there is no case {case_id}")
        try:
            parts = _parts(db, source, case, utc_ms)
            return build_packet(parts, source.signer)
        except (BlobFault, LogDamaged, PacketError, WireError) as error:
            raise ExportError(f"case {case.number} cannot be exported: {error}") from error


def _parts(db: Connection, source: Source, case: Row[tuple[object, ...]], utc_ms: int) -> Parts:
    rows = db.execute(
        select(_RECORD)
        .where(_RECORD.c.case_id == case.id, _RECORD.c.status == "stored")
        .order_by(_RECORD.c.seq)
    ).all()
    erased = erased_of(db, case.id)
    if not rows:
        raise PacketError("no record of it is stored")
    rows = [row for row in rows if row.envelope]
    if not rows:
        first = next(iter(erased.values()))
        raise PacketError(f"its records were erased under the rule {first.rule!r}")
    device_keys = registry.keys(db, case.device, retired=True)
    point = _checkpoint(db, case.id)
    prev_hash, log = _log(db, case.id, point.seq if point else 0)
    return Parts(
        case=_facts(case),
        exported_utc_ms=utc_ms,
        records=[SignedRecord(row.seq, row.envelope, row.receipt) for row in rows],
        exhibits=_exhibits(source.blobs, device_keys, [row.envelope for row in rows], erased),
        chain=_chain(db, case.device, [row.seq for row in rows]),
        log=log,
        log_prev_hash=prev_hash,
        keys=_keys(source, case.device, device_keys),
        documents={name: source.blobs.read(name) for name in printed(db, case.id)},
        titles=_titles(db, case.id),
        policies=_policies(db, case.id),
        more=_anchors(point),
    )


def _facts(case: Row[tuple[object, ...]]) -> CaseFacts:
    return CaseFacts(
        id=case.id,
        number=case.number,
        site=case.site,
        device=case.device,
        stay_id=case.stay_id,
        camera=case.camera,
        lane=case.lane,
        state=case.state,
    )


def _exhibits(
    blobs: Blobs,
    keys: Mapping[str, Ed25519PublicKey],
    envelopes: Sequence[bytes],
    erased: Container[str],
) -> dict[str, bytes]:
    names = {
        exhibit.sha256
        for envelope in envelopes
        for exhibit in parse(
            Record, open_envelope(envelope, keys, Record.PAYLOAD_TYPE).payload
        ).exhibits
    }
    return {name: blobs.read(name) for name in sorted(names) if name not in erased}


def _chain(db: Connection, device: str, seqs: Sequence[int]) -> dict[int, str | NotKnown]:
    """Every number between the first and the last that is not among `seqs`."""
    links: dict[int, str | NotKnown] = {
        seq: NotKnown("neither the record nor a reason has come")
        for seq in set(range(seqs[0], seqs[-1])) - set(seqs)
    }
    tombstone = tables.tombstone
    gone = db.execute(
        select(tombstone).where(
            tombstone.c.device == device, tombstone.c.seq.between(seqs[0], seqs[-1])
        )
    )
    for row in gone:
        if row.seq in links:
            links[row.seq] = row.record_sha256 or NotKnown(f"the device says {row.reason}")
    held = db.execute(
        select(_RECORD.c.seq, _RECORD.c.sha256).where(
            _RECORD.c.device == device, _RECORD.c.seq.between(seqs[0], seqs[-1])
        )
    )
    for row in held:
        if row.seq in links:
            links[row.seq] = row.sha256
    return links


def _titles(db: Connection, case_id: UUID) -> dict[str, str]:
    table = document
    query = select(table.c.pdf_sha256, table.c.kind, table.c.number).where(
        table.c.case_id == case_id, table.c.pdf_sha256.is_not(None)
    )
    return {row.pdf_sha256: f"{row.kind} {row.number or ''}".strip() for row in db.execute(query)}


def _policies(db: Connection, case_id: UUID) -> dict[str, bytes]:
    """The packs that the case's records name, as far as they were ever put in force here."""
    named = select(_RECORD.c.policy_sha256).where(
        _RECORD.c.case_id == case_id, _RECORD.c.status == "stored", _RECORD.c.envelope != b""
    )
    table = tables.policy
    rows = db.execute(select(table.c.sha256, table.c.envelope).where(table.c.sha256.in_(named)))
    return {row.sha256: bytes(row.envelope) for row in rows}


def _checkpoint(db: Connection, case_id: UUID) -> Row[tuple[object, ...]] | None:
    """The first checkpoint that covers all of the case; none before the end of its last day."""
    event, table = tables.case_event, tables.checkpoint
    last = select(event.c.seq).where(event.c.case_id == case_id).order_by(event.c.seq.desc())
    covering = table.c.seq >= last.limit(1).scalar_subquery()
    return db.execute(select(table).where(covering).order_by(table.c.seq)).first()


def _anchors(point: Row[tuple[object, ...]] | None) -> dict[str, bytes]:
    if point is None:
        return {}
    found = {"checkpoint.dsse": bytes(point.envelope)}
    if point.time_stamp is not None:
        found["timestamp.tsr"] = bytes(point.time_stamp)
    return found


def _log(db: Connection, case_id: UUID, until: int) -> tuple[str, list[LogLine | LogLink]]:
    """The lines from the case's first to its last, or to `until`, and the hash before them."""
    table = tables.case_event
    seqs = db.scalars(select(table.c.seq).where(table.c.case_id == case_id)).all()
    if not seqs:
        raise PacketError("the log has no line about it")
    lines = list(events.lines(db, min(seqs), max(*seqs, until)))
    before = replace(lines[0], seq=lines[0].seq - 1, hash=lines[0].prev_hash)
    events.check_log(lines, after=before)
    return before.hash, [_excerpt(line, case_id) for line in lines]


def _excerpt(line: Logged, case_id: UUID) -> LogLine | LogLink:
    whole = LogLine(
        seq=line.seq,
        utc_ms=line.utc_ms,
        actor=line.actor,
        type=line.type,
        case=None if line.case_id is None else str(line.case_id),
        payload=line.payload,
    )
    if line.content is not None:
        return LogLink(line.seq, line.content)
    return whole if line.case_id == case_id else LogLink(line.seq, whole.content)


def _keys(
    source: Source, device: str, device_keys: Mapping[str, Ed25519PublicKey]
) -> list[KeyFacts]:
    own = [source.signer.key.public_key(), *source.former_keys]
    return [
        *(KeyFacts.of("central", CENTRAL, key) for key in own),
        *(KeyFacts.of("device", device, key) for key in device_keys.values()),
    ]
