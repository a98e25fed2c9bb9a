"""A party asks that an officer withdraw: taking down what was said, and the head's answer."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central import act_forms
from central.access import Act
from central.act_forms import BadForm, Field
from central.auth import Visit
from central.calendar import local_date
from central.limits import CHINA
from central.owner.parties import Party
from central.owner.recusals import NotOpen, NotTheirs, Oral, Outcome, TooLate, Unreasoned
from central.views import CaseView
from central.web import looks
from central.web.acts import case_of
from central.web.guard import Form, checked_form, may
from central.web.parts import parts_of, render
from central.web.queries import uuid_of

router = APIRouter()
Answers = Annotated[Visit, Depends(may(Act.ANSWER_RECUSALS))]
TakesDown = Annotated[Visit, Depends(may(Act.TAKE_DOWN_RECUSALS))]
Sent = Annotated[Form, Depends(checked_form)]
FAULTS = ("answered", "not_open", "not_theirs", "unreasoned", "taken_down")
"""What the case page says of it."""
WAYS = ("in-person", "telephone")
FIELDS = (
    Field("asker"),
    Field("said_by", "choice", choices=WAYS),
    Field("asked_day", "day"),
    Field("objection", "long"),
    Field("read_back", "tick"),
)


@router.get("/cases/{case_id}/recusals")
def oral_page(request: Request, case_id: str, visit: TakesDown) -> Response:
    """The form for what somebody said."""
    view = case_of(request, case_id)
    looks.note(request, visit, "case opened", view.row.id, view.row.number)
    today = local_date(parts_of(request).clock.utc_ms(), CHINA)
    party = _party(request, view.row.id)
    known = {"asker": party.person.name if party else "", "asked_day": today.isoformat()}
    return _page(request, visit, view, given=known)


@router.post("/cases/{case_id}/recusals")
def take_down(request: Request, case_id: str, visit: TakesDown, form: Sent) -> Response:
    """Keeps it once, from the day on which it was said. What was typed comes back with a fault."""
    parts, view = parts_of(request), case_of(request, case_id)
    number = uuid_of(form["form"]) or uuid4()
    names = {field.name for field in FIELDS}
    given = {name: value for name, value in form.fields.items() if name in names}
    if form["resume"] == "yes":
        return _page(request, visit, view, given=given, form=number)
    now = parts.clock.utc_ms()
    try:
        values = act_forms.read(FIELDS, form.fields)
        day = date.fromisoformat(values["asked_day"])
        began = local_date(view.row.begin_utc_ms, CHINA)
        if not began <= day <= local_date(now, CHINA):
            raise BadForm({"asked_day": "asked_day"})
        said = _oral(request, view, number, values)
        parts.owner.recusals.take_down(said, visit.user.id, now)
    except BadForm as bad:
        return _page(request, visit, view, 422, given=given, form=number, faults=bad.faults)
    except TooLate:
        return _page(request, visit, view, 409, given=given, form=number, late=True)
    return RedirectResponse(f"/cases/{view.row.id}?recusal=taken_down#case-told", 303)


def _oral(request: Request, view: CaseView, number: UUID, values: Mapping[str, str]) -> Oral:
    """Whose name is the party's is the party; whoever else it was is named in the text."""
    party = _party(request, view.row.id)
    own = party is not None and party.person.name == values["asker"]
    text = values["objection"] if own else f"申请人：{values['asker']}\n{values['objection']}"
    return Oral(
        case_id=view.row.id,
        form=number,
        party_id=party.id if own and party else None,
        way=values["said_by"],
        text=text,
        day=date.fromisoformat(values["asked_day"]),
    )


def _party(request: Request, case_id: UUID) -> Party | None:
    people = parts_of(request).owner.people(case_id)
    return next((one for one in people if one.confirmed_utc_ms is not None), None)


def _page(
    request: Request, visit: Visit, view: CaseView, status: int = 200, **context: object
) -> Response:
    blank = {"given": {}, "faults": {}, "form": uuid4(), "late": False, **context}
    return render(request, visit, "recusal.html", status, row=view.row, fields=FIELDS, **blank)


@router.post("/cases/{case_id}/recusals/{request_id}")
def answer(request: Request, case_id: str, request_id: str, visit: Answers, form: Sent) -> Response:
    """Granted against one person, or refused; both with reasons."""
    parts, case, asked = parts_of(request), uuid_of(case_id), uuid_of(request_id)
    if case is None or asked is None or form["outcome"] not in list(Outcome):
        raise HTTPException(404)
    outcome, reason = Outcome(form["outcome"]), form.text("reason", 600)
    said = "answered"
    try:
        parts.owner.recusals.answer(
            case, asked, outcome, form["person"], reason, visit.user.id, parts.clock.utc_ms()
        )
        parts.back.late_recusals.run(parts.clock.utc_ms())
    except NotOpen:
        said = "not_open"
    except NotTheirs:
        said = "not_theirs"
    except Unreasoned:
        said = "unreasoned"
    return RedirectResponse(f"/cases/{case}?recusal={said}#case-told", 303)
