"""The review desk: a queue by urgency, the plate typed blind, the points of the law."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central import review
from central.access import Act
from central.auth import Visit
from central.cases import CaseError
from central.desks import Desks
from central.documents.content import Incomplete
from central.likeness import BodyColour, Seen, SeenKind
from central.purposes import Purpose
from central.review import Answer, Judgement, Point, Typed
from central.reviewing import AlreadyTyped
from central.views import CaseView
from central.web import exhibits, looks, timeline
from central.web.guard import Form, checked_form, may, signed_in
from central.web.parts import Parts, parts_of, render
from central.web.queries import plate_part, uuid_of

router = APIRouter()
Reviews = Annotated[Visit, Depends(may(Act.REVIEW))]
Sent = Annotated[Form, Depends(checked_form)]
LEAST_PLATE = 5
KEYS = {
    **{colour.value: key for colour, key in zip(BodyColour, "1234567890ou", strict=True)},
    **{kind.value: key for kind, key in zip(SeenKind, "12345ou", strict=True)},
}
"""What chooses a colour or a kind from the keyboard."""
NOTHING_TYPED = {"plate": "", "colour": None, "kind": None}
DONE = ("review", "review-again", "reject", "disagree")


@router.get("/review")
def queue(request: Request, visit: Reviews) -> Response:
    parts = parts_of(request)
    now = parts.clock.utc_ms()
    waiting = _desks(parts).waiting(visit.user.id, now)
    done = request.query_params.get("done", "")
    return render(
        request, visit, "queue.html", waiting=waiting, done=done if done in DONE else "", now=now
    )


@router.get("/review/next")
def next_case(request: Request, visit: Reviews) -> Response:
    """The most urgent case; the queue's own page when none is left."""
    parts = parts_of(request)
    waiting = _desks(parts).waiting(visit.user.id, parts.clock.utc_ms(), most=1)
    return RedirectResponse(f"/review/{waiting[0].id}" if waiting else "/review", 303)


def _desks(parts: Parts) -> Desks:
    """Cases and seeds, which look alike here."""
    return Desks(parts.store, parts.reviews, parts.back.seeds)


def _view(request: Request, case_id: str) -> CaseView:
    known: UUID | None = uuid_of(case_id)
    parts, person = parts_of(request), signed_in(request).user.id
    view = _desks(parts).view(known, person) if known else None
    if view is None or not view.records:
        raise HTTPException(404)
    return view


def _page(
    request: Request, visit: Visit, view: CaseView, status: int = 200, **context: object
) -> Response:
    parts, person = parts_of(request), visit.user.id
    now = parts.clock.utc_ms()
    desk = _desks(parts).desk(view, person)
    number = view.row.number
    looks.note_for(request, visit, "case on the desk", view.row.id, number, Purpose.REVIEW)
    shown = exhibits.occasions(view.records)
    blank = {"fault": "", "grounds": "", "given": {}, "typed": NOTHING_TYPED, **context}
    return render(
        request,
        visit,
        "desk.html",
        status,
        view=view,
        row=view.row,
        desk=desk,
        mine=desk.typed_by(person),
        open=desk.case.main in review.OPEN_TO_REVIEW,
        asked=review.asked_points(desk, person),
        own=review.own_points(desk, person),
        left_ms=desk.captured_utc_ms + review.REVIEW_MS - now,
        occasions=shown,
        occasions_digest=exhibits.digest(shown),
        line=timeline.timeline(view.records),
        latest=view.records[-1],
        colours=list(BodyColour),
        kinds=list(SeenKind),
        keys=KEYS,
        **blank,
    )


@router.get("/review/{case_id}")
def desk_page(request: Request, case_id: str, visit: Reviews) -> Response:
    """Before a plate is typed the page holds no machine reading, not even hidden."""
    return _page(request, visit, _view(request, case_id))


@router.post("/review/{case_id}/plate")
def type_plate(request: Request, case_id: str, visit: Reviews, form: Sent) -> Response:
    parts, view = parts_of(request), _view(request, case_id)
    plate, seen = None, _seen(form)
    kept = {"plate": form.text("plate", 16), "colour": seen.colour, "kind": seen.kind}
    if form["unreadable"] != "yes":
        read = plate_part(form["plate"].strip())
        if not isinstance(read, str) or len(read) < LEAST_PLATE:
            return _page(request, visit, view, 422, fault="plate_whole", typed=kept)
        if seen.colour is None or seen.kind is None:
            return _page(request, visit, view, 422, fault="vehicle", typed=kept)
        plate = read
    try:
        typed = Typed(visit.user.id, plate, seen)
        _desks(parts).type_plate(view, typed, parts.clock.utc_ms())
    except AlreadyTyped:
        return _page(request, visit, view, 409, fault="already_typed")
    return RedirectResponse(f"/review/{view.row.id}", 303)


def _seen(form: Form) -> Seen:
    """The vehicle as it was chosen; what is no choice is none."""
    colour = next((one for one in BodyColour if one.value == form["colour"]), None)
    kind = next((one for one in SeenKind if one.value == form["kind"]), None)
    return Seen(colour, kind)


@router.post("/review/{case_id}")
def judge(request: Request, case_id: str, visit: Reviews, form: Sent) -> Response:
    """What was typed is never lost: a refused judgement comes back as it was sent."""
    parts, view = parts_of(request), _view(request, case_id)
    words = {answer.value for answer in Answer}
    answers = {point: Answer(form[point]) for point in Point if form[point] in words}
    most = review.GROUNDS_CHARS[1]
    grounds = form.text("grounds", most)
    kept: dict[str, Any] = {"given": answers, "grounds": grounds}
    if form["resume"] == "yes":
        return _page(request, visit, view, **kept)
    asked = review.asked_points(_desks(parts).desk(view, visit.user.id), visit.user.id)
    if set(asked) - set(answers):
        return _page(request, visit, view, 422, fault="unanswered", **kept)
    judgement = Judgement(answers, grounds, form["no_conflict"] == "yes")
    clean = all(answers[point] is Answer.YES for point in asked)
    if len(grounds) < review.GROUNDS_CHARS[0] and not clean:
        return _page(request, visit, view, 422, fault="no_grounds", **kept)
    try:
        done = _desks(parts).judge(view, visit.user.id, judgement, parts.clock.utc_ms())
    except (CaseError, Incomplete) as error:
        return _page(request, visit, view, 409, fault="refused", why=str(error), **kept)
    return RedirectResponse(f"/review?done={done.value}", 303)
