"""Erasing on time, with proof: the pack in force says how long, the log says what was erased.

What is erased of a case is written into the case's log first, with the hashes, in the transaction
that takes it out of the database; then the files are removed, and that is noted. A crash in between
leaves files that the next round removes. Nothing of a case under a legal hold is touched, and no
picture that another case rests on.

`Eraser.run` does some of what is due and leaves the rest for the next round.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, insert, or_, select, update

from central import acting, events, tables
from central.blobs import Blobs
from central.calendar import local_date
from central.cases import State
from central.database import reading
from central.documents.wording import CHINA
from central.filing import words
from central.keeping import lookups
from central.keeping.holds import is_held
from central.office_tables import case_text, erasure, legal_hold, publication
from central.owner_tables import owner_upload, party, statement
from central.policies import kept_packs
from central.policy import Pack, in_force

ERASED = "erased"
TYPED = "plate-typed"
ACTOR = "retention"
_DAY_MS = 86_400_000
_MOST_A_ROUND = 100
WITHOUT_PENALTY = frozenset(
    {
        State.DEPARTED,
        State.INDETERMINATE,
        State.REJECTED,
        State.EXEMPT,
        State.NOT_FILED,
        State.NO_PENALTY,
    }
)
"""A case that stands here led to no penalty, and nothing leads on from it."""
OVER = WITHOUT_PENALTY | {State.TRANSFERRED, State.CLOSED, State.ARCHIVED}
_CASE, _RECORD, _EVENT = tables.case, tables.record, tables.case_event
_PART, _EXHIBIT = tables.record_exhibit, tables.exhibit


class Find(Protocol):
    """Cases with something due: any, or whether it is this one."""

    def __call__(
        self, db: Connection, cutoff: int, most: int, case_id: UUID | None = None
    ) -> Sequence[UUID]: ...


Erase = Callable[[Connection, UUID, "Rule", int], int]


@dataclass(frozen=True, slots=True)
class Rule:
    """For how long data of a class are kept, and who says so."""

    kind: str
    days: int
    pack: Pack

    @property
    def text(self) -> str:
        """As tombstones name it."""
        policy = self.pack.policy
        return f"{policy.name} {policy.version}: {self.kind} {self.days} d"[:200]

    def cutoff(self, utc_ms: int) -> int:
        return utc_ms - self.days * _DAY_MS


def rules(db: Connection, utc_ms: int) -> Mapping[str, Rule]:
    """The periods of the pack in force today, by class; none where it gives none."""
    pack = in_force(kept_packs(db).values(), local_date(utc_ms, CHINA))
    if pack is None or pack.policy.retention is None:
        return {}
    given = pack.policy.retention.model_dump(exclude_none=True)
    return {kind: Rule(kind, days, pack) for kind, days in given.items()}


class Eraser:
    """Every call blocks."""

    def __init__(self, engine: Engine, blobs: Blobs) -> None:
        self._engine = engine
        self._blobs = blobs

    def run(self, utc_ms: int, most: int = _MOST_A_ROUND) -> int:
        """Erase what is due, at most `most` of each class; how many things went."""
        self.remove_files(utc_ms)
        with reading(self._engine) as db:
            due = rules(db, utc_ms)
        done = 0
        if "images" in due:
            done += self._each(due["images"], utc_ms, most, _with_images, _erase_images)
        if "personal" in due:
            done += self._each(due["personal"], utc_ms, most, _with_records, _erase_personal)
        if "uploads" in due:
            done += self._each(due["uploads"], utc_ms, most, _with_uploads, _erase_uploads)
        if "lookups" in due:
            done += self._each(due["lookups"], utc_ms, most, _with_lookups, _erase_lookups)
        self.remove_files(utc_ms)
        return done

    def _each(self, rule: Rule, utc_ms: int, most: int, find: Find, erase: Erase) -> int:
        with reading(self._engine) as db:
            cases = find(db, rule.cutoff(utc_ms), most)
        done = 0
        for case_id in cases:
            with self._engine.begin() as db:
                acting.lock(db, case_id)
                # Between looking and locking a hold may have been put, or a record have come.
                if not is_held(db, case_id) and find(db, rule.cutoff(utc_ms), 1, case_id):
                    done += erase(db, case_id, rule, utc_ms)
        return done

    def remove_files(self, utc_ms: int) -> None:
        """Remove the files of what the log says is erased."""
        table = erasure
        waiting = table.c.done_utc_ms.is_(None)
        with reading(self._engine) as db:
            names = db.scalars(select(table.c.subject).where(waiting).distinct()).all()
        for name in names:
            with self._engine.begin() as db:
                if not _needed(db, name):
                    self._blobs.remove(name)
                done = update(table).where(waiting, table.c.subject == name)
                db.execute(done.values(done_utc_ms=utc_ms))


def _over(states: Iterable[State], cutoff: int, case_id: UUID | None) -> ColumnElement[bool]:
    """Cases that stand there, to which nothing was done since, and which no hold covers."""
    last = select(_EVENT.c.utc_ms).where(_EVENT.c.seq == _CASE.c.changed_seq).scalar_subquery()
    held = select(legal_hold.c.case_id).where(legal_hold.c.lifted_utc_ms.is_(None))
    wanted = and_(_CASE.c.state.in_(sorted(states)), last <= cutoff, _CASE.c.id.not_in(held))
    return wanted if case_id is None else and_(wanted, _CASE.c.id == case_id)


def _with_images(
    db: Connection, cutoff: int, most: int, case_id: UUID | None = None
) -> Sequence[UUID]:
    query = (
        select(_RECORD.c.case_id)
        .join(_PART, _PART.c.record_id == _RECORD.c.record_id)
        .join(_EXHIBIT, _EXHIBIT.c.sha256 == _PART.c.sha256)
        .join(_CASE, _CASE.c.id == _RECORD.c.case_id)
        .where(_over(WITHOUT_PENALTY, cutoff, case_id))
    )
    return db.scalars(query.distinct().limit(most)).all()


def _with_records(
    db: Connection, cutoff: int, most: int, case_id: UUID | None = None
) -> Sequence[UUID]:
    query = (
        select(_RECORD.c.case_id)
        .join(_CASE, _CASE.c.id == _RECORD.c.case_id)
        .where(_over(WITHOUT_PENALTY, cutoff, case_id), _RECORD.c.envelope != b"")
    )
    return db.scalars(query.distinct().limit(most)).all()


def _with_uploads(
    db: Connection, cutoff: int, most: int, case_id: UUID | None = None
) -> Sequence[UUID]:
    gone = select(erasure.c.subject).where(erasure.c.kind == "uploads")
    query = (
        select(owner_upload.c.case_id)
        .join(_CASE, _CASE.c.id == owner_upload.c.case_id)
        .where(_over(OVER, cutoff, case_id), owner_upload.c.sha256.not_in(gone))
    )
    said = (
        select(statement.c.case_id)
        .join(_CASE, _CASE.c.id == statement.c.case_id)
        .where(_over(OVER, cutoff, case_id), statement.c.text != "")
    )
    return db.scalars(query.union(said).limit(most)).all()


def _with_lookups(
    db: Connection, cutoff: int, most: int, case_id: UUID | None = None
) -> Sequence[UUID]:
    return lookups.known(db, _over(OVER, cutoff, case_id), most)


def _erase_images(db: Connection, case_id: UUID, rule: Rule, utc_ms: int) -> int:
    """The pictures of a case that led to no penalty. What another case rests on stays."""
    mine = select(_RECORD.c.record_id).where(_RECORD.c.case_id == case_id)
    names = db.scalars(
        select(_EXHIBIT.c.sha256)
        .join(_PART, _PART.c.sha256 == _EXHIBIT.c.sha256)
        .where(_PART.c.record_id.in_(mine))
        .distinct()
    ).all()
    others = select(_PART.c.sha256).where(_PART.c.record_id.not_in(mine), _PART.c.sha256.in_(names))
    names = sorted(set(names) - set(db.scalars(others)))
    if names:
        db.execute(delete(_EXHIBIT).where(_EXHIBIT.c.sha256.in_(names)))
        db.execute(update(_CASE).where(_CASE.c.id == case_id).values(thumb_sha256=None))
        bury(db, case_id, rule, utc_ms, names)
    return len(names)


def _erase_personal(db: Connection, case_id: UUID, rule: Rule, utc_ms: int) -> int:
    """Plate and track: the signed records, what reviewers typed, what searches look through, and
    who was named. Whoever was told in a decision that they are not punished stays named in it.

    The hashes stay, so that the device's chain and the log still lead on.
    """
    mine = (_RECORD.c.case_id == case_id) & (_RECORD.c.envelope != b"")
    names = db.scalars(select(_RECORD.c.sha256).where(mine).order_by(_RECORD.c.seq)).all()
    db.execute(update(_RECORD).where(mine).values(envelope=b""))
    db.execute(delete(case_text).where(case_text.c.case_id == case_id))
    row = db.execute(select(_CASE).where(_CASE.c.id == case_id)).one()
    plain = words(row.number, row.site, row.camera, row.lane)
    db.execute(
        update(_CASE)
        .where(_CASE.c.id == case_id)
        .values(plate=None, plate_colour=None, plate_status="erased", words=plain)
    )
    if row.state != State.NO_PENALTY.value:
        nobody = {"name": "", "id_number": "", "phone": "", "address": ""}
        db.execute(update(party).where(party.c.case_id == case_id).values(nobody))
    events.erase(db, case_id, TYPED)
    lookups.forget(db, case_id)
    bury(db, case_id, rule, utc_ms, names, files=False)
    return len(names)


def _erase_uploads(db: Connection, case_id: UUID, rule: Rule, utc_ms: int) -> int:
    """What a party said and sent, some time after the case was over."""
    table, mine = owner_upload, statement.c.case_id == case_id
    said = db.execute(update(statement).where(mine, statement.c.text != "").values(text=""))
    names = db.scalars(select(table.c.sha256).where(table.c.case_id == case_id).distinct()).all()
    elsewhere = select(table.c.sha256).where(table.c.case_id != case_id)
    names = sorted(set(names) - set(db.scalars(elsewhere.where(table.c.sha256.in_(names)))))
    bury(db, case_id, rule, utc_ms, names)
    return len(names) + said.rowcount


def _erase_lookups(db: Connection, case_id: UUID, rule: Rule, utc_ms: int) -> int:
    """Whom the register was asked about; the log keeps that it was asked, and for which case."""
    gone = lookups.forget(db, case_id)
    bury(db, case_id, rule, utc_ms, (), files=False)
    return gone


def bury(
    db: Connection,
    case_id: UUID,
    rule: Rule,
    utc_ms: int,
    names: Sequence[str],
    *,
    files: bool = True,
) -> None:
    """The tombstone: a line of the case's log that names what was erased, and under which rule."""
    payload = {"class": rule.kind, "rule": rule.text, "policy": rule.pack.sha256}
    told = {**payload, "sha256": " ".join(names)}
    line = events.append(db, events.Event(utc_ms, ACTOR, ERASED, case_id, told))
    row = {"kind": rule.kind, "case_id": case_id, "rule": rule.text, "utc_ms": utc_ms}
    more = {"log_seq": line.seq, "done_utc_ms": None if files else utc_ms}
    if names:
        db.execute(insert(erasure), [{"subject": name, **row, **more} for name in names])


def _needed(db: Connection, sha256: str) -> bool:
    """Whether somebody rests on bytes of this hash after all: the same picture came again, or was
    made public again."""
    copies = publication.c.erased_utc_ms.is_(None) & or_(
        publication.c.pdf == sha256, publication.c.images.contains(sha256)
    )
    wanted = (select(_EXHIBIT.c.sha256).where(_EXHIBIT.c.sha256 == sha256),
              select(publication.c.pdf).where(copies))  # fmt: skip
    return any(db.execute(query).first() is not None for query in wanted)
