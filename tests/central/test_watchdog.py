"""The service manager hears that the server lives while the worker turns, and nothing while not."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.watchdog import HANG_MS, Watchdog

UNIT = Path(__file__).parents[2] / "configs" / "systemd" / "firelane-central.service"


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener


@pytest.fixture
def watchdog(manager: socket.socket, tmp_path: Path) -> Watchdog:
    return Watchdog({"NOTIFY_SOCKET": str(tmp_path / "notify")})


def heard(manager: socket.socket) -> list[bytes]:
    found = []
    while True:
        try:
            found.append(manager.recv(100))
        except BlockingIOError:
            return found


def test_it_is_fed_while_the_worker_turns(manager: socket.socket, watchdog: Watchdog) -> None:
    watchdog.ready()
    fed = watchdog.feed(turned_ms=1000, now_ms=1000 + HANG_MS)
    watchdog.stopping()

    assert fed
    assert heard(manager) == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_a_worker_that_hangs_starves_it(manager: socket.socket, watchdog: Watchdog) -> None:
    assert not watchdog.feed(turned_ms=1000, now_ms=1001 + HANG_MS)
    assert heard(manager) == []


def test_where_nobody_listens_nothing_happens(tmp_path: Path) -> None:
    assert Watchdog({}).feed(0, 0)
    assert Watchdog({"NOTIFY_SOCKET": str(tmp_path / "gone")}).feed(0, 0)


def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text()
    line = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    copy = tmp_path / UNIT.name
    copy.write_text(text.replace(line, "ExecStart=/bin/true"))

    checked = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)

    assert (checked.returncode, checked.stderr) == (0, "")
