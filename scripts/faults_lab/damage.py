"""Bits that flip on the disk.

A trial at the box flips bits in one of its files: the database, its log, an image or a record.
Everything that was promised and is whole must be there after the next start; what is hurt must be
found, shown, and nothing else may suffer for it. At the server, `audit` must name what is hurt.
"""

import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine

from central.audit import audit
from central.database import connect, migrate
from edge import database as edge_database
from edge import outbox_check
from edge.delivery import Delivery
from edge.stay_memory import ReceivedNotice
from edge.storage import Damaged
from edge.wire.replies import Notice, Receipt
from scripts.faults_lab.box import delivery, record
from scripts.faults_lab.invariant import Verdict, together
from scripts.faults_lab.outcome import Outcome, Scenario
from scripts.faults_lab.power import device_packets, signing_key
from tests.device import Packet, SimulatedDevice
from tests.office import Office
from tests.packets import DEVICE

PACKETS = 8
CAMERA, STAYS = "gate", json.dumps({"stays": list(range(1000))}).encode()
"""Open stays, as far as the disk is concerned."""
NOTICE = ReceivedNotice(
    Notice(
        v=1,
        device=DEVICE,
        notice_id=UUID(int=1),
        stay_id=UUID(int=2),
        reminded_utc_ms=1_795_687_290_000,
        sent_utc_ms=1_795_687_292_500,
        grace_ms=900_000,
    ),
    10**12,
    "boot",
)


def flip(path: Path, chance: random.Random) -> None:
    """One to three bytes of a file become others."""
    content = bytearray(path.read_bytes())
    for _ in range(chance.randint(1, 3)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def flips_at_the_box(folder: Path, chance: random.Random, trials: int) -> Outcome:
    """The box of each trial has the same packets, some of them receipted; then bits flip."""
    shutil.rmtree(folder, ignore_errors=True)
    killed, ended = folder / "killed", folder / "ended"
    promised = _recorded(killed, ended)
    verdicts = []
    for _ in range(trials):
        before = chance.choice((killed, ended))
        with tempfile.TemporaryDirectory(dir=folder) as name:
            root = Path(name) / "root"
            shutil.copytree(before, root)
            hurt = chance.choice(_files(root / "evidence"))
            flip(hurt, chance)
            try:
                verdicts.append(_box_after(root, promised, hurt))
            except Exception as error:  # whatever it is, the box does not go on
                told = f"{hurt.name} was hurt: {error!r}"
                verdicts.append(Verdict(len(promised), 0, 0, 0, (told,)))
    return Outcome(trials, together(verdicts))


def _recorded(killed: Path, ended: Path) -> dict[int, str]:
    """The same packets with all of the database in its log, as a killed process leaves it, and all
    in its file, as one that ended does."""
    ended.mkdir(parents=True)
    signing_key(ended)
    promised: dict[int, str] = {}

    def said(number: int, envelope: bytes) -> None:
        promised[number] = hashlib.sha256(envelope).hexdigest()

    with closing(delivery(ended)) as made:
        while record(made, ended, PACKETS, said):
            pass
        _receipt_some(made)
        made.memory.save_stays(CAMERA, STAYS)
        made.memory.notice_came(NOTICE)
        shutil.copytree(ended, killed)
    return promised


def _receipt_some(made: Delivery) -> None:
    utc_ms = made.clock.utc_ms()
    for packet in made.outbox.waiting(0, PACKETS // 4):
        receipt = Receipt(
            v=1,
            device=made.settings.device,
            record_id=packet.record_id,
            record_sha256=packet.record_sha256,
            seq=packet.seq,
            stored_utc_ms=utc_ms,
            log_index=packet.seq,
        )
        made.outbox.receipted([(receipt, b"a receipt")], utc_ms)


def _files(evidence: Path) -> list[Path]:
    """What may be hurt: each kind of file as often as the others."""
    images, records = sorted(evidence.glob("exhibits/*/*")), sorted(evidence.glob("records/*"))
    databases = sorted(evidence.glob("outbox.sqlite3*"))
    most = max(len(images), len(records))
    return [*images[:most], *records, *(databases * (most // 2))]


def _box_after(root: Path, promised: dict[int, str], hurt: Path) -> Verdict:
    """What is whole must be there, and a hurt image must be found when it is its turn."""
    faults, lost = list[str](), 0
    with closing(delivery(root)) as made:
        for number, sha256 in promised.items():
            envelope = made.outbox.envelope(number)
            if envelope is None or hashlib.sha256(envelope).hexdigest() != sha256:
                lost += 1
        waiting = made.outbox.waiting(0, 1000)
        found = [name for packet in waiting for name in packet.exhibits if _hurt(made, name)]
        if any(name != hurt.stem for name in found):
            faults.append(f"{hurt.name} was hurt, and {found} found")
        stays = made.memory.load_stays(CAMERA)
        if stays not in (None, STAYS) and not made.memory.stays_damaged(CAMERA):
            faults.append(f"{hurt.name} was hurt, and open stays of other bytes are believed")
        if made.memory.notices() not in ([], [NOTICE]):
            faults.append(f"{hurt.name} was hurt, and another notice is believed")
        head = made.outbox.head()[0]
        record(made, root, head + 1)
        if made.outbox.head()[0] != PACKETS + 1:
            faults.append(f"{hurt.name} was hurt, and the next record is {made.outbox.head()[0]}")
    return Verdict(len(promised), lost, 0, 0, tuple(faults))


def _hurt(made: Delivery, sha256: str) -> bool:
    try:
        made.vault.check(sha256)
    except Damaged:
        return True
    return False


def unchecked(folder: Path, chance: random.Random, trials: int) -> Outcome:
    """Control: rows are believed, as SQLite's own check has it."""
    kept = outbox_check.disagreement
    edge_database.outbox_check.disagreement = lambda _connection: ""  # type: ignore[attr-defined]
    try:
        return flips_at_the_box(folder, chance, trials)
    finally:
        outbox_check.disagreement = kept


def flips_at_the_server(folder: Path, chance: random.Random, trials: int) -> Outcome:
    """What is hurt is named, nothing else is, and a whole server gets no complaint."""
    shutil.rmtree(folder, ignore_errors=True)
    before = folder / "before"
    before.mkdir(parents=True)
    sent = _filled(before)
    faults = [f"a whole server: {each}" for each in _audited(before)]
    for _ in range(trials):
        with tempfile.TemporaryDirectory(dir=folder) as name:
            root = Path(name) / "root"
            shutil.copytree(before, root)
            images = sorted((root / "evidence" / "sha256").glob("*/*/*"))
            hurt = chance.choice([*images, *[root / "central.db"] * len(images)])
            unhurt = hurt.read_bytes()
            flip(hurt, chance)
            told = _audited(root)
            if hurt in images and told != [f"image {hurt.name} is damaged"]:
                faults.append(f"image {hurt.name} was hurt, and told was {told}")
            if hurt not in images and not told and _differs(root, hurt, unhurt):
                faults.append("the database was hurt, and nothing was told")
    return Outcome(trials, Verdict(len(sent), 0, 0, 0, tuple(faults)))


def _differs(root: Path, hurt: Path, unhurt: bytes) -> bool:
    """Whether what the database holds of cases differs from what it held: bits may also flip where
    nothing lies."""
    tables = ("record", "record_exhibit", "exhibit", "case_event")
    engine = connect(f"sqlite:///{root}/central.db")
    try:
        now = _content(engine, tables)
        engine.dispose()
        hurt.write_bytes(unhurt)
        return now != _content(engine, tables)
    finally:
        engine.dispose()


def _content(engine: Engine, tables: Sequence[str]) -> list[list[tuple[object, ...]]]:
    with engine.connect() as db:
        return [
            [tuple(row) for row in db.exec_driver_sql(f"SELECT * FROM {table}")] for table in tables
        ]


def _filled(root: Path) -> list[Packet]:
    engine = connect(f"sqlite:///{root}/central.db")
    migrate(engine)
    office = Office.open(engine, root)
    sent = list(device_packets(office.register(SimulatedDevice()), PACKETS))
    for packet in sent:
        office.deliver(packet)
    with engine.connect() as db:
        db.exec_driver_sql("COMMIT")
        db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return sent


def _audited(root: Path) -> list[str]:
    engine = connect(f"sqlite:///{root}/central.db")
    try:
        return list(audit(engine, Office.open(engine, root).blobs))
    finally:
        engine.dispose()


SCENARIOS = (
    Scenario("bits flip at the box", flips_at_the_box, 12, 400, 200),
    Scenario("bits flip at the server", flips_at_the_server, 4, 200, 100),
    Scenario("only SQLite's own check, bits flip at the box", unchecked, 40, 200, control=True),
)
