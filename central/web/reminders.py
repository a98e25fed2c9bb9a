"""Pages between a packet and a reminded owner: plates to type, doubts, tasks, gateways; and where
the SMS gateway pushes its delivery reports to."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central import plates
from central.access import Act
from central.accounts import Look
from central.auth import Visit
from central.gateways.opened import HINTS_PATH, REPORTS_PATH
from central.gateways.sms import BadReport
from central.reminding import Event
from central.views import CaseView
from central.web import exhibits
from central.web.guard import FORM_BYTES, Form, FormTooLarge, checked_form, may
from central.web.parts import parts_of, render
from central.web.queries import plate_part, uuid_of

router = APIRouter()
Types = Annotated[Visit, Depends(may(Act.TYPE_PLATES))]
SeesGateways = Annotated[Visit, Depends(may(Act.SEE_GATEWAYS))]
Mends = Annotated[Visit, Depends(may(Act.MEND_GATEWAYS))]
Sent = Annotated[Form, Depends(checked_form)]
COLOURS = ("blue", "yellow", "green", "yellow-green", "white", "black")
DECISIONS = {"checked": Event.CHECKED, "retype": Event.RETYPE, "give-up": Event.GIVE_UP}
DONE = (*DECISIONS, "typed", "late", "task")
NOTE_CHARS = (2, 300)


async def pushed(request: Request) -> bytes:
    """A dependency: what somebody without a session sent, at most as much as a form of ours."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES:
            raise FormTooLarge(f"a report must be at most {FORM_BYTES} bytes")
    return bytes(body)


@router.post(REPORTS_PATH)
def report(request: Request, body: Annotated[bytes, Depends(pushed)]) -> Response:
    """A delivery report that the gateway signed. Who cannot sign learns nothing."""
    parts = parts_of(request)
    try:
        parts.reminders.take_report(request.headers, body, parts.clock.utc_ms())
    except BadReport:
        return Response(status_code=401)
    return Response(status_code=204)


@router.post(HINTS_PATH)
def hint(request: Request, body: Annotated[bytes, Depends(pushed)]) -> Response:
    """Aliyun pushes reports that nobody signed: each is only a reason to ask Aliyun."""
    parts = parts_of(request)
    parts.reminders.take_hint(body, parts.clock.utc_ms())
    return Response('{"code": 0, "msg": "成功"}', media_type="application/json")


@router.get("/plates")
def next_plate(request: Request, visit: Types) -> Response:
    """The plate that waits the longest; the empty queue's own page when none is left."""
    parts = parts_of(request)
    waiting = parts.reminders.to_type(visit.user.id)
    done = _done(request)
    if waiting:
        said = f"?done={done}" if done else ""
        return RedirectResponse(f"/plates/{waiting[0].case_id}{said}", 303)
    return render(request, visit, "plates.html", waiting=0, view=None, done=done)


@router.get("/plates/{case_id}")
def plate_page(request: Request, case_id: str, visit: Types) -> Response:
    """The page holds no reading of anybody, not even hidden."""
    return _plate_page(request, visit, _view(request, case_id))


@router.post("/plates/{case_id}")
def type_plate(request: Request, case_id: str, visit: Types, form: Sent) -> Response:
    parts, view = parts_of(request), _view(request, case_id)
    plate = colour = None
    if form["unreadable"] != "yes":
        read = plate_part(form["plate"].strip())
        plate = plates.normal(read) if isinstance(read, str) else ""
        colour = form["colour"]
        given = {"plate": form.text("plate", 16), "colour": colour}
        if plates.classify(plate) is None:
            return _plate_page(request, visit, view, 422, fault="plate_whole", **given)
        if not plates.consistent(plate, colour):
            return _plate_page(request, visit, view, 422, fault="colour_not", **given)
    typed = parts.reminders.hands.typed(
        view.row.id, visit.user.id, plate, colour, parts.clock.utc_ms()
    )
    return RedirectResponse(f"/plates?done={'typed' if typed else 'late'}", 303)


@router.get("/reminders")
def reminders(request: Request, visit: Types) -> Response:
    return _reminders(request, visit)


@router.post("/reminders/{case_id}")
def decide(request: Request, case_id: str, visit: Types, form: Sent) -> Response:
    """A person settles a doubt, or gives the reminder up."""
    parts, known = parts_of(request), _known(case_id)
    event = DECISIONS.get(form["decision"])
    if event is None:
        return _reminders(request, visit, 422, fault="decision")
    done = parts.reminders.hands.decide(known, event, visit.user.id, parts.clock.utc_ms())
    return RedirectResponse(f"/reminders?done={form['decision'] if done else 'late'}", 303)


@router.post("/reminders/{case_id}/task")
def task(request: Request, case_id: str, visit: Types, form: Sent) -> Response:
    """What came of the telephone call or the visit."""
    parts, known = parts_of(request), _known(case_id)
    note = form.text("note", NOTE_CHARS[1])
    if len(note) < NOTE_CHARS[0]:
        return _reminders(request, visit, 422, fault="note")
    done = parts.reminders.hands.task_done(known, note, visit.user.id, parts.clock.utc_ms())
    return RedirectResponse(f"/reminders?done={'task' if done else 'late'}", 303)


@router.post("/reminders/{case_id}/telephone")
def telephone(request: Request, case_id: str, visit: Types, _form: Sent) -> Response:
    """Shows whom to call; the look is written down before the number is asked for."""
    parts, known = parts_of(request), _known(case_id)
    row = parts.reminders.pending(known)
    if row is None or row.task != "call":
        return RedirectResponse("/reminders?done=late", 303)
    now = parts.clock.utc_ms()
    look = Look(visit.user.id, "telephone shown", known, row.number, "reminder failed: call")
    parts.accounts.log_look(look, now)
    number = parts.reminders.telephone(row, now)
    return _reminders(request, visit, shown=known, number=number)


@router.get("/gateways")
def gateways(request: Request, visit: SeesGateways) -> Response:
    parts = parts_of(request)
    return render(
        request,
        visit,
        "gateways.html",
        gateways=parts.reminders.gateways(),
        backlog=parts.reminders.backlog(),
    )


@router.post("/gateways/{name}/retry")
def retry(request: Request, name: str, _visit: Mends, _form: Sent) -> Response:
    parts_of(request).reminders.retry(name)
    return RedirectResponse("/gateways", 303)


def _known(case_id: str) -> UUID:
    known = uuid_of(case_id)
    if known is None:
        raise HTTPException(404)
    return known


def _view(request: Request, case_id: str) -> CaseView:
    view = parts_of(request).store.case(_known(case_id))
    if view is None or not view.records:
        raise HTTPException(404)
    return view


def _done(request: Request) -> str:
    done = request.query_params.get("done", "")
    return done if done in DONE else ""


def _plate_page(
    request: Request, visit: Visit, view: CaseView, status: int = 200, **context: object
) -> Response:
    parts = parts_of(request)
    waiting = parts.reminders.to_type(visit.user.id)
    look = Look(visit.user.id, "plate to type", view.row.id, view.row.number, "handling")
    parts.accounts.log_look(look, parts.clock.utc_ms())
    shown = exhibits.occasions(view.records)
    return render(
        request,
        visit,
        "plates.html",
        status,
        view=view,
        row=view.row,
        open=any(one.case_id == view.row.id for one in waiting),
        waiting=len(waiting),
        colours=COLOURS,
        latest=view.records[-1],
        occasions=shown,
        occasions_digest=exhibits.digest(shown),
        done=_done(request),
        **{"fault": "", "plate": "", "colour": "blue", **context},
    )


def _reminders(request: Request, visit: Visit, status: int = 200, **context: object) -> Response:
    parts = parts_of(request)
    return render(
        request,
        visit,
        "reminders.html",
        status,
        board=parts.reminders.board(),
        to_type=len(parts.reminders.to_type(visit.user.id)),
        done=_done(request),
        never_asked=parts.reminders.never_asked,
        **{"fault": "", "shown": None, "number": "", **context},
    )
