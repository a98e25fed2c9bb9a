"""What devices tell in the tests of the pages: a stay of each kind, a device in each state."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from central.registry import NewDevice
from edge.wire.fields import Message
from edge.wire.records import (
    Clock,
    Ending,
    Gap,
    GapReason,
    LaneSeen,
    PlateReading,
    Proof,
    RecordKind,
    Reminded,
    Stay,
    Vehicle,
    lane_version,
)
from edge.wire.status import (
    Alert,
    CameraHealth,
    ClockHealth,
    DetectorHealth,
    Health,
    HostHealth,
    LinkHealth,
    OutboxHealth,
    State,
)
from edge.wire.topics import Kind, alert_topic, device_topic
from tests.device import UNREAD, Packet, Shot, SimulatedDevice
from tests.office import Office
from tests.scenes import LANE, View, plate, wide

RED = View()
GREEN = View("BD52106", (120, 201, 110), (20, 40, 20), (176, 150, 92), x=60)
YELLOW = View("B7K305", (29, 197, 246), (20, 20, 20), (196, 196, 198), x=-40, night=True)
GREY = View("B90X11", (168, 82, 22), (255, 255, 255), (120, 116, 110), x=30)


def read(text: str, colour: str, chars: Sequence[int], grammar: str = "civil") -> PlateReading:
    return PlateReading.model_validate(
        {
            "status": "read",
            "text": text,
            "grammar": grammar,
            "colour": colour,
            "confidence_pm": min(chars),
            "chars_pm": list(chars),
            "frames": 38,
        }
    )


BLUE_PLATE = read("浙B12345", "blue", [991, 987, 996, 702, 988, 990, 993])
GREEN_PLATE = read("浙BD52106", "green", [993, 990, 985, 981, 996, 992, 988, 979], "nev_small")
YELLOW_PLATE = read("浙B7K305", "yellow", [921, 944, 812, 903, 877, 930, 915])


def drawn_lane(device: SimulatedDevice) -> LaneSeen:
    """The lane where the drawn pictures have it."""
    polygon = [(x, y) for x, y in LANE]
    return LaneSeen(
        id=device.lane,
        version=lane_version(device.lane, (1280, 720), polygon),
        polygon=polygon,
        frame_width=1280,
        frame_height=720,
    )


def grown(
    device: SimulatedDevice,
    before: Packet,
    standing_ms: int,
    gaps: Sequence[Gap] = (),
    reminded: Reminded | None = None,
) -> Stay:
    """The stay of `before`, longer. Samples every 15 s while the vehicle was seen."""
    old = before.record.stay
    first = old.samples[0]
    seen = [
        first.model_copy(update={"offset_ms": at, "overlap_pm": 903 + at // 15_000 % 12})
        for at in range(0, standing_ms + 1, 15_000)
        if not any(gap.begin_ms < at < gap.end_ms for gap in gaps)
    ]
    return old.model_copy(
        update={
            "last_seen": device.moment(old.begin.utc_ms + standing_ms),
            "standing_ms": standing_ms,
            "unobserved_ms": sum(gap.end_ms - gap.begin_ms for gap in gaps),
            "deadline_ms": reminded.offset_ms + 900_000 if reminded else old.deadline_ms,
            "reminded": reminded,
            "gaps": list(gaps),
            "samples": seen,
        }
    )


HIDDEN = (
    Gap(begin_ms=312_000, end_ms=348_000, reason=GapReason.OCCLUDED, proof=Proof.PLATE),
    Gap(begin_ms=655_000, end_ms=697_000, reason=GapReason.STREAM_DOWN, proof=Proof.APPEARANCE),
)


@dataclass
class Teller:
    """Makes packets with drawn pictures and delivers them; the office's clock follows."""

    office: Office
    seed: int = 0

    def device(self, name: str, site: str, seed: int, title: str = "") -> SimulatedDevice:
        made = SimulatedDevice(name, seed=seed)
        self.office.registry.add(
            NewDevice(made.id, site, title), made.public_key, self.office.clock.utc_ms()
        )
        return made

    def shots(self, occasion: str, view: View) -> list[Shot]:
        self.seed += 1
        return [
            Shot(occasion, "wide", 1280, 720, wide(view, self.seed)),
            Shot(occasion, "plate", 320, 104, plate(view, self.seed)),
        ]

    def arrive(
        self, device: SimulatedDevice, view: View = RED, reading: PlateReading = UNREAD
    ) -> Packet:
        """A vehicle has stood for a minute."""
        vehicle = Vehicle(kind="car", plate=reading)
        shots = self.shots("arrival", view)
        return self.deliver(device.arrival(shots, lane=drawn_lane(device), vehicle=vehicle))

    def overstay(
        self,
        device: SimulatedDevice,
        before: Packet,
        view: View = RED,
        gaps: Sequence[Gap] = HIDDEN,
        **fields: Clock,
    ) -> Packet:
        """The vehicle was reminded after two minutes, hidden in the gaps, and is still there."""
        self.office.remind(before)
        begin_utc_ms = before.record.stay.begin.utc_ms
        reminded = Reminded(
            notice_id=UUID(int=7), reminded_utc_ms=begin_utc_ms + 118_000, offset_ms=118_000
        )
        stay = grown(device, before, 1_021_000, gaps, reminded)
        shots = [
            *self.shots("notice", replace(view, passer=980)),
            *self.shots("deadline", view),
        ]
        return self._later(RecordKind.OVERSTAY, device, before, stay, shots, **fields)

    def depart(
        self, device: SimulatedDevice, before: Packet, view: View = RED, standing_ms: int = 420_000
    ) -> Packet:
        """The lane is empty again."""
        longer = max(standing_ms, before.record.stay.standing_ms + 200_000)
        old = before.record.stay
        stay = grown(device, before, longer, old.gaps, old.reminded)
        stay = stay.model_copy(update={"ending": Ending.LANE_EMPTY})
        shots = self.shots("departure", replace(view, car=False))[:1]
        return self._later(RecordKind.DEPARTURE, device, before, stay, shots)

    def breaks(self, device: SimulatedDevice, before: Packet) -> Packet:
        """The stream was down for too long."""
        shots: list[Shot] = []
        packet = device.broken(
            before, lane=before.record.lane, vehicle=before.record.vehicle, shots=shots
        )
        return self.deliver(packet)

    def _later(
        self,
        kind: RecordKind,
        device: SimulatedDevice,
        before: Packet,
        stay: Stay,
        shots: Sequence[Shot],
        **fields: Clock,
    ) -> Packet:
        record = before.record
        same = {"lane": record.lane, "vehicle": record.vehicle, **fields}
        return self.deliver(device.packet(kind, stay, shots, **same))

    def deliver(self, packet: Packet) -> Packet:
        clock = self.office.clock
        clock.now_utc_ms = max(clock.now_utc_ms, packet.record.made.utc_ms + 900)
        assert self.office.deliver(packet)
        return packet

    def say(self, device: SimulatedDevice, kind: Kind, message: Message) -> None:
        """A plain message of the device: state, birth or health."""
        self.office.send(device_topic(device.id, kind), message.to_bytes())

    def alert(self, device: SimulatedDevice, alert: Alert) -> None:
        self.office.send(alert_topic(device.id, alert.code), alert.to_bytes())

    def demo(self) -> None:
        """A stay of each kind and a device in each state, as a small town would have them."""
        east = self.device("gate-east-01", "望江花园", 1, "东门")
        north = self.device("tower-north-02", "望江花园", 2, "北塔楼")
        hill = self.device("hill-03", "翠屏山庄", 3, "山庄南侧")
        self.device("spare-04", "翠屏山庄", 4, "备用机")
        self.depart(north, self.arrive(north, GREY, UNREAD), GREY)
        self.breaks(hill, self.arrive(hill, GREEN, GREEN_PLATE))
        late = self.overstay(hill, self.arrive(hill, YELLOW, YELLOW_PLATE), YELLOW, clock=UNSYNCED)
        self.depart(hill, late, YELLOW)
        self.overstay(east, self.arrive(east, RED, BLUE_PLATE), RED)
        self.arrive(north, GREEN, GREEN_PLATE)
        self.fleet(east, north, hill)

    def fleet(self, east: SimulatedDevice, north: SimulatedDevice, hill: SimulatedDevice) -> None:
        """One device is well, one has a covered camera and old evidence, one is lost."""
        now = self.office.clock.utc_ms()
        for device in (east, north, hill):
            self.say(device, Kind.BIRTH, device.birth(1, now - 600_000))
            self.say(device, Kind.STATE, device.state())
        self.say(east, Kind.HEALTH, health(east, now))
        ill = health(
            north,
            now,
            level="warn",
            reasons=["camera-view", "outbox-old"],
            cameras=[camera("cam-1", occupied=1), camera("cam-2", view="covered", light="ir")],
            outbox=outbox(3, 1260.0),
            clock=ClockHealth(state="saved", offset_ms=None, last_sync_age_s=None),
        )
        self.say(north, Kind.HEALTH, ill)
        covered = Alert(
            v=1,
            code="camera-view",
            level="warn",
            since_utc_ms=now - 1_800_000,
            text="camera cam-2 is covered",
            hint="look at the camera: clean it, or draw its lanes again if it was moved",
        )
        self.alert(north, covered)
        self.say(hill, Kind.HEALTH, health(hill, now - 3_000_000))
        lost = State(v=1, s="lost", epoch=1, boot=hill.boot)
        self.say(hill, Kind.STATE, lost)


UNSYNCED = Clock(state="saved", offset_ms=None)


def health(device: SimulatedDevice, utc_ms: int, **fields: object) -> Health:
    """What a device in good health says; `fields` replace parts of it."""
    whole: dict[str, object] = {
        "v": 1,
        "device": device.id,
        "utc_ms": utc_ms,
        "epoch": 1,
        "level": "ok",
        "reasons": [],
        "host": HostHealth(
            uptime_s=864_000.0,
            service_uptime_s=612_345.0,
            load1=0.7,
            rss_mb=142.0,
            mem_available_mb=5120.0,
            cpu_c=58.0,
            throttled=False,
            disk_free_pm=640,
            disk_read_only=False,
        ),
        "clock": ClockHealth(state="synced", offset_ms=3.2, last_sync_age_s=40.0),
        "cameras": [camera("cam-1"), camera("cam-2", light="ir")],
        "detector": DetectorHealth(
            runtime="litert",
            model_sha256="ab" * 32,
            ms_p50=41.0,
            ms_p95=60.0,
            selftest_ok=True,
            last_look_age_s=0.4,
        ),
        "outbox": outbox(),
        "link": LinkHealth(
            reconnects_24h=0,
            downtime_24h_s=0.0,
            bytes_up=8_000_000,
            bytes_down=90_000,
            cert_days_left=311,
        ),
    }
    return Health.model_validate({**whole, **fields})


def camera(name: str, **fields: object) -> CameraHealth:
    whole: dict[str, object] = {
        "id": name,
        "state": "ok",
        "view": "ok",
        "light": "day",
        "last_frame_age_s": 0.3,
        "fps_in": 25.0,
        "fps_looked": 2.0,
        "reconnects_1h": 0,
        "stalls_1h": 0,
        "occupied": 0,
        "moved_px": 0.4,
    }
    return CameraHealth.model_validate({**whole, **fields})


def outbox(depth: int = 0, oldest_s: float = 0.0) -> OutboxHealth:
    return OutboxHealth(
        depth=depth,
        oldest_s=oldest_s,
        bytes=depth * 400_000,
        set_aside=0,
        receipted_24h=14,
        last_receipt_age_s=900.0,
        seq=120,
        chain_head="cd" * 32,
        paused=False,
    )
