"""The central server's parts over a real database and folder, with a clock that tests turn.

office = Office.open(engine, tmp_path)
office.register(device)
replies = office.deliver(packet)          # the record, then every chunk that is asked for
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Engine, func, select
from sqlalchemy.sql.schema import Table

from central import acting, tables
from central.blobs import Blobs
from central.cases import Act, Action, Case, Guard, Role
from central.database import reading
from central.fleet import Fleet
from central.ingest import Incoming, Ingest, Parts
from central.jobs import Bell
from central.lookup import Lookup
from central.receipts import Outgoing
from central.registry import NewDevice, Registry
from central.reminder_office import Outside, ReminderOffice
from central.store import Store
from edge.wire.fields import Message, parse
from edge.wire.limits import CHUNK_BYTES
from edge.wire.replies import Need, Receipt, Reject
from edge.wire.signing import Signer, open_envelope
from edge.wire.topics import chunk_topic
from tests.device import BEGAN_UTC_MS, Packet, SimulatedDevice, signer

SEED = 1000
NOW = BEGAN_UTC_MS + 3_600_000
_REPLIES: tuple[type[Message], ...] = (Receipt, Need, Reject)


@dataclass
class TurnedClock:
    """Stands still until a test turns it."""

    now_utc_ms: int = NOW

    def utc_ms(self) -> int:
        return self.now_utc_ms

    def mono_ms(self) -> int:
        return self.now_utc_ms - BEGAN_UTC_MS


@dataclass(frozen=True)
class Office:
    """One worker. Two offices over one engine and folder are two workers of one server."""

    engine: Engine
    blobs: Blobs
    clock: TurnedClock
    signer: Signer
    store: Store
    registry: Registry
    fleet: Fleet
    ingest: Ingest
    lookup: Lookup
    reminders: ReminderOffice

    @classmethod
    def open(cls, engine: Engine, folder: Path, outside: Outside | None = None) -> "Office":
        """Without `outside` there is no gateway and no second reader."""
        own, clock, blobs = signer(SEED), TurnedClock(), Blobs(folder / "evidence")
        store = Store(engine, own, ZoneInfo("Asia/Shanghai"))
        registry = Registry(engine)
        fleet = Fleet(engine, registry, own)
        outside = outside or Outside("https://firelane.example", ZoneInfo("Asia/Shanghai"))
        reminders = ReminderOffice.over(engine, blobs, outside, Bell())
        parts = Parts(
            store=store,
            registry=registry,
            fleet=fleet,
            blobs=blobs,
            signer=own,
            clock=clock,
            stored=reminders.bell.ring,
            came_back=reminders.came_back,
        )
        lookup = Lookup(engine, blobs)
        return cls(
            engine, blobs, clock, own, store, registry, fleet, Ingest(parts), lookup, reminders
        )

    @property
    def keys(self) -> dict[str, Ed25519PublicKey]:
        return {self.signer.key_id: self.signer.key.public_key()}

    def register(self, device: SimulatedDevice, site: str = "望江花园") -> SimulatedDevice:
        self.registry.add(NewDevice(device.id, site), device.public_key, NOW)
        return device

    def send(self, topic: str, payload: bytes) -> list[Message]:
        """One message in, the opened replies out."""
        return self.opened(self.ingest.handle(Incoming(topic, payload)))

    def case_of(self, packet: Packet) -> UUID:
        """The case of the packet's stay."""
        table = tables.case
        query = select(table.c.id).where(table.c.stay_id == packet.record.stay.id)
        with reading(self.engine) as db:
            found: UUID = db.execute(query).scalar_one()
        return found

    def remind(self, packet: Packet) -> None:
        """The delivery report of the case's reminder came in."""
        act, case_id = Act(Action.REMIND, Role.SYSTEM, "system"), self.case_of(packet)
        with self.engine.begin() as db:
            acting.do(db, case_id, act, frozenset(Guard), self.clock.utc_ms())

    def standing(self, packet: Packet) -> Case:
        """Where the case of the packet's stay stands, by its log."""
        case_id = self.case_of(packet)
        with reading(self.engine) as db:
            return acting.standing(db, case_id)

    def opened(self, replies: Iterable[Outgoing]) -> list[Message]:
        """The replies, each with its signature checked."""
        return [self.open_reply(reply.payload) for reply in replies]

    def open_reply(self, envelope: bytes) -> Message:
        opened = open_envelope(envelope, self.keys)
        kind = {kind.PAYLOAD_TYPE: kind for kind in _REPLIES}[opened.payload_type]
        return parse(kind, opened.payload)

    def deliver(self, packet: Packet) -> list[Message]:
        """The record and what it needs, as a device would. Gives every reply."""
        replies = self.send(packet.topic, packet.envelope)
        for topic, chunk in wanted(packet, replies):
            replies += self.send(topic, chunk)
        return replies

    def count(self, table: Table) -> int:
        with self.engine.connect() as db:
            return int(db.scalar(select(func.count()).select_from(table)) or 0)


def wanted(packet: Packet, replies: Sequence[Message]) -> list[tuple[str, bytes]]:
    """The chunks that the replies ask for, in order, with their topics."""
    return [
        (
            chunk_topic(packet.record.device, part.sha256, index),
            packet.exhibits[part.sha256][index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES],
        )
        for reply in replies
        if isinstance(reply, Need)
        for part in reply.missing
        for first, last in part.ranges
        for index in range(first, last + 1)
    ]
