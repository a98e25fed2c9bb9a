"""What an owner says: statements with their uploads, and the acts that they are.

A statement counts from the moment in which it arrived, however long it took to be taken, and the
same form sent twice counts once. Where it is an act of the case it is one; in every other state it
is kept and shown to the office all the same, so that nothing that somebody says is lost.

SpeakError
├── TooMuch     a link says only so much
└── NotNow      the case does not allow this any more, or not yet
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, func, insert, select

from central import acting, documents, events
from central.billing import do_with_document
from central.blobs import Blobs
from central.cases import Act, Action, CaseError, Guard, Role
from central.owner import parties
from central.owner.parties import Party, Person
from central.owner.uploads import Clean
from central.owner_links import Link
from central.owner_tables import owner_upload, statement

MOST_STATEMENTS = 30
MOST_UPLOADS = 40
MOST_CHARS = 3000
_SHELF = "owner."
"""Where uploads lie on their way into the evidence folder: no device has this name."""
ACTS: Mapping[str, Action] = {
    "statement": Action.STATE,
    "hearing": Action.STATE,
    "not-me": Action.STATE,
    "waiver": Action.WAIVE,
    "reconsideration": Action.FILE_RECONSIDERATION,
    "withdrawal": Action.WITHDRAW_REMEDY,
}
"""What each kind of statement is in the case; the others (it was me, please defer) are none."""
MUST_ACT = frozenset({"waiver", "reconsideration", "withdrawal"})
"""Nothing is kept of these where the case does not allow them."""


class SpeakError(Exception):
    """What was said is not taken."""


class TooMuch(SpeakError):
    """A link says only so much."""


class NotNow(SpeakError):
    """The case does not allow this any more, or not yet."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody sent. `form` is the form's own number; `who` names a person with it: oneself,
    or another driver."""

    form: str
    kind: str
    grounds: str
    text: str
    arrived_utc_ms: int
    files: Sequence[Clean] = ()
    who: Person | None = None


class Speaking:
    """Takes what owners say. Every call blocks."""

    def __init__(self, engine: Engine, blobs: Blobs) -> None:
        self._engine = engine
        self._blobs = blobs

    def say(self, link: Link, me: Party | None, said: Said, proven: frozenset[Guard]) -> None:
        """Keep it, once. Raises SpeakError; nothing is kept then."""
        with self._engine.connect() as db:
            if _is_known(db, link, said):
                return
            _require_measure(db, link, len(said.files))
        names = [self._blobs.keep(_SHELF, one.data) for one in said.files]
        with self._engine.begin() as db:
            acting.lock(db, link.case_id)
            if not _is_known(db, link, said):
                _take(db, link, me, said, proven, names)


def _is_known(db: Connection, link: Link, said: Said) -> bool:
    same = (statement.c.case_id == link.case_id) & (statement.c.form == said.form)
    return db.scalar(select(statement.c.id).where(same)) is not None


def _require_measure(db: Connection, link: Link, files: int) -> None:
    for table, more, most in (
        (statement, 1, MOST_STATEMENTS),
        (owner_upload, files, MOST_UPLOADS),
    ):
        count = select(func.count()).select_from(table).where(table.c.link_id == link.id)
        if int(db.scalar(count) or 0) + more > most:
            raise TooMuch(f"a link takes at most {most}: {table.name}")


def _take(
    db: Connection,
    link: Link,
    me: Party | None,
    said: Said,
    proven: frozenset[Guard],
    names: Sequence[str],
) -> None:
    statement_id = uuid4()
    own = me.id if me else None
    if said.who is not None:
        admits = said.kind == "admission"
        source: parties.Source = "party" if admits else "nominated"
        named = parties.add(db, link.case_id, said.who, source, said.arrived_utc_ms)
        own = named if admits else own
    row = {
        "id": statement_id,
        "case_id": link.case_id,
        "form": said.form,
        "kind": said.kind,
        "grounds": said.grounds,
        "text": said.text,
        "party_id": own,
        "link_id": link.id,
        "made_utc_ms": said.arrived_utc_ms,
    }
    db.execute(insert(statement).values(row))
    for one, name in zip(said.files, names, strict=True):
        db.execute(
            insert(owner_upload).values(
                id=uuid4(),
                case_id=link.case_id,
                statement_id=statement_id,
                link_id=link.id,
                sha256=name,
                size=len(one.data),
                media_type=one.media_type,
                name=one.name,
                made_utc_ms=said.arrived_utc_ms,
                dropped=False,
            )
        )
    done = _act(db, link, me, said, proven, statement_id)
    _log(db, link, said, done, statement_id, names)


def _act(
    db: Connection,
    link: Link,
    me: Party | None,
    said: Said,
    proven: frozenset[Guard],
    statement_id: UUID,
) -> bool:
    """Do what was said as an act of the case. Raises NotNow where it would be nothing else."""
    action = ACTS.get(said.kind)
    is_party = me is not None and me.confirmed_utc_ms is not None
    if action is None or not is_party:
        if said.kind in MUST_ACT:
            raise NotNow(f"only the case's party may {said.kind}")
        return False
    assert me is not None
    act = Act(action, Role.PARTY, str(me.id))
    try:
        with db.begin_nested():
            _with_document(db, link, act, proven, said, statement_id)
    except CaseError as error:
        if said.kind in MUST_ACT:
            raise NotNow(str(error)) from error
        return False
    return True


def _with_document(
    db: Connection,
    link: Link,
    act: Act,
    proven: frozenset[Guard],
    said: Said,
    statement_id: UUID,
) -> None:
    """With the document that the act makes; a statement counts even where its minutes lack a value:
    an officer writes them then."""
    at, case_id = said.arrived_utc_ms, link.case_id
    references = str(statement_id)
    typed = {"statement": said.text, "references": references, "person": ""}
    if act.action is Action.STATE:
        try:
            with db.begin_nested():
                do_with_document(db, case_id, act, proven, at, **typed)
        except documents.Incomplete:
            acting.do(db, case_id, act, proven, at, {"references": references})
        return
    do_with_document(db, case_id, act, proven, at, **typed)


def _log(
    db: Connection, link: Link, said: Said, acted: bool, statement_id: UUID, names: Sequence[str]
) -> None:
    payload = {
        "statement": str(statement_id),
        "kind": said.kind,
        "grounds": said.grounds,
        "text": hashlib.sha256(said.text.encode()).hexdigest(),
        "uploads": " ".join(names),
        "acted": "yes" if acted else "no",
    }
    actor = f"owner:{link.id}"
    event = events.Event(said.arrived_utc_ms, actor, "owner-said", link.case_id, payload)
    events.append(db, event)
