"""One site on the demo's clip: start-up and memory of the daemon, and how fast a record is seen.

Seen means: on the staff page, as a signed-in browser gets it over HTTP, polled often. A record
is due at `begin + confirm` (arrival) or at its deadline (overstay), by the record's own account.
"""

import re
import statistics
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path

from central.views import CaseFilter
from edge.wire.records import Record, RecordKind
from scripts.benchmarks.table import Row, table
from scripts.demosite import plan
from scripts.demosite.processes import DemoError, Processes
from scripts.demosite.site import Site, start, start_clean

POLL_S = 0.05
RUN_S = 110.0
FIRST_LOOK = re.compile(r"first look after_s=([0-9.]+)")
HOME = plan.ROOT / "var" / "bench"


@dataclass(slots=True)
class Seen:
    """What one run showed."""

    first_look_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    latency_s: list[float] = field(default_factory=list)


def measure(runs: int) -> str:
    seen = Seen()
    for _ in range(runs):
        with _running() as (site, processes):
            _follow(site, processes, seen)
    return table(
        [
            Row("first frame analysed after start", "s", seen.first_look_s, 3.0),
            Row("resident memory, one camera", "MB", seen.memory_mb, 160.0),
            Row("record due to its case on the staff page", "s", seen.latency_s, 1.0),
        ]
    )


@contextmanager
def _running() -> Iterator[tuple[Site, Processes]]:
    layout = plan.Layout(HOME)
    start_clean(layout)
    with Processes(layout.run / "logs") as processes:
        yield start(layout, plan.scene(None, None, None), processes), processes


def _follow(site: Site, processes: Processes, seen: Seen) -> None:
    browser = Browser(site)
    shown_utc_s: dict[tuple[str, int], float] = {}
    memory: list[float] = []
    end = time.monotonic() + RUN_S
    while time.monotonic() < end:
        processes.check()
        for change in browser.changes():
            shown_utc_s.setdefault(change, time.time())
        memory.append(resident_mb(site.edge.process.pid))
        time.sleep(POLL_S)
    log = site.edge.log.read_text(encoding="utf-8", errors="replace")
    seen.first_look_s += [float(value) for value in FIRST_LOOK.findall(log)[:1]]
    seen.memory_mb.append(statistics.quantiles(memory, n=20)[-1])
    for case_id, stored_seq, record in stored(site):
        shown = min(
            (
                at
                for (case, seq), at in shown_utc_s.items()
                if case == case_id and seq >= stored_seq
            ),
            default=None,
        )
        if shown is not None and record.kind in {RecordKind.ARRIVAL, RecordKind.OVERSTAY}:
            seen.latency_s.append(shown - due_utc_s(record))


def due_utc_s(record: Record) -> float:
    """When the record was due, in seconds since 1970."""
    after_ms = (
        record.rules.confirm_ms if record.kind is RecordKind.ARRIVAL else record.stay.deadline_ms
    )
    return (record.stay.begin.utc_ms + after_ms) / 1000


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MB (10^6 bytes), from /proc."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise DemoError(f"process {pid} has no resident memory to read")


def stored(site: Site) -> Iterator[tuple[str, int, Record]]:
    """(case id, number of the log line that says it is stored, record) of every stored record."""
    lookup = site.lookup()
    for row in lookup.cases(CaseFilter(limit=1000)).rows:
        case = lookup.case(row.id)
        assert case is not None
        records = {str(view.record.record_id): view.record for view in case.records}
        for event in case.events:
            if event.type == "record-stored":
                yield str(row.id), event.seq, records[event.payload["record"]]


class Browser:
    """A signed-in browser without a window."""

    def __init__(self, site: Site) -> None:
        self._web = site.web
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        hidden = re.findall(
            r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self._get("/sign-in")
        )
        form = dict(hidden) | {"name": plan.ACCOUNT, "password": site.password}
        self._open.open(f"{self._web}/sign-in", urllib.parse.urlencode(form).encode(), timeout=30)

    def changes(self) -> list[tuple[str, int]]:
        """(id, number of its latest change) of each case on the first page of the list."""
        found = re.findall(r'id="case-([0-9a-f-]{36})" data-changed="(\d+)"', self._get("/cases"))
        return [(case_id, int(seq)) for case_id, seq in found]

    def _get(self, path: str) -> str:
        with self._open.open(f"{self._web}{path}", timeout=30) as answer:
            return str(answer.read().decode())
