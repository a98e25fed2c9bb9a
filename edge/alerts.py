"""What a technician must know at once: one retained message for each code, until it is over.

The codes are a fixed list, so that a fresh start can clear what an earlier one left behind.
"""

import logging
import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from edge.wire.status import Alert, Level

log = logging.getLogger("firelane.alerts")


class AlertCode(StrEnum):
    BROKER_DENIED = "broker-denied"
    BROKER_UNHEARD = "broker-unheard"
    CAMERA_DOWN = "camera-down"
    CAMERA_VIEW = "camera-view"
    CENTRAL_SILENT = "central-silent"
    CERTIFICATE_ENDING = "certificate-ending"
    CLOCK_WRONG = "clock-wrong"
    CONFIG_REFUSED = "config-refused"
    DETECTOR_STUCK = "detector-stuck"
    DISK_BROKEN = "disk-broken"
    DISK_FULL = "disk-full"
    DISK_LOW = "disk-low"
    DISK_READ_ONLY = "disk-read-only"
    EVIDENCE_PAUSED = "evidence-paused"
    HOT = "hot"
    MEMORY_LOW = "memory-low"
    OUTBOX_OLD = "outbox-old"
    OUTBOX_REBUILT = "outbox-rebuilt"
    PACKET_SET_ASIDE = "packet-set-aside"
    REPLY_REFUSED = "reply-refused"


HINTS: dict[AlertCode, str] = {
    AlertCode.BROKER_DENIED: "check the broker's acl file for this device's id",
    AlertCode.BROKER_UNHEARD: "check that the central server is connected to the same broker",
    AlertCode.CAMERA_DOWN: "check the camera's power, cable, address and password",
    AlertCode.CAMERA_VIEW: "look at the camera: clean it, or draw its lanes again if it was moved",
    AlertCode.CENTRAL_SILENT: "check the central server; packets are kept here until it answers",
    AlertCode.CERTIFICATE_ENDING: "issue a new certificate and restart the service",
    AlertCode.CLOCK_WRONG: "check the time server that this box uses",
    AlertCode.CONFIG_REFUSED: "correct the configuration at the central server and send it again",
    AlertCode.DETECTOR_STUCK: "the service restarts itself; if it comes back, check the model file",
    AlertCode.DISK_BROKEN: "replace the disk or SD card",
    AlertCode.DISK_FULL: "see what else fills the disk; receipted evidence was removed already",
    AlertCode.DISK_LOW: "see what else fills the disk, or raise storage.quota_mb",
    AlertCode.DISK_READ_ONLY: "restart the box; if it comes back, replace the disk or SD card",
    AlertCode.EVIDENCE_PAUSED: "new stays are not recorded until there is room on the disk",
    AlertCode.HOT: "check ventilation and sun",
    AlertCode.MEMORY_LOW: "see what else runs on this box",
    AlertCode.OUTBOX_OLD: "see the alerts about the link, the broker and the central server",
    AlertCode.OUTBOX_REBUILT: "nothing to do; if it comes back, replace the disk or SD card",
    AlertCode.PACKET_SET_ASIDE: "see the list of packets set aside; the server may ask for them",
    AlertCode.REPLY_REFUSED: "someone else writes to this device's topics, or a key is out of date",
}


@dataclass(frozen=True, slots=True)
class AlertChange:
    """What to publish under a code: an alert, or None to clear it."""

    code: AlertCode
    alert: Alert | None


class Alerts:
    """The alerts that hold now. Any thread may set and clear; the uplink publishes the changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[AlertCode, Alert] = {}
        self._unsaid: set[AlertCode] = set(AlertCode)

    def set(self, code: AlertCode, level: Literal["warn", "crit"], text: str, utc_ms: int) -> None:
        """Raise an alert; the same again keeps its beginning and says nothing new."""
        with self._lock:
            before = self._held.get(code)
            since = before.since_utc_ms if before is not None else utc_ms
            alert = Alert(
                v=1,
                code=code.value,
                level=level,
                since_utc_ms=since,
                text=text[:300],
                hint=HINTS[code],
            )
            if before is None:
                log.warning("alert set code=%s level=%s text=%r", code.value, level, alert.text)
            if alert != before:
                self._held[code] = alert
                self._unsaid.add(code)

    def clear(self, code: AlertCode) -> None:
        """What it was about is over."""
        with self._lock:
            if self._held.pop(code, None) is not None:
                self._unsaid.add(code)

    def held(self) -> dict[AlertCode, Alert]:
        with self._lock:
            return dict(self._held)

    def level(self) -> Level:
        """The worst of all alerts that hold."""
        levels = {alert.level for alert in self.held().values()}
        if "crit" in levels:
            return "crit"
        return "warn" if levels else "ok"

    def changes(self) -> list[AlertChange]:
        """What has not been published yet, which is then taken as published."""
        with self._lock:
            unsaid, self._unsaid = self._unsaid, set()
            return [AlertChange(code, self._held.get(code)) for code in sorted(unsaid)]

    def say_again(self) -> None:
        """The connection was lost, perhaps with some of what was said."""
        with self._lock:
            self._unsaid = set(AlertCode)
