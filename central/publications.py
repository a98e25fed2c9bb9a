"""Covered copies of decisions for the public: made by hand, listed, withdrawn, erased on time.

The original is never touched. A copy is a PDF of the covered text (central/documents/covering.py)
and the wide pictures of the case in blocks too coarse for a face or a plate. It is withdrawn by
hand, by itself when its decision is revoked (行政处罚法 art. 48), and after the pack's period
`published`; its files then go in the next round of retention, with a line of the log that says so.

PublicationError
├── NotPublishable    no decision of this case
└── Gone              withdrawn already
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, insert, select, update

from central import acting, events, tables
from central.blobs import Blobs
from central.cases import State
from central.database import reading
from central.document_tables import document
from central.documents.content import Content, sha256_of
from central.documents.covering import covered
from central.documents.press import print_pdf
from central.keeping.erasing import ACTOR, Rule, bury
from central.keeping.holds import is_held
from central.office_tables import publication
from central.owner.masking import masked
from central.owner_tables import party
from central.tables import exhibit, record, record_exhibit, user

KINDS = ("行政处罚决定书", "当场行政处罚决定书", "不予行政处罚决定书", "撤销决定书")
MADE, WITHDRAWN = "publication-made", "publication-withdrawn"
REASON_CHARS = (4, 200)
_SHELF = "publications."
_REVOKED = frozenset({State.REVOKED, State.VOID, State.REFUNDED})
_MOST_PICTURES = 12


class PublicationError(Exception):
    """A copy that is not made, or not withdrawn."""


class NotPublishable(PublicationError):
    """No decision of this case."""


class Gone(PublicationError):
    """Withdrawn already."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A copy as staff see it. `withdrawn_utc_ms` is None while the public may see it."""

    id: UUID
    case_id: UUID
    number: str
    kind: str
    pdf: str
    images: Sequence[str]
    purpose: str
    made_by: str
    made_utc_ms: int
    withdrawn_by: str | None
    withdrawn_utc_ms: int | None
    withdraw_reason: str | None
    erased_utc_ms: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asked to be made public, and has read."""

    case_id: UUID
    document: str
    words: Sequence[str]
    purpose: str
    by: str


class Publications:
    """Every call blocks."""

    def __init__(self, engine: Engine, blobs: Blobs) -> None:
        self._engine = engine
        self._blobs = blobs

    def draft(self, case_id: UUID, sha256: str, words: Sequence[str]) -> Content:
        """The covered text as it would be made public. Raises NotPublishable."""
        with reading(self._engine) as db:
            return _draft(db, case_id, sha256, words)

    def make(self, wanted: Wanted, utc_ms: int) -> UUID:
        """Print the copy, keep it and write down who did it. Raises NotPublishable, BlobFault."""
        content = self.draft(wanted.case_id, wanted.document, wanted.words)
        pdf = self._blobs.keep(_SHELF, print_pdf(content))
        with reading(self._engine) as db:
            pictures = _pictures(db, wanted.case_id)
        images = [
            self._blobs.keep(_SHELF, masked(self._blobs.read(name), None, (1, 1)))
            for name in pictures
        ]
        publication_id = uuid4()
        with self._engine.begin() as db:
            acting.lock(db, wanted.case_id)
            # Whatever was revoked meanwhile is not made public.
            _draft(db, wanted.case_id, wanted.document, wanted.words)
            db.execute(
                insert(publication).values(
                    id=publication_id,
                    case_id=wanted.case_id,
                    document=wanted.document,
                    kind=content.kind,
                    pdf=pdf,
                    images=json.dumps(images),
                    purpose=wanted.purpose,
                    made_by=wanted.by,
                    made_utc_ms=utc_ms,
                )
            )
            told = {
                "publication": str(publication_id),
                "document": wanted.document,
                "copy": sha256_of(content.to_json()),
                "pdf": pdf,
                "images": " ".join(images),
                "purpose": wanted.purpose,
            }
            events.append(db, events.Event(utc_ms, wanted.by, MADE, wanted.case_id, told))
        return publication_id

    def withdraw(self, publication_id: UUID, by: str, reason: str, utc_ms: int) -> None:
        """Nobody is given it from now on. Raises Gone."""
        with self._engine.begin() as db:
            mine = publication.c.id == publication_id
            case_id = db.scalar(select(publication.c.case_id).where(mine))
            if case_id is None:
                raise Gone("there is no such copy")
            acting.lock(db, case_id)
            if not _withdraw(db, publication_id, case_id, by, reason, utc_ms):
                raise Gone("the copy was withdrawn already")

    def get(self, publication_id: UUID) -> Publication | None:
        found = self._read(publication.c.id == publication_id)
        return found[0] if found else None

    def last(self, most: int = 200) -> Sequence[Publication]:
        """The newest first."""
        return self._read(publication.c.id.is_not(None), most)

    def file(self, sha256: str) -> bytes:
        """Raises Missing."""
        return self._blobs.read(sha256)

    def run(self, rule: Rule | None, utc_ms: int) -> int:
        """Withdraw what is over or was revoked, and erase what was withdrawn."""
        table, case = publication, tables.case
        standing = select(table.c.id, table.c.case_id).where(table.c.withdrawn_utc_ms.is_(None))
        revoked = standing.join(case, case.c.id == table.c.case_id).where(
            case.c.state.in_(sorted(_REVOKED)), table.c.kind.not_like("撤销决定书%")
        )
        self._each(revoked, lambda db, row: _withdraw(db, row.id, row.case_id, ACTOR,
                   "决定已被撤销（行政处罚法第四十八条）", utc_ms))  # fmt: skip
        if rule is None:
            return 0
        over = standing.where(table.c.made_utc_ms <= rule.cutoff(utc_ms))
        self._each(
            over, lambda db, row: _withdraw(db, row.id, row.case_id, ACTOR, rule.text, utc_ms)
        )
        withdrawn = select(table.c.id, table.c.case_id).where(
            table.c.withdrawn_utc_ms.is_not(None), table.c.erased_utc_ms.is_(None)
        )
        return self._each(withdrawn, lambda db, row: _erase(db, row.id, row.case_id, rule, utc_ms))

    def _each(
        self,
        query: Select[tuple[UUID, UUID]],
        do: Callable[[Connection, Row[tuple[UUID, UUID]]], bool],
    ) -> int:
        with reading(self._engine) as db:
            rows = db.execute(query).all()
        done = 0
        for row in rows:
            with self._engine.begin() as db:
                acting.lock(db, row.case_id)
                done += do(db, row)
        return done

    def _read(self, wanted: ColumnElement[bool], most: int = 1) -> Sequence[Publication]:
        table, case = publication, tables.case
        query = (
            select(table, case.c.number)
            .join(case, case.c.id == table.c.case_id)
            .where(wanted)
            .order_by(table.c.made_utc_ms.desc())
            .limit(most)
        )
        with reading(self._engine) as db:
            return tuple(_publication(row) for row in db.execute(query))


def _draft(db: Connection, case_id: UUID, sha256: str, words: Sequence[str]) -> Content:
    mine = (document.c.sha256 == sha256) & (document.c.case_id == case_id)
    row = db.execute(select(document).where(mine)).one_or_none()
    if row is None or row.kind not in KINDS:
        raise NotPublishable(f"{sha256[:16]} is no decision of this case")
    revoked = acting.standing(db, case_id).main in _REVOKED
    if revoked and row.kind != "撤销决定书":
        raise NotPublishable("the decision was revoked")
    names = db.scalars(select(party.c.name).where(party.c.case_id == case_id))
    staff = db.scalars(select(user.c.display))
    return covered(Content.from_json(row.content), [*names, *staff], words)


def _pictures(db: Connection, case_id: UUID) -> Sequence[str]:
    """The wide views that are here, in the order in which they were taken."""
    query = (
        select(record_exhibit.c.sha256)
        .join(record, record.c.record_id == record_exhibit.c.record_id)
        .join(exhibit, exhibit.c.sha256 == record_exhibit.c.sha256)
        .where(record.c.case_id == case_id, record_exhibit.c.view == "wide")
        .order_by(record.c.seq, record_exhibit.c.position)
    )
    return list(dict.fromkeys(db.scalars(query)))[:_MOST_PICTURES]


def _withdraw(
    db: Connection, publication_id: UUID, case_id: UUID, by: str, reason: str, utc_ms: int
) -> bool:
    """Under the case's lock; whether it stood until now."""
    standing = (publication.c.id == publication_id) & publication.c.withdrawn_utc_ms.is_(None)
    values = {"withdrawn_by": by, "withdrawn_utc_ms": utc_ms, "withdraw_reason": reason}
    if db.execute(update(publication).where(standing).values(values)).rowcount == 0:
        return False
    told = {"publication": str(publication_id), "reason": reason}
    events.append(db, events.Event(utc_ms, by, WITHDRAWN, case_id, told))
    return True


def _erase(db: Connection, publication_id: UUID, case_id: UUID, rule: Rule, utc_ms: int) -> bool:
    """The tombstone of a copy's files; a file that another copy rests on stays until that goes."""
    waiting = (publication.c.id == publication_id) & publication.c.erased_utc_ms.is_(None)
    row = db.execute(select(publication).where(waiting)).one_or_none()
    if row is None or is_held(db, case_id):
        return False
    others = db.execute(
        select(publication.c.pdf, publication.c.images).where(
            publication.c.id != publication_id, publication.c.erased_utc_ms.is_(None)
        )
    )
    needed = {name for one in others for name in (one.pdf, *json.loads(one.images))}
    names = sorted({row.pdf, *json.loads(row.images)} - needed)
    db.execute(update(publication).where(waiting).values(erased_utc_ms=utc_ms))
    bury(db, case_id, rule, utc_ms, names)
    return True


def _publication(row: Row[tuple[object, ...]]) -> Publication:
    return Publication(
        id=row.id,
        case_id=row.case_id,
        number=row.number,
        kind=row.kind,
        pdf=row.pdf,
        images=tuple(json.loads(row.images)),
        purpose=row.purpose,
        made_by=row.made_by,
        made_utc_ms=row.made_utc_ms,
        withdrawn_by=row.withdrawn_by,
        withdrawn_utc_ms=row.withdrawn_utc_ms,
        withdraw_reason=row.withdraw_reason,
        erased_utc_ms=row.erased_utc_ms,
    )
