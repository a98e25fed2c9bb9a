"""What comes back after a long time: a server from yesterday's backup, a broker after a day."""

import os
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread

from central.chain import PATIENCE_MS
from central.clock import SystemClock
from central.config import load
from central.link import Link
from central.server import Rig, next_epoch
from scripts.faults_lab.kills import PER_LIFE
from scripts.faults_lab.outcome import Outcome, Scenario
from scripts.faults_lab.site import Site, Stuck, until

_KEPT = ("central.db", "central.db-wal", "central.db-shm", "blobs")


def restored(folder: Path, chance: random.Random, trials: int, *, asks: bool = True) -> Outcome:
    """The server loses all since its backup, which the box has delivered and still keeps: the watch
    over the chain asks for it. Without `asks` it does not: a control."""
    site = Site.open(folder)
    site.connect_to(site.broker.port, health_s=0.5)
    try:
        site.start_box()
        for _ in range(trials):
            _deliver(site, chance.randint(1, PER_LIFE))
            backup = folder / "backup"
            _copy(folder, backup)
            _deliver(site, chance.randint(1, PER_LIFE))
            _copy(backup, folder)
            began = time.monotonic()
            with _watched(site) as rig:
                _ask(site, rig, asks=asks)
            site.recoveries.append(round(time.monotonic() - began, 2))
    except Stuck as stuck:
        site.stuck = str(stuck)
    finally:
        site.close()
    return site.outcome(trials)


def _deliver(site: Site, packets: int) -> None:
    site.grow(packets)
    site.start_office()
    until(site.settled, "the last receipt")
    assert site.office is not None
    site.office.end()


def _copy(source: Path, target: Path) -> None:
    """All that the server keeps, as a backup has it."""
    target.mkdir(exist_ok=True)
    for name in _KEPT:
        old, new = source / name, target / name
        if new.is_dir():
            shutil.rmtree(new)
        new.unlink(missing_ok=True)
        if old.is_dir():
            shutil.copytree(old, new)
        elif old.exists():
            shutil.copy2(old, new)


@contextmanager
def _watched(site: Site) -> Iterator[Rig]:
    """The server's parts in this process, so that its watch can be a quarter of an hour ahead."""
    rig, stop = Rig.open(load(site.config, os.environ), SystemClock()), Event()
    link = Link(rig.config.broker, rig.ingest, rig.clock, partial(next_epoch, rig.engine))
    thread = Thread(target=link.run, args=(stop,))
    thread.start()
    site.link = link
    try:
        yield rig
    finally:
        stop.set()
        thread.join(60)
        rig.engine.dispose()


def _ask(site: Site, rig: Rig, *, asks: bool) -> None:
    """The gap is noticed once the box says how far it counts; later it is asked for."""
    latest, _ = site.outbox()
    until(lambda: _said(rig) >= latest, "the box's health")
    now = rig.clock.utc_ms()
    rig.fleet.watch(now)
    requests = rig.fleet.watch(now + PATIENCE_MS + 1) if asks else []
    assert site.link is not None
    for request in requests:
        site.link.send(request)
    if asks:
        until(lambda: _stored(rig) >= latest, "what was lost")
    until(site.settled, "the last receipt")


def _said(rig: Rig) -> int:
    """How many records the box counts, by its last health since the server came back."""
    found = [row.health.outbox.seq for row in rig.lookup.devices() if row.health is not None]
    return max(found, default=0)


def _stored(rig: Rig) -> int:
    with rig.engine.connect() as db:
        query = "SELECT count(*) FROM record WHERE status = 'stored'"
        return int(db.exec_driver_sql(query).scalar_one())


SCENARIOS = (
    Scenario("server restored from an old backup", restored, 1, 30, 10),
    Scenario(
        "nobody asks for what is missing, server restored",
        partial(restored, asks=False),
        0,
        4,
        control=True,
    ),
)
