"""Keeping, sharing and deleting filters of the case list."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.access import Act
from central.auth import Visit
from central.filters import NAME_CHARS, BadFilter, NotYours
from central.web.guard import Form, checked_form, may
from central.web.parts import parts_of
from central.web.queries import case_query

router = APIRouter()
SeesCases = Annotated[Visit, Depends(may(Act.SEE_CASES))]
Sent = Annotated[Form, Depends(checked_form)]


@router.post("/filters")
def save(request: Request, visit: SeesCases, form: Sent) -> Response:
    """Only what the case list itself would ask for is kept of the address."""
    parts = parts_of(request)
    query = case_query(QueryParams(form["query"]), parts.settings.zone)
    here = f"/cases?{query.kept}" if query.kept else "/cases"
    if query.faults or not query.narrowed:
        return RedirectResponse("/cases?fault=nothing", 303)
    try:
        parts.back.filters.save(
            visit.user.id,
            form.text("name", NAME_CHARS),
            query.kept,
            parts.clock.utc_ms(),
            shared=form["shared"] == "yes",
        )
    except BadFilter:
        return RedirectResponse(f"{here}&fault=name", 303)
    return RedirectResponse(here, 303)


@router.post("/filters/{filter_id}/share")
def share(request: Request, filter_id: str, visit: SeesCases, form: Sent) -> Response:
    try:
        parts_of(request).back.filters.share(
            visit.user.id, filter_id, shared=form["shared"] == "yes"
        )
    except NotYours:
        raise HTTPException(404) from None
    return RedirectResponse("/cases", 303)


@router.post("/filters/{filter_id}/delete")
def drop(request: Request, filter_id: str, visit: SeesCases, _form: Sent) -> Response:
    try:
        parts_of(request).back.filters.drop(visit.user.id, filter_id)
    except NotYours:
        raise HTTPException(404) from None
    return RedirectResponse("/cases", 303)
