"""The second officer's signature: given in their own session, over what they saw themselves."""

from uuid import UUID

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.accounts import Look
from central.acts import NotWaiting, Waiting
from central.auth import Visit
from central.codes import NEEDS_CODE
from central.performing import Order, Performed
from central.web.acts import REFUSALS, MayAct, Sent, fault_of
from central.web.codes import require_fresh_code
from central.web.guard import Form
from central.web.parts import parts_of, render
from central.web.queries import uuid_of

router = APIRouter()


def _known(pending_id: str) -> UUID:
    known = uuid_of(pending_id)
    if known is None:
        raise HTTPException(404)
    return known


@router.get("/signatures/{pending_id}")
def signature_page(request: Request, pending_id: str, visit: MayAct) -> Response:
    return _page(request, visit, _known(pending_id))


def _page(
    request: Request, visit: Visit, pending_id: UUID, status: int = 200, **context: object
) -> Response:
    """What the first officer wants to do, as it would be issued in both names."""
    parts, now = parts_of(request), parts_of(request).clock.utc_ms()
    mine = False
    try:
        waiting, order = parts.work.acts.pending(pending_id)
        mine = waiting.person == visit.user.id
        if not mine and visit.user.role == "officer":
            waiting, order = parts.work.acts.pending(pending_id, visit.user)
        elif not mine:
            raise HTTPException(403)
    except NotWaiting:
        return render(request, visit, "signature.html", 409, waiting=None, **_BLANK)
    look = Look(visit.user.id, "case opened", waiting.case_id, waiting.number, str(order.action))
    parts.accounts.log_look(look, now)
    shown: dict[str, object] = {**_BLANK, "waiting": waiting, "order": order, "mine": mine}
    shown |= {"values": order.values, **_seen(request, order, now), **context}
    return render(request, visit, "signature.html", status, **shown)


_BLANK: dict[str, object] = {
    "order": None,
    "mine": False,
    "values": {},
    "contents": (),
    "digest": "",
    "fault": "",
    "lacking": [],
    "missing": [],
    "first": "",
}


def _seen(request: Request, order: Order, now_utc_ms: int) -> dict[str, object]:
    parts = parts_of(request)
    first = {"first": order.user.display}
    try:
        done: Performed = parts.work.acts.preview(order, now_utc_ms)
    except REFUSALS as error:
        return {**first, **fault_of(error)}
    return {**first, "contents": done.contents, "digest": done.digest}


@router.post("/signatures/{pending_id}")
def sign(request: Request, pending_id: str, visit: MayAct, form: Sent) -> Response:
    parts, now, known = parts_of(request), parts_of(request).clock.utc_ms(), _known(pending_id)
    if form["resume"] == "yes":
        return _page(request, visit, known)
    try:
        waiting, order = parts.work.acts.pending(known)
        if form["step"] != "sign":
            parts.work.acts.drop(known, visit.user, now)
            return RedirectResponse(f"/cases/{waiting.case_id}?done=dropped", 303)
        return _sign(request, visit, (waiting, order), form)
    except NotWaiting:
        return render(request, visit, "signature.html", 409, waiting=None, **_BLANK)


def _sign(request: Request, visit: Visit, asked: tuple[Waiting, Order], form: Form) -> Response:
    parts, (waiting, order) = parts_of(request), asked
    now = parts.clock.utc_ms()
    if form["no_conflict"] != "yes":
        return _page(request, visit, waiting.id, 422, fault="declare")
    if order.action in NEEDS_CODE:
        require_fresh_code(request, visit, form)
    try:
        parts.work.acts.sign(waiting.id, visit.user, now, form["digest"])
    except NotWaiting:
        raise
    except REFUSALS as error:
        return _page(request, visit, waiting.id, 409, **fault_of(error))
    return RedirectResponse(f"/cases/{waiting.case_id}?done={order.action.value}", 303)
