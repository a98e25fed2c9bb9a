"""The health document, and which of its figures are alerts.

The thresholds stand in `judge`, which is pure; the rest collects. Everything is read from memory
and /proc: health writes nothing to the disk.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge.alerts import AlertCode, Alerts
from edge.clock import Clock
from edge.epoch import Epoch
from edge.host import HostPaths, clock_health, host_health
from edge.outbox import Figures, Outbox
from edge.wire.status import (
    CameraHealth,
    ClockHealth,
    DetectorHealth,
    Health,
    HostHealth,
    Level,
    LinkHealth,
    OutboxHealth,
)

_NS = 1_000_000_000
_REASONS = 16
Problem = tuple[Literal["warn", "crit"], str]


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at everything, which the thresholds are applied to."""

    host: HostHealth
    clock: ClockHealth
    cameras: list[CameraHealth]
    detector: DetectorHealth
    outbox: OutboxHealth
    link: LinkHealth


@dataclass(frozen=True, slots=True)
class HealthParts:
    """Where the figures come from."""

    device: str
    epoch: Epoch
    clock: Clock
    paths: HostPaths
    storage: Path
    outbox: Outbox
    alerts: Alerts
    cameras: Callable[[], list[CameraHealth]]
    detector: Callable[[], DetectorHealth]
    paused: Callable[[], bool]
    every_s: float


class HealthBook:
    """Makes the document when it is due: every `every_s`, and at once when the level changes."""

    def __init__(self, parts: HealthParts) -> None:
        self._parts = parts
        self._started_ns = parts.clock.mono_ns()
        self._due_ns = 0
        self._said: Level = "ok"

    def due(self, link: Callable[[], LinkHealth]) -> Health | None:
        """The document if it should go out now. Raises StorageFault."""
        now_ns = self._parts.clock.mono_ns()
        if now_ns < self._due_ns and self._parts.alerts.level() == self._said:
            return None
        health = self.look(link())
        self._due_ns = now_ns + int(self._parts.every_s * _NS)
        self._said = health.level
        return health

    def say_again(self) -> None:
        """Somebody new is listening."""
        self._due_ns = 0

    def look(self, link: LinkHealth) -> Health:
        """Look at everything and set or clear the alerts. Raises StorageFault."""
        parts = self._parts
        utc_ms = parts.clock.utc_ms()
        uptime_s = (parts.clock.mono_ns() - self._started_ns) / _NS
        seen = Seen(
            host_health(parts.paths, parts.storage, uptime_s),
            clock_health(parts.paths, utc_ms),
            parts.cameras(),
            parts.detector(),
            outbox_health(parts.outbox.figures(utc_ms), utc_ms, paused=parts.paused()),
            link,
        )
        for code, problem in judge(seen).items():
            if problem is None:
                parts.alerts.clear(code)
            else:
                parts.alerts.set(code, *problem, utc_ms)
        return Health(
            v=1,
            device=parts.device,
            utc_ms=utc_ms,
            epoch=parts.epoch.now,
            level=parts.alerts.level(),
            reasons=sorted(code.value for code in parts.alerts.held())[:_REASONS],
            host=seen.host,
            clock=seen.clock,
            cameras=seen.cameras,
            detector=seen.detector,
            outbox=seen.outbox,
            link=link,
        )


def outbox_health(figures: Figures, utc_ms: int, *, paused: bool) -> OutboxHealth:
    """Ages instead of times; a clock that stepped back makes none negative."""
    oldest, last = figures.oldest_utc_ms, figures.last_receipt_utc_ms
    return OutboxHealth(
        depth=figures.depth,
        oldest_s=0.0 if oldest is None else max(0.0, (utc_ms - oldest) / 1000),
        bytes=figures.size_bytes,
        set_aside=figures.set_aside,
        receipted_24h=figures.receipted_24h,
        last_receipt_age_s=None if last is None else max(0.0, (utc_ms - last) / 1000),
        seq=figures.seq,
        chain_head=figures.chain_head,
        paused=paused,
    )


def judge(seen: Seen) -> Mapping[AlertCode, Problem | None]:
    """Each code that these figures decide, with what is wrong, or None where all is well."""
    down = [camera.id for camera in seen.cameras if camera.state not in ("ok", "starting", "ended")]
    views = [
        f"{camera.id} ({camera.view})"
        for camera in seen.cameras
        if camera.view not in ("ok", "unknown")
    ]
    outbox, host = seen.outbox, seen.host
    return {
        AlertCode.CAMERA_DOWN: ("crit", f"no pictures from {', '.join(down)}") if down else None,
        AlertCode.CAMERA_VIEW: ("warn", f"poor view: {', '.join(views)}") if views else None,
        AlertCode.OUTBOX_OLD: _above(
            outbox.oldest_s, 15 * 60, 6 * 3600, "the oldest packet has waited {:.0f} s"
        ),
        AlertCode.PACKET_SET_ASIDE: (
            ("warn", f"{outbox.set_aside} packets were set aside") if outbox.set_aside else None
        ),
        AlertCode.EVIDENCE_PAUSED: (
            ("crit", "the disk is full: new stays are not recorded") if outbox.paused else None
        ),
        AlertCode.HOT: _above(host.cpu_c, 75, 82, "the processor is at {:.0f} degrees"),
        AlertCode.MEMORY_LOW: _below(host.mem_available_mb, 128, 48, "{:.0f} MB of memory left"),
        AlertCode.DISK_LOW: _below(host.disk_free_pm, 100, 50, "{:.0f} per mille of the disk free"),
        AlertCode.DISK_READ_ONLY: (
            ("crit", "the disk is read-only") if host.disk_read_only else None
        ),
        AlertCode.CLOCK_WRONG: _clock(seen.clock),
        AlertCode.CERTIFICATE_ENDING: _below(
            seen.link.cert_days_left, 21, 7, "the certificate ends in {:.0f} days"
        ),
        AlertCode.DETECTOR_STUCK: _above(
            seen.detector.last_look_age_s, 60, 300, "the detector last looked {:.0f} s ago"
        ),
    }


def _above(value: float | None, warn: float, crit: float, text: str) -> Problem | None:
    if value is None or value < warn:
        return None
    return ("crit" if value >= crit else "warn", text.format(value))


def _below(value: float | None, warn: float, crit: float, text: str) -> Problem | None:
    if value is None or value >= warn:
        return None
    return ("crit" if value < crit else "warn", text.format(value))


def _clock(clock: ClockHealth) -> Problem | None:
    if clock.state == "unset":
        return ("crit", "the clock was never set")
    offset_ms = abs(clock.offset_ms or 0.0)
    return _above(offset_ms, 500, 5000, "the clock is off by {:.0f} ms")
