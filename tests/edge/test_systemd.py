"""The unit is sound and tight, and the daemon speaks the service manager's language."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from edge import notify
from edge.notify import Notifier, Pulse, silent

UNIT = Path(__file__).parents[2] / "configs" / "systemd" / "firelane-edge.service"
MOST_EXPOSED = 2.0


def test_the_unit_is_exposed_no_more_than_2_of_10() -> None:
    command = ["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=20"]

    judged = subprocess.run([*command, UNIT], capture_output=True, text=True)

    assert judged.returncode == 0, judged.stdout
    assert float(judged.stdout.rsplit("exposure level for", 1)[1].split()[1]) <= MOST_EXPOSED


def test_a_bare_unit_would_not_pass(tmp_path: Path) -> None:
    bare = tmp_path / "bare.service"
    bare.write_text("[Service]\nExecStart=/bin/true\n")
    command = ["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=20"]

    assert subprocess.run([*command, bare], capture_output=True).returncode == 1


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    text = UNIT.read_text()
    line = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    copy = tmp_path / UNIT.name
    copy.write_text(text.replace(line, "ExecStart=/bin/true"))

    checked = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)

    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("with_systemd_python", [False, True])
class TestNotifier:
    @pytest.fixture
    def manager(self, tmp_path: Path) -> Iterator[tuple[socket.socket, Path]]:
        path = tmp_path / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(str(path))
            listener.settimeout(30)
            yield listener, path

    @pytest.fixture(autouse=True)
    def module(self, with_systemd_python: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        if not with_systemd_python:
            monkeypatch.setattr(notify, "_systemd", None)
        elif find_spec("systemd") is None:
            pytest.skip("systemd-python is not installed")

    def test_tells_that_it_is_ready_and_what_it_does(
        self, manager: tuple[socket.socket, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        listener, path = manager
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        told = Notifier({"NOTIFY_SOCKET": str(path)})

        told.ready()
        told.status("2 cameras,\n1 stay")

        assert [listener.recv(1000) for _ in range(2)] == [b"READY=1", b"STATUS=2 cameras, 1 stay"]

    def test_the_watchdog_is_fed_only_while_every_part_is_alive(
        self, manager: tuple[socket.socket, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        listener, path = manager
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        told = Notifier({"NOTIFY_SOCKET": str(path)})
        pulses = {"uplink": Pulse(lambda: 0, 10.0), "frames": Pulse(lambda: 15 * 10**9, 10.0)}

        early = told.alive(pulses, 9 * 10**9)
        late = told.alive(pulses, 20 * 10**9)
        told.stopping()

        assert (early, late) == ([], ["uplink"])
        assert [listener.recv(1000) for _ in range(2)] == [b"WATCHDOG=1", b"STOPPING=1"]


def test_without_a_service_manager_nothing_happens() -> None:
    told = Notifier({})

    told.ready()

    assert told.watchdog_s is None


def test_the_watchdogs_interval_is_the_service_managers_own() -> None:
    assert Notifier({"WATCHDOG_USEC": "60000000"}).watchdog_s == 60.0
    assert Notifier({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}).watchdog_s is None


def test_a_part_that_is_not_in_use_is_not_missed() -> None:
    assert silent({"uplink": Pulse(lambda: None, 1.0)}, 10**12) == []


UNDER_THE_UNIT = """
import ctypes, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):  # PR_SET_MDWE, what MemoryDenyWriteExecute comes to
    sys.exit(77)
import numpy as np
from edge.config import DetectorConfig
from edge.detector import open_detector
from edge.host import HostPaths, clock_health
detector = open_detector(DetectorConfig(runtime=sys.argv[1]))
detector.detect(np.zeros((480, 640, 3), np.uint8), None)
clock_health(HostPaths(), 0)
"""


@pytest.mark.parametrize("runtime", ["litert", "tflite"])
def test_the_detector_runs_where_no_memory_may_be_written_and_executed(runtime: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", UNDER_THE_UNIT, runtime],
        cwd=UNIT.parents[2],
        capture_output=True,
        text=True,
    )

    if ran.returncode == 77:
        pytest.skip("this kernel cannot deny it")
    assert ran.returncode == 0, ran.stderr
