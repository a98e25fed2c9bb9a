"""The fleet page, and the stream that tells every open page what changed."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from central.access import Act
from central.auth import Visit
from central.web import devices
from central.web.guard import may, signed_in
from central.web.live import mark_text, parse_mark
from central.web.parts import parts_of, render

router = APIRouter()


@router.get("/fleet")
def fleet(request: Request, visit: Annotated[Visit, Depends(may(Act.SEE_FLEET))]) -> Response:
    parts = parts_of(request)
    mark = parts.store.mark()
    judged = devices.boxes(parts.store.devices(), parts.clock.utc_ms())
    return render(
        request,
        visit,
        "fleet.html",
        boxes=judged,
        counts=devices.counts(judged),
        camera_level=devices.camera_level,
        cert_days=devices.CERT_DAYS,
        mark=mark_text(mark),
    )


@router.get("/live")
def live(request: Request, _visit: Annotated[Visit, Depends(signed_in)]) -> Response:
    """Server-sent events: which kind of thing changed, never what; the page then asks for it."""
    changes = parts_of(request).changes
    if changes.full:
        raise HTTPException(503)
    given = request.headers.get("last-event-id") or request.query_params.get("since", "")
    return StreamingResponse(
        changes.stream(parse_mark(given)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
