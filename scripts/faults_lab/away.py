"""A broker that is away for a day while packets pile up, and comes back.

The day passes within a minute: the box's clock is hurried along meanwhile, so that it tries to
connect as often as it would, and everything it holds grows a day old. While the backlog drains,
health must not wait behind it.
"""

import json
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from edge.clock import SystemClock
from scripts.faults_lab.kills import PER_LIFE, on_a_site
from scripts.faults_lab.outcome import Scenario
from scripts.faults_lab.site import PATIENT_S, POLL_S, Site, Stuck, until

DAY_S = 86_400.0
HURRY = 1_440
HEALTH_S = 0.5
STEPS_S = (-3 * 365 * 86_400, 10 * 365 * 86_400, -3_600, 3_600, 0)
MOST_S = 5.0
"""Health may be so old when it arrives, in 99 of 100 cases."""


def broker_away(site: Site, _chance: random.Random, packets: int) -> None:
    """All packets are recorded while nobody can be reached; then everything comes back."""
    hurried = site.folder / "hurry"
    site.connect_to(site.broker.port, health_s=HEALTH_S)
    site.start_office()
    site.start_box()
    site.grow(1)
    until(site.settled, "the first receipt")
    before_mb = _memory_mb(site)
    site.broker.kill()
    hurried.write_text(str(HURRY))
    began = time.monotonic()
    site.grow(packets - 1)
    limit_s = PATIENT_S + packets
    until(lambda: site.outbox()[0] >= packets, "the last record", limit_s)
    until(lambda: time.monotonic() - began > DAY_S / HURRY, "the end of the day", limit_s)
    hurried.unlink()
    began = time.monotonic()
    site.broker.start()
    back_ms = SystemClock().utc_ms() + int((site.folder / "hurried").read_text())
    ages = _drained(site, back_ms, limit_s)
    site.recoveries.append(round(time.monotonic() - began, 1))
    site.deaths["broker"] += 1
    p99 = sorted(ages)[int(len(ages) * 0.99)] if ages else float("inf")
    grown = _memory_mb(site) - before_mb
    site.note = f"health p99 {p99:.1f} s of {len(ages)}, box grew by {grown:.0f} MB"
    if p99 > MOST_S:
        raise Stuck(f"health came {p99:.1f} s old behind the backlog")


def _drained(site: Site, back_ms: int, limit_s: float) -> list[float]:
    """Until the last receipt: how old each health document was that was made and came since the
    broker is back."""
    ages, last = list[float](), 0
    limit = time.monotonic() + limit_s
    while not site.settled():
        if time.monotonic() > limit:
            raise Stuck(f"the last receipt did not come within {limit_s:.0f} s")
        said_ms, received_ms = _last_health(site)
        if said_ms > last and said_ms > back_ms:
            last = said_ms
            ages.append((received_ms - said_ms) / 1000)
        time.sleep(POLL_S)
    return ages


def _last_health(site: Site) -> tuple[int, int]:
    """When the last health that came was made and when it came, both by the box's own clock."""
    ahead_ms = int((site.folder / "hurried").read_text())
    with closing(sqlite3.connect(site.folder / "central.db", timeout=30)) as db:
        health, received_ms = db.execute("SELECT health, health_utc_ms FROM device").fetchone()
    said_ms = 0 if health is None else int(json.loads(health)["utc_ms"])
    return said_ms, int(received_ms or 0) + ahead_ms


def _memory_mb(site: Site) -> float:
    assert site.box is not None
    status = Path(f"/proc/{site.box.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def clock_steps(site: Site, chance: random.Random, trials: int) -> None:
    """The box's wall clock is set to another time in the middle of a transfer."""
    site.start_office()
    site.start_box()
    for _ in range(trials):
        site.grow(PER_LIFE)
        time.sleep(chance.uniform(0, 0.3))
        (site.folder / "step").write_text(str(chance.choice(STEPS_S) * 1000))
        site.deaths["step"] += 1
        site.recovered(lambda: None)


SCENARIOS = (
    Scenario("broker away for a day", on_a_site(broker_away), 0, 2000, 2000),
    Scenario("box's clock steps during a transfer", on_a_site(clock_steps), 2, 100),
)
