"""An office that has worked for years: 100,000 cases with a log of a million lines, chained as the
server chains them, in the shares that the published figures of such offices suggest."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from uuid import UUID

from sqlalchemy import Engine, func, insert, select, update

from central import acting, events, tables
from central.cases import Act, Action, Case, Role
from central.database import add_if_new, reading
from tests.case_steps import TO_FILED, TO_PAYABLE, TO_REVIEW, act, walk

_BATCH = 10_000
_LINES_A_CASE = 10
_DAY_MS = 86_400_000
_STAY_MS = 16 * 60_000
_SYSTEM, _DEVICE, _OFFICER = Role.SYSTEM, Role.DEVICE, Role.OFFICER
_PAID = (*TO_PAYABLE, act(Action.PAY, Role.FINANCE), act(Action.CLOSE, Role.HEAD))
STORIES: Sequence[tuple[int, Sequence[Act]]] = (
    (48, (act(Action.REMIND, _SYSTEM), act(Action.DEPART, _DEVICE))),
    (10, (act(Action.FAIL_REMINDER, _SYSTEM), act(Action.BREAK, _DEVICE))),
    (12, (*TO_REVIEW, act(Action.REJECT, _OFFICER))),
    (18, _PAID),
    (6, (*TO_PAYABLE, act(Action.FALL_OVERDUE, _SYSTEM))),
    (4, TO_PAYABLE),
    (2, TO_FILED),
)
"""How many in a hundred cases went which way."""
_ENDS = list(accumulate(share for share, _ in STORIES))


@dataclass(frozen=True, slots=True)
class Past:
    """Where the archive lies: whose cases, how many, up to when."""

    devices: Sequence[str]
    cases: int
    until_utc_ms: int


def fill(engine: Engine, past: Past) -> int:
    """Write the cases and the log behind what is there. Gives the number of the log's last line."""
    with reading(engine) as db:
        head = events.head(db)
        first = int(db.scalar(select(func.count()).select_from(tables.case)) or 0) + 1
    ends = [walk(story) for _, story in STORIES]
    rows = (_case(past, number, ends) for number in range(first, first + past.cases))
    last = head
    while batch := list(islice(rows, _BATCH)):
        with engine.begin() as db:
            db.execute(insert(tables.case), batch)
            lines = []
            for row in batch:
                for event in _events(row):
                    last = _chained(event, last)
                    lines.append({name: getattr(last, name) for name in last.__slots__})
            db.execute(insert(tables.case_event), lines)
            assert last is not None
            counter = tables.counter
            add_if_new(db, counter, {"name": "log", "value": 0})
            db.execute(update(counter).where(counter.c.name == "log").values(value=last.seq))
    with engine.begin() as db:
        db.exec_driver_sql("ANALYZE")
    return last.seq if last else 0


def _chained(event: events.Event, before: events.Logged | None) -> events.Logged:
    seq, prev = (1, events.GENESIS) if before is None else (before.seq + 1, before.hash)
    payload = json.dumps(dict(event.payload), ensure_ascii=False, separators=(",", ":"))
    draft = (seq, event.utc_ms, event.actor, event.type, event.case_id, payload, prev)
    return events.Logged(*draft, events.line_hash(events.Logged(*draft, "")))


def _story(number: int) -> int:
    at = number * 61 % 100
    return next(index for index, end in enumerate(_ENDS) if at < end)


def _case(past: Past, number: int, ends: Sequence[Case]) -> dict[str, object]:
    opened = past.until_utc_ms - (past.cases + 1 - number) * (3 * 365 * _DAY_MS // past.cases)
    plate, site = f"浙B{number * 7919 % 100_000:05d}", f"花园 {number % 30}"
    device, name = past.devices[number % len(past.devices)], f"2023-{number:06d}"
    end = ends[_story(number)]
    return {
        "id": UUID(int=number << 64 | 0x8000_0000_0000_0000),
        "number": name,
        "device": device,
        "stay_id": UUID(int=number << 64 | 0x9000_0000_0000_0000),
        "site": site,
        "camera": "cam-1",
        "lane": "lane-1",
        "opened_utc_ms": opened,
        "begin_utc_ms": opened - 60_000,
        "standing_ms": _STAY_MS,
        "state": end.main.value,
        "remedy": end.remedy.value,
        "money": end.money.value,
        "policy_sha256": "0" * 64,
        "due_utc_ms": None,
        "latest_kind": "overstay",
        "latest_seq": number,
        "plate_status": "read",
        "plate": plate,
        "plate_colour": "blue",
        "thumb_sha256": None,
        "changed_seq": number,
        "words": f"{name} {site} cam-1 lane-1 {plate}".lower(),
    }


def _events(row: dict[str, object]) -> Iterator[events.Event]:
    """At least ten lines: what the device stored, and every act, an hour apart."""
    case_id, opened, device = row["id"], row["opened_utc_ms"], str(row["device"])
    assert isinstance(case_id, UUID)
    assert isinstance(opened, int)
    story = STORIES[_story(case_id.int >> 64)][1]
    yield events.Event(opened, "ingest", "opened", case_id, {"number": str(row["number"])})
    for number in range(max(1, _LINES_A_CASE - 1 - len(story))):
        told = {"kind": "arrival", "seq": str(number), "sha256": "0" * 64}
        yield events.Event(opened + number, device, "record-stored", case_id, told)
    for hour, done in enumerate(story, start=1):
        payload = {"action": done.action.value, "role": done.role.value, "person": done.person}
        if done.second is not None:
            payload["second"] = done.second
        at = opened + hour * 3_600_000
        yield events.Event(at, done.person, acting.ACT, case_id, payload)
