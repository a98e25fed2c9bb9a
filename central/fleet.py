"""Keeping watch over the devices' chains, and their configurations.

`watch` runs every minute on one worker: it looks for records that are missing, asks for them, and
raises an alarm where nothing comes. Each device is one transaction.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import asdict
from uuid import uuid4

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, tuple_, update

from central import chain, receipts, tables
from central.chain import Chain, Gap
from central.counters import take
from central.database import add_if_new, reading
from central.receipts import Outgoing
from central.registry import Registry
from edge.wire.replies import Response
from edge.wire.signing import Signer
from edge.wire.status import Alert, Health

MISSING = "records-missing"
BROKEN = "chain-broken"
WENT_BACK = "chain-went-back"
_SETTLED_MS = 120_000

log = logging.getLogger("central.fleet")
_RECORD, _TOMB, _GAP = tables.record, tables.tombstone, tables.gap


class Fleet:
    """What the server does about its devices beside taking records."""

    def __init__(self, engine: Engine, registry: Registry, signer: Signer) -> None:
        self._engine = engine
        self._registry = registry
        self._signer = signer

    def bury(self, response: Response, envelope: bytes, utc_ms: int) -> None:
        """Keep a device's signed word that records are gone. A record that is here stays."""
        with self._engine.begin() as db:
            for tombstone in response.tombstones:
                values = {
                    "device": response.device,
                    "seq": tombstone.seq,
                    "record_sha256": tombstone.record_sha256,
                    "reason": tombstone.reason,
                    "envelope": envelope,
                    "received_utc_ms": utc_ms,
                }
                add_if_new(db, _TOMB, values)

    def watch(self, utc_ms: int) -> list[Outgoing]:
        """Look at every active device; the requests that are to be sent."""
        table = tables.device
        with reading(self._engine) as db:
            names = db.scalars(select(table.c.id).where(table.c.active).order_by(table.c.id)).all()
        return [request for name in names for request in self._watch_one(name, utc_ms)]

    def set_config(self, device: str, document: str, utc_ms: int) -> Outgoing:
        """The configuration that a device should run from now on."""
        table = tables.device_config
        with self._engine.begin() as db:
            version = take(db, f"config-{device}")
            outgoing = receipts.config(self._signer, device, version, document, utc_ms)
            db.execute(
                insert(table).values(
                    device=device,
                    version=version,
                    sha256=hashlib.sha256(document.encode()).hexdigest(),
                    document=document,
                    issued_utc_ms=utc_ms,
                    envelope=outgoing.payload,
                )
            )
            return outgoing

    def desired(self) -> list[Outgoing]:
        """The latest configuration of every device, as it should be retained at the broker."""
        table = tables.device_config
        newest = select(table.c.device, func.max(table.c.version)).group_by(table.c.device)
        query = select(table).where(tuple_(table.c.device, table.c.version).in_(newest))
        with reading(self._engine) as db:
            return [receipts.desired(row.device, row.envelope) for row in db.execute(query)]

    def _watch_one(self, device: str, utc_ms: int) -> list[Outgoing]:
        with self._engine.begin() as db:
            query = select(tables.device).where(tables.device.c.id == device)
            row = db.execute(query.with_for_update()).one()
            now = chain.survey(
                _known(db, device, row.contiguous_seq),
                row.contiguous_seq,
                _promised(row),
                _gaps(db, device),
                utc_ms,
            )
            due = {
                gap.first: span
                for gap in now.gaps
                if row.state == "online" and (span := chain.to_ask(gap, utc_ms)) is not None
            }
            gaps = tuple(gap.asked(utc_ms) if gap.first in due else gap for gap in now.gaps)
            _keep(db, device, Chain(now.contiguous, gaps))
            broken = _broken_link(db, device, row.contiguous_seq)
            newest = _newest(db, row)
        self._tell(device, MISSING, _missing_alert(gaps, utc_ms))
        if broken is not None:  # a chain that once broke stays broken; only a person clears that
            self._tell(device, BROKEN, _broken_alert(broken, utc_ms))
        self._tell(device, WENT_BACK, _back_alert(row, newest, utc_ms))
        for first, last in due.values():
            log.warning("records missing device=%s first=%d last=%d", device, first, last)
        return [
            receipts.resend(self._signer, device, span, uuid4(), utc_ms) for span in due.values()
        ]

    def _tell(self, device: str, code: str, alert: Alert | None) -> None:
        self._registry.alert(device, code, alert, source="central")


def _known(db: Connection, device: str, above: int) -> list[int]:
    """Numbers above `above` of records that are here or have a tombstone."""
    return [
        seq
        for table in (_RECORD, _TOMB)
        for seq in db.scalars(
            select(table.c.seq).where(table.c.device == device, table.c.seq > above)
        )
    ]


def _promised(row: Row[tuple[object, ...]]) -> int:
    """Up to where the device says that everything was receipted; 0 where it does not say so."""
    health = _health(row)
    if health is None or health.outbox.depth or health.outbox.set_aside:
        return 0
    return health.outbox.seq


def _health(row: Row[tuple[object, ...]]) -> Health | None:
    try:
        return None if row.health is None else Health.model_validate_json(row.health)
    except ValidationError:  # as an older program kept it
        return None


def _gaps(db: Connection, device: str) -> list[Gap]:
    rows = db.execute(select(_GAP).where(_GAP.c.device == device).order_by(_GAP.c.first))
    return [
        Gap(row.first, row.last, row.noticed_utc_ms, row.asked_utc_ms, row.times_asked)
        for row in rows
    ]


def _keep(db: Connection, device: str, now: Chain) -> None:
    db.execute(delete(_GAP).where(_GAP.c.device == device))
    rows = [{"device": device, **asdict(gap)} for gap in now.gaps]
    if rows:
        db.execute(insert(_GAP), rows)
    table = tables.device
    db.execute(update(table).where(table.c.id == device).values(contiguous_seq=now.contiguous))


def _broken_link(db: Connection, device: str, above: int) -> int | None:
    """The first record above `above` whose `prev` is not the hash of the record before it."""
    later, earlier = _RECORD.alias(), _RECORD.alias()
    query = (
        select(func.min(later.c.seq))
        .join(earlier, (earlier.c.device == later.c.device) & (earlier.c.seq == later.c.seq - 1))
        .where(later.c.device == device, later.c.seq > above, later.c.prev != earlier.c.sha256)
    )
    found = db.scalar(query)
    return None if found is None else int(found)


def _newest(db: Connection, row: Row[tuple[object, ...]]) -> int:
    """The highest number that was here well before the device's last health."""
    if row.health_utc_ms is None:
        return 0
    query = select(func.max(_RECORD.c.seq)).where(
        _RECORD.c.device == row.id, _RECORD.c.received_utc_ms < row.health_utc_ms - _SETTLED_MS
    )
    return int(db.scalar(query) or 0)


def _missing_alert(gaps: Sequence[Gap], utc_ms: int) -> Alert | None:
    alarming = [gap for gap in gaps if chain.is_alarming(gap, utc_ms)]
    if not alarming:
        return None
    count = sum(gap.last - gap.first + 1 for gap in alarming)
    return Alert(
        v=1,
        code=MISSING,
        level="crit",
        since_utc_ms=alarming[0].noticed_utc_ms,
        text=f"{count} records are missing, first {alarming[0].first}; the device was asked",
        hint="look at its outbox and its set-aside list; if both are empty, at who had access",
    )


def _broken_alert(seq: int, utc_ms: int) -> Alert:
    return Alert(
        v=1,
        code=BROKEN,
        level="crit",
        since_utc_ms=utc_ms,
        text=f"record {seq} does not follow record {seq - 1}",
        hint="one of the two was replaced, or two boxes use one signing key",
    )


def _back_alert(row: Row[tuple[object, ...]], newest: int, utc_ms: int) -> Alert | None:
    health = _health(row)
    if health is None or health.outbox.seq >= newest:
        return None
    return Alert(
        v=1,
        code=WENT_BACK,
        level="crit",
        since_utc_ms=utc_ms,
        text=f"the device counts {health.outbox.seq} records, {newest} are here",
        hint="its disk was replaced or restored: register it anew with a new id and key",
    )
