"""What somebody in charge must know now, on every page until they say that they do.

`Head` keeps the newest line of the log beside the images, outside of the database. A database that
was restored from an older backup ends before that line, or has another in its place: then cases,
decisions and document numbers may be gone that people outside hold in their hands. Nothing in the
database itself could tell.

`RecusalAlarm` tells that a party asked an officer to withdraw and no head answered in time. Nobody
acknowledges it away: it ends with the answers.

AlarmError
└── NoAlarm    acknowledged already, never raised, or none that words alone end
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, select, update

from central import events, tables
from central.blobs import Blobs, flush, make_folder
from central.database import add_if_new, reading
from central.office_tables import office_alarm
from central.owner.recusals import Recusals

LOG_WENT_BACK = "log-went-back"
RECUSAL_LATE = "recusal-late"
ANSWERED = "recusal-late-over"
ACKNOWLEDGED = "alarm-acknowledged"
ACTOR = "alarms"
REASON_CHARS = (4, 300)
NAME = "log-head.json"


class AlarmError(Exception):
    """An alarm that is not acknowledged."""


class NoAlarm(AlarmError):
    """Acknowledged already, never raised, or none that words alone end."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest line of the log at a time."""

    seq: int
    hash: str
    utc_ms: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """`facts` are the values of its sentence, by the names that the locales use."""

    code: str
    since_utc_ms: int
    facts: Mapping[str, str]


class Head:
    """The file that remembers how far the log was."""

    def __init__(self, blobs: Blobs) -> None:
        self._path = blobs.folder / NAME

    def read(self) -> Mark | None:
        """None where there is none yet, or where it cannot be read any more."""
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            return Mark(int(told["seq"]), str(told["hash"]), int(told["utc_ms"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def write(self, mark: Mark) -> None:
        """Whole or not at all, also over a power cut. Raises OSError."""
        make_folder(self._path.parent)
        beside = self._path.with_suffix(f".{os.getpid()}.new")
        with beside.open("w", encoding="utf-8") as file:
            json.dump({"seq": mark.seq, "hash": mark.hash, "utc_ms": mark.utc_ms}, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        flush(self._path.parent)


class Alarms:
    """Every call blocks."""

    def __init__(self, engine: Engine, blobs: Blobs) -> None:
        self._engine = engine
        self._head = Head(blobs)

    def standing(self) -> Sequence[Alarm]:
        """The oldest first."""
        query = select(office_alarm).order_by(office_alarm.c.since_utc_ms)
        with reading(self._engine) as db:
            return tuple(
                Alarm(row.code, row.since_utc_ms, json.loads(row.facts))
                for row in db.execute(query)
            )

    def run(self, utc_ms: int) -> None:
        """Compare the log with how far it was, and remember how far it is.

        While an alarm stands nothing is remembered: what it rests on stays to be looked at.
        """
        mark = self._head.read()
        with reading(self._engine) as db:
            line, stands = events.head(db), _stands(db, LOG_WENT_BACK)
            fault = mark is not None and not _leads_on(db, mark, line)
        if stands:
            return
        if fault:
            assert mark is not None
            self._raise(mark, line, utc_ms)
        elif line is not None and (mark is None or line.seq > mark.seq):
            self._head.write(Mark(line.seq, line.hash, utc_ms))

    def acknowledge(self, code: str, by: str, reason: str, utc_ms: int) -> None:
        """Somebody in charge knows, and says what is done about it. Raises NoAlarm, OSError."""
        with self._engine.begin() as db:
            mine = (office_alarm.c.code == code) & (office_alarm.c.code != RECUSAL_LATE)
            if db.execute(delete(office_alarm).where(mine)).rowcount == 0:
                raise NoAlarm(f"no alarm {code!r} stands")
            payload = {"code": code, "reason": reason}
            line = events.append(db, events.Event(utc_ms, by, ACKNOWLEDGED, None, payload))
            if code == LOG_WENT_BACK:
                # Before the commit: should it fail, the alarm is raised no second time by a file
                # that is ahead of the log, since the alarm itself stands.
                self._head.write(Mark(line.seq, line.hash, utc_ms))

    def _raise(self, mark: Mark, line: events.Logged | None, utc_ms: int) -> None:
        facts = {
            "known": str(mark.seq),
            "known_utc_ms": str(mark.utc_ms),
            "here": str(line.seq if line else 0),
            "here_utc_ms": str(line.utc_ms if line else 0),
        }
        values = {"code": LOG_WENT_BACK, "since_utc_ms": utc_ms, "facts": json.dumps(facts)}
        with self._engine.begin() as db:
            if add_if_new(db, office_alarm, values):
                events.append(db, events.Event(utc_ms, ACTOR, LOG_WENT_BACK, None, facts))


class RecusalAlarm:
    """Every call blocks."""

    def __init__(self, engine: Engine, recusals: Recusals) -> None:
        self._engine = engine
        self._recusals = recusals

    def run(self, utc_ms: int) -> None:
        """Raise the alarm, bring its figures up to now, or end it."""
        late = [one for one in self._recusals.waiting() if one.ends_utc_ms <= utc_ms]
        since = min((one.ends_utc_ms for one in late), default=0)
        facts = {"count": str(len(late)), "since_utc_ms": str(since)}
        values = {"code": RECUSAL_LATE, "since_utc_ms": since, "facts": json.dumps(facts)}
        mine = office_alarm.c.code == RECUSAL_LATE
        with reading(self._engine) as db:
            known = db.scalar(select(office_alarm.c.facts).where(mine))
        if known == (values["facts"] if late else None):
            return
        with self._engine.begin() as db:
            if late and add_if_new(db, office_alarm, values):
                events.append(db, events.Event(utc_ms, ACTOR, RECUSAL_LATE, None, facts))
            elif late:
                db.execute(update(office_alarm).where(mine).values(values))
            elif db.execute(delete(office_alarm).where(mine)).rowcount:
                events.append(db, events.Event(utc_ms, ACTOR, ANSWERED, None, {}))


def _stands(db: Connection, code: str) -> bool:
    return (
        db.execute(select(office_alarm.c.code).where(office_alarm.c.code == code)).first()
        is not None
    )


def _leads_on(db: Connection, mark: Mark, line: events.Logged | None) -> bool:
    """Whether the log still holds the line that was its newest then."""
    if line is None or line.seq < mark.seq:
        return False
    table = tables.case_event
    return db.scalar(select(table.c.hash).where(table.c.seq == mark.seq)) == mark.hash
