"""One bad packet of each kind between two good ones: it is refused with a sentence and shown, and
the next one is unharmed. What only the link refuses comes through once the link takes it."""

import random
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.wire.status import CentralState
from edge.wire.topics import central_state_topic
from scripts.faults_lab.invariant import Verdict, together
from scripts.faults_lab.outcome import Outcome, Scenario
from scripts.faults_lab.site import Site, Stuck, until

ASIDE = {
    "wrong schema": "message-invalid",
    "bad signature": "signature-invalid",
    "foreign key": "key-unknown",
    "oversize": "message-too-large",
    "wrong hash": "hash-mismatch",
    "always truncated": "chunk-size-wrong",
}
"""Refused for good: the code, at the server as in the box's list of what was set aside."""
AGAIN = {"truncated chunk": "chunk-size-wrong"}
"""Refused at the server, asked for again, and taken."""
LINK = {"denied by the ACL": "broker-denied", "no subscriber": "broker-unheard"}
"""The broker's word: an alert of the box, until it takes it."""
KINDS = (*ASIDE, *AGAIN, *LINK)


def refused(folder: Path, chance: random.Random, trials: int) -> Outcome:
    """So many kinds, each on a site of its own, beginning anywhere in the list."""
    first = chance.randrange(len(KINDS)) if trials < len(KINDS) else 0
    kinds = [KINDS[(first + trial) % len(KINDS)] for trial in range(trials)]
    outcomes = [_one(folder / str(number), kind) for number, kind in enumerate(kinds)]
    return Outcome(
        trials,
        together([outcome.verdict for outcome in outcomes]),
        tuple(each for outcome in outcomes for each in outcome.recoveries),
        stuck="; ".join(outcome.stuck for outcome in outcomes if outcome.stuck),
        note=", ".join(kinds) if trials < len(KINDS) else "every kind",
    )


def _one(folder: Path, kind: str) -> Outcome:
    site = Site.open(folder)
    site.connect_to(site.broker.port, health_s=0.5)
    site.box_module = "refused_box"
    (folder / "bad").write_text(f"{kind} 2")
    site.grow(3)
    faults: list[str] = []
    try:
        with _link_refusing(site, kind):
            site.start_box()
            if kind in LINK:
                until(lambda: _alerted(site, LINK[kind]), f"the alert {LINK[kind]}")
        if site.office is None:
            site.start_office()
        site.recovered(lambda: None)
        if kind in ASIDE:
            until(lambda: _alerted(site, "packet-set-aside"), "the alert of a packet set aside")
        faults = _faults(site, kind)
    except Stuck as stuck:
        site.stuck = f"{kind}: {stuck}"
    finally:
        site.close()
    outcome = site.outcome(1)
    verdict = together([outcome.verdict, Verdict(0, 0, 0, 0, tuple(faults))])
    return replace(outcome, verdict=verdict)


def _faults(site: Site, kind: str) -> list[str]:
    """What is not shown as it should be, at the server and at the box."""
    code = {**ASIDE, **AGAIN}.get(kind)
    server = _rows(site.folder / "central.db", "SELECT code, text FROM rejected")
    query = "SELECT seq, code, text FROM record WHERE state = 'aside'"
    box = _rows(site.folder / "evidence" / "outbox.sqlite3", query)
    faults = []
    if {row[0] for row in server} != ({code} if code else set()):
        faults.append(f"{kind}: the server shows {server}")
    if not all(len(str(row[1]).split()) > 3 for row in server):
        faults.append(f"{kind}: no sentence in {server}")
    if [row[:2] for row in box] != ([(2, code)] if kind in ASIDE else []):
        faults.append(f"{kind}: the box has set aside {box}")
    return faults


@contextmanager
def _link_refusing(site: Site, kind: str) -> Iterator[None]:
    """For a while the broker denies every record, or nobody listens while all believe that the
    server is online."""
    acl = site.broker.pki / "acl"
    told = acl.read_text() if kind in LINK else ""
    if kind == "denied by the ACL":
        site.start_office()
        _reload(site, acl, told.replace("pattern write firelane/1/%u/record\n", ""))
    elif kind == "no subscriber":
        _say_online(site)
    else:
        site.start_office()
    yield
    if kind == "denied by the ACL":
        _reload(site, acl, told)


def _reload(site: Site, acl: Path, text: str) -> None:
    acl.write_text(text)
    assert site.broker.process is not None
    site.broker.process.send_signal(signal.SIGHUP)


def _say_online(site: Site) -> None:
    identity = site.broker.central()
    client = Client(CallbackAPIVersion.VERSION2, "central", protocol=MQTTProtocolVersion.MQTTv5)
    client.tls_set(str(identity.ca), str(identity.certificate), str(identity.key))
    client.connect(site.broker.host, site.broker.port)
    client.loop_start()
    state = CentralState(v=1, s="online", epoch=1).to_bytes()
    client.publish(central_state_topic(), state, 1, retain=True).wait_for_publish(30)
    client.disconnect()
    client.loop_stop()


def _alerted(site: Site, code: str) -> bool:
    """Whether the box says so: to the server, or where nobody listens in its own health."""
    if code == "broker-unheard":
        return f"alert set code={code}" in _told(site)
    query = "SELECT code FROM alert WHERE source = 'device'"
    return (code,) in _rows(site.folder / "central.db", query)


def _told(site: Site) -> str:
    log = site.folder / f"{site.box_module}.log"
    return log.read_text(errors="replace") if log.is_file() else ""


def _rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, timeout=30)) as db:
        return [tuple(row) for row in db.execute(query)]


SCENARIOS = (Scenario("one bad packet of each kind", refused, 0, len(KINDS), len(KINDS)),)
