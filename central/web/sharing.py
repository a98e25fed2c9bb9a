"""What other departments took and are told: for the auditor and the head."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from central.access import Act
from central.auth import Visit
from central.web.guard import may
from central.web.parts import parts_of, render

router = APIRouter()
Audits = Annotated[Visit, Depends(may(Act.AUDIT_SHARING))]


@router.get("/sharing")
def sharing(request: Request, visit: Audits) -> Response:
    parts = parts_of(request)
    return render(
        request,
        visit,
        "sharing.html",
        departments=parts.api.departments.all(),
        hooks=parts.webhooks.all(),
        takings=parts.api.departments.taken(),
    )
