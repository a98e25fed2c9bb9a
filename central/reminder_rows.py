"""How far the reminder of each case is, in the database. All within the caller's transaction.

Every move is a line of the log: who was reminded how, and why not, can be told years later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, or_, select, update

from central import acting, events, tables
from central.case_moves import RULES
from central.cases import Act, Action, Guard, Role, State
from central.reminder_tables import plate_reading, reminding
from central.reminding import LIVE, Event, Reading, Stage, move

ACTOR = "reminders"
OPEN_STATES = (State.SUSPECTED.value, State.REMINDER_FAILED.value)
"""Where a case may stand for its owner to be reminded yet."""
_ENDED = ("departure", "broken")
_C, _CASE = reminding.c, tables.case.c
MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Pending:
    """One reminder with what its case says."""

    case_id: UUID
    stage: Stage
    why: str
    since_utc_ms: int
    plate: str | None
    colour: str | None
    message_id: UUID | None
    checked_by: str
    task: str
    task_note: str
    number: str
    device: str
    site: str
    lane: str
    state: str
    begin_utc_ms: int
    policy_sha256: str
    box: Reading


def begin(db: Connection, case_id: UUID, utc_ms: int) -> None:
    """A case was opened: its plate is to be read."""
    db.execute(
        insert(reminding).values(
            case_id=case_id,
            stage=Stage.READ.value,
            why="",
            since_utc_ms=utc_ms,
            next_utc_ms=utc_ms,
            checked_by="",
            task="",
            task_note="",
        )
    )


def due(db: Connection, stage: Stage, utc_ms: int, most: int = 200) -> list[Pending]:
    """Reminders of a stage whose time has come, the oldest first."""
    wanted = (_C.stage == stage.value) & (_C.next_utc_ms <= utc_ms)
    return _rows(db, wanted, most)


def over(db: Connection) -> list[Pending]:
    """Reminders of which nothing may come any more: the vehicle left, or the case went on."""
    stages = [stage.value for stage in (*LIVE, Stage.FAILED)]
    ended = or_(_CASE.state.not_in(OPEN_STATES), _CASE.latest_kind.in_(_ENDED))
    return _rows(db, _C.stage.in_(stages) & ended, 500)


def get(db: Connection, case_id: UUID) -> Pending | None:
    found = _rows(db, _C.case_id == case_id, 1)
    return found[0] if found else None


def listed(db: Connection, stages: Sequence[Stage], most: int = 200) -> list[Pending]:
    """Reminders of some stages, the oldest first, for a page."""
    return _rows(db, _C.stage.in_([stage.value for stage in stages]), most)


def with_task(db: Connection, most: int = 200) -> list[Pending]:
    """Reminders that failed and of which staff have something left to do."""
    return _rows(db, _C.task != "", most)


def _rows(db: Connection, wanted: ColumnElement[bool], most: int) -> list[Pending]:
    case = tables.case
    query = (
        select(
            reminding,
            *(case.c[name] for name in ("number", "device", "site", "lane", "state")),
            *(case.c[name] for name in ("begin_utc_ms", "policy_sha256", "plate_status")),
            case.c.plate.label("box_plate"),
            case.c.plate_colour.label("box_colour"),
        )
        .join(case, case.c.id == _C.case_id)
        .where(wanted)
        .order_by(_C.since_utc_ms)
        .limit(most)
    )
    return [_row(row) for row in db.execute(query)]


def _row(row: Row[tuple[object, ...]]) -> Pending:
    read = row.plate_status == "read"
    return Pending(
        case_id=row.case_id,
        stage=Stage(row.stage),
        why=row.why,
        since_utc_ms=row.since_utc_ms,
        plate=row.plate,
        colour=row.colour,
        message_id=row.message_id,
        checked_by=row.checked_by,
        task=row.task,
        task_note=row.task_note,
        number=row.number,
        device=row.device,
        site=row.site,
        lane=row.lane,
        state=row.state,
        begin_utc_ms=row.begin_utc_ms,
        policy_sha256=row.policy_sha256,
        box=Reading("box", row.box_plate if read else None, row.box_colour if read else None),
    )


def go(
    db: Connection,
    row: Pending,
    event: Event,
    utc_ms: int,
    why: str = "",
    *,
    actor: str = ACTOR,
    next_utc_ms: int | None = None,
    values: Mapping[str, object] = MappingProxyType({}),
) -> bool:
    """Move a reminder on; whether it still stood where `row` says. `values` go into its row."""
    to = move(row.stage, event)
    if to is None:
        return False
    acting.lock(db, row.case_id)
    new = {
        "stage": to.value,
        "why": why,
        "since_utc_ms": utc_ms,
        "next_utc_ms": utc_ms if next_utc_ms is None else next_utc_ms,
        **values,
    }
    here = (_C.case_id == row.case_id) & (_C.stage == row.stage.value)
    if db.execute(update(reminding).where(here).values(new)).rowcount != 1:
        return False
    payload = {"stage": to.value, "why": why}
    line = events.append(db, events.Event(utc_ms, actor, "reminder", row.case_id, payload))
    changed = update(tables.case).where(_CASE.id == row.case_id).values(changed_seq=line.seq)
    db.execute(changed)
    return True


def wait(db: Connection, row: Pending, until_utc_ms: int, why: str) -> None:
    """It stays where it is until then."""
    values = {"next_utc_ms": until_utc_ms, "why": why}
    db.execute(update(reminding).where(_C.case_id == row.case_id).values(values))


def act(
    db: Connection,
    case_id: UUID,
    action: Action,
    utc_ms: int,
    detail: Mapping[str, str],
    proven: frozenset[Guard] = frozenset(),
) -> bool:
    """An act of the system, unless the case has gone elsewhere meanwhile."""
    acting.lock(db, case_id)
    if action not in RULES.open_to(acting.standing(db, case_id), Role.SYSTEM):
        return False
    acting.do(db, case_id, Act(action, Role.SYSTEM, ACTOR), proven, utc_ms, detail)
    return True


def fail(
    db: Connection, row: Pending, event: Event, utc_ms: int, why: str, task: str, actor: str = ACTOR
) -> None:
    """The owner is not reminded: an act in the log, and what staff do then."""
    todo = {"task": "" if task == "wait" else task}
    if go(db, row, event, utc_ms, why, actor=actor, values=todo):
        act(db, row.case_id, Action.FAIL_REMINDER, utc_ms, {"why": why})


def keep_reading(
    db: Connection,
    case_id: UUID,
    reader: str,
    found: tuple[str | None, str | None, int],
    sha256: str | None,
    utc_ms: int,
) -> None:
    """Keep a reading: plate, colour and confidence. A reader's first word stands."""
    known = (plate_reading.c.case_id == case_id) & (plate_reading.c.reader == reader)
    if db.scalar(select(plate_reading.c.reader).where(known)) is not None:
        return
    plate, colour, confidence_pm = found
    db.execute(
        insert(plate_reading).values(
            case_id=case_id,
            reader=reader,
            plate=plate,
            colour=colour,
            confidence_pm=confidence_pm,
            sha256=sha256,
            utc_ms=utc_ms,
        )
    )


def readings(db: Connection, row: Pending) -> list[Reading]:
    """All that was read of the case's plate: the box's own reading first."""
    table = plate_reading
    query = select(table).where(table.c.case_id == row.case_id).order_by(table.c.utc_ms)
    kept = [
        Reading("machine" if one.reader == MACHINE else "person", one.plate, one.colour)
        for one in db.execute(query)
    ]
    return [row.box, *kept]


def typists(db: Connection, case_id: UUID) -> frozenset[str]:
    """Who typed the case's plate."""
    table = plate_reading
    query = select(table.c.reader).where(table.c.case_id == case_id, table.c.reader != MACHINE)
    return frozenset(db.scalars(query))


def forget_typed(db: Connection, case_id: UUID) -> None:
    """The plate is read anew by people; what the machine made of it stays."""
    table = plate_reading
    db.execute(delete(table).where(table.c.case_id == case_id, table.c.reader != MACHINE))


def task_done(db: Connection, case_id: UUID, note: str, who: str, utc_ms: int) -> bool:
    """Somebody telephoned or went there; whether that was still to be done."""
    mine = (_C.case_id == case_id) & (_C.task != "")
    task = db.scalar(select(_C.task).where(mine))
    if task is None:
        return False
    db.execute(update(reminding).where(mine).values(task="", task_note=note))
    payload = {"task": str(task), "note": note}
    events.append(db, events.Event(utc_ms, who, "reminder-task", case_id, payload))
    return True


def set_message(db: Connection, case_id: UUID, message_id: UUID) -> None:
    db.execute(update(reminding).where(_C.case_id == case_id).values(message_id=message_id))
