"""Late wills and connections that take over from one another: what the fleet page shows in the end
must be what is so, in whatever order a broker passes the words on."""

import random
import shutil
from pathlib import Path

from central.database import connect, migrate
from edge.wire.topics import Kind, device_topic
from scripts.faults_lab.invariant import Verdict
from scripts.faults_lab.outcome import Outcome, Scenario
from tests.device import SimulatedDevice
from tests.office import Office

Word = tuple[Kind, bytes]


def races(folder: Path, chance: random.Random, trials: int, *, epochs: bool = True) -> Outcome:
    """Each race is two to four connections of one device under one id, each taking over from the
    one before, whose will comes whenever it likes. Without `epochs` all of them say the same
    number: a control."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    engine = connect(f"sqlite:///{folder}/central.db")
    migrate(engine)
    office, faults = Office.open(engine, folder), list[str]()
    device, epoch = office.register(SimulatedDevice()), 0
    for race in range(trials):
        first, epoch = epoch + 1, epoch + chance.randint(2, 4)
        words = _race(device, list(range(first, epoch + 1)), chance, epochs=epochs)
        for kind, payload in words:
            office.send(device_topic(device.id, kind), payload)
        shown = office.lookup.devices()[0].state
        if shown != "online":
            faults.append(f"race {race}: the device is online, and shown as {shown}")
    engine.dispose()
    return Outcome(trials, Verdict(trials, 0, 0, 0, tuple(faults)))


def _race(
    device: SimulatedDevice, epochs_: list[int], chance: random.Random, *, epochs: bool
) -> list[Word]:
    """The words of all connections: each in its own order, a will anywhere behind its birth."""
    words: list[Word] = []
    for epoch in epochs_:
        said = epoch if epochs else epochs_[-1]
        online = device.state(said)
        words.append((Kind.STATE, online.to_bytes()))
        words.append((Kind.BIRTH, device.birth(said).to_bytes()))
        if epoch != epochs_[-1]:
            will = online.model_copy(update={"s": "lost"})
            words.append((Kind.STATE, will.to_bytes()))
    for at in [i for i, (_, payload) in enumerate(words) if b'"lost"' in payload]:
        words.insert(chance.randint(at, len(words) - 1), words.pop(at))
    return words


def _alike(folder: Path, chance: random.Random, trials: int) -> Outcome:
    return races(folder, chance, trials, epochs=False)


SCENARIOS = (
    Scenario("late wills and takeovers of one id", races, 30, 1000, 1000),
    Scenario("no epochs, late wills", _alike, 10, 100, 100, control=True),
)
