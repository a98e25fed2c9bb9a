"""Cases that rest on a wrong pack or lane: saying what is wrong, and looking at each case again."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.access import Act
from central.auth import Visit
from central.doubts import REASON_CHARS, DoubtError, Kind, KnownWrong, Outcome
from central.web.codes import FreshCode
from central.web.guard import Form, checked_form, may
from central.web.parts import parts_of, render
from central.web.queries import uuid_of

router = APIRouter()
Rechecks = Annotated[Visit, Depends(may(Act.RECHECK))]
Finds = Annotated[Visit, Depends(may(Act.FIND_WRONG))]
Sent = Annotated[Form, Depends(checked_form)]
_HASH = re.compile(r"[0-9a-f]{64}")
_BLANK = {"kind": "", "value": "", "reason": ""}
DONE = ("found", "settled")


def _page(request: Request, visit: Visit, status: int = 200, **context: object) -> Response:
    parts = parts_of(request)
    done = request.query_params.get("done", "")
    return render(
        request,
        visit,
        "recheck.html",
        status,
        wrongs=parts.back.doubts.all(),
        listed=parts.back.doubts.listed(),
        unknown=parts.back.doubts.under_unknown_packs(),
        outcomes=list(Outcome),
        kinds=list(Kind),
        people={user.id: user.display for user in parts.accounts.users()},
        done=done if done in DONE else "",
        **{"fault": "", "typed": _BLANK, **context},
    )


@router.get("/recheck")
def recheck(request: Request, visit: Rechecks) -> Response:
    return _page(request, visit)


@router.post("/recheck/found")
def found(request: Request, visit: Finds, form: Sent, _: FreshCode) -> Response:
    """A pack or a lane's version is wrong: every case that rests on it is listed."""
    parts, reason = parts_of(request), form.text("reason", REASON_CHARS[1])
    typed = {"kind": form["kind"], "value": form["value"].strip().lower(), "reason": reason}
    if len(reason) < REASON_CHARS[0]:
        return _page(request, visit, 422, fault="reason", typed=typed)
    if _HASH.fullmatch(typed["value"]) is None or form["kind"] not in list(Kind):
        return _page(request, visit, 422, fault="value", typed=typed)
    try:
        parts.back.doubts.find(
            Kind(form["kind"]), typed["value"], visit.user.id, reason, parts.clock.utc_ms()
        )
    except KnownWrong:
        return _page(request, visit, 409, fault="known", typed=typed)
    except DoubtError:
        return _page(request, visit, 422, fault="nothing", typed=typed)
    return RedirectResponse("/recheck?done=found", 303)


@router.post("/recheck/{wrong_id}/{case_id}")
def settle(request: Request, wrong_id: str, case_id: str, visit: Rechecks, form: Sent) -> Response:
    """One case, looked at again by one person."""
    parts, wrong, case = parts_of(request), uuid_of(wrong_id), uuid_of(case_id)
    note = form.text("note", REASON_CHARS[1])
    if wrong is None or case is None or form["outcome"] not in list(Outcome):
        raise HTTPException(404)
    if len(note) < REASON_CHARS[0]:
        return _page(request, visit, 422, fault="note")
    try:
        parts.back.doubts.settle(
            wrong, case, visit.user.id, Outcome(form["outcome"]), note, parts.clock.utc_ms()
        )
    except DoubtError:
        return _page(request, visit, 409, fault="settled")
    return RedirectResponse("/recheck?done=settled", 303)
