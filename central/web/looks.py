"""Looking at personal data: why is asked first, and every look is written down with it.

    note(request, visit, "case opened", case_id, number)

Where no purpose was chosen in the session lately, PurposeNeeded is raised, and the app answers with
a page that asks; the look goes on from there.
"""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.access import Act
from central.accounts import Look
from central.auth import Visit
from central.purposes import BadPurpose, Purpose
from central.web.guard import Form, checked_form, may, signed_in
from central.web.parts import parts_of, render
from central.web.queries import own_path

router = APIRouter()
SeesCases = Annotated[Visit, Depends(may(Act.SEE_CASES))]
Sent = Annotated[Form, Depends(checked_form)]


class PurposeNeeded(Exception):
    """Nobody said yet why cases are looked at in this session."""


def note(request: Request, visit: Visit, action: str, case_id: UUID | None, subject: str) -> None:
    """Write a look down, with its reason. Raises PurposeNeeded."""
    parts = parts_of(request)
    now = parts.clock.utc_ms()
    purpose = parts.back.purposes.get(visit.session.token_sha256, now)
    if purpose is None:
        raise PurposeNeeded("choose why you look at cases")
    note_for(request, visit, action, case_id, subject, purpose)


def note_for(
    request: Request, visit: Visit, action: str, case_id: UUID | None, subject: str, reason: str
) -> None:
    """A look whose reason is plain from what is done, or was typed with it."""
    parts = parts_of(request)
    look = Look(visit.user.id, action, case_id, subject[:200], reason)
    parts.accounts.log_look(look, parts.clock.utc_ms())


def ask(request: Request, _error: Exception) -> Response:
    """The app's answer to PurposeNeeded."""
    query = f"?{request.url.query}" if request.url.query else ""
    onward = request.url.path + query if request.method == "GET" else "/cases"
    return RedirectResponse(f"/purpose?next={quote(onward, safe='')}", 303)


def _page(
    request: Request, visit: Visit, onward: str, status: int = 200, **context: object
) -> Response:
    parts = parts_of(request)
    now = parts.clock.utc_ms()
    return render(
        request,
        visit,
        "purpose.html",
        status,
        purposes=list(Purpose),
        onward=own_path(onward) or "/cases",
        chosen=parts.back.purposes.get(visit.session.token_sha256, now) or "",
        **{"fault": False, "typed": "", **context},
    )


@router.get("/purpose")
def purpose_page(request: Request, visit: SeesCases) -> Response:
    return _page(request, visit, request.query_params.get("next", ""))


@router.post("/purpose")
def choose(request: Request, visit: SeesCases, form: Sent) -> Response:
    parts, typed = parts_of(request), form.text("typed", 200)
    token = signed_in(request).session.token_sha256
    try:
        parts.back.purposes.choose(token, form["purpose"], typed, parts.clock.utc_ms())
    except BadPurpose:
        return _page(request, visit, form["next"], 422, fault=True, typed=typed)
    return RedirectResponse(own_path(form["next"]) or "/cases", 303)
