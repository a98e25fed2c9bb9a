"""Power cuts while notices are on their way, at the box that hears of them and at the server that
commits them.

usage: python -m scripts.faults_lab.notice_cuts reminded|reminding FOLDER PACKETS

runs one life to be recorded, as scripts/faults_lab/power.py does.
"""

import sys
from functools import partial
from pathlib import Path

from central import notices
from central.database import reading
from edge.stay_memory import ReceivedNotice
from scripts.faults_lab.box import delivery, promise
from scripts.faults_lab.invariant import Verdict, together
from scripts.faults_lab.outcome import Scenario
from scripts.faults_lab.power import (
    Life,
    check_box,
    check_server,
    cut_often,
    device_packets,
    office_at,
    signing_key,
)
from scripts.faults_lab.reminded_box import arrive, notice_of, take
from scripts.faults_lab.reminding import remind
from tests.device import SimulatedDevice

_MODULE = "scripts.faults_lab.notice_cuts"
_FIRST_MONO_NS = 10**12


def live_as_reminded(root: Path, packets: int) -> None:
    """Record arrivals, hear of each one's reminder, and record what that leads to."""
    signing_key(root)
    made, said = delivery(root), partial(promise, root)
    for stays in range(1, packets // 2 + 1):
        arrive(made, stays, said)
        notice = notice_of(made.outbox.head()[0])
        made.memory.notice_came(ReceivedNotice(notice, _FIRST_MONO_NS, str(made.boot)))
        take(made, notice, said)
    made.close()


def check_reminded(root: Path, promised: dict[int, str], packets: int) -> Verdict:
    """The next start goes on with what it kept; then the server says every notice again that no
    record named. In the end each has taken effect once."""
    signing_key(root)
    made = delivery(root)
    with made.database.reading() as db:
        query = "SELECT seq FROM record WHERE kind = 'arrival' ORDER BY seq"
        stays = [int(row["seq"]) for row in db.execute(query)]
    for received in made.memory.notices():
        take(made, received.notice, lambda *_: None)
    for notice in map(notice_of, stays):
        again = ReceivedNotice(notice, _FIRST_MONO_NS, str(made.boot))
        if made.memory.notice_came(again):
            take(made, notice, lambda *_: None)
    with made.database.reading() as db:
        query = "SELECT notice_id FROM record WHERE kind = 'overstay'"
        named = [row["notice_id"] for row in db.execute(query)]
    made.close()
    lost = sum(str(notice_of(stay).notice_id) not in named for stay in stays)
    effects = Verdict(0, lost, len(named) - len(set(named)), 0)
    return together([effects, check_box(root, promised, packets)])


def live_as_reminding(root: Path, packets: int) -> None:
    """Take packets; of each arrival the owner is reminded before anything is promised."""
    with office_at(root) as office:
        device = office.register(SimulatedDevice())
        for number, packet in enumerate(device_packets(device, packets), 1):
            office.deliver(packet)
            if number % 2:
                remind(office.engine, office.case_of(packet), office.clock.utc_ms())
            promise(root, number, packet.envelope)


def check_reminding(root: Path, promised: dict[int, str], packets: int) -> Verdict:
    """Each notice that was committed is still there, once; and all else as without notices."""
    lost = 0
    with office_at(root) as office:
        for number, packet in enumerate(device_packets(SimulatedDevice(), packets), 1):
            if number in promised and number % 2:
                with reading(office.engine) as db:
                    lost += notices.of_case(db, office.case_of(packet)) is None
    return together([Verdict(0, lost, 0, 0), check_server(root, promised, packets)])


SCENARIOS = (
    Scenario(
        "notices, box loses power",
        partial(cut_often, Life("reminded", check_reminded, module=_MODULE)),
        0,
        100,
        100,
    ),
    Scenario(
        "notices, server loses power",
        partial(cut_often, Life("reminding", check_reminding, module=_MODULE)),
        0,
        100,
        100,
    ),
)


def main(who: str, root: Path, packets: int) -> None:
    {"reminded": live_as_reminded, "reminding": live_as_reminding}[who](root, packets)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
