"""Records and exhibits as a device would make them, for tests of delivery on both sides."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.database import Database, open_database
from edge.outbox import Outbox, Sealed
from edge.stay_memory import StayMemory
from edge.vault import Vault
from edge.wire.fields import Moment
from edge.wire.records import (
    GENESIS,
    Clock,
    Cue,
    Ending,
    Exhibit,
    LaneSeen,
    PlateReading,
    Record,
    RecordKind,
    Rules,
    Sample,
    Software,
    Stay,
    Vehicle,
)
from edge.wire.signing import Signer

BOOT = UUID("0193594e-0000-4000-8000-000000000001")
DEVICE = "gate-1"
UTC_MS = 1_790_000_000_000
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
KEYS = {SIGNER.key_id: SIGNER.key.public_key()}


@dataclass
class Box:
    """The storage of a device, which can be opened again as after a restart."""

    folder: Path
    vault: Vault
    database: Database
    outbox: Outbox
    memory: StayMemory
    fault: str
    damaged: list[int]


def opened(folder: Path) -> Box:
    vault = Vault(folder)
    database, fault = open_database(folder / "outbox.sqlite3", UTC_MS)
    outbox = Outbox(database, vault)
    damaged = outbox.recover(KEYS)
    return Box(folder, vault, database, outbox, StayMemory(database), fault, damaged)


def uuid(number: int) -> UUID:
    return UUID(f"0193594e-0000-7000-8000-{number:012x}")


def moment(offset_ms: int = 0) -> Moment:
    return Moment(
        utc_ms=UTC_MS + offset_ms,
        mono_ns=10**12 + offset_ms * 10**6,
        boot=BOOT,
        frame=offset_ms // 500,
    )


def jpeg(number: int, size_bytes: int = 1000) -> bytes:
    """Bytes that no other number gives, of about the right look; not a picture."""
    seed = hashlib.sha256(str(number).encode()).digest()
    body = seed * (size_bytes // len(seed) + 1)
    return b"\xff\xd8" + body[: size_bytes - 4] + b"\xff\xd9"


def exhibit(image: bytes, view: str = "wide", occasion: str = "arrival") -> Exhibit:
    return Exhibit.model_validate(
        {
            "occasion": occasion,
            "view": view,
            "sha256": hashlib.sha256(image).hexdigest(),
            "size": len(image),
            "media_type": "image/jpeg",
            "width": 1280,
            "height": 720,
            "taken": moment(),
            "masked": 0,
        }
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What differs between the records of a test; the rest is the same in all of them."""

    number: int
    kind: RecordKind = RecordKind.ARRIVAL
    exhibits: list[Exhibit] = field(default_factory=list)
    device: str = DEVICE
    stay: int = 0
    """Number of the stay; the record's own number where it is 0."""


LANE = LaneSeen(
    id="lane-1",
    version="ab" * 32,
    polygon=[(10, 10), (600, 10), (600, 400)],
    frame_width=1280,
    frame_height=720,
)
RULES = Rules(
    policy_sha256="cd" * 32,
    settle_ms=10_000,
    confirm_ms=60_000,
    grace_ms=900_000,
    max_gap_ms=300_000,
)
UNREAD = PlateReading(
    status="unread", text=None, grammar=None, colour=None, confidence_pm=0, chars_pm=[], frames=0
)
SAMPLE = Sample(
    offset_ms=0, box=(100, 100, 300, 250), overlap_pm=800, score_pm=900, cues=[Cue.DETECTOR]
)


def record(told: Told, seq: int = 1, prev: str = GENESIS) -> Record:
    departed = told.kind is RecordKind.DEPARTURE
    stay = Stay(
        id=uuid(0x2000 + (told.stay or told.number)),
        previous_id=None,
        begin=moment(),
        last_seen=moment(60_000),
        standing_ms=60_000,
        unobserved_ms=0,
        deadline_ms=960_000,
        reminded=None,
        ending=Ending.LANE_EMPTY if departed else None,
        gaps=[],
        samples=[SAMPLE],
    )
    return Record(
        v=1,
        kind=told.kind,
        record_id=uuid(0x1000 + told.number),
        seq=seq,
        prev=prev,
        device=told.device,
        camera="front",
        made=moment(70_000 + told.number),
        clock=Clock(state="synced", offset_ms=3),
        lane=LANE,
        rules=RULES,
        stay=stay,
        vehicle=Vehicle(kind="car", plate=UNREAD),
        software=Software(version="0.1.0", sha256="ef" * 32, models=[]),
        exhibits=told.exhibits,
    )


def sealed(told: Told, seq: int = 1, prev: str = GENESIS, signer: Signer = SIGNER) -> Sealed:
    made = record(told, seq, prev)
    return Sealed(made, signer.seal(Record.PAYLOAD_TYPE, made.to_bytes()))


def put(outbox: Outbox, vault: Vault, number: int, images: list[bytes]) -> Sealed:
    """Record stay `number` with these images, as the recorder does."""
    views = ["wide", "plate"]
    exhibits = [exhibit(image, views[i % 2]) for i, image in enumerate(images)]
    for image in images:
        vault.keep(image)
    told = Told(number, exhibits=exhibits)
    made = outbox.put("", lambda seq, prev: sealed(told, seq, prev))
    assert made is not None
    return made
