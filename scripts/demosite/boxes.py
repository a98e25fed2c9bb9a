"""Simulated boxes of the demo: what they saw comes from the album, all else is a device's own.

Their keys, certificates, vault, outbox and uplink are the ones that the daemon uses: records are
signed and chained, carried over the broker, kept until the receipt is in, and a notice that comes
back is taken in.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from edge.clock import SystemClock
from edge.delivery import Connection, Daemon, Delivery, DeliverySettings
from edge.evidence import box_px, per_mille
from edge.geometry import Box as Rectangle
from edge.host import HostPaths, clock_health
from edge.link import BrokerAddress
from edge.outbox import Sealed
from edge.rig import new_ids
from edge.uplink import Uplink
from edge.uplink_parts import Patience
from edge.wire import records as wire
from edge.wire.fields import Moment
from edge.wire.replies import Notice
from edge.wire.signing import Signer
from edge.wire.status import CameraProfile, DetectorHealth
from scripts.demosite.album import Album

ZONE = ZoneInfo("Asia/Shanghai")
CAMERA, LANE = "gate", "fire-lane"
LOOK_MS = 2_000
MAX_GAP_MS, SETTLE_MS = 20_000, 3_000
UNREAD = wire.PlateReading(
    status="unread", text=None, grammar=None, colour=None, confidence_pm=0, chars_pm=[], frames=0
)
_PATIENCE = Patience(reconnect_s=(0.2, 2.0))
_NO_MODEL = "0" * 64
_SOFTWARE = "demo"


def read(text: str, grammar: str, colour: str) -> wire.PlateReading:
    """A plate that the box read without a doubt."""
    return wire.PlateReading.model_validate(
        {
            "status": "read",
            "text": text,
            "grammar": grammar,
            "colour": colour,
            "confidence_pm": 981,
            "chars_pm": [985] * len(text),
            "frames": 12,
        }
    )


@dataclass
class Standing:
    """A vehicle that stands in the lane of a box."""

    vehicle: str
    plate: wire.PlateReading
    stay: UUID
    begin: Moment
    empty: str
    notice: Notice | None = None
    notice_ns: int = 0

    @property
    def began_ns(self) -> int:
        return self.begin.mono_ns


@dataclass(frozen=True, slots=True)
class Times:
    """The rules that the box keeps to, and the pack that they come from."""

    policy_sha256: str
    confirm_s: int
    grace_s: int


@dataclass
class Box:
    """One simulated box. Every call may be made from the thread of its story only."""

    device: str
    album: Album
    times: Times
    folder: Path
    pki: Path
    broker_port: int
    clock: SystemClock = field(default_factory=SystemClock)
    paths: HostPaths = field(default_factory=HostPaths)
    _shots: int = 0

    def start(self) -> None:
        key = self.pki / f"{self.device}.signing.pem"
        self._delivery = Delivery(
            DeliverySettings(self.device, self.folder, key), self.clock, self.paths
        )
        address = BrokerAddress(
            "127.0.0.1",
            self.broker_port,
            self.pki / "ca.pem",
            self.pki / f"{self.device}.pem",
            self.pki / f"{self.device}.key.pem",
        )
        connection = Connection(address, [self.pki / "central.signing.pub.pem"], 10.0, _PATIENCE)
        self._uplink: Uplink = self._delivery.uplink(connection, self._daemon())
        self._new_id = new_ids(self.clock)
        self._uplink.start()

    @property
    def signer(self) -> Signer:
        return self._delivery.signer

    def stop(self) -> None:
        self._uplink.stop()
        self._delivery.close()

    def arrived(self, vehicle: str, plate: wire.PlateReading, empty: str = "day") -> Standing:
        """The vehicle has stood just long enough to be reported."""
        began_ns = self.clock.mono_ns() - (self.times.confirm_s + 1) * 1_000_000_000
        standing = Standing(vehicle, plate, self._new_id(), self._moment(began_ns), empty)
        self._record(wire.RecordKind.ARRIVAL, standing, "arrival")
        return standing

    def noticed(self, standing: Standing) -> bool:
        """Whether the server's signed notice for this stay has come in by now."""
        while not self._uplink.notices.empty():
            came = self._uplink.notices.get()
            if came.notice.stay_id == standing.stay:
                standing.notice, standing.notice_ns = came.notice, came.mono_ns
                self._delivery.memory.notice_done(came.notice.notice_id)
        return standing.notice is not None

    def left_s(self, standing: Standing) -> float:
        """Seconds until the deadline."""
        gone_ms = (self.clock.mono_ns() - standing.began_ns) / 1e6
        return (self._deadline_ms(standing) - gone_ms) / 1000

    def overstayed(self, standing: Standing) -> None:
        self._record(wire.RecordKind.OVERSTAY, standing, "deadline")

    def left(self, standing: Standing) -> None:
        self._record(wire.RecordKind.DEPARTURE, standing, "departure")

    def _record(self, kind: wire.RecordKind, standing: Standing, occasion: str) -> None:
        now = self._moment(self.clock.mono_ns())
        exhibits = self._exhibits(standing, occasion, now)
        notice = str(standing.notice.notice_id) if standing.notice else ""

        def make(seq: int, prev: str) -> Sealed:
            record = self._made(kind, standing, exhibits, now, (seq, prev))
            envelope = self._delivery.signer.seal(wire.Record.PAYLOAD_TYPE, record.to_bytes())
            return Sealed(record, envelope)

        self._delivery.outbox.put(notice if kind is wire.RecordKind.OVERSTAY else "", make)
        self._uplink.wake()

    def _made(
        self,
        kind: wire.RecordKind,
        standing: Standing,
        exhibits: list[wire.Exhibit],
        now: Moment,
        link: tuple[int, str],
    ) -> wire.Record:
        health = clock_health(self.paths, now.utc_ms)
        rules = wire.Rules(
            policy_sha256=self.times.policy_sha256,
            settle_ms=SETTLE_MS,
            confirm_ms=self.times.confirm_s * 1000,
            grace_ms=self.times.grace_s * 1000,
            max_gap_ms=MAX_GAP_MS,
        )
        return wire.Record(
            v=1,
            kind=kind,
            record_id=self._new_id(),
            seq=link[0],
            prev=link[1],
            device=self.device,
            camera=CAMERA,
            made=now,
            clock=wire.Clock(state=health.state, offset_ms=_whole(health.offset_ms)),
            lane=self._lane(),
            rules=rules,
            stay=self._stay(kind, standing, now),
            vehicle=wire.Vehicle(kind=self._class_of(standing), plate=standing.plate),
            software=wire.Software(version=_SOFTWARE, sha256=_NO_MODEL, models=[]),
            exhibits=exhibits,
        )

    def _stay(self, kind: wire.RecordKind, standing: Standing, now: Moment) -> wire.Stay:
        standing_ms = (now.mono_ns - standing.began_ns) // 1_000_000
        reminded = None
        if standing.notice is not None:
            reminded = wire.Reminded(
                notice_id=standing.notice.notice_id,
                reminded_utc_ms=standing.notice.reminded_utc_ms,
                offset_ms=self._reminded_ms(standing),
            )
        return wire.Stay(
            id=standing.stay,
            previous_id=None,
            begin=standing.begin,
            last_seen=now,
            standing_ms=standing_ms,
            unobserved_ms=0,
            deadline_ms=self._deadline_ms(standing),
            reminded=reminded,
            ending=wire.Ending.LANE_EMPTY if kind is wire.RecordKind.DEPARTURE else None,
            gaps=[],
            samples=self._samples(standing, standing_ms),
        )

    def _samples(self, standing: Standing, standing_ms: int) -> list[wire.Sample]:
        seen = self.album.vehicles[standing.vehicle]
        step = max(LOOK_MS, standing_ms // 60)
        return [
            wire.Sample(
                offset_ms=offset,
                box=box_px(Rectangle(*seen.box)),
                overlap_pm=per_mille(seen.in_lane),
                score_pm=870,
                cues=[wire.Cue.DETECTOR],
            )
            for offset in range(0, standing_ms + 1, step)
        ]

    def _reminded_ms(self, standing: Standing) -> int:
        assert standing.notice is not None
        before_ms = standing.notice.sent_utc_ms - standing.notice.reminded_utc_ms
        came_ms = (standing.notice_ns - standing.began_ns) // 1_000_000
        return max(0, came_ms - before_ms)

    def _deadline_ms(self, standing: Standing) -> int:
        if standing.notice is None:
            return (self.times.confirm_s + self.times.grace_s) * 1000
        return self._reminded_ms(standing) + standing.notice.grace_ms

    def _exhibits(self, standing: Standing, occasion: str, now: Moment) -> list[wire.Exhibit]:
        self._shots += 1
        local = datetime.fromtimestamp(now.utc_ms / 1000, UTC).astimezone(ZONE)
        name = standing.empty if occasion == "departure" else standing.vehicle
        seed = int.from_bytes(hashlib.sha256(f"{self.device} {self._shots}".encode()).digest()[:4])
        shot = self.album.shot(name, f"{local:%Y-%m-%d %H:%M:%S}", seed)
        views = [("wide", shot.wide, shot.size)]
        if shot.plate is not None:
            views.append(("plate", shot.plate, shot.plate_size))
        return [
            wire.Exhibit.model_validate(
                {
                    "occasion": occasion,
                    "view": view,
                    "sha256": self._delivery.vault.keep(data).sha256,
                    "size": len(data),
                    "media_type": "image/jpeg",
                    "width": size[0],
                    "height": size[1],
                    "taken": now,
                    "masked": 0,
                }
            )
            for view, data, size in views
        ]

    def _lane(self) -> wire.LaneSeen:
        polygon = [(int(x), int(y)) for x, y in self.album.lane]
        return wire.LaneSeen(
            id=LANE,
            version=wire.lane_version(LANE, self.album.size, polygon),
            polygon=polygon,
            frame_width=self.album.size[0],
            frame_height=self.album.size[1],
        )

    def _class_of(self, standing: Standing) -> str:
        kind = self.album.vehicles[standing.vehicle].vehicle_class
        return "truck" if kind == "fire_engine" else kind

    def _moment(self, mono_ns: int) -> Moment:
        back_ms = (self.clock.mono_ns() - mono_ns) // 1_000_000
        return Moment(
            utc_ms=self.clock.utc_ms() - back_ms,
            mono_ns=mono_ns,
            boot=self._delivery.boot,
            frame=max(0, mono_ns // 500_000_000),
        )

    def _daemon(self) -> Daemon:
        health = DetectorHealth(
            runtime="none", model_sha256=_NO_MODEL, ms_p50=None, ms_p95=None, selftest_ok=True,
            last_look_age_s=None,
        )  # fmt: skip
        width, height = self.album.size
        return Daemon(
            cameras=list,
            detector=lambda: health,
            profiles=lambda: [CameraProfile(id=CAMERA, lanes=[LANE], width=width, height=height)],
            check_config=lambda _: "",
            restart=lambda: None,
            config_sha256=_NO_MODEL,
            software_version=_SOFTWARE,
            software_sha256=_NO_MODEL,
            model_sha256=_NO_MODEL,
        )


def _whole(offset_ms: float | None) -> int | None:
    return None if offset_ms is None else round(offset_ms)
