"""What a Linux box says about itself: /proc, /sys, the file system, the clock.

What cannot be read is None: never a guess, never an exception.
"""

import ctypes
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge.wire.status import ClockHealth, HostHealth

PLAUSIBLE_UTC_MS = 1_767_225_600_000
"""2026-01-01: a clock before that was never set."""
_STA_UNSYNC = 0x0040
_STA_NANO = 0x2000
_TIME_ERROR = 5
_THROTTLED_NOW = 0xF
"""Bits 0-3 of the firmware's word: under-voltage, capped, throttled, soft temperature limit."""


@dataclass(frozen=True, slots=True)
class HostPaths:
    """Where the kernel and the service manager write; tests give folders of their own."""

    proc: Path = Path("/proc")
    sys: Path = Path("/sys")
    run: Path = Path("/run")


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2); the tail is only room for what the kernel writes."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_byte * 256),
    )


def boot_id(paths: HostPaths) -> str:
    """The kernel's name for this boot."""
    return (paths.proc / "sys/kernel/random/boot_id").read_text().strip()


def clock_health(paths: HostPaths, utc_ms: int) -> ClockHealth:
    """How far the wall clock may be trusted.

    By the kernel's discipline (any NTP client sets it), or where the sandbox hides that, by the
    mark that systemd-timesyncd leaves at each synchronisation.
    """
    age_s = _timesync_age_s(paths, utc_ms)
    offset_ms = _kernel_offset_ms()
    state: Literal["unset", "saved", "synced"] = "saved"
    if offset_ms is not None or age_s is not None:
        state = "synced"
    elif utc_ms < PLAUSIBLE_UTC_MS:
        state = "unset"
    return ClockHealth(state=state, offset_ms=offset_ms, last_sync_age_s=age_s)


def host_health(paths: HostPaths, storage: Path, service_uptime_s: float) -> HostHealth:
    """One look at load, memory, heat and the disk that holds `storage`."""
    free_pm, read_only = _disk(storage)
    temperatures = [
        value / 1000
        for zone in sorted((paths.sys / "class/thermal").glob("thermal_zone*"))
        if (value := _number(zone / "temp")) is not None
    ]
    return HostHealth(
        uptime_s=_number(paths.proc / "uptime") or 0.0,
        service_uptime_s=service_uptime_s,
        load1=_number(paths.proc / "loadavg"),
        rss_mb=_field_mb(paths.proc / "self/status", "VmRSS"),
        mem_available_mb=_field_mb(paths.proc / "meminfo", "MemAvailable"),
        cpu_c=max(temperatures, default=None),
        throttled=_throttled(paths),
        disk_free_pm=free_pm,
        disk_read_only=read_only,
    )


def free_bytes(storage: Path) -> tuple[int, int]:
    """Bytes free for us and in all, on the disk that holds `storage`. Raises OSError."""
    found = os.statvfs(storage)
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize


def _disk(storage: Path) -> tuple[int, bool]:
    try:
        found = os.statvfs(storage)
    except OSError:
        return 0, True
    share = found.f_bavail * 1000 // max(1, found.f_blocks)
    return min(1000, share), bool(found.f_flag & os.ST_RDONLY)


def _number(path: Path) -> float | None:
    try:
        return float(path.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _field_mb(path: Path, name: str) -> float | None:
    try:
        for line in path.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def _throttled(paths: HostPaths) -> bool | None:
    """The Raspberry Pi firmware's word, where there is one."""
    for path in (paths.sys / "devices/platform").glob("soc/*firmware/get_throttled"):
        try:
            return bool(int(path.read_text().strip(), 16) & _THROTTLED_NOW)
        except (OSError, ValueError):
            return None
    return None


def _timesync_age_s(paths: HostPaths, utc_ms: int) -> float | None:
    try:
        stamp = (paths.run / "systemd/timesync/synchronized").stat().st_mtime
    except OSError:
        return None
    return max(0.0, utc_ms / 1000 - stamp)


def _kernel_offset_ms() -> float | None:
    """The kernel's estimate of the error of its clock; None where nothing disciplines it."""
    timex = _Timex()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return None
    if state in (-1, _TIME_ERROR) or timex.status & _STA_UNSYNC:
        return None
    per_ms = 1_000_000 if timex.status & _STA_NANO else 1_000
    return float(timex.offset) / per_ms
