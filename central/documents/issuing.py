"""Issuing a document: its values are gathered, frozen and named, its number taken, all within the
caller's transaction. Its PDF is printed afterwards (central/documents/press.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection, insert

from central import acting
from central.document_tables import document
from central.documents import facts, numbers
from central.documents.content import Content, Given, Head, Incomplete, fill, sha256_of
from central.documents.forms import forms
from central.documents.numbers import Wanted
from central.documents.wording import day, local
from central.policy import Office


@dataclass(frozen=True, slots=True)
class Issued:
    """What the act's line in the log names. `number` is None for forms without one."""

    kind: str
    number: str | None
    sha256: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A value that a person types; `name` is its key in `extra`."""

    name: str
    label: str
    required: bool
    long: bool


def asked(kind: str) -> tuple[Asked, ...]:
    """What a person has to type for a document of this kind."""
    form, words = forms().forms[kind], forms().fields
    return tuple(
        Asked(name, words[name].label, form.used[name], words[name].long) for name in form.asked
    )


def issue(
    db: Connection, case_id: UUID, kind: str, utc_ms: int, extra: Mapping[str, str]
) -> Issued:
    """Issue a document of one of KINDS. To be called before anything of the transaction is logged:
    numbers are locked before the log.

    Raises Incomplete, KeyError for another kind.
    """
    acting.lock(db, case_id)
    content, office = _draft(db, case_id, kind, utc_ms, extra)
    series = forms().forms[kind].series
    if series is not None:
        if office is None:
            raise Incomplete(kind, ["文号规则（裁量规则中的机关信息）"])
        number = numbers.allocate(db, office, Wanted(kind, series, case_id, utc_ms))
        content = replace(content, number=number)
    frozen = content.to_json()
    sha256 = sha256_of(frozen)
    db.execute(
        insert(document).values(
            sha256=sha256,
            case_id=case_id,
            kind=kind,
            number=content.number,
            issued_utc_ms=utc_ms,
            content=frozen,
        )
    )
    return Issued(kind, content.number, sha256)


def preview(
    db: Connection, case_id: UUID, kind: str, utc_ms: int, extra: Mapping[str, str]
) -> Content:
    """The document as it would be issued, without a number. Raises Incomplete."""
    return _draft(db, case_id, kind, utc_ms, extra)[0]


def _draft(
    db: Connection, case_id: UUID, kind: str, utc_ms: int, extra: Mapping[str, str]
) -> tuple[Content, Office | None]:
    form = forms().forms[kind]
    file = facts.read(db, case_id, utc_ms)
    known = facts.gather(db, file, utc_ms, extra)
    typed = {
        name: extra[name]
        for name in form.used
        if extra.get(name, "").strip() and (name in form.asked or not known.get(name))
    }
    values: Given = {**known, **typed}
    today = file.rules.today
    head = Head(
        number=None,
        agency=today.agency if today else "",
        date=day(local(utc_ms).date()),
        case_id=str(case_id),
        place=len(file.issued) + 1,
    )
    return fill(kind, values, head), today.office if today else None
