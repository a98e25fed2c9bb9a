"""The newcomer's first minute: one command, a case at the server, nothing left behind."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from central.blobs import Blobs
from central.database import connect
from central.lookup import Lookup
from central.views import CaseFilter
from scripts.demosite import plan
from scripts.demosite.options import lane, parse
from scripts.demosite.processes import DemoError, Processes
from tests.waiting import until

ROOT = Path(__file__).parents[1]
LIMIT_S = 600
LED = {
    "demo-gate-02": ["departed-in-grace"],
    "demo-gate-03": ["closed"],
    "demo-gate-04": ["revoked"],
    "demo-gate-05": ["exempt"],
    "demo-gate-06": ["departed-in-grace"],
}
"""Left in time, paid, disputed and revoked, the fire brigade, unreadable."""
RUNNING = 5
"""Broker, register, server, edge and the demo itself name the folder; telephones and cashier do
not."""


def demo(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.demosite", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@contextmanager
def running_demo(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A demo that is interrupted at the end, whatever happened in between."""
    process = demo(*arguments)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=120)


def children_of(home: Path) -> list[str]:
    """Command lines of processes that work in `home`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(home) in line:
                found.append(line)
    return found


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S)
def test_one_command_leads_a_case_of_each_kind_to_its_end(tmp_path: Path) -> None:
    process = demo("--once", "--home", str(tmp_path), "--limit-s", "540")

    told, _ = process.communicate(timeout=LIMIT_S)

    assert process.returncode == 0, told
    assert re.search(r"^case \S+ \([0-9a-f-]{36}\)$", told, re.M)
    assert re.search(r"^  overstay: stood .* s, .* exhibits, .*, every check holds$", told, re.M)
    assert told.count("PASS") == 1 + len(LED), told
    assert states(tmp_path) == LED
    assert children_of(tmp_path) == []


def states(home: Path) -> dict[str, list[str]]:
    """The states of the led cases at the server, by the box that saw them."""
    layout = plan.Layout(home)
    engine = connect(f"sqlite:///{layout.run / 'central' / 'cases.db'}")
    lookup = Lookup(engine, Blobs(layout.run / "central" / "evidence"))
    found = {
        device: [row.state for row in lookup.cases(CaseFilter(device=device)).rows]
        for device in LED
    }
    engine.dispose()
    return found


@pytest.mark.slow
def test_ctrl_c_ends_the_demo_and_leaves_nothing_running(tmp_path: Path) -> None:
    with running_demo("--home", str(tmp_path)) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("staff pages" in line for line in lines)
        assert until(lambda: len(children_of(tmp_path)) >= RUNNING), children_of(tmp_path)

        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=120)

    assert "ended; nothing is left running" in told
    assert children_of(tmp_path) == []


def test_a_second_demo_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with running_demo("--home", str(tmp_path)) as first:
        assert first.stdout is not None
        first.stdout.readline()  # it speaks once it holds the folder

        second = demo("--home", str(tmp_path), "--once")
        told, _ = second.communicate(timeout=60)

    assert second.returncode == 1
    assert f"another demo runs in {tmp_path}" in told


def test_a_source_without_a_lane_is_refused() -> None:
    with pytest.raises(DemoError, match="--source needs --lane"):
        plan.scene("clip.mp4", None, Path("model.tflite"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1,2,3,4", "three corners or more, got 4 numbers"),
        ("1,2,3,4,5", "three corners or more, got 5 numbers"),
        ("a,b", "numbers with commas between"),
    ],
)
def test_a_lane_that_is_none_is_refused(
    text: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(["--source", "x", "--lane", text])

    assert told in capsys.readouterr().err


def test_a_lane_is_read_as_it_is_drawn() -> None:
    assert lane("0.1,0.2,0.9,0.2,0.5,0.8") == (0.1, 0.2, 0.9, 0.2, 0.5, 0.8)


def test_a_child_that_dies_is_named_with_its_last_words(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        child = processes.start("broken", [sys.executable, "-c", "raise SystemExit('no disk')"])
        child.process.wait(30)

        with pytest.raises(DemoError, match=r"broken ended with exit code 1(.|\n)*no disk"):
            processes.check()


def test_children_are_ended_in_reverse_order(tmp_path: Path) -> None:
    order = tmp_path / "order"
    script = (
        "import pathlib, signal, sys, time\n"
        "def end(*_):\n"
        f"    with open({str(order)!r}, 'a') as out: out.write(sys.argv[1])\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    with Processes(tmp_path / "logs") as processes:
        for name in "abc":
            child = processes.start(name, [sys.executable, "-c", script, name])
            assert until(lambda child=child: "ready" in child.log.read_text())  # type: ignore[misc]

    assert order.read_text() == "cba"
