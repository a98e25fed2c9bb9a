"""Processes that hang: a supervisor with a watchdog, as systemd is one, starts them anew.

SIGSTOP takes everything from a process but its place. The supervisor hears signs of life on a
socket, as systemd does; after a while without one it kills and starts again.
"""

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scripts.faults_lab.kills import PER_LIFE, on_a_site
from scripts.faults_lab.outcome import Scenario
from scripts.faults_lab.site import POLL_S, Site, Stuck, until

SILENT_S = 10.0
"""Without a sign of life for so long a process is ended: a minute or two in the field."""
GIVEN_UP_S = 60.0
"""How long the control waits for a process that nobody ends."""


class Supervisor:
    """Listens for both processes, each under a name of its own, and knows when it last heard."""

    def __init__(self, folder: Path) -> None:
        self.paths = {name: str(folder / f"{name}.notify") for name in ("box", "office")}
        self._heard: dict[str, float] = {}
        self._sockets = []
        for name, path in self.paths.items():
            made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            made.bind(path)
            self._sockets.append(made)
            threading.Thread(target=self._listen, args=(name, made), daemon=True).start()

    def silent_s(self, name: str, since: float) -> float:
        """Seconds without a sign of life, counted from `since` or the last one."""
        return time.monotonic() - max(since, self._heard.get(name, 0.0))

    def close(self) -> None:
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _listen(self, name: str, listener: socket.socket) -> None:
        with suppress(OSError):
            while state := listener.recv(4096):
                if b"WATCHDOG=1" in state:
                    self._heard[name] = time.monotonic()


@contextmanager
def _supervised(site: Site) -> Iterator[Supervisor]:
    supervisor = Supervisor(site.folder)
    site.notify = supervisor.paths
    try:
        yield supervisor
    finally:
        supervisor.close()


def hang(site: Site, chance: random.Random, trials: int, *, watched: bool = True) -> None:
    """Box, server and broker hang in turn while packets are on their way. A broker that hangs is
    woken after a while: Debian's has no watchdog."""
    with _supervised(site) as supervisor:
        site.start_office()
        site.start_box()
        for trial in range(trials):
            site.grow(PER_LIFE)
            time.sleep(chance.uniform(0, 0.5))
            name = ("box", "office", "broker")[trial % 3]
            if name == "broker":
                site.broker.pause()
                time.sleep(chance.uniform(1, 5))
                site.recovered(site.broker.resume)
            else:
                _hang_one(site, supervisor, name, watched=watched)
            site.deaths[name] += 1


def _hang_one(site: Site, supervisor: Supervisor, name: str, *, watched: bool) -> None:
    life = site.box if name == "box" else site.office
    assert life is not None
    life.stop()
    since = time.monotonic()
    if not watched:
        until(site.settled, f"the {name} that hangs", GIVEN_UP_S)
        raise Stuck("it had nothing left to do")
    while supervisor.silent_s(name, since) < SILENT_S:
        time.sleep(POLL_S)
    life.kill()
    site.recovered(site.start_box if name == "box" else site.start_office)


def _unwatched(site: Site, chance: random.Random, trials: int) -> None:
    hang(site, chance, trials, watched=False)


SCENARIOS = (
    Scenario("SIGSTOP of box, server, broker", on_a_site(hang), 1, 60, 15),
    Scenario("no watchdog, SIGSTOP of the box", on_a_site(_unwatched), 0, 2, control=True),
)
