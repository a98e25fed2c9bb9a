"""Power cuts: at any moment of the recorded life of a box or a server the power goes, and what was
promised before must be there afterwards, and everything must go on.

usage: python -m scripts.faults_lab.power box|server FOLDER PACKETS [fsync|full]

runs one life to be recorded; the last word takes a safeguard away.
"""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import Engine, event, select

from central import tables
from central.blobs import BlobFault
from central.database import connect, migrate, reading
from central.events import LogDamaged, check_log, lines
from edge.storage import Damaged
from scripts.faults_lab.box import delivery, promise, record
from scripts.faults_lab.disk import Disk, Entry, read_log
from scripts.faults_lab.invariant import Verdict, together
from scripts.faults_lab.outcome import Outcome, Scenario
from scripts.faults_lab.site import ROOT
from tests.device import Packet, Shot, SimulatedDevice
from tests.office import Office
from tests.packets import SIGNER

SHOTS = (Shot(width=640, height=480), Shot(view="plate", width=48, height=32))


def live_as_box(root: Path, packets: int) -> None:
    """Record packets, promising each."""
    signing_key(root)
    made = delivery(root)
    while record(made, root, packets):
        pass
    made.close()


def live_as_server(root: Path, packets: int) -> None:
    """Take packets, promising each when its receipt would go out."""
    with office_at(root) as office:
        device = office.register(SimulatedDevice())
        for number, packet in enumerate(device_packets(device, packets), 1):
            office.deliver(packet)
            promise(root, number, packet.envelope)


def device_packets(device: SimulatedDevice, packets: int) -> Iterator[Packet]:
    """The same whoever asks."""
    for _ in range(packets // 2):
        arrival = device.arrival(SHOTS)
        yield arrival
        yield device.departure(arrival, shots=[])


def check_box(root: Path, promised: dict[int, str], _packets: int) -> Verdict:
    """Open what is left as the next start would, look for what was promised, and go on."""
    signing_key(root)
    made = delivery(root)
    lost, faults = 0, list[str]()
    try:
        for number, sha256 in promised.items():
            envelope = made.outbox.envelope(number)
            if envelope is None or hashlib.sha256(envelope).hexdigest() != sha256:
                lost += 1
        for packet in made.outbox.waiting(0, 10_000):
            try:
                for name in packet.exhibits:
                    made.vault.check(name)
            except Damaged as error:
                if packet.seq in promised:
                    lost += 1
                else:
                    faults.append(f"record {packet.seq} came back without its image: {error}")
        head = made.outbox.head()[0]
        record(made, root, head + 1)
        if made.outbox.head()[0] != head + 1:
            faults.append(f"after record {head} the box cannot record")
    finally:
        made.close()
    return Verdict(len(promised), lost, 0, 0, tuple(faults))


def check_server(root: Path, promised: dict[int, str], packets: int) -> Verdict:
    """Open what is left as the next start would; then every packet comes once more."""
    with office_at(root) as office:
        lost = sum(not _stored(office, sha256) for sha256 in promised.values())
        device = SimulatedDevice()
        if office.registry.registered(device.id) is None:
            office.register(device)
        sent = list(device_packets(device, packets))
        for packet in [*sent, *sent, *sent]:  # as long as no receipt comes, a device goes on
            office.deliver(packet)
        faults = [
            f"record {packet.record.seq} is not taken any more"
            for packet in sent
            if not _stored(office, hashlib.sha256(packet.envelope).hexdigest())
        ]
        try:
            with reading(office.engine) as db:
                check_log(lines(db))
        except LogDamaged as error:
            faults.append(str(error))
        doubled = office.count(tables.record) - len(sent)
    return Verdict(len(promised), lost, doubled, 0, tuple(faults))


def _stored(office: Office, envelope_sha256: str) -> bool:
    table, part = tables.record, tables.record_exhibit
    with reading(office.engine) as db:
        row = db.execute(select(table).where(table.c.envelope_sha256 == envelope_sha256)).first()
        if row is None or row.status != "stored" or row.receipt is None:
            return False
        names = db.scalars(select(part.c.sha256).where(part.c.record_id == row.record_id)).all()
    try:
        for name in names:
            office.blobs.check(name)
    except BlobFault:
        return False
    return True


@contextmanager
def office_at(root: Path) -> Iterator[Office]:
    engine = connect(f"sqlite:///{root}/central.db")
    if "full" in sys.argv[4:]:
        _without_full(engine)
    migrate(engine)
    try:
        yield Office.open(engine, root)
    finally:
        engine.dispose()


def _without_full(engine: Engine) -> None:
    # The server sets the level anew before each transaction: change what it says.
    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def normal(
        _connection: object, _cursor: object, statement: str, parameters: Any, *_more: object
    ) -> tuple[str, Any]:
        return statement.replace("synchronous=FULL", "synchronous=NORMAL"), parameters


def signing_key(root: Path) -> None:
    """The box's, where it looks for it."""
    private = SIGNER.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (root / "device.signing.pem").write_bytes(private)


@dataclass(frozen=True, slots=True)
class Life:
    """Who lives, how what is left is judged, and which safeguard is taken away, if any."""

    who: str
    check: Callable[[Path, dict[int, str], int], Verdict]
    without: str = ""
    module: str = "scripts.faults_lab.power"
    """Whose `main` lives it."""


def cut_often(life: Life, folder: Path, chance: random.Random, trials: int) -> Outcome:
    """One recorded life, cut `trials` times at moments drawn by chance."""
    packets = 12
    log = _recorded(life, folder, packets)
    cuts = sorted(chance.choices(range(1, len(log) + 1), k=trials))
    root = str(folder / "root")
    disk, fed, promised = Disk(root), 0, dict[int, str]()
    verdicts = []
    for cut in cuts:
        for entry in log[fed:cut]:
            disk.feed(entry)
            _note_promise(entry, promised)
        fed = cut
        with tempfile.TemporaryDirectory(dir=folder) as left:
            disk.after_power_cut(chance, Path(left))
            verdicts.append(life.check(Path(left), dict(promised), packets))
    return Outcome(trials, together(verdicts))


def _recorded(life: Life, folder: Path, packets: int) -> list[Entry]:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "root").mkdir(parents=True)
    library = folder / "recorder.so"
    source = Path(__file__).with_name("recorder.c")
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    environment = {
        **os.environ,
        "LD_PRELOAD": str(library),
        "FAULTS_ROOT": str(folder / "root"),
        "FAULTS_LOG": str(folder / "log"),
        "PYTHONPATH": str(ROOT),
    }
    argv = [sys.executable, "-m", life.module, life.who, str(folder / "root")]
    without = [life.without] if life.without else []
    subprocess.run(
        [*argv, str(packets), *without], check=True, env=environment, cwd=ROOT, timeout=900
    )
    return read_log(folder / "log")


def _note_promise(entry: Entry, promised: dict[int, str]) -> None:
    """The ledger is outside of the fault: what was written to it was said."""
    line = entry.first.decode(errors="replace")
    number, _, sha256 = line.strip().partition(" ")
    if entry.kind == "W" and len(line) < 90 and number.isdigit() and len(sha256) == 64:
        promised[int(number)] = sha256


BOX, SERVER = Life("box", check_box), Life("server", check_server)
SCENARIOS = (
    Scenario("power cut at the box", partial(cut_often, BOX), 4, 200, 100),
    Scenario("power cut at the server", partial(cut_often, SERVER), 2, 200, 100),
    Scenario(
        "no fsync of files, power cut at the box",
        partial(cut_often, Life("box", check_box, "fsync")),
        3,
        20,
        control=True,
    ),
    Scenario(
        "synchronous=NORMAL, power cut at the server",
        partial(cut_often, Life("server", check_server, "full")),
        6,
        20,
        control=True,
    ),
)


def main(who: str, root: Path, packets: int, without: str = "") -> None:
    if without == "fsync":
        os.fsync = lambda fd: None
    {"box": live_as_box, "server": live_as_server}[who](root, packets)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:5])
