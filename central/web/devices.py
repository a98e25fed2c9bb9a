"""How a device is doing, at a glance: what needs somebody's hands comes first. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from central.views import AlertRow, DeviceRow
from edge.wire.status import CameraHealth

SILENT_MS = 5 * 60_000
"""Five health messages late: the device says nothing, whatever its last state was."""
ORDER = ("crit", "warn", "ok", "off")
CERT_DAYS = 30
CAMERA_FINE = {"ok", "starting", "disabled"}
VIEW_FINE = {"ok", "unknown"}


@dataclass(frozen=True, slots=True)
class Box:
    """A device with its overall level (one of ORDER) and the reasons for it, worst first.

    `stale`: its last health is from before contact was lost.
    """

    row: DeviceRow
    level: str
    stale: bool
    reasons: Sequence[str]
    alerts: Sequence[AlertRow]


def camera_level(camera: CameraHealth) -> str:
    if camera.state == "disabled":
        return "off"
    if camera.state not in CAMERA_FINE:
        return "crit"
    return "ok" if camera.view in VIEW_FINE else "warn"


def box(row: DeviceRow, now_utc_ms: int) -> Box:
    """Judge one device. What it last said counts only while it is heard."""
    if not row.active or row.state == "never":
        return Box(row, "off", False, (), row.alerts)
    silent = row.last_seen_utc_ms is None or now_utc_ms - row.last_seen_utc_ms > SILENT_MS
    reasons = list(row.health.reasons) if row.health else []
    levels = [alert.level for alert in row.alerts]
    levels.append(row.health.level if row.health else "ok")
    if row.state == "lost" or (row.state == "online" and silent):
        levels.append("crit")
        reasons.insert(0, "lost" if row.state == "lost" else "silent")
    if row.state == "stopped":
        levels.append("warn")
        reasons.insert(0, "stopped")
    alerts = sorted(row.alerts, key=lambda alert: (ORDER.index(alert.level), alert.since_utc_ms))
    shown = {alert.code for alert in alerts}
    return Box(
        row,
        min(levels, key=ORDER.index),
        row.health is not None and (silent or row.state != "online"),
        tuple(reason for reason in reasons if reason not in shown),
        alerts,
    )


def boxes(rows: Sequence[DeviceRow], now_utc_ms: int) -> list[Box]:
    judged = [box(row, now_utc_ms) for row in rows]
    return sorted(judged, key=lambda one: (ORDER.index(one.level), one.row.site, one.row.id))


def counts(judged: Sequence[Box]) -> Mapping[str, int]:
    """How many devices there are of each level, zero included."""
    found = Counter(one.level for one in judged)
    return {level: found[level] for level in ORDER}
