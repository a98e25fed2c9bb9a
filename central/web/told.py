"""What staff do about people who were named in a case: send them a link of their own."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.access import Act
from central.auth import Visit
from central.owner.inviting import NotReachable
from central.web.guard import Form, checked_form, may
from central.web.parts import parts_of
from central.web.queries import uuid_of

router = APIRouter()
SendsLinks = Annotated[Visit, Depends(may(Act.SEND_LINKS))]
Sent = Annotated[Form, Depends(checked_form)]


@router.post("/cases/{case_id}/links")
def send_link(request: Request, case_id: str, visit: SendsLinks, form: Sent) -> Response:
    """A new link to somebody of this case, by SMS."""
    parts, known, party = parts_of(request), uuid_of(case_id), uuid_of(form["party"])
    if known is None or party is None:
        raise HTTPException(404)
    base_url = parts.settings.base_url.rstrip("/")
    try:
        parts.owner.inviting.invite(known, party, base_url, visit.user.id, parts.clock.utc_ms())
    except NotReachable:
        raise HTTPException(404) from None
    return RedirectResponse(f"/cases/{known}?linked=yes#case-told", 303)
