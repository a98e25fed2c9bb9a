"""How long what is kept: legal holds on a case's page, and the ledger of what was erased."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.access import Act
from central.auth import Visit
from central.keeping.holds import REASON_CHARS, HoldError
from central.web.codes import FreshCode
from central.web.guard import Form, checked_form, may
from central.web.parts import Parts, parts_of, render
from central.web.queries import uuid_of

router = APIRouter()
Holds = Annotated[Visit, Depends(may(Act.HOLD))]
SeesLedger = Annotated[Visit, Depends(may(Act.SEE_RETENTION))]
Sent = Annotated[Form, Depends(checked_form)]


def _case(parts: Parts, case_id: str) -> UUID:
    known = uuid_of(case_id)
    found = parts.store.case_id(case_id) if known else None
    if found is None:
        raise HTTPException(404)
    return found


def _change(request: Request, case_id: str, visit: Visit, form: Form, *, put: bool) -> Response:
    parts = parts_of(request)
    known, reason = _case(parts, case_id), form.text("reason", REASON_CHARS[1])
    if len(reason) < REASON_CHARS[0]:
        return RedirectResponse(f"/cases/{known}?hold=reason#hold", 303)
    act = parts.back.holds.put if put else parts.back.holds.lift
    try:
        act(known, visit.user.id, reason, parts.clock.utc_ms())
    except HoldError:
        return RedirectResponse(f"/cases/{known}?hold=changed#hold", 303)
    return RedirectResponse(f"/cases/{known}#hold", 303)


@router.post("/cases/{case_id}/hold")
def put(request: Request, case_id: str, visit: Holds, form: Sent) -> Response:
    """Nothing of the case is erased until somebody lifts the hold."""
    return _change(request, case_id, visit, form, put=True)


@router.post("/cases/{case_id}/hold/lift")
def lift(request: Request, case_id: str, visit: Holds, form: Sent, _: FreshCode) -> Response:
    """From now on the periods run again. What is past its time goes in the next round."""
    return _change(request, case_id, visit, form, put=False)


@router.get("/retention")
def ledger(request: Request, visit: SeesLedger) -> Response:
    parts = parts_of(request)
    return render(
        request,
        visit,
        "retention.html",
        rules=parts.back.ledger.rules(parts.clock.utc_ms()),
        classes=CLASSES,
        holds=parts.back.holds.standing(),
        rounds=parts.back.ledger.last(),
        people={user.id: user.display for user in parts.accounts.users()},
    )


CLASSES = ("images", "personal", "uploads", "published", "lookups", "logs", "unfinished")
