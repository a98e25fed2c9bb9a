"""How soon after a packet's commit its owner's message is with the SMS gateway.

Through a real register and a real gateway over HTTP on this machine, with every commit flushed, and
the second reader where `scripts/install reader` was run. Both times are of the same clock: when the
server began the transaction that stores the packet, and when the gateway had the whole message.
"""

import threading
import time
from pathlib import Path

from sqlalchemy import select

from central import tables
from central.clock import SystemClock
from central.database import connect, migrate, reading
from central.jobs import Jobs
from central.second_reading import WorkerReader
from edge.wire.records import Clock
from scripts.benchmarks.table import Row
from tests.central.reminders.house import SHOTS, House, house, rules, seen

LIMIT_MS = 1000
PACKETS = 50
PYTHON = Path(__file__).parents[2] / ".venv-reader" / "bin" / "python"
NO_QUIET = {
    '"23:00"': '"00:00"',
    '"06:30"': '"00:00"',
    "readings_needed: 2": "readings_needed: 1",
    "reminders_per_day: 3": f"reminders_per_day: {PACKETS}",
}
"""One reading is enough: the pictures of this measurement show no plate."""


def rows(runs: int, folder: Path) -> list[Row]:
    taken: list[float] = []
    for run in range(runs):
        taken += _run(folder / f"reminders-{run}")
    taken.sort()
    name = f"packet committed until its message is with the gateway, {len(taken)} packets"
    return [
        Row(f"{name}, median", "ms", [taken[len(taken) // 2]], LIMIT_MS),
        Row(f"{name}, p99", "ms", [taken[min(len(taken) - 1, len(taken) * 99 // 100)]], LIMIT_MS),
    ]


def _run(folder: Path) -> list[float]:
    folder.mkdir()
    engine = connect(f"sqlite:///{folder}/central.db")
    migrate(engine)
    reader = WorkerReader(PYTHON) if PYTHON.is_file() else None
    with house(engine, folder, changed=NO_QUIET, second=reader) as h:
        h.office.clock.utc_ms = SystemClock().utc_ms  # type: ignore[method-assign]
        stop = threading.Event()
        reminders = h.office.reminders
        work = reminders.jobs(h.office.signer, lambda _: None)
        jobs = Jobs(work, engine, SystemClock(), "bench")
        reminders.bell.to(jobs.wake)
        thread = threading.Thread(target=jobs.run, args=(stop,))
        thread.start()
        for count in range(1, PACKETS + 1):
            _arrive(h)
            end = time.monotonic() + 30
            while len(h.phone.messages) < count and time.monotonic() < end:
                time.sleep(0.01)
        stop.set()
        jobs.wake()
        thread.join(30)
        found = _taken(h)
    engine.dispose()
    return found


def _arrive(h: House) -> None:
    unset = Clock(state="unset", offset_ms=None)  # the records are of another day
    h.office.deliver(
        h.device.arrival(SHOTS, vehicle=seen("浙B12345"), rules=rules(h.pack), clock=unset)
    )


def _taken(h: House) -> list[float]:
    """Milliseconds for each message, in the order in which packets and messages came."""
    table = tables.record.c
    with reading(h.office.engine) as db:
        stored = db.scalars(select(table.stored_utc_ms).order_by(table.seq)).all()
    came = sorted(kept.taken_utc_ms for kept in h.phone.messages.values())
    return [float(at - since) for since, at in zip(stored, came, strict=True)]
