"""Notices on their way down: whatever dies, every notice that the server committed takes effect on
the device exactly once. A record of the device that names it is the proof."""

import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import UUID

from edge.wire.fields import parse
from edge.wire.records import Record
from edge.wire.signing import open_envelope
from scripts.faults_lab.invariant import Verdict, together
from scripts.faults_lab.kills import watch
from scripts.faults_lab.outcome import Outcome, Scenario
from scripts.faults_lab.reminding import FLAG, ONCE
from scripts.faults_lab.site import PATIENT_S, Site, Stuck
from tests.packets import KEYS

EACH = 2
"""Stays that each death adds, each with its notice."""
BOX_POINTS = (
    "notice_kept",
    "before_commit",
    "committed",
    "record_signed",
    "record_committed",
    "record_sent",
    "receipt_committed",
    "connected",
)
OFFICE_POINTS = (
    "notice_published",
    "notice_noted",
    "message_taken",
    "stored",
    "message_acked",
    "reply_sent",
    "online",
)
CONTROL_S = 30.0


def die(site: Site, chance: random.Random, trials: int, limit_s: float = PATIENT_S) -> None:
    """Box and server die in turn while notices are on their way."""
    site.start_office()
    site.start_box()
    for trial in range(trials):
        start: Callable[..., None]
        names: tuple[str, ...]
        if trial % 2:
            names, start, life = OFFICE_POINTS, site.start_office, site.office
        else:
            names, start, life = BOX_POINTS, site.start_box, site.box
        assert life is not None
        life.kill()
        site.grow(EACH)
        kill = f"{chance.choice(names)}:{chance.choice((1, 1, 2, 3))}"
        start(kill)
        started = site.office if trial % 2 else site.box
        assert started is not None
        watch(site, started, kill)
        site.recovered(start, limit_s)


def notices_die(folder: Path, chance: random.Random, trials: int, *, once: bool = False) -> Outcome:
    """With `once` the server says each notice once and never again: a control."""
    site = Site.open(folder)
    site.box_module, site.records_each = "reminded_box", 2
    (folder / FLAG).touch()
    if once:
        (folder / ONCE).touch()
    try:
        die(site, chance, trials, CONTROL_S if once else PATIENT_S)
    except Stuck as stuck:
        site.stuck = str(stuck)
    finally:
        site.close()
    outcome = site.outcome(trials)
    verdict, notices = effects(folder)
    note = f"{notices} notices"
    return replace(outcome, verdict=together([outcome.verdict, verdict]), note=note)


def effects(folder: Path) -> tuple[Verdict, int]:
    """How often each committed notice took effect; how many there are. They count as no packets
    of their own: the records that name them do."""
    named: Counter[UUID] = Counter()
    with closing(sqlite3.connect(folder / "central.db", timeout=30)) as db:
        known = {UUID(row[0]) for row in db.execute("SELECT id FROM notice")}
        query = "SELECT envelope FROM record WHERE status = 'stored' AND kind = 'overstay'"
        for (envelope,) in db.execute(query):
            opened = open_envelope(envelope, KEYS, Record.PAYLOAD_TYPE)
            reminded = parse(Record, opened.payload).stay.reminded
            if reminded is not None:
                named[reminded.notice_id] += 1
    verdict = Verdict(
        packets=0,
        lost=len(known - named.keys()),
        doubled=sum(times - 1 for times in named.values()),
        phantom=len(named.keys() - known),
    )
    return verdict, len(known)


SCENARIOS = (
    Scenario("notices, box and server killed", notices_die, 2, 300),
    Scenario(
        "a notice is said once, box and server killed",
        partial(notices_die, once=True),
        0,
        10,
        control=True,
    ),
)
