"""Acts by hand: the form that the table asks for, what it would issue, and doing it once."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central import act_forms
from central.access import Act
from central.accounts import Look
from central.act_forms import BadForm
from central.acts import Sheet
from central.auth import Visit
from central.cases import Action, CaseError, IllegalMove, SamePerson, Unproven
from central.codes import NEEDS_CODE
from central.documents.content import Content, Incomplete
from central.documents.press import print_pdf
from central.performing import AlreadyTaken, Moved, NotYours, Order, PerformError
from central.views import CaseView
from central.web.codes import require_fresh_code
from central.web.guard import Form, checked_form, may
from central.web.parts import parts_of, render
from central.web.queries import uuid_of

router = APIRouter()
MayAct = Annotated[Visit, Depends(may(Act.ACT))]
Sent = Annotated[Form, Depends(checked_form)]
REFUSALS = (CaseError, PerformError, Incomplete)
DRAFT_POLICY = "default-src 'none'; object-src 'self'; plugin-types application/pdf"


def case_of(request: Request, case_id: str) -> CaseView:
    known: UUID | None = uuid_of(case_id)
    view = parts_of(request).store.case(known) if known else None
    if view is None or not view.records:
        raise HTTPException(404)
    return view


def _action(name: str) -> Action:
    try:
        return Action(name)
    except ValueError:
        raise HTTPException(404) from None


def fault_of(error: Exception) -> dict[str, object]:
    """A refusal as the page says it: a key of the locales, the conditions that are not shown, and
    what only exists in words."""
    match error:
        case Unproven():
            return {"fault": "unproven", "lacking": [guard.name.lower() for guard in error.lacking]}
        case SamePerson():
            return {"fault": "same_person", "lacking": []}
        case IllegalMove() | Moved():
            return {"fault": "moved", "lacking": []}
        case Incomplete():
            return {"fault": "incomplete", "lacking": [], "missing": list(error.missing)}
        case NotYours():
            return {"fault": "not_yours", "lacking": []}
        case _:
            return {"fault": "refused", "lacking": []}


def _sheet(request: Request, visit: Visit, view: CaseView, action: Action) -> Sheet | None:
    """The form; None where the action does not lead on from where the case stands now."""
    parts = parts_of(request)
    try:
        return parts.work.acts.sheet(view.row.id, visit.user, action, parts.clock.utc_ms())
    except IllegalMove:
        return None
    except NotYours:
        raise HTTPException(403) from None


def _form_number(form: Form) -> str:
    known = uuid_of(form["form"])
    return str(known) if known else str(uuid4())


def _page(
    request: Request,
    visit: Visit,
    view: CaseView,
    action: Action,
    status: int = 200,
    **context: object,
) -> Response:
    """The form. Where the case went on meanwhile, what was typed is still shown."""
    sheet = _sheet(request, visit, view, action)
    blank = {
        "fault": "",
        "lacking": [],
        "missing": [],
        "faults": {},
        "form": str(uuid4()),
        "given": dict(sheet.known) if sheet else {},
        **context,
    }
    return render(
        request,
        visit,
        "act.html",
        status,
        row=view.row,
        action=action,
        sheet=sheet,
        **blank,
    )


@router.get("/cases/{case_id}/acts/{action}")
def act_page(request: Request, case_id: str, action: str, visit: MayAct) -> Response:
    wanted, view = _action(action), case_of(request, case_id)
    parts = parts_of(request)
    look = Look(visit.user.id, "case opened", view.row.id, view.row.number, str(wanted))
    parts.accounts.log_look(look, parts.clock.utc_ms())
    status = 200 if _sheet(request, visit, view, wanted) else 409
    return _page(request, visit, view, wanted, status)


@router.post("/cases/{case_id}/acts/{action}")
def act(request: Request, case_id: str, action: str, visit: MayAct, form: Sent) -> Response:
    """Three steps: filled in, seen as it would be issued, done. Nothing typed is ever lost."""
    wanted, view = _action(action), case_of(request, case_id)
    kept = {"given": _given(form), "form": _form_number(form)}
    if form["step"] == "do" and parts_of(request).work.acts.is_taken(str(kept["form"])):
        return RedirectResponse(f"/cases/{view.row.id}?done=already", 303)
    sheet = _sheet(request, visit, view, wanted)
    if form["resume"] == "yes" or form["step"] == "edit" or sheet is None:
        fault = {} if sheet else {"fault": "moved"}
        return _page(request, visit, view, wanted, 200 if sheet else 409, **kept, **fault)
    try:
        values = act_forms.read(sheet.fields, form.fields)
    except BadForm as error:
        return _page(request, visit, view, wanted, 422, faults=error.faults, **kept)
    order = Order(
        case_id=view.row.id,
        action=wanted,
        user=visit.user,
        values=values,
        form=str(kept["form"]),
        seen=int(form["seen"]) if form["seen"].isdecimal() else sheet.seen,
    )
    if form["step"] == "do" and wanted in NEEDS_CODE:
        require_fresh_code(request, visit, form)
    try:
        return _go_on(request, visit, view, (sheet, order), form)
    except AlreadyTaken:
        return RedirectResponse(f"/cases/{view.row.id}?done=already", 303)
    except REFUSALS as error:
        again = {**kept, "form": order.form, **fault_of(error)}
        return _page(request, visit, view, wanted, 409, **again)


def _given(form: Form) -> Mapping[str, str]:
    own = {"csrf", "back", "step", "form", "seen", "digest", "resume", "code"}
    return {name: value for name, value in form.fields.items() if name not in own}


def _go_on(
    request: Request, visit: Visit, view: CaseView, asked: tuple[Sheet, Order], form: Form
) -> Response:
    """The preview, or the act itself. Raises REFUSALS."""
    parts, (sheet, order) = parts_of(request), asked
    now = parts.clock.utc_ms()
    if form["step"] != "do":
        seen = parts.work.acts.preview(order, now)
        return _preview(request, visit, view, asked, seen.contents, seen.digest)
    if sheet.choice.seconded:
        parts.work.acts.ask_second(order, now)
        return RedirectResponse(f"/cases/{view.row.id}?done=asked", 303)
    parts.work.acts.do(order, now, form["digest"])
    return RedirectResponse(f"/cases/{view.row.id}?done={order.action.value}", 303)


def _preview(
    request: Request,
    visit: Visit,
    view: CaseView,
    asked: tuple[Sheet, Order],
    contents: Sequence[Content],
    digest: str,
) -> Response:
    sheet, order = asked
    return render(
        request,
        visit,
        "act_check.html",
        row=view.row,
        action=order.action,
        sheet=sheet,
        values=order.values,
        contents=contents,
        digest=digest,
        form=order.form,
        seen=order.seen,
    )


@router.post("/cases/{case_id}/acts/{action}/draft.pdf")
def draft(request: Request, case_id: str, action: str, visit: MayAct, form: Sent) -> Response:
    """The first document as a PDF, as it would be issued, without a number."""
    wanted, view = _action(action), case_of(request, case_id)
    sheet = _sheet(request, visit, view, wanted)
    try:
        values = act_forms.read(sheet.fields if sheet else (), form.fields)
        seen = int(form["seen"]) if form["seen"].isdecimal() else 0
        order = Order(view.row.id, wanted, visit.user, values, str(uuid4()), seen)
        now = parts_of(request).clock.utc_ms()
        contents = parts_of(request).work.acts.preview(order, now).contents
    except BadForm as error:
        return _page(request, visit, view, wanted, 422, faults=error.faults, given=_given(form))
    except REFUSALS as error:
        return _page(request, visit, view, wanted, 409, given=_given(form), **fault_of(error))
    if not contents:
        raise HTTPException(404)
    return Response(
        print_pdf(contents[0]),
        media_type="application/pdf",
        headers={
            "Content-Disposition": 'inline; filename="draft.pdf"',
            "Content-Security-Policy": DRAFT_POLICY,
            "Cache-Control": "no-store",
        },
    )


@router.post("/cases/{case_id}/recuse")
def recuse(request: Request, case_id: str, visit: MayAct, _form: Sent) -> Response:
    """Whoever has an interest says so, and does nothing in the case from then on."""
    parts, view = parts_of(request), case_of(request, case_id)
    parts.work.acts.recuse(view.row.id, visit.user, parts.clock.utc_ms())
    return RedirectResponse(f"/cases/{view.row.id}?done=recused", 303)
