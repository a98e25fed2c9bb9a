"""What waits: signatures of this person, and cases by the end of their next time limit."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.access import Act, allowed
from central.auth import Visit
from central.calendar import local_date
from central.case_moves import RULES
from central.cases import Role
from central.clocks import DueCase
from central.interests import BadPlate
from central.limits import CHINA, Due
from central.web.acts import Sent
from central.web.guard import may, signed_in
from central.web.parts import parts_of, render

router = APIRouter()
SeesCases = Annotated[Visit, Depends(may(Act.SEE_CASES))]
SignedIn = Annotated[Visit, Depends(signed_in)]
MOST = 50
"""More would take longer than a page may: a millisecond or two each."""


@router.get("/due")
def due(request: Request, visit: SeesCases) -> Response:
    """The whole state of the list is in its address: `mine` shows what awaits this office."""
    parts, now = parts_of(request), parts_of(request).clock.utc_ms()
    mine = request.query_params.get("mine") != "no"
    found = [one for one in parts.work.clocks.due(MOST) if not mine or _awaits(one, visit)]
    signs = visit.user.role == "officer"
    answers = allowed(visit.user.role, Act.ANSWER_RECUSALS)
    waiting = [one for one in parts.work.acts.waiting() if signs and one.person != visit.user.id]
    today = local_date(now, CHINA)
    return render(
        request,
        visit,
        "due.html",
        found=[(one, first(one, visit, mine=mine)) for one in found],
        waiting=waiting,
        recusals=parts.owner.recusals.waiting() if answers else (),
        mine=mine,
        people={user.id: user.display for user in parts.accounts.users()},
        left=lambda due: parts.work.clocks.days_left(today, due),
        level=lambda due: due.level(now),
    )


def first(one: DueCase, visit: Visit, *, mine: bool) -> Due:
    """The limit to show: the next one that awaits this office, else the next of all."""
    own = [due for due in one.dues if mine and _is_mine(due, visit)]
    return (own or list(one.dues))[0]


def _awaits(one: DueCase, visit: Visit) -> bool:
    return any(_is_mine(due, visit) for due in one.dues)


def _is_mine(due: Due, visit: Visit) -> bool:
    role = Role(visit.user.role.value)
    return any(role in move.by for (_, action), move in RULES.moves.items() if action in due.awaits)


@router.post("/account/plates")
def plates(request: Request, visit: SignedIn, form: Sent) -> Response:
    """Own vehicles: declared and withdrawn by their keeper alone."""
    parts = parts_of(request)
    if form["withdraw"]:
        parts.work.acts.withdraw_plate(visit.user.id, form.text("withdraw", 10))
        return RedirectResponse("/account?done=plates", 303)
    try:
        parts.work.acts.declare_plate(visit.user.id, form.text("plate", 16), parts.clock.utc_ms())
    except BadPlate:
        return RedirectResponse("/account?done=bad_plate", 303)
    return RedirectResponse("/account?done=plates", 303)
