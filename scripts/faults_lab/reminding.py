"""The server's half of a notice, for the lab: every case's owner is reminded as soon as there is
one, the act and the notice to the device in one transaction, as a delivery report has it."""

from pathlib import Path
from threading import Event
from uuid import UUID

from sqlalchemy import Engine, select, update

from central import acting, notices, tables
from central.cases import Act, Action, Guard, Role, State
from central.database import reading
from central.link import WORLD, Link
from central.notices import Notices
from central.reminder_tables import notice
from central.server import Rig

EVERY_S = 0.1
GRACE_MS = 900_000
FLAG, ONCE = "reminds", "once"
"""Files beside the configuration: the server reminds; it says a notice once and never again."""


def remind(engine: Engine, case_id: UUID, utc_ms: int) -> None:
    """Committed when it returns: the notice must take effect on the device, exactly once."""
    act = Act(Action.REMIND, Role.SYSTEM, "system")
    with engine.begin() as db:
        acting.do(db, case_id, act, frozenset(Guard), utc_ms)
        notices.begin(db, case_id, utc_ms, GRACE_MS)


def remind_all(rig: Rig, link: Link, folder: Path, stop: Event) -> None:
    """Until `stop`; a thread of the server's process."""
    said = Notices(rig.engine, rig.signer, link.send)
    case = tables.case.c
    query = select(case.id).where(case.state == State.SUSPECTED.value)
    while not stop.wait(EVERY_S):
        if not link.online.is_set():
            continue
        try:
            with reading(rig.engine) as db:
                due = db.scalars(query).all()
            for case_id in due:
                remind(rig.engine, case_id, rig.clock.utc_ms())
            said.run(rig.clock.utc_ms())
            if (folder / ONCE).exists():
                with rig.engine.begin() as db:
                    db.execute(update(notice).values(over="had"))
        except WORLD:  # tried again, as the server's own jobs are
            continue
