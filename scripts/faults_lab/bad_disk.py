"""Disks that are full, read-only or broken at any one write or flush, for a while, and then whole
again: what was promised is there, the process goes on by itself, and a power cut afterwards takes
nothing back.

usage: python -m scripts.faults_lab.bad_disk box|server FOLDER full|read-only|flush TRIALS SEED

makes the trials in one process, started with recorder.c preloaded, which lets the changes fail, and
prints the verdict.
"""

import ctypes
import hashlib
import json
import logging
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from central.database import connect, migrate
from central.link import WORLD
from edge.delivery import Delivery
from edge.storage import DiskFull, StorageFault
from edge.wire.fields import Message
from edge.wire.replies import Receipt
from scripts.faults_lab.box import delivery, record
from scripts.faults_lab.disk import Disk, read_log
from scripts.faults_lab.invariant import Verdict, together
from scripts.faults_lab.outcome import Outcome, Scenario
from scripts.faults_lab.power import (
    check_box,
    check_server,
    device_packets,
    signing_key,
)
from scripts.faults_lab.site import ROOT
from tests.device import SimulatedDevice
from tests.office import Office, wanted

PACKETS = 4
TRIES = 400
"""A disk that refuses fewer changes than that must be outlived."""
_NEVER = 2**40
SHORT = {"full": 2, "read-only": 0, "flush": 3}
"""Trials of the short run."""
KINDS = {"full": b"f", "read-only": b"r", "flush": b"e"}


@dataclass(frozen=True, slots=True)
class Fault:
    """Of the changes that such a disk refuses, so many beginning with the `first`."""

    kind: str
    first: int = _NEVER
    count: int = 1


class Shim:
    """recorder.c, which this process was started with."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)
        self._library.faults_seen.restype = ctypes.c_long

    def arm(self, folder: Path, log: Path, fault: Fault) -> None:
        first, count = ctypes.c_long(fault.first), ctypes.c_long(fault.count)
        kind = ctypes.c_char(KINDS[fault.kind])
        self._library.faults_arm(os.fsencode(folder), os.fsencode(log), kind, first, count)

    def disarm(self) -> int:
        """How many changes there were that the fault could have hit."""
        self._library.faults_disarm()
        return int(self._library.faults_seen())


def live_as_box(root: Path, promised: dict[int, str]) -> str:
    """Record what there is to record, trying again as the daemon does; gives what went wrong."""
    for _ in range(TRIES):
        try:
            with closing(delivery(root)) as made:  # a daemon that cannot start is started again
                if _recorded(made, root, promised):
                    return ""
        except StorageFault:
            continue
    return f"{len(promised)} of {PACKETS} packets recorded after {TRIES} tries"


def _recorded(made: Delivery, root: Path, promised: dict[int, str]) -> bool:
    for _ in range(TRIES):
        try:
            made.tend()
            while record(made, root, PACKETS, partial(_promise, promised)):
                pass
        except DiskFull:
            made.room.make_room(made.clock.utc_ms())
        except StorageFault:
            continue
        else:
            return True
    return False


def _promise(promised: dict[int, str], number: int, envelope: bytes) -> None:
    promised[number] = hashlib.sha256(envelope).hexdigest()


def live_as_server(root: Path, promised: dict[int, str]) -> str:
    """Take packets until each has its receipt; gives what went wrong."""
    engine = connect(f"sqlite:///{root}/central.db")
    try:
        office = Office.open(engine, root)
        sent = list(device_packets(SimulatedDevice(), PACKETS))
        for _ in range(6):  # a device announces again what gets no receipt
            for number, packet in enumerate(sent, 1):
                replies = _sent(office, packet.topic, packet.envelope)
                for topic, chunk in wanted(packet, replies):
                    replies += _sent(office, topic, chunk)
                if any(isinstance(reply, Receipt) for reply in replies):
                    _promise(promised, number, packet.envelope)
            if len(promised) == PACKETS:
                return ""
    finally:
        engine.dispose()
    return f"{len(promised)} of {PACKETS} packets receipted"


def _sent(office: Office, topic: str, payload: bytes) -> list[Message]:
    """As the link does: the message in hand is tried again until the disk takes it."""
    for _ in range(TRIES):
        try:
            return office.send(topic, payload)
        except WORLD:
            continue
    return []


@dataclass(frozen=True, slots=True)
class Who:
    """`prepare` lays out what was there before; `live` fills it; `check` judges what is left."""

    prepare: Callable[[Path], None]
    live: Callable[[Path, dict[int, str]], str]
    check: Callable[[Path, dict[int, str], int], Verdict]


def _migrated(root: Path) -> None:
    engine = connect(f"sqlite:///{root}/central.db")
    migrate(engine)
    Office.open(engine, root).register(SimulatedDevice())
    engine.dispose()
    with closing(sqlite3.connect(root / "central.db")) as db:  # all into one file, to be copied
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


WHO = {
    "box": Who(signing_key, live_as_box, check_box),
    "server": Who(_migrated, live_as_server, check_server),
}


def trials(who: Who, folder: Path, kind: str, number: int, chance: random.Random) -> Verdict:
    """So many lives, each with its own fault at its own place."""
    shim, before = Shim(), folder / "before"
    before.mkdir()
    who.prepare(before)
    changes, verdicts = _one(shim, who, before, Fault(kind)), []
    for _ in range(number):
        count = 1 if kind == "flush" else chance.choice((1, 2, 5, 30))
        fault = Fault(kind, chance.randint(1, changes[0]), count)
        _, verdict = _one(shim, who, before, fault, chance)
        verdicts.append(verdict)
    return together(verdicts)


def _one(
    shim: Shim, who: Who, before: Path, fault: Fault, chance: random.Random | None = None
) -> tuple[int, Verdict]:
    """One life; how many changes the fault could hit, and what is left without and with a cut."""
    with tempfile.TemporaryDirectory(dir=before.parent) as name:
        root, log, cut = Path(name) / "root", Path(name) / "log", Path(name) / "cut"
        shutil.copytree(before, root)
        promised: dict[int, str] = {}
        shim.arm(root, log, fault)
        try:
            trouble = who.live(root, promised)
        finally:
            changes = shim.disarm()
        disk = Disk(str(root))
        disk.holds(before)
        for entry in read_log(log):
            disk.feed(entry)
        cut.mkdir()
        disk.after_power_cut(chance or random.Random(0), cut)
        faults = (f"{fault}: {trouble}",) if trouble else ()
        verdicts = [who.check(left, promised, PACKETS) for left in (root, cut)]
        found = [each for each in verdicts if not each.holds]
        both = together(found or verdicts[:1])
        told = tuple(f"{fault}: {each}" for each in both.faults)
        return changes, Verdict(len(promised), both.lost, both.doubled, 0, faults + told)


def bad_disk(who: str, kind: str, folder: Path, chance: random.Random, number: int) -> Outcome:
    """The trials in a process that was started with recorder.c."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    library = folder / "recorder.so"
    source = Path(__file__).with_name("recorder.c")
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    module = [sys.executable, "-m", "scripts.faults_lab.bad_disk"]
    told = subprocess.run(
        [*module, who, str(folder), kind, str(number), str(chance.random())],
        check=True,
        env={**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=3600,
    ).stdout
    verdict = json.loads(told)
    return Outcome(number, Verdict(**{**verdict, "faults": tuple(verdict["faults"])}))


SCENARIOS = tuple(
    Scenario(
        f"{words} at the {who}, then a power cut",
        partial(bad_disk, who, kind),
        SHORT[kind],
        100,
        100,
    )
    for who in WHO
    for kind, words in (
        ("full", "disk full at any write"),
        ("read-only", "disk read-only at any change"),
        ("flush", "a flush fails (EIO)"),
    )
)


def main(who: str, folder: str, kind: str, number: str, seed: str) -> None:
    logging.disable(logging.CRITICAL)  # faults are what is wanted here
    verdict = trials(WHO[who], Path(folder), kind, int(number), random.Random(seed))
    print(json.dumps(asdict(verdict)))


if __name__ == "__main__":
    main(*sys.argv[1:])
