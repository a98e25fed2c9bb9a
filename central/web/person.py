"""Who a case concerns: shown with most of it covered; uncovering is an act with a one-time code."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from central import events
from central.access import Act
from central.auth import Visit
from central.database import reading
from central.owner_tables import party
from central.purposes import TYPED_CHARS
from central.web import looks
from central.web.codes import FreshCode
from central.web.guard import Form, checked_form, may
from central.web.parts import Parts, parts_of, render
from central.web.queries import uuid_of

router = APIRouter()
SeesCovered = Annotated[Visit, Depends(may(Act.READ_DOCUMENTS))]
Unmasks = Annotated[Visit, Depends(may(Act.UNMASK))]
Sent = Annotated[Form, Depends(checked_form)]
UNMASKED = "person uncovered"
FIELDS = ("name", "id_number", "phone", "address")
_KEPT = {"name": (1, 0), "id_number": (4, 2), "phone": (3, 2), "address": (6, 0)}
"""How many characters at the beginning and the end stay readable."""


def covered(field: str, value: str) -> str:
    """A value with its middle covered; what is shorter than what would stay is covered whole."""
    first, last = _KEPT[field]
    if len(value) <= first + last:
        return "*" * len(value)
    return value[:first] + "*" * (len(value) - first - last) + value[len(value) - last :]


def _case(parts: Parts, case_id: str) -> tuple[UUID, str]:
    known = uuid_of(case_id)
    view = parts.store.case(known) if known else None
    if view is None:
        raise HTTPException(404)
    return view.row.id, view.row.number


def _people(parts: Parts, case_id: UUID) -> list[dict[str, str]]:
    with reading(parts.back.engine) as db:
        query = select(party).where(party.c.case_id == case_id).order_by(party.c.made_utc_ms)
        rows = db.execute(query).all()
    return [
        {name: str(getattr(row, name)) for name in (*FIELDS, "kind", "relation", "source")}
        for row in rows
    ]


@router.get("/cases/{case_id}/person")
def person(request: Request, case_id: str, visit: SeesCovered) -> Response:
    parts = parts_of(request)
    known, number = _case(parts, case_id)
    looks.note(request, visit, "person opened", known, number)
    people = [
        {**one, **{name: covered(name, one[name]) for name in FIELDS}}
        for one in _people(parts, known)
    ]
    shown: Mapping[str, Any] = {"case_id": known, "number": number, "fields": FIELDS}
    fault = request.query_params.get("fault") == "reason"
    return render(request, visit, "person.html", **shown, people=people, open=False, fault=fault)


@router.post("/cases/{case_id}/person")
def unmask(request: Request, case_id: str, visit: Unmasks, form: Sent, _: FreshCode) -> Response:
    """Shown once, on this answer only. The log of the case tells who asked, and why."""
    parts, reason = parts_of(request), form.text("reason", TYPED_CHARS[1])
    known, number = _case(parts, case_id)
    shown: Mapping[str, Any] = {"case_id": known, "number": number, "fields": FIELDS}
    if len(reason) < TYPED_CHARS[0]:
        return render(
            request, visit, "person.html", 422, **shown, people=[], open=False, fault=True
        )
    now = parts.clock.utc_ms()
    looks.note_for(request, visit, UNMASKED, known, number, reason)
    with parts.back.engine.begin() as db:
        told = {"reason": reason}
        events.append(db, events.Event(now, visit.user.id, "person-uncovered", known, told))
    people = _people(parts, known)
    return render(request, visit, "person.html", **shown, people=people, open=True, fault=False)
