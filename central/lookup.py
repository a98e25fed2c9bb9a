"""The reading side of the database: what central/views.py promises, for pages and exports.

Checks are made when a case is looked at, over the bytes as they lie there now, so that damage done
since is seen.
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, and_, func, or_, select, true

from central import bars, counters, filing, plates, registry, tables
from central.blobs import Blobs, Damaged, Missing
from central.case_moves import STAGES
from central.checks import Context, Held, Previous, check_record
from central.database import reading
from central.events import parse_payload
from central.keeping.ledger import erased_of
from central.office_tables import case_text
from central.views import (
    AlertRow,
    CaseEvent,
    CaseFilter,
    CasePage,
    CaseRow,
    CaseView,
    DeviceRow,
    Erased,
    ExhibitFile,
    Mark,
    RecordView,
    SimilarPlate,
)
from edge.wire.records import Record
from edge.wire.status import Birth, Health

_CASE, _RECORD = tables.case, tables.record
ESCAPE = "/"
_MOST_NAMES = 500
Kept = TypeVar("Kept", Birth, Health)


class Lookup:
    """Implements central.views.Reader. Every call is one consistent look, and blocks."""

    def __init__(self, engine: Engine, blobs: Blobs) -> None:
        self._engine = engine
        self._blobs = blobs

    def cases(self, wanted: CaseFilter) -> CasePage:
        """One page, newest first."""
        condition = and_(true(), *_conditions(wanted))
        order = (_CASE.c.opened_utc_ms.desc(), _CASE.c.number.desc())
        page = select(_CASE).where(condition).order_by(*order)
        with reading(self._engine) as db:
            total = db.scalar(select(func.count()).select_from(_CASE).where(condition))
            rows = db.execute(page.limit(wanted.limit).offset(wanted.offset)).all()
            unknown = bars.under_unknown_packs(db, [row.id for row in rows])
            return CasePage(tuple(_case_row(row) for row in rows), int(total or 0), unknown)

    def case(self, case_id: UUID) -> CaseView | None:
        """The whole case, every check made anew. Raises WireError where kept bytes are damaged."""
        with reading(self._engine) as db:
            row = db.execute(select(_CASE).where(_CASE.c.id == case_id)).one_or_none()
            if row is None:
                return None
            erased = erased_of(db, case_id)
            records = self._records(db, row, erased)
            return CaseView(_case_row(row), records, _events(db, case_id), erased)

    def similar(self, plate: str) -> Sequence[SimilarPlate]:
        """Plates in the archive that cameras and people take for this whole one, and how many
        cases each has."""
        names = plates.taken_for(plate)
        found: list[SimilarPlate] = []
        with reading(self._engine) as db:
            for first in range(0, len(names), _MOST_NAMES):
                some = names[first : first + _MOST_NAMES]
                query = select(_CASE.c.plate, func.count()).where(_CASE.c.plate.in_(some))
                rows = db.execute(query.group_by(_CASE.c.plate).order_by(_CASE.c.plate))
                found += [SimilarPlate(name, int(count)) for name, count in rows]
        return found

    def case_id(self, name: str) -> UUID | None:
        """The case of a number or of an id as text."""
        try:
            condition = _CASE.c.id == UUID(name)
        except ValueError:
            condition = _CASE.c.number == name
        with reading(self._engine) as db:
            return db.execute(select(_CASE.c.id).where(condition)).scalar_one_or_none()

    def envelope(self, record_id: UUID) -> bytes | None:
        """The exact bytes of a known record."""
        with reading(self._engine) as db:
            query = select(_RECORD.c.envelope).where(_RECORD.c.record_id == record_id)
            return db.execute(query).scalar_one_or_none() or None

    def receipt(self, record_id: UUID) -> bytes | None:
        """The exact receipt of a stored record."""
        with reading(self._engine) as db:
            query = select(_RECORD.c.receipt).where(_RECORD.c.record_id == record_id)
            return db.execute(query).scalar_one_or_none()

    def device_keys(self, device: str) -> Mapping[str, bytes]:
        """Raw public keys by id, retired ones included: what old records verify against."""
        with reading(self._engine) as db:
            known = registry.keys(db, device, retired=True)
        return {name: key.public_bytes_raw() for name, key in known.items()}

    def exhibit(self, sha256: str) -> ExhibitFile | None:
        """An image that is in the evidence folder."""
        table = tables.exhibit
        with reading(self._engine) as db:
            row = db.execute(select(table).where(table.c.sha256 == sha256)).one_or_none()
            return None if row is None else ExhibitFile(row.sha256, row.size, row.media_type)

    def devices(self) -> Sequence[DeviceRow]:
        """Every registered device, by site and id."""
        table, alert = tables.device, tables.alert
        with reading(self._engine) as db:
            alerts: dict[str, list[AlertRow]] = {}
            for row in db.execute(select(alert).order_by(alert.c.since_utc_ms)):
                told = AlertRow(row.code, row.level, row.since_utc_ms, row.text, row.hint)
                alerts.setdefault(row.device, []).append(told)
            rows = db.execute(select(table).order_by(table.c.site, table.c.id)).all()
            return tuple(_device_row(row, alerts.get(row.id, [])) for row in rows)

    def sites(self) -> Sequence[str]:
        """Where devices are, and where there are cases from before they moved."""
        with reading(self._engine) as db:
            names = set(db.scalars(select(tables.device.c.site).distinct()))
            return tuple(sorted(names | set(db.scalars(select(_CASE.c.site).distinct()))))

    def mark(self) -> Mark:
        """Two numbers that rise with every change."""
        with reading(self._engine) as db:
            return Mark(counters.value(db, "log"), counters.value(db, "fleet"))

    def _records(
        self, db: Connection, case: Row[tuple[object, ...]], erased: Mapping[str, Erased]
    ) -> tuple[RecordView, ...]:
        mine = (_RECORD.c.device == case.device) & (_RECORD.c.stay_id == case.stay_id)
        mine &= _RECORD.c.envelope != b""
        rows = db.execute(select(_RECORD).where(mine).order_by(_RECORD.c.seq)).all()
        known = registry.keys(db, case.device, retired=True)
        active = bool(
            db.scalar(select(tables.device.c.active).where(tables.device.c.id == case.device))
        )
        views: list[RecordView] = []
        for row in rows:
            record = filing.read_record(db, row.device, row.envelope)
            held = self._held(db, record, erased)
            context = Context(
                envelope=row.envelope,
                keys=known,
                device_active=active,
                received_utc_ms=row.received_utc_ms,
                previous=_previous(db, row.device, row.seq),
                held=held,
                first=views[0].record if views else None,
            )
            views.append(
                RecordView(
                    record=record,
                    envelope_sha256=row.envelope_sha256,
                    status=row.status,
                    received_utc_ms=row.received_utc_ms,
                    stored_utc_ms=row.stored_utc_ms,
                    checks=check_record(record, context),
                    held=frozenset(name for name, state in held.items() if state == "held"),
                )
            )
        return tuple(views)

    def _held(
        self, db: Connection, record: Record, erased: Mapping[str, Erased]
    ) -> Mapping[str, Held]:
        table = tables.exhibit
        names = {exhibit.sha256 for exhibit in record.exhibits}
        held = set(db.scalars(select(table.c.sha256).where(table.c.sha256.in_(names))))
        return {
            name: self._state(name) if name in held else "erased" if name in erased else "missing"
            for name in names
        }

    def _state(self, sha256: str) -> Held:
        try:
            self._blobs.check(sha256)
        except (Missing, Damaged):
            return "damaged"
        return "held"


def _conditions(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    exact = {
        _CASE.c.state: wanted.state,
        _CASE.c.site: wanted.site,
        _CASE.c.device: wanted.device,
    }
    found: list[ColumnElement[bool]] = [
        column == value for column, value in exact.items() if value is not None
    ]
    if wanted.stage is not None:
        found.append(_CASE.c.state.in_(STAGES.get(wanted.stage, ())))
    if wanted.plate is not None:
        whole = like(wanted.plate)
        pattern = whole if is_wild(wanted.plate) else f"%{whole}%"
        found.append(_CASE.c.plate.like(pattern, escape=ESCAPE))
    for word in (wanted.text or "").lower().split():
        found.append(_says(f"%{like(word)}%", wanted.files))
    if wanted.opened_from_utc_ms is not None:
        found.append(_CASE.c.opened_utc_ms >= wanted.opened_from_utc_ms)
    if wanted.opened_until_utc_ms is not None:
        found.append(_CASE.c.opened_utc_ms < wanted.opened_until_utc_ms)
    return found


def _says(pattern: str, files: Collection[str]) -> ColumnElement[bool]:
    """Whether a case's own words say it, or its files of these kinds."""
    own = _CASE.c.words.like(pattern, escape=ESCAPE)
    if not files:
        return own
    text = case_text.c.text.like(pattern, escape=ESCAPE)
    said = select(case_text.c.case_id).where(case_text.c.kind.in_(sorted(files)), text)
    return or_(own, _CASE.c.id.in_(said))


def is_wild(typed: str) -> bool:
    return "?" in typed or "*" in typed


def like(typed: str) -> str:
    """The LIKE pattern of a text with `?` and `*`, to be used with ESCAPE."""
    for char in (ESCAPE, "%", "_"):
        typed = typed.replace(char, ESCAPE + char)
    return typed.replace("?", "_").replace("*", "%")


def _case_row(row: Row[tuple[object, ...]]) -> CaseRow:
    return CaseRow(
        id=row.id,
        number=row.number,
        state=row.state,
        site=row.site,
        device=row.device,
        camera=row.camera,
        lane=row.lane,
        opened_utc_ms=row.opened_utc_ms,
        begin_utc_ms=row.begin_utc_ms,
        standing_ms=row.standing_ms,
        latest_kind=row.latest_kind,
        plate=row.plate,
        plate_colour=row.plate_colour,
        thumb_sha256=row.thumb_sha256,
        changed_seq=row.changed_seq,
        remedy=row.remedy,
        money=row.money,
        policy_sha256=row.policy_sha256,
        due_utc_ms=row.due_utc_ms,
    )


def _events(db: Connection, case_id: UUID) -> tuple[CaseEvent, ...]:
    table = tables.case_event
    query: Select[tuple[object, ...]] = (
        select(table).where(table.c.case_id == case_id).order_by(table.c.seq)
    )
    return tuple(
        CaseEvent(
            seq=row.seq,
            utc_ms=row.utc_ms,
            actor=row.actor,
            type=row.type,
            hash=row.hash,
            payload=MappingProxyType(parse_payload(row.payload)),
        )
        for row in db.execute(query)
    )


def _previous(db: Connection, device: str, seq: int) -> Previous | None:
    """What is known of the record before `seq` in the device's chain."""
    if seq == 1:
        return None
    before = (_RECORD.c.device == device) & (_RECORD.c.seq == seq - 1)
    sha256 = db.scalar(select(_RECORD.c.sha256).where(before))
    if sha256 is not None:
        return Previous(sha256)
    table = tables.tombstone
    gone = (table.c.device == device) & (table.c.seq == seq - 1)
    row = db.execute(select(table).where(gone)).one_or_none()
    return None if row is None else Previous(row.record_sha256, row.reason)


def _device_row(row: Row[tuple[object, ...]], alerts: Sequence[AlertRow]) -> DeviceRow:
    return DeviceRow(
        id=row.id,
        site=row.site,
        name=row.name,
        active=row.active,
        state=row.state,
        epoch=row.epoch,
        last_seen_utc_ms=row.last_seen_utc_ms,
        birth=None if row.birth is None else _kept(Birth, row.birth),
        health=None if row.health is None else _kept(Health, row.health),
        alerts=tuple(alerts),
    )


def _kept(kind: type[Kept], text: str) -> Kept | None:
    """A document as an older program kept it; None where this one cannot read it any more."""
    try:
        return kind.model_validate_json(text)
    except ValidationError:
        return None
