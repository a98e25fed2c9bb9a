"""How well reviewers catch known-bad packets: for heads and auditors."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.access import Act
from central.auth import Visit
from central.web.guard import Form, checked_form, may
from central.web.parts import parts_of, render
from central.web.queries import uuid_of

router = APIRouter()
Measures = Annotated[Visit, Depends(may(Act.MEASURE_REVIEWS))]
Sent = Annotated[Form, Depends(checked_form)]
AIM_PM = 950


@router.get("/quality")
def quality(request: Request, visit: Measures) -> Response:
    parts = parts_of(request)
    return render(
        request,
        visit,
        "quality.html",
        results=parts.back.seeds.results(),
        seeds=parts.back.seeds.all(),
        people={user.id: user.display for user in parts.accounts.users()},
        aim_pm=AIM_PM,
    )


@router.post("/quality/{seed_id}/active")
def switch(request: Request, seed_id: str, visit: Measures, form: Sent) -> Response:
    """Show a seed to nobody any more, or again."""
    known = uuid_of(seed_id)
    if known is None:
        raise HTTPException(404)
    parts_of(request).back.seeds.switch(known, form["active"] == "yes")
    return RedirectResponse("/quality", 303)
