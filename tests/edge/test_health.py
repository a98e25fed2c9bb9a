"""Health: what the figures mean, what a Linux box says of itself, and that it stays small."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge.alerts import HINTS, AlertChange, AlertCode, Alerts
from edge.epoch import Epoch
from edge.health import HealthBook, HealthParts, Problem, Seen, judge, outbox_health
from edge.host import HostPaths, boot_id, clock_health, host_health
from edge.link_log import LinkLog
from edge.outbox import Figures
from edge.wire.status import (
    CameraHealth,
    ClockHealth,
    DetectorHealth,
    HostHealth,
    LinkHealth,
    OutboxHealth,
)
from tests.packets import UTC_MS, opened

HOST = HostHealth(
    uptime_s=100,
    service_uptime_s=50,
    load1=0.5,
    rss_mb=120,
    mem_available_mb=500,
    cpu_c=50,
    throttled=False,
    disk_free_pm=700,
    disk_read_only=False,
)
CAMERA = CameraHealth(
    id="front",
    state="ok",
    view="ok",
    light="day",
    last_frame_age_s=0.2,
    fps_in=25,
    fps_looked=2,
    reconnects_1h=0,
    stalls_1h=0,
    occupied=1,
    moved_px=0.3,
)
OUTBOX = OutboxHealth(
    depth=0,
    oldest_s=0,
    bytes=0,
    set_aside=0,
    receipted_24h=3,
    last_receipt_age_s=20,
    seq=7,
    chain_head="a" * 64,
    paused=False,
)
DETECTOR = DetectorHealth(
    runtime="litert",
    model_sha256="0" * 64,
    ms_p50=20,
    ms_p95=30,
    selftest_ok=True,
    last_look_age_s=1,
)
LINK = LinkHealth(reconnects_24h=0, downtime_24h_s=0, bytes_up=0, bytes_down=0, cert_days_left=300)
WELL = Seen(
    HOST,
    ClockHealth(state="synced", offset_ms=2, last_sync_age_s=60),
    [CAMERA],
    DETECTOR,
    OUTBOX,
    LINK,
)


def problems(seen: Seen) -> dict[AlertCode, Problem]:
    return {code: problem for code, problem in judge(seen).items() if problem is not None}


def test_a_healthy_box_has_no_alert() -> None:
    assert problems(WELL) == {}


@pytest.mark.parametrize(
    ("seen", "code", "level"),
    [
        (replace(WELL, host=HOST.model_copy(update={"cpu_c": 75})), AlertCode.HOT, "warn"),
        (replace(WELL, host=HOST.model_copy(update={"cpu_c": 82})), AlertCode.HOT, "crit"),
        (
            replace(WELL, host=HOST.model_copy(update={"disk_free_pm": 99})),
            AlertCode.DISK_LOW,
            "warn",
        ),
        (
            replace(WELL, host=HOST.model_copy(update={"disk_read_only": True})),
            AlertCode.DISK_READ_ONLY,
            "crit",
        ),
        (
            replace(WELL, host=HOST.model_copy(update={"mem_available_mb": 47})),
            AlertCode.MEMORY_LOW,
            "crit",
        ),
        (
            replace(WELL, cameras=[CAMERA.model_copy(update={"state": "auth"})]),
            AlertCode.CAMERA_DOWN,
            "crit",
        ),
        (
            replace(WELL, cameras=[CAMERA.model_copy(update={"view": "covered"})]),
            AlertCode.CAMERA_VIEW,
            "warn",
        ),
        (
            replace(WELL, outbox=OUTBOX.model_copy(update={"oldest_s": 900})),
            AlertCode.OUTBOX_OLD,
            "warn",
        ),
        (
            replace(WELL, outbox=OUTBOX.model_copy(update={"oldest_s": 21_600})),
            AlertCode.OUTBOX_OLD,
            "crit",
        ),
        (
            replace(WELL, outbox=OUTBOX.model_copy(update={"set_aside": 1})),
            AlertCode.PACKET_SET_ASIDE,
            "warn",
        ),
        (
            replace(WELL, outbox=OUTBOX.model_copy(update={"paused": True})),
            AlertCode.EVIDENCE_PAUSED,
            "crit",
        ),
        (
            replace(WELL, clock=ClockHealth(state="unset", offset_ms=None, last_sync_age_s=None)),
            AlertCode.CLOCK_WRONG,
            "crit",
        ),
        (
            replace(WELL, clock=ClockHealth(state="synced", offset_ms=-501, last_sync_age_s=1)),
            AlertCode.CLOCK_WRONG,
            "warn",
        ),
        (
            replace(WELL, link=LINK.model_copy(update={"cert_days_left": 6})),
            AlertCode.CERTIFICATE_ENDING,
            "crit",
        ),
        (
            replace(WELL, detector=DETECTOR.model_copy(update={"last_look_age_s": 61})),
            AlertCode.DETECTOR_STUCK,
            "warn",
        ),
    ],
)
def test_each_figure_beyond_its_limit_is_one_alert(seen: Seen, code: AlertCode, level: str) -> None:
    found = problems(seen)

    assert {one: problem[0] for one, problem in found.items()} == {code: level}


def test_an_alert_keeps_its_beginning_and_is_said_once() -> None:
    alerts = Alerts()
    alerts.changes()

    alerts.set(AlertCode.HOT, "warn", "75 degrees", 10)
    first = alerts.changes()
    alerts.set(AlertCode.HOT, "warn", "75 degrees", 20)
    same = alerts.changes()
    alerts.set(AlertCode.HOT, "crit", "82 degrees", 30)
    worse = alerts.changes()
    alerts.clear(AlertCode.HOT)
    over = alerts.changes()

    assert [change.alert.since_utc_ms for change in first + worse if change.alert] == [10, 10]
    assert same == []
    assert over == [AlertChange(AlertCode.HOT, None)]
    assert alerts.level() == "ok"


def test_a_fresh_start_clears_what_an_earlier_one_left_behind() -> None:
    assert {change.code for change in Alerts().changes()} == set(AlertCode)


def test_every_alert_says_what_to_do() -> None:
    assert set(HINTS) == set(AlertCode)


class SteadyClock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def mono_ns(self) -> int:
        return int(self.now_s * 1e9)

    def utc_ms(self) -> int:
        return UTC_MS + int(self.now_s * 1000)


def book(folder: Path, clock: SteadyClock, alerts: Alerts, cameras: int = 1) -> HealthBook:
    box = opened(folder)
    return HealthBook(
        HealthParts(
            device="gate-1",
            epoch=Epoch(3),
            clock=clock,
            paths=HostPaths(),
            storage=folder,
            outbox=box.outbox,
            alerts=alerts,
            cameras=lambda: [
                CAMERA.model_copy(update={"id": f"camera-number-{n}-by-the-gate"})
                for n in range(cameras)
            ],
            detector=lambda: DETECTOR,
            paused=lambda: False,
            every_s=60.0,
        )
    )


def test_health_comes_every_minute_and_at_once_when_its_level_changes(tmp_path: Path) -> None:
    clock, alerts = SteadyClock(), Alerts()
    made = book(tmp_path, clock, alerts)
    said = []
    for _ in range(140):
        clock.now_s += 1
        if clock.now_s == 1030:
            alerts.set(AlertCode.BROKER_UNHEARD, "warn", "x", 0)
        if made.due(lambda: LINK) is not None:
            said.append(clock.now_s)

    assert said == [1001, 1030, 1090]


def test_health_with_eight_cameras_and_every_alert_stays_below_4_kib(tmp_path: Path) -> None:
    clock, alerts = SteadyClock(), Alerts()
    for code in AlertCode:
        alerts.set(code, "crit", "x" * 300, UTC_MS)

    health = book(tmp_path, clock, alerts, cameras=8).look(LINK)

    assert len(health.to_bytes()) <= 4096
    assert health.level == "crit"


def test_ages_are_never_negative_when_the_clock_steps_back() -> None:
    figures = Figures(1, UTC_MS + 5000, 10, 0, 0, UTC_MS + 9000, 1, "0" * 64)

    health = outbox_health(figures, UTC_MS, paused=False)

    assert (health.oldest_s, health.last_receipt_age_s) == (0.0, 0.0)


def test_a_real_box_tells_its_load_memory_disk_and_boot(tmp_path: Path) -> None:
    health = host_health(HostPaths(), tmp_path, 5.0)

    assert health.uptime_s > 0
    assert health.rss_mb is not None
    assert health.rss_mb > 1
    assert health.mem_available_mb is not None
    assert not health.disk_read_only
    assert len(boot_id(HostPaths())) == 36


def test_what_cannot_be_read_is_null_and_no_exception(tmp_path: Path) -> None:
    nothing = HostPaths(tmp_path / "proc", tmp_path / "sys", tmp_path / "run")

    health = host_health(nothing, tmp_path / "gone", 5.0)

    assert (health.load1, health.rss_mb, health.cpu_c, health.throttled) == (None,) * 4
    assert (health.disk_free_pm, health.disk_read_only) == (0, True)


def test_heat_and_throttling_are_read_where_the_kernel_shows_them(tmp_path: Path) -> None:
    for number, value in enumerate(("45123", "71500")):
        zone = tmp_path / "sys" / "class" / "thermal" / f"thermal_zone{number}"
        zone.mkdir(parents=True)
        (zone / "temp").write_text(value)
    firmware = tmp_path / "sys/devices/platform/soc/soc:firmware"
    firmware.mkdir(parents=True)
    (firmware / "get_throttled").write_text("50005\n")

    health = host_health(HostPaths(sys=tmp_path / "sys"), tmp_path, 0)

    assert (health.cpu_c, health.throttled) == (71.5, True)


def test_a_synchronised_clock_is_known_by_the_mark_of_timesyncd(tmp_path: Path) -> None:
    mark = tmp_path / "run" / "systemd" / "timesync" / "synchronized"
    mark.parent.mkdir(parents=True)
    mark.write_text("")
    stamp = mark.stat().st_mtime

    health = clock_health(HostPaths(run=tmp_path / "run"), int((stamp + 90) * 1000))

    assert health.state == "synced"
    assert health.last_sync_age_s == pytest.approx(90, abs=0.01)


def test_the_link_log_counts_reconnections_and_time_away_of_one_day() -> None:
    log = LinkLog(0.0)
    log.connected(10.0)
    log.lost(100.0)
    log.lost(110.0)
    log.connected(160.0)

    early = log.health(200.0, 5)
    late = log.health(86_400.0 + 130.0, 5)

    assert (early.reconnects_24h, early.downtime_24h_s) == (1, 70.0)
    assert (late.reconnects_24h, late.downtime_24h_s) == (1, 30.0)
