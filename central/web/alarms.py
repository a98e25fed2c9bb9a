"""Alarms of the office: what is wrong, what to do, and who said that it is dealt with."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.access import Act
from central.alarms import REASON_CHARS, NoAlarm
from central.auth import Visit
from central.web.guard import Form, checked_form, may
from central.web.parts import parts_of, render

router = APIRouter()
Minds = Annotated[Visit, Depends(may(Act.MIND_ALARMS))]
Sent = Annotated[Form, Depends(checked_form)]


@router.get("/alarms")
def alarms(request: Request, visit: Minds) -> Response:
    fault = request.query_params.get("fault", "")
    known = fault if fault in ("reason", "gone") else ""
    return render(request, visit, "alarms.html", fault=known)


@router.post("/alarms/{code}")
def acknowledge(request: Request, code: str, visit: Minds, form: Sent) -> Response:
    parts, reason = parts_of(request), form.text("reason", REASON_CHARS[1])
    if len(reason) < REASON_CHARS[0]:
        return RedirectResponse("/alarms?fault=reason", 303)
    try:
        parts.back.alarms.acknowledge(code, visit.user.id, reason, parts.clock.utc_ms())
    except NoAlarm:
        return RedirectResponse("/alarms?fault=gone", 303)
    return RedirectResponse("/alarms", 303)
