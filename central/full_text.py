"""Full text: what documents and statements of a case say, in one row each for searching.

Made anew for every case that has new lines in the log (central/following.py). Documents count with
their number, what people typed and whom they name: the words of their form, and what every document
of a case repeats, would only make the search slow.
"""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, Engine, delete, insert, select

from central import following
from central.document_tables import document
from central.documents.forms import forms
from central.office_tables import case_text
from central.owner_tables import statement

NAME = "full-text"
_NAMED = frozenset(
    {
        "party",
        "party_address",
        "party_id",
        "party_telephone",
        "bill_code",
        "heard",
        "outcome",
        "refund_reference",
    }
)


class Kind(StrEnum):
    """Whose words. Each is searched by the roles that may read it (central/access.py)."""

    DOCUMENT = "document"
    STATEMENT = "statement"


def catch_up(engine: Engine) -> None:
    following.catch_up(engine, NAME, refresh)


def refresh(db: Connection, cases: Sequence[UUID]) -> None:
    """Make the rows of these cases anew."""
    db.execute(delete(case_text).where(case_text.c.case_id.in_(cases)))
    written = {Kind.DOCUMENT: _documents(db, cases), Kind.STATEMENT: _statements(db, cases)}
    rows = [
        {"case_id": case_id, "kind": kind.value, "text": "\n".join(texts).lower()}
        for kind, found in written.items()
        for case_id, texts in found.items()
    ]
    if rows:
        db.execute(insert(case_text), rows)


def _documents(db: Connection, cases: Sequence[UUID]) -> Mapping[UUID, list[str]]:
    table, found = document, dict[UUID, list[str]]()
    query = select(table.c.case_id, table.c.kind, table.c.number, table.c.content).where(
        table.c.case_id.in_(cases)
    )
    for row in db.execute(query.order_by(table.c.issued_utc_ms)):
        values = json.loads(row.content)["values"]
        asked = forms().forms[row.kind].asked if row.kind in forms().forms else ()
        told = [values.get(name) for name in (*asked, *sorted(_NAMED))]
        said = [row.number, *(text for text in told if isinstance(text, str))]
        found.setdefault(row.case_id, []).extend(text for text in said if text)
    return {case_id: list(dict.fromkeys(texts)) for case_id, texts in found.items()}


def _statements(db: Connection, cases: Sequence[UUID]) -> Mapping[UUID, list[str]]:
    table, found = statement, dict[UUID, list[str]]()
    query = select(table.c.case_id, table.c.text).where(table.c.case_id.in_(cases))
    for row in db.execute(query.order_by(table.c.made_utc_ms)):
        found.setdefault(row.case_id, []).append(row.text)
    return found
