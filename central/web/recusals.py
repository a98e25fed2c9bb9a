"""The head's answer to a party who asks that an officer withdraw."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.access import Act
from central.auth import Visit
from central.owner.recusals import NotOpen, NotTheirs, Outcome, Unreasoned
from central.web.guard import Form, checked_form, may
from central.web.parts import parts_of
from central.web.queries import uuid_of

router = APIRouter()
Answers = Annotated[Visit, Depends(may(Act.ANSWER_RECUSALS))]
Sent = Annotated[Form, Depends(checked_form)]
FAULTS = ("answered", "not_open", "not_theirs", "unreasoned")
"""What the case page says of it."""


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
    except NotOpen:
        said = "not_open"
    except NotTheirs:
        said = "not_theirs"
    except Unreasoned:
        said = "unreasoned"
    return RedirectResponse(f"/cases/{case}?recusal={said}#case-told", 303)
