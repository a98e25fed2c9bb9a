"""Doing one act by hand: proofs, rows, documents and the line in the log, in one transaction.

PerformError
├── Moved          the case went on since the form was opened
├── AlreadyTaken   this very form was taken before
└── NotYours       nobody of this office does that from here
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection, insert, select

from central import act_forms, acting, documents, inquiry, interests, proofs
from central.act_tables import act_form
from central.acting import Logged
from central.auth import User
from central.calendar import LegalCalendar
from central.case_moves import RULES
from central.cases import Act, Action, Case, Guard, Role, Unproven
from central.database import add_if_new
from central.document_tables import document
from central.documents.content import Content
from central.owner import parties
from central.owner.parties import Person
from central.owner_tables import statement

PENDING = "(second officer)"
ORAL, OTHER = "oral", "other"
_KEPT_IN_DETAIL = ("until_day", "way", "on_site", "exempt_reason")


class PerformError(Exception):
    """The act is not done."""


class Moved(PerformError):
    """The case went on since the form was opened."""


class AlreadyTaken(PerformError):
    """This very form was taken before."""


class NotYours(PerformError):
    """Nobody of this office does that from here."""


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants to do. `seen` is the last act that their form knew of, `form` the form's
    own number; `second` the officer who signs with them, once there is one."""

    case_id: UUID
    action: Action
    user: User
    values: Mapping[str, str]
    form: str
    seen: int
    second: str | None = None


@dataclass(frozen=True, slots=True)
class Performed:
    """What was done: the documents as they were issued, and the line of the log."""

    contents: Sequence[Content]
    logged: Logged

    @property
    def digest(self) -> str:
        """Of everything that the documents say but their numbers, which come with the act."""
        told = [replace(content, number=None).to_json() for content in self.contents]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Office:
    """What acting needs beside the database. `green`: the integrity checks of the case hold;
    `trial`: nothing of it will stay, and the second officer need not be known yet."""

    calendar: LegalCalendar
    utc_ms: int
    green: bool = False
    trial: bool = False


def perform(db: Connection, order: Order, office: Office) -> Performed:
    """Do it, within the caller's transaction; whoever only wants to see it rolls that back.

    Raises PerformError, CaseError, Incomplete.
    """
    acting.lock(db, order.case_id)
    known = inquiry.read(
        db, order.case_id, order.user.id, office.utc_ms, office.calendar, green=office.green
    )
    if last_seq(known.course.done) != order.seen:
        raise Moved("the case went on since the form was opened")
    role = act_forms.acts_as(order.user.role, known.case, order.action)
    if role is None:
        RULES.moves_of(known.case, order.action)
        raise NotYours(f"{order.user.role} must not {order.action} from here")
    _require_no_interest(db, order)
    second = order.second
    if second is None and office.trial and is_seconded(known.case, order.action, role):
        second = PENDING
    act = Act(order.action, role, order.user.id, second)
    typed = act_forms.typed(order.values)
    proven = proofs.proven(known, order.action, role, typed)
    # The rules are asked before a number is taken, documents before the log is written.
    RULES.do(known.case, act, proven | _BY_DOCUMENTS)
    detail = _rows(db, order, role, office.utc_ms)
    extra = _extra(order, known.set_fen)
    issued = [
        documents.issue(db, order.case_id, kind, office.utc_ms, extra)
        for kind in act_forms.papers(known.case, order.action)
    ]
    detail |= _detail(order, extra, issued)
    logged = acting.do(db, order.case_id, act, proven | _BY_DOCUMENTS, office.utc_ms, detail)
    return Performed([_content(db, one.sha256) for one in issued], logged)


_BY_DOCUMENTS = frozenset({Guard.DOCUMENT_COMPLETE, Guard.NOTICE_COMPLETE})
"""Shown by making the document: an empty required value refuses the whole act."""


def take_form(db: Connection, order: Order, utc_ms: int) -> None:
    """Once. Raises AlreadyTaken."""
    values = {
        "form": order.form,
        "case_id": order.case_id,
        "user_id": order.user.id,
        "action": order.action.value,
        "utc_ms": utc_ms,
    }
    if not add_if_new(db, act_form, values):
        raise AlreadyTaken("this form was taken before")


def last_seq(done: Sequence[object]) -> int:
    """The number of the last act's line; 0 where nothing was done."""
    return max((one.seq for one in done if isinstance(one, Logged)), default=0)


def _require_no_interest(db: Connection, order: Order) -> None:
    """Of whoever types, in whosever name, and of the second officer. Raises Unproven."""
    for person in (order.user.id, order.second):
        found = interests.interest(db, order.case_id, person) if person else None
        if found is not None:
            text = f"cannot {order.action}: {Guard.NO_CONFLICT} is not shown: {found}"
            raise Unproven(text, (Guard.NO_CONFLICT,))


def _rows(db: Connection, order: Order, role: Role, utc_ms: int) -> dict[str, str]:
    """What the act brings into the file beside its document; what the log may say of it."""
    values = order.values
    if order.action is Action.IDENTIFY_PARTY:
        return {"party": str(_identify(db, order, utc_ms))}
    if order.action is Action.STATE and role is Role.OFFICER:
        known = parties.of_case(db, order.case_id)
        db.execute(
            insert(statement).values(
                id=UUID(order.form),
                case_id=order.case_id,
                form=UUID(order.form).hex,
                kind=ORAL,
                grounds=OTHER,
                text=values["statement"],
                party_id=known.id if known else None,
                recorded_by=order.user.id,
                made_utc_ms=utc_ms,
            )
        )
    return {}


def _identify(db: Connection, order: Order, utc_ms: int) -> UUID:
    values = order.values
    person = Person(
        name=values["party_name"],
        id_number=values["party_id_number"],
        phone=values.get("party_phone", ""),
        address=values["party_address"],
        kind="unit" if values["party_kind"] == "unit" else "person",
        relation=_RELATIONS[values["party_relation"]],
    )
    party_id = parties.add(db, order.case_id, person, "officer", utc_ms, order.user.id)
    parties.confirm(db, party_id, utc_ms)
    return party_id


_RELATIONS: Mapping[str, parties.Relation] = {
    "driver": "driver",
    "holder": "holder",
    "agent": "agent",
}


def _extra(order: Order, set_fen: int | None) -> dict[str, str]:
    """What the documents are given beside the file."""
    extra = {**order.values, "person": order.user.id, "second": order.second or ""}
    amount = act_forms.typed(order.values).amount_fen
    fen = amount if amount is not None else set_fen
    if fen is not None and order.action in act_forms.SETS_AMOUNT:
        extra["amount_fen"] = str(fen)
    return extra


def _detail(
    order: Order, extra: Mapping[str, str], issued: Sequence[documents.Issued]
) -> dict[str, str]:
    """What the log keeps of the form. Texts stand in the documents; where there is none, the
    grounds stand here."""
    found = {name: order.values[name] for name in _KEPT_IN_DETAIL if name in order.values}
    if "amount_fen" in extra:
        found["amount_fen"] = extra["amount_fen"]
    for one in issued:
        found |= {"document": one.sha256, "number": one.number or ""}
    if not issued and "grounds" in order.values:
        found["grounds"] = order.values["grounds"]
    return found


def _content(db: Connection, sha256: str) -> Content:
    text = db.scalar(select(document.c.content).where(document.c.sha256 == sha256))
    assert text is not None
    return Content.from_json(text)


def is_seconded(case: Case, action: Action, role: Role) -> bool:
    """Whether a second officer signs with whoever acts (行政处罚法 art. 42)."""
    return role is Role.OFFICER and action in RULES.seconded and bool(RULES.moves_of(case, action))
