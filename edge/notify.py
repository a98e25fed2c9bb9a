"""Tells systemd that the service is up, what it does, and that it is alive.

Through systemd-python where that is installed, else by the same datagram written here; where no
service manager listens, nothing happens. The watchdog is fed only while every part that must be
alive is: frames come or their absence is known, the detector looks, the uplink turns.
"""

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

try:
    from systemd import daemon as _systemd
except ImportError:  # the daemon runs without it
    _systemd = None

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Pulse:
    """One part of the daemon: when it last showed life (monotonic ns), and for how long that is
    good. `last_ns` gives None while the part is not in use."""

    last_ns: Callable[[], int | None]
    limit_s: float


def silent(pulses: Mapping[str, Pulse], now_ns: int) -> list[str]:
    """The names of the parts that have not shown life in time."""
    return sorted(
        name
        for name, pulse in pulses.items()
        if (last := pulse.last_ns()) is not None and now_ns - last > pulse.limit_s * _NS
    )


class Notifier:
    """What goes to the service manager. `environment` is that of the process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._watchdog_us = int(environment.get("WATCHDOG_USEC", "0") or 0)
        pid = environment.get("WATCHDOG_PID", "")
        if pid and pid != str(os.getpid()):
            self._watchdog_us = 0

    @property
    def watchdog_s(self) -> float | None:
        """How often the service manager wants a sign of life; None where it wants none."""
        return self._watchdog_us / 1e6 if self._watchdog_us else None

    def ready(self) -> None:
        self._send("READY=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={' '.join(text.split())}")

    def alive(self, pulses: Mapping[str, Pulse], now_ns: int) -> list[str]:
        """Feed the watchdog if every part is alive; gives the names of those that are not."""
        late = silent(pulses, now_ns)
        if not late:
            self._send("WATCHDOG=1")
        return late

    def _send(self, state: str) -> None:
        if not self._address:
            return
        if _systemd is not None:
            _systemd.notify(state)
            return
        address = self._address
        if address.startswith("@"):
            address = "\0" + address[1:]
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.sendto(state.encode(), address)
