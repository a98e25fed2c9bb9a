"""Messages out of order: each comes one to five times, shuffled among those of other packets."""

import random
import shutil
from pathlib import Path

from sqlalchemy import func, select

from central import tables
from central.blobs import BlobFault
from central.database import connect, migrate, reading
from central.events import LogDamaged, check_log, lines
from edge.wire.replies import Receipt
from scripts.faults_lab.invariant import Verdict
from scripts.faults_lab.outcome import Outcome, Scenario
from tests.device import Packet, Shot, SimulatedDevice
from tests.office import Office

SHOTS = (Shot(width=640, height=480), Shot(view="plate", width=48, height=32))


def shuffled(folder: Path, chance: random.Random, packets: int) -> Outcome:
    """The messages of `packets` stays in rounds, until no packet waits for its receipt."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    engine = connect(f"sqlite:///{folder}/central.db")
    migrate(engine)
    office = Office.open(engine, folder)
    device = office.register(SimulatedDevice(seed=chance.randint(1, 10**6)))
    sent = [device.arrival(SHOTS) for _ in range(packets)]
    for _ in range(20):
        receipted = _round(office, chance, sent)
        if receipted == {packet.record.record_id for packet in sent}:
            break
    verdict = _judge(office, sent)
    engine.dispose()
    return Outcome(packets, verdict)


SCENARIOS = (Scenario("messages one to five times, shuffled", shuffled, 4, 500),)


def _round(office: Office, chance: random.Random, sent: list[Packet]) -> set[object]:
    """Everything once more, as a device does that gets no answer; gives whose receipts came."""
    pool = [
        message
        for packet in sent
        for message in [(packet.topic, packet.envelope), *packet.chunks()]
        for _ in range(chance.randint(1, 5))
    ]
    chance.shuffle(pool)
    replies = [reply for topic, payload in pool for reply in office.send(topic, payload)]
    return {reply.record_id for reply in replies if isinstance(reply, Receipt)}


def _judge(office: Office, sent: list[Packet]) -> Verdict:
    table, case = tables.record, tables.case
    faults = []
    with reading(office.engine) as db:
        stored = set(db.scalars(select(table.c.sha256).where(table.c.status == "stored")))
        records = int(db.scalar(select(func.count()).select_from(table)) or 0)
        cases = int(db.scalar(select(func.count()).select_from(case)) or 0)
        try:
            check_log(lines(db))
        except LogDamaged as error:
            faults.append(str(error))
    for packet in sent:
        for sha256 in packet.exhibits:
            try:
                office.blobs.check(sha256)
            except BlobFault as fault:
                faults.append(str(fault))
    return Verdict(
        packets=len(sent),
        lost=sum(packet.sha256 not in stored for packet in sent),
        doubled=max(0, records - len(sent)) + max(0, cases - len(sent)),
        phantom=len(stored - {packet.sha256 for packet in sent}),
        faults=tuple(faults),
    )
