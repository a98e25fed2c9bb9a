"""One message of every kind, with fixed keys and values: a van stands in a fire lane, its owner
is reminded, and it is still there at the deadline.

The README, the golden vectors and the schemas' tests are made from these.
"""

import hashlib
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.wire.fields import Message, Moment
from edge.wire.records import (
    GENESIS,
    Clock,
    Cue,
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
from edge.wire.replies import (
    ConfigDesired,
    ConfigReported,
    MissingChunks,
    Need,
    Notice,
    Operation,
    Receipt,
    Reject,
    Request,
    Response,
    SeqRange,
    Tombstone,
)
from edge.wire.signing import Signer
from edge.wire.status import (
    Alert,
    Birth,
    CameraHealth,
    CameraProfile,
    CentralState,
    ClockHealth,
    DetectorHealth,
    Health,
    HostHealth,
    LinkHealth,
    OutboxHealth,
    State,
)

DEVICE = "gate-east-01"
T0 = 1_795_687_200_000
"""2026-11-26 10:00:00 UTC, when the van stopped."""
BOOT = UUID("3c9f4a52-8a41-4d58-9b8e-6a51cfb6f7a0")
STAY = UUID("01a2174c-3500-7d3e-8c31-5a7be0a6d102")
ARRIVAL_ID = UUID("01a2174d-208c-71aa-9e55-04d7c1f0b3a1")
OVERSTAY_ID = UUID("01a2175b-515c-7c0b-8a17-92b6f1d5e6c4")
NOTICE_ID = UUID("01a2174d-9c60-7f53-b0f1-6e1a88d9c2b7")
REQUEST_ID = UUID("01a2175b-7740-7a10-9a6d-3b0c11e4d5f8")
WIDE = hashlib.sha256(b"the wide view").hexdigest()
PLATE = hashlib.sha256(b"the plate crop").hexdigest()
LANE = [(310, 420), (1490, 405), (1610, 980), (190, 1010)]
CONFIG = "device: {id: gate-east-01}\nstays: {settle_s: 10, confirm_s: 60, grace_s: 900}\n"


def key(name: str) -> Signer:
    """The signing key of an example: its 32-byte seed is the SHA-256 of its name."""
    seed = hashlib.sha256(f"firelane example key: {name}".encode()).digest()
    return Signer(Ed25519PrivateKey.from_private_bytes(seed))


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def moment(after_ms: int) -> Moment:
    return Moment(
        utc_ms=T0 + after_ms,
        mono_ns=(86_400_000 + after_ms) * 1_000_000,
        boot=BOOT,
        frame=172_800 + after_ms // 500,
    )


def _exhibit(view: str, sha256: str, size: int, shape: tuple[int, int], after_ms: int) -> Exhibit:
    return Exhibit.model_validate(
        {
            "occasion": "arrival" if after_ms < 100_000 else "deadline",
            "view": view,
            "sha256": sha256,
            "size": size,
            "media_type": "image/jpeg",
            "width": shape[0],
            "height": shape[1],
            "taken": moment(after_ms),
            "masked": 0 if view == "plate" else 2,
        }
    )


def _sample(offset_ms: int, *cues: Cue) -> Sample:
    return Sample(
        offset_ms=offset_ms,
        box=(612, 455, 1189, 871),
        overlap_pm=941,
        score_pm=883 if Cue.DETECTOR in cues else 0,
        cues=list(cues),
    )


def arrival() -> Record:
    """The first record of the device's chain."""
    stay = Stay(
        id=STAY,
        previous_id=None,
        begin=moment(0),
        last_seen=moment(60_000),
        standing_ms=60_000,
        unobserved_ms=0,
        deadline_ms=960_000,
        reminded=None,
        ending=None,
        gaps=[],
        samples=[_sample(0, Cue.DETECTOR), _sample(30_000, Cue.DETECTOR, Cue.APPEARANCE)],
    )
    return _record(RecordKind.ARRIVAL, ARRIVAL_ID, 1, GENESIS, stay)


def overstay() -> Record:
    """Fifteen minutes after the reminder; a lorry hid the van for forty seconds."""
    stay = Stay(
        id=STAY,
        previous_id=None,
        begin=moment(0),
        last_seen=moment(990_000),
        standing_ms=990_000,
        unobserved_ms=40_000,
        deadline_ms=990_000,
        reminded=Reminded(notice_id=NOTICE_ID, reminded_utc_ms=T0 + 90_000, offset_ms=90_000),
        ending=None,
        gaps=[
            Gap(
                begin_ms=400_000,
                end_ms=440_000,
                reason=GapReason.OCCLUDED,
                proof=Proof.PLATE,
            )
        ],
        samples=[_sample(0, Cue.DETECTOR), _sample(990_000, Cue.DETECTOR)],
    )
    previous = hashlib.sha256(arrival().to_bytes()).hexdigest()
    return _record(RecordKind.OVERSTAY, OVERSTAY_ID, 2, previous, stay)


def _record(kind: RecordKind, record_id: UUID, seq: int, prev: str, stay: Stay) -> Record:
    after_ms = stay.standing_ms
    return Record(
        v=1,
        kind=kind,
        record_id=record_id,
        seq=seq,
        prev=prev,
        device=DEVICE,
        camera="east",
        made=moment(after_ms + 300),
        clock=Clock(state="synced", offset_ms=4),
        lane=LaneSeen(
            id="ring-road",
            version=lane_version("ring-road", (1920, 1080), LANE),
            polygon=LANE,
            frame_width=1920,
            frame_height=1080,
        ),
        rules=Rules(
            policy_sha256=sha("policy 1"),
            settle_ms=10_000,
            confirm_ms=60_000,
            grace_ms=900_000,
            max_gap_ms=120_000,
        ),
        stay=stay,
        vehicle=Vehicle(
            kind="car",
            plate=PlateReading(
                status="read",
                text="京A00000",
                grammar="civil",
                colour="blue",
                confidence_pm=962,
                chars_pm=[991, 987, 962, 979, 990, 984, 988],
                frames=41,
            ),
        ),
        software=Software(
            version="0.1.0",
            sha256=sha("software 0.1.0"),
            models=[ModelUsed(role="vehicle", sha256=sha("vehicle model"), runtime="litert 2.1")],
        ),
        exhibits=[
            _exhibit("wide", WIDE, 301_337, (1920, 1080), after_ms),
            _exhibit("plate", PLATE, 9_120, (240, 80), after_ms),
        ],
    )


_HOST = HostHealth(
    uptime_s=86_460,
    service_uptime_s=86_400,
    load1=0.42,
    rss_mb=121.5,
    mem_available_mb=3_120,
    cpu_c=51.2,
    throttled=False,
    disk_free_pm=712,
    disk_read_only=False,
)


def _health() -> Health:
    return Health(
        v=1,
        device=DEVICE,
        utc_ms=T0 + 60_000,
        epoch=12,
        level="warn",
        reasons=["outbox-old"],
        host=_HOST,
        clock=ClockHealth(state="synced", offset_ms=3.9, last_sync_age_s=512),
        cameras=[
            CameraHealth(
                id="east",
                state="ok",
                view="ok",
                light="day",
                last_frame_age_s=0.2,
                fps_in=25,
                fps_looked=2,
                reconnects_1h=0,
                stalls_1h=0,
                occupied=1,
                moved_px=0.4,
            )
        ],
        detector=DetectorHealth(
            runtime="litert 2.1",
            model_sha256=sha("vehicle model"),
            ms_p50=38.5,
            ms_p95=44.0,
            selftest_ok=True,
            last_look_age_s=0.4,
        ),
        outbox=OutboxHealth(
            depth=3,
            oldest_s=1_020,
            bytes=930_400,
            set_aside=0,
            receipted_24h=18,
            last_receipt_age_s=1_100,
            seq=1,
            chain_head=sha("head"),
            paused=False,
        ),
        link=LinkHealth(
            reconnects_24h=2,
            downtime_24h_s=1_034,
            bytes_up=51_200_331,
            bytes_down=80_112,
            cert_days_left=311,
        ),
    )


def _from_central() -> dict[str, Message]:
    record = hashlib.sha256(arrival().to_bytes()).hexdigest()
    return {
        "need": Need(
            v=1,
            device=DEVICE,
            record_id=ARRIVAL_ID,
            record_sha256=record,
            missing=[
                MissingChunks(sha256=WIDE, ranges=[(0, 1), (4, 4)]),
                MissingChunks(sha256=PLATE, ranges=[(0, 0)]),
            ],
            pause_ms=0,
        ),
        "receipt": Receipt(
            v=1,
            device=DEVICE,
            record_id=ARRIVAL_ID,
            record_sha256=record,
            seq=1,
            stored_utc_ms=T0 + 61_250,
            log_index=4_711,
        ),
        "reject": Reject(
            v=1,
            device=DEVICE,
            envelope_sha256=sha("some envelope"),
            record_id=ARRIVAL_ID,
            code="message-invalid",
            text="exhibits.0.size: Input should be less than or equal to 8388608, got '9000000'",
        ),
        "notice": Notice(
            v=1,
            device=DEVICE,
            notice_id=NOTICE_ID,
            stay_id=STAY,
            reminded_utc_ms=T0 + 90_000,
            sent_utc_ms=T0 + 92_500,
            grace_ms=900_000,
        ),
        "request": Request(
            v=1,
            device=DEVICE,
            request_id=REQUEST_ID,
            operation=Operation.RESEND,
            expires_utc_ms=T0 + 3_600_000,
            camera=None,
            records=SeqRange(first=7, last=9),
        ),
        "config-desired": ConfigDesired(
            v=1,
            device=DEVICE,
            version=5,
            issued_utc_ms=T0,
            sha256=sha(CONFIG),
            document=CONFIG,
        ),
        "central-state": CentralState(v=1, s="online", epoch=31),
    }


def _from_device() -> dict[str, Message]:
    return {
        "state": State(v=1, s="online", epoch=12, boot=BOOT),
        "birth": Birth(
            v=1,
            device=DEVICE,
            epoch=12,
            boot=BOOT,
            utc_ms=T0 - 86_400_000,
            software="0.1.0",
            software_sha256=sha("software 0.1.0"),
            model_sha256=sha("vehicle model"),
            config_version=4,
            config_sha256=sha("config 4"),
            signing_key=key("device").key_id,
            cert_not_after_utc_ms=T0 + 311 * 86_400_000,
            seq=0,
            chain_head=GENESIS,
            cameras=[CameraProfile(id="east", lanes=["ring-road"], width=1920, height=1080)],
            hardware="Raspberry Pi 5 Model B Rev 1.0",
            system="Debian GNU/Linux 12 (bookworm), Linux 6.12",
        ),
        "health": _health(),
        "alert": Alert(
            v=1,
            code="outbox-old",
            level="warn",
            since_utc_ms=T0 + 59_000,
            text="evidence has waited for 17 minutes",
            hint="check the uplink of the site; nothing is lost while the disk has space",
        ),
        "record": overstay(),
        "response": Response(
            v=1,
            device=DEVICE,
            request_id=REQUEST_ID,
            ok=True,
            text="2 of 3 records sent again",
            tombstones=[Tombstone(seq=8, record_sha256=sha("record 8"), reason="damaged")],
            facts={},
        ),
        "config-reported": ConfigReported(
            v=1, device=DEVICE, version=5, sha256=sha(CONFIG), refused_version=0, error=""
        ),
    }


EXAMPLES: dict[str, Message] = {**_from_device(), **_from_central()}
