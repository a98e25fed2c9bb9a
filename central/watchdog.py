"""Tells systemd that the server is up and alive; where no service manager listens, nothing happens.

A process that hangs is worse than one that dies: nobody starts it anew. So the watchdog is fed only
while the thread that stores evidence turns, and a unit with `WatchdogSec=` ends what does not.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

HANG_MS = 60_000
"""One message may take that long, with a slow disk and a database that waits for another writer."""


class Watchdog:
    """`environment` is that of the process."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")

    def ready(self) -> None:
        self._send("READY=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def feed(self, turned_ms: int, now_ms: int) -> bool:
        """Feed it where the worker last turned `turned_ms`, on the monotonic clock; whether it
        was."""
        alive = now_ms - turned_ms <= HANG_MS
        if alive:
            self._send("WATCHDOG=1")
        return alive

    def _send(self, state: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.sendto(state.encode(), socket.MSG_DONTWAIT, address)
