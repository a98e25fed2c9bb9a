"""Seeded packets: known-bad evidence that measures reviewers, shown on the desk like any other.

A seed is made of a packet that some other server exported, of a rendered scene; it lies in tables
of its own, and none of its devices and pictures may be known here as evidence, so that it can never
become a case. Its moments are moved to the present when somebody gets to see it.

SeedError
├── BadSeed        the packet is none that can be taken; the text says why
└── NotShown       this person was not shown the seed, or has answered it
"""

import hashlib
import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, Row, and_, func, insert, select, update

from central import tables
from central.blobs import Blobs
from central.calendar import local_date
from central.cases import Case, State
from central.counters import take
from central.database import reading
from central.documents.wording import CHINA
from central.firelane_verify import read_zip, verify
from central.office_tables import seed, seed_answer, seed_exhibit
from central.review import Answer, Desk, Judgement, Point, Typed, own_points
from central.reviewing import Waiting, seen_in
from central.stays import summary
from central.views import CaseRow, CaseView, Check, ExhibitFile, RecordView
from edge.wire.records import Record

A_DAY = 2
"""So many seeds a reviewer gets on one day at most, and one at a time."""
_DAY_MS, _AGE_MS = 86_400_000, 3 * 3_600_000
_LEFT_MS = 5 * _DAY_MS - _AGE_MS
_SHELF = "seeds."
_TIMES = frozenset({"utc_ms", "reminded_utc_ms"})


class SeedError(Exception):
    """What a seed cannot be used for."""


class BadSeed(SeedError):
    """The packet is none that can be taken."""


class NotShown(SeedError):
    """This person was not shown the seed, or has answered it."""


@dataclass(frozen=True, slots=True)
class New:
    """What is said of a packet that is known to be bad."""

    fault: Point
    title: str
    site: str


@dataclass(frozen=True, slots=True)
class Result:
    """How a reviewer did: `missed` names the points of seeds that were taken for clean."""

    user_id: str
    answered: int
    caught: int
    missed: tuple[str, ...]

    @property
    def caught_pm(self) -> int:
        return round(1000 * self.caught / self.answered) if self.answered else 0


@dataclass(frozen=True, slots=True)
class Kept:
    """A seed as those who keep the seeds see it."""

    id: UUID
    number: str
    fault: str
    title: str
    active: bool
    answered: int
    caught: int


class Seeds:
    """Every call blocks."""

    def __init__(self, engine: Engine, blobs: Blobs) -> None:
        self._engine = engine
        self._blobs = blobs

    def add(self, packet: bytes, new: New, utc_ms: int) -> str:
        """Keep a packet as a seed; the number that it shows. Raises BadSeed."""
        report = verify(packet)
        if not report.passed:
            raise BadSeed(f"the packet does not verify: {report.reasons[0]}")
        files = read_zip(packet)
        records = [_payload(files[name]) for name in sorted(files) if name.startswith("records/")]
        images = {name[9:73]: data for name, data in files.items() if name.startswith("exhibits/")}
        if not any(one["kind"] == "overstay" for one in records) or not images:
            raise BadSeed("a seed must hold an overstay and its pictures")
        for data in images.values():
            self._blobs.keep(_SHELF, data)
        with self._engine.begin() as db:
            _require_strange(db, records, images)
            number = _number(db, utc_ms)
            row = {"fault": new.fault.value, "title": new.title, "site": new.site}
            kept = json.dumps(records, ensure_ascii=False).encode()
            more = {"envelopes": kept, "begin_utc_ms": records[0]["stay"]["begin"]["utc_ms"]}
            base = {"id": uuid4(), "number": number, "active": True, "added_utc_ms": utc_ms}
            db.execute(insert(seed).values({**base, **row, **more}))
            known = set(db.scalars(select(seed_exhibit.c.sha256)))
            pictures = [
                {"sha256": sha256, "size": len(data), "media_type": "image/jpeg"}
                for sha256, data in images.items()
                if sha256 not in known
            ]
            if pictures:
                db.execute(insert(seed_exhibit), pictures)
        return number

    def switch(self, seed_id: UUID, active: bool) -> None:
        """Show it to nobody any more, or again."""
        with self._engine.begin() as db:
            db.execute(update(seed).where(seed.c.id == seed_id).values(active=active))

    def waiting(self, person: str, utc_ms: int) -> Waiting | None:
        """The seed that lies in this person's queue now; which one comes next nobody can tell."""
        mine = seed_answer.c.user_id == person
        with self._engine.begin() as db:
            opened = select(seed_answer).where(mine, seed_answer.c.answered_utc_ms.is_(None))
            row = db.execute(opened).first()
            if row is None:
                row = self._next(db, person, utc_ms)
            if row is None:
                return None
            one = db.execute(select(seed).where(seed.c.id == row.seed_id)).one()
        camera = str(json.loads(one.envelopes)[0]["camera"])
        begin = row.shown_utc_ms - _AGE_MS
        due = begin + _AGE_MS + _LEFT_MS
        return Waiting(one.id, one.number, one.site, camera, begin, due, second=False)

    def _next(self, db: Connection, person: str, utc_ms: int) -> Row[tuple[object, ...]] | None:
        mine = seed_answer.c.user_id == person
        today = select(func.count()).where(mine, seed_answer.c.shown_utc_ms > utc_ms - _DAY_MS)
        if (db.scalar(today) or 0) >= A_DAY:
            return None
        seen = select(seed_answer.c.seed_id).where(mine)
        fresh = db.scalars(select(seed.c.id).where(seed.c.active, seed.c.id.not_in(seen))).all()
        if not fresh:
            return None
        chosen = min(fresh, key=lambda one: hashlib.sha256(f"{person} {one}".encode()).digest())
        values = {"seed_id": chosen, "user_id": person, "shown_utc_ms": utc_ms}
        db.execute(insert(seed_answer).values(values))
        return db.execute(select(seed_answer).where(mine, seed_answer.c.seed_id == chosen)).one()

    def view(self, seed_id: UUID, person: str) -> CaseView | None:
        """The seed as a case that this person was shown; None for anybody else."""
        with reading(self._engine) as db:
            shown = _answer(db, seed_id, person)
            row = db.execute(select(seed).where(seed.c.id == seed_id)).one_or_none()
        if row is None or shown is None:
            return None
        later = shown.shown_utc_ms - _AGE_MS - row.begin_utc_ms
        records = [
            Record.model_validate_json(json.dumps(_moved(one, later)))
            for one in json.loads(row.envelopes)
        ]
        return CaseView(_row(row, records), [_record(one) for one in records], ())

    def desk(self, view: CaseView, person: str) -> Desk:
        """As central/reviewing.py gives it for a case."""
        with reading(self._engine) as db:
            shown = _answer(db, view.row.id, person)
        typed = []
        if shown is not None and shown.typed_utc_ms is not None:
            typed = [
                Typed(
                    person,
                    shown.plate,
                    seen_in({"body_colour": shown.body_colour, "kind": shown.kind}),
                )
            ]
        done = shown is not None and shown.answered_utc_ms is not None
        return Desk(
            case=Case(State.REJECTED if done else State.OVERSTAYED),
            checks=[check for held in view.records for check in held.checks],
            machine=view.row.plate,
            typed=typed,
            seen=False,
            captured_utc_ms=view.row.begin_utc_ms,
        )

    def type_plate(self, seed_id: UUID, typed: Typed, utc_ms: int) -> None:
        """Keep a blind reading. Raises NotShown."""
        mine = and_(seed_answer.c.seed_id == seed_id, seed_answer.c.user_id == typed.person)
        seen = {"body_colour": typed.seen.colour, "kind": typed.seen.kind}
        with self._engine.begin() as db:
            change = update(seed_answer).where(mine, seed_answer.c.typed_utc_ms.is_(None))
            done = db.execute(change.values(plate=typed.plate, **seen, typed_utc_ms=utc_ms))
            if done.rowcount == 0:
                raise NotShown("a plate was typed before; the first reading stands")

    def judge(self, view: CaseView, person: str, judgement: Judgement, utc_ms: int) -> bool:
        """Keep the answer; whether the seed was caught. Raises NotShown."""
        desk = self.desk(view, person)
        answers = {**judgement.answers, **own_points(desk, person)}
        caught = not all(answers.get(point) is Answer.YES for point in Point)
        told = " ".join(f"{point}={answers[point]}" for point in sorted(answers))
        mine = and_(seed_answer.c.seed_id == view.row.id, seed_answer.c.user_id == person)
        waits = and_(mine, seed_answer.c.answered_utc_ms.is_(None))
        values = {"answered_utc_ms": utc_ms, "caught": caught, "answers": told}
        with self._engine.begin() as db:
            change = update(seed_answer).where(waits).values(**values, grounds=judgement.grounds)
            if db.execute(change).rowcount == 0:
                raise NotShown("this was answered before")
        return caught

    def exhibit(self, sha256: str) -> ExhibitFile | None:
        """A picture of a seed."""
        table = seed_exhibit
        with reading(self._engine) as db:
            row = db.execute(select(table).where(table.c.sha256 == sha256)).one_or_none()
        return None if row is None else ExhibitFile(row.sha256, row.size, row.media_type)

    def results(self) -> Sequence[Result]:
        """Every reviewer who answered a seed."""
        query = (
            select(seed_answer.c.user_id, seed_answer.c.caught, seed.c.fault)
            .join(seed, seed.c.id == seed_answer.c.seed_id)
            .where(seed_answer.c.answered_utc_ms.is_not(None))
            .order_by(seed_answer.c.user_id, seed_answer.c.answered_utc_ms)
        )
        found: dict[str, list[tuple[bool, str]]] = {}
        with reading(self._engine) as db:
            for user_id, caught, fault in db.execute(query):
                found.setdefault(user_id, []).append((bool(caught), fault))
        return [
            Result(
                user_id=user_id,
                answered=len(answers),
                caught=sum(caught for caught, _ in answers),
                missed=tuple(fault for caught, fault in answers if not caught),
            )
            for user_id, answers in found.items()
        ]

    def all(self) -> Sequence[Kept]:
        """Every seed, newest first."""
        table = seed_answer.c
        answered = select(func.count()).where(table.seed_id == seed.c.id, table.caught.is_not(None))
        caught = select(func.count()).where(table.seed_id == seed.c.id, table.caught)
        query = select(seed, answered.scalar_subquery(), caught.scalar_subquery())
        with reading(self._engine) as db:
            return [
                Kept(row.id, row.number, row.fault, row.title, row.active, row[-2], row[-1])
                for row in db.execute(query.order_by(seed.c.added_utc_ms.desc()))
            ]


def _payload(envelope: bytes) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(b64decode(json.loads(envelope)["payload"]))
    return payload


def _require_strange(
    db: Connection, records: Sequence[Mapping[str, Any]], images: Mapping[str, bytes]
) -> None:
    """Nothing of a seed may be known here as evidence. Raises BadSeed."""
    device = tables.device
    names = {str(one["device"]) for one in records}
    if db.execute(select(device.c.id).where(device.c.id.in_(names))).first() is not None:
        raise BadSeed("the packet is of a device that is registered here: it could be a real case")
    held = tables.exhibit
    if db.execute(select(held.c.sha256).where(held.c.sha256.in_(images))).first() is not None:
        raise BadSeed("a picture of the packet is evidence here")


def _number(db: Connection, utc_ms: int) -> str:
    """A case number that no case will ever have: taken from the same counter."""
    year = local_date(utc_ms, CHINA).year
    return f"{year}-{take(db, f'case-{year}'):06d}"


def _answer(db: Connection, seed_id: UUID, person: str) -> Row[tuple[object, ...]] | None:
    mine = and_(seed_answer.c.seed_id == seed_id, seed_answer.c.user_id == person)
    return db.execute(select(seed_answer).where(mine)).one_or_none()


def _moved(value: Any, later_ms: int) -> Any:
    """The record with all its moments later."""
    if isinstance(value, dict):
        return {
            name: part + later_ms
            if name in _TIMES and isinstance(part, int)
            else _moved(part, later_ms)
            for name, part in value.items()
        }
    return [_moved(part, later_ms) for part in value] if isinstance(value, list) else value


def _record(record: Record) -> RecordView:
    gaps = Check("gaps", None if record.stay.gaps else True, "")
    names = frozenset(exhibit.sha256 for exhibit in record.exhibits)
    made = record.made.utc_ms
    return RecordView(record, "0" * 64, "stored", made, made, (gaps,), names)


def _row(row: Row[tuple[object, ...]], records: Sequence[Record]) -> CaseRow:
    now = summary(records)
    first = records[0]
    return CaseRow(
        id=row.id,
        number=row.number,
        state=State.OVERSTAYED.value,
        site=row.site,
        device=first.device,
        camera=first.camera,
        lane=first.lane.id,
        opened_utc_ms=first.made.utc_ms,
        begin_utc_ms=now.latest.stay.begin.utc_ms,
        standing_ms=now.latest.stay.standing_ms,
        latest_kind=now.latest.kind.value,
        plate=now.plate.text,
        plate_colour=now.plate.colour,
        thumb_sha256=None,
        changed_seq=0,
        remedy="none",
        money="unbilled",
        policy_sha256=first.rules.policy_sha256,
        due_utc_ms=None,
    )
