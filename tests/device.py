"""A simulated device: what it signs is what a real one would, so the other side cannot tell.

    device = SimulatedDevice()
    packet = device.arrival()                      # begins a stay of its own
    late = device.overstay(packet)                 # the same stay, one record on in the chain
    gone = device.departure(late, exhibits=[])     # any field of the record may be given
    packet.envelope, packet.exhibits, packet.chunks()

Every value comes from the seed: two devices with the same arguments sign the same bytes.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from uuid import UUID

import cv2
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge.wire.fields import Moment
from edge.wire.limits import CHUNK_BYTES
from edge.wire.records import (
    DEPARTURES,
    GENESIS,
    Clock,
    Cue,
    Ending,
    Exhibit,
    Gap,
    GapReason,
    LaneSeen,
    ModelUsed,
    PlateReading,
    Proof,
    Record,
    RecordKind,
    Reminded,
    Rules,
    Sample,
    Software,
    Stay,
    Vehicle,
    lane_version,
)
from edge.wire.signing import Signer
from edge.wire.status import Birth, CameraProfile, State
from edge.wire.topics import Kind, chunk_topic, device_topic

BEGAN_UTC_MS = 1_795_000_000_000
"""2026-11-18, when the first simulated stay begins."""
UNREAD = PlateReading(
    status="unread", text=None, grammar=None, colour=None, confidence_pm=0, chars_pm=[], frames=0
)


@cache
def jpeg(seed: int, width: int = 1280, height: int = 720) -> bytes:
    """A real JPEG that no other seed gives; about 0.1 bytes a pixel."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (max(2, height // 8), max(2, width // 8), 3), dtype=np.uint8)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])
    assert done
    return data.tobytes()


def signer(seed: int) -> Signer:
    """The signing key that belongs to a seed."""
    return Signer(
        Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"key {seed}".encode()).digest())
    )


def raw_key(key: Ed25519PublicKey) -> bytes:
    """The 32 bytes that are registered for a device."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


@dataclass(frozen=True, slots=True)
class Packet:
    """A signed record with the bytes of its exhibits by their hash."""

    record: Record
    envelope: bytes
    exhibits: dict[str, bytes]
    payload: bytes

    @property
    def sha256(self) -> str:
        """The name of the record: what the next one's `prev` and the receipt carry."""
        return hashlib.sha256(self.payload).hexdigest()

    @property
    def topic(self) -> str:
        return device_topic(self.record.device, Kind.RECORD)

    def chunks(self) -> list[tuple[str, bytes]]:
        """Topic and payload of every chunk of every exhibit, in order."""
        return [
            (
                chunk_topic(self.record.device, sha256, index),
                data[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES],
            )
            for sha256, data in self.exhibits.items()
            for index in range(-(-len(data) // CHUNK_BYTES))
        ]


@dataclass(frozen=True, slots=True)
class Shot:
    """An exhibit to be made; `data` None gives an image of its own."""

    occasion: str = "arrival"
    view: str = "wide"
    width: int = 1280
    height: int = 720
    data: bytes | None = None


ARRIVAL_SHOTS = (Shot(), Shot(view="plate", width=240, height=80))
_OCCASION = {
    RecordKind.ARRIVAL: "arrival",
    RecordKind.OVERSTAY: "deadline",
    RecordKind.DEPARTURE: "departure",
    RecordKind.BROKEN: "departure",
}


@dataclass
class SimulatedDevice:
    """One box. `seq` and `head` are the chain: number and hash of the last record made."""

    id: str = "gate-east-01"
    seed: int = 1
    camera: str = "cam-1"
    lane: str = "lane-1"
    policy_sha256: str = hashlib.sha256(b"policy").hexdigest()
    seq: int = 0
    head: str = GENESIS
    signer: Signer = field(init=False)
    boot: UUID = field(init=False)
    _random: random.Random = field(init=False)
    _images: int = 0
    _stays: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(f"{self.id} {self.seed}")
        self.signer = signer(self.seed)
        self.boot = UUID(int=self._random.getrandbits(128), version=4)

    @property
    def key_id(self) -> str:
        return self.signer.key_id

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self.signer.key.public_key()

    @property
    def raw_key(self) -> bytes:
        return raw_key(self.public_key)

    def new_id(self, utc_ms: int) -> UUID:
        """A UUIDv7 of the given time (RFC 9562 §5.7)."""
        value = (utc_ms << 80) | (7 << 76) | (self._random.getrandbits(12) << 64)
        return UUID(int=value | (2 << 62) | self._random.getrandbits(62))

    def moment(self, utc_ms: int) -> Moment:
        """The moment of this boot at a time; two frames a second, the boot an hour before."""
        since_ms = utc_ms - BEGAN_UTC_MS + 3_600_000
        return Moment(
            utc_ms=utc_ms, mono_ns=since_ms * 1_000_000, boot=self.boot, frame=since_ms // 500
        )

    def arrival(self, shots: Sequence[Shot] = ARRIVAL_SHOTS, **fields: Any) -> Packet:
        """The first record of a new stay, 60 s old, with a wide view and a plate crop."""
        began = BEGAN_UTC_MS + self._stays * 3_600_000
        self._stays += 1
        stay = self._stay(self.new_id(began), began, 60_000)
        return self.packet(RecordKind.ARRIVAL, fields.pop("stay", stay), shots, **fields)

    def overstay(self, before: Packet, standing_ms: int = 960_000, **fields: Any) -> Packet:
        """The stay of `before` at its deadline."""
        return self._later(RecordKind.OVERSTAY, before, standing_ms, None, fields)

    def overstay_after_notice(self, before: Packet, **fields: Any) -> Packet:
        """The stay of `before` at the deadline that a notice at its 100th second set."""
        old = before.record.stay
        reminded = Reminded(
            notice_id=UUID(int=7), reminded_utc_ms=old.begin.utc_ms + 100_000, offset_ms=100_000
        )
        stay = self._stay(old.id, old.begin.utc_ms, 1_000_000)
        stay = stay.model_copy(update={"reminded": reminded, "deadline_ms": 1_000_000})
        return self._later(RecordKind.OVERSTAY, before, 0, None, {"stay": stay, **fields})

    def departure(self, before: Packet, standing_ms: int = 1_200_000, **fields: Any) -> Packet:
        """The stay of `before` ended: the lane was seen empty, unless `ending` says otherwise."""
        ending = fields.pop("ending", Ending.LANE_EMPTY)
        kind = RecordKind.DEPARTURE if ending in DEPARTURES else RecordKind.BROKEN
        return self._later(kind, before, standing_ms, ending, fields)

    def broken(self, before: Packet, standing_ms: int = 1_200_000, **fields: Any) -> Packet:
        """The stay of `before` ended by a gap of five minutes that nothing bridged."""
        stay = before.record.stay
        gap = Gap(
            begin_ms=standing_ms,
            end_ms=standing_ms + 300_000,
            reason=GapReason.STREAM_DOWN,
            proof=Proof.NONE,
        )
        later = self._stay(stay.id, stay.begin.utc_ms, standing_ms, Ending.GAP_TOO_LONG)
        later = later.model_copy(update={"gaps": [gap], "unobserved_ms": 300_000})
        return self._later(
            RecordKind.BROKEN, before, standing_ms, Ending.GAP_TOO_LONG, {"stay": later, **fields}
        )

    def packet(
        self, kind: RecordKind, stay: Stay, shots: Sequence[Shot] = (), **fields: Any
    ) -> Packet:
        """Sign one record and go one on in the chain. `fields` replace fields of the record."""
        exhibits, data = self._exhibits(shots, stay.last_seen.utc_ms)
        values: dict[str, Any] = {
            "v": 1,
            "kind": kind,
            "record_id": self.new_id(stay.last_seen.utc_ms),
            "seq": self.seq + 1,
            "prev": self.head,
            "device": self.id,
            "camera": self.camera,
            "made": stay.last_seen,
            "clock": Clock(state="synced", offset_ms=3),
            "lane": self._lane(),
            "rules": Rules(
                policy_sha256=self.policy_sha256,
                settle_ms=10_000,
                confirm_ms=60_000,
                grace_ms=900_000,
                max_gap_ms=120_000,
            ),
            "stay": stay,
            "vehicle": Vehicle(kind="car", plate=UNREAD),
            "software": self._software(),
            "exhibits": exhibits,
        }
        record = Record(**{**values, **fields})
        payload = record.to_bytes()
        self.seq, self.head = record.seq, hashlib.sha256(payload).hexdigest()
        return Packet(record, self.signer.seal(Record.PAYLOAD_TYPE, payload), data, payload)

    def state(self, epoch: int = 1) -> State:
        return State(v=1, s="online", epoch=epoch, boot=self.boot)

    def birth(self, epoch: int = 1, utc_ms: int = BEGAN_UTC_MS) -> Birth:
        return Birth(
            v=1,
            device=self.id,
            epoch=epoch,
            boot=self.boot,
            utc_ms=utc_ms,
            software="0.1.0",
            software_sha256=self._software().sha256,
            model_sha256=self._software().models[0].sha256,
            config_version=1,
            config_sha256=hashlib.sha256(b"config").hexdigest(),
            signing_key=self.key_id,
            cert_not_after_utc_ms=utc_ms + 365 * 86_400_000,
            seq=self.seq,
            chain_head=self.head,
            cameras=[CameraProfile(id=self.camera, lanes=[self.lane], width=1920, height=1080)],
            hardware="Raspberry Pi 5",
            system="Debian GNU/Linux 12",
        )

    def _later(
        self,
        kind: RecordKind,
        before: Packet,
        standing_ms: int,
        ending: Ending | None,
        fields: dict[str, Any],
    ) -> Packet:
        old = before.record.stay
        stay = self._stay(old.id, old.begin.utc_ms, standing_ms, ending)
        stay = stay.model_copy(update={"previous_id": old.previous_id, "reminded": old.reminded})
        occasion = _OCCASION[kind]
        shots = fields.pop("shots", [replace(shot, occasion=occasion) for shot in ARRIVAL_SHOTS])
        return self.packet(
            kind,
            fields.pop("stay", stay),
            shots,
            **{"camera": before.record.camera, "lane": before.record.lane, **fields},
        )

    def _stay(
        self, stay_id: UUID, began: int, standing_ms: int, ending: Ending | None = None
    ) -> Stay:
        samples = [
            Sample(
                offset_ms=offset,
                box=(400, 300, 900, 640),
                overlap_pm=912,
                score_pm=871,
                cues=[Cue.DETECTOR],
            )
            for offset in range(0, standing_ms + 1, max(10_000, standing_ms // 60))
        ]
        return Stay(
            id=stay_id,
            previous_id=None,
            begin=self.moment(began),
            last_seen=self.moment(began + standing_ms),
            standing_ms=standing_ms,
            unobserved_ms=0,
            deadline_ms=960_000,
            reminded=None,
            ending=ending,
            gaps=[],
            samples=samples,
        )

    def _exhibits(
        self, shots: Sequence[Shot], utc_ms: int
    ) -> tuple[list[Exhibit], dict[str, bytes]]:
        exhibits, files = [], {}
        for shot in shots:
            self._images += 1
            data = shot.data
            if data is None:
                data = jpeg(self.seed * 1_000_003 + self._images, shot.width, shot.height)
            sha256 = hashlib.sha256(data).hexdigest()
            files[sha256] = data
            exhibits.append(
                Exhibit.model_validate(
                    {
                        "occasion": shot.occasion,
                        "view": shot.view,
                        "sha256": sha256,
                        "size": len(data),
                        "media_type": "image/jpeg",
                        "width": shot.width,
                        "height": shot.height,
                        "taken": self.moment(utc_ms),
                        "masked": 0,
                    }
                )
            )
        return exhibits, files

    def _lane(self) -> LaneSeen:
        polygon = [(300, 200), (1000, 200), (1100, 700), (200, 700)]
        return LaneSeen(
            id=self.lane,
            version=lane_version(self.lane, (1920, 1080), polygon),
            polygon=polygon,
            frame_width=1920,
            frame_height=1080,
        )

    @staticmethod
    def _software() -> Software:
        return Software(
            version="0.1.0",
            sha256=hashlib.sha256(b"software").hexdigest(),
            models=[
                ModelUsed(
                    role="vehicle", sha256=hashlib.sha256(b"model").hexdigest(), runtime="litert"
                )
            ],
        )
