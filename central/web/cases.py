"""The case list and the case page."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from central.access import Act, Role, allowed
from central.auth import Visit
from central.calendar import local_date
from central.case_moves import STAGES
from central.cases import Action
from central.delivering import SLUGS
from central.full_text import Kind
from central.limits import CHINA
from central.owner.inviting import is_reachable
from central.owner.recusals import OPEN_STATES
from central.publications import KINDS
from central.views import PAGE_ROWS, CasePage
from central.web import exhibits, facts, looks, timeline
from central.web.guard import LIVE_HEADER, may
from central.web.live import mark_text
from central.web.parts import parts_of, render, texts_of
from central.web.queries import case_query, uuid_of
from central.web.recusals import FAULTS as RECUSAL

router = APIRouter()
DONE = frozenset({*Action, "already", "asked", "recused", "received", "dropped"})
"""What the case page says was done just now."""
RECEIPTS = {kind: slug for slug, kind in SLUGS.items()}
SeesCases = Annotated[Visit, Depends(may(Act.SEE_CASES))]
SEARCHED = "files searched"
HOLDS = ("reason", "changed")
FAULTS = ("name", "nothing")


@router.get("/cases")
def case_list(request: Request, visit: SeesCases) -> Response:
    """The whole state of the list is in its address: it can be kept, sent and gone back to."""
    parts = parts_of(request)
    mark = parts.store.mark()
    readable = searchable(visit.user.role)
    query = case_query(request.query_params, parts.settings.zone, readable)
    wanted = query.wanted
    if wanted.files and LIVE_HEADER not in request.headers:
        looks.note(request, visit, SEARCHED, None, f"{wanted.text}")
    page = parts.store.cases(wanted) if not query.faults else CasePage((), 0)
    pages = max(1, -(-page.total // PAGE_ROWS))
    return render(
        request,
        visit,
        "cases.html",
        422 if query.faults else 200,
        query=query,
        page=page,
        pages=pages,
        stages=STAGES,
        sites=parts.store.sites(),
        devices=parts.store.devices(),
        searchable=bool(readable),
        similar=parts.store.similar(wanted.plate) if wanted.plate else (),
        saved=parts.back.filters.visible(visit.user.id, visit.user.role),
        fault=fault if (fault := request.query_params.get("fault", "")) in FAULTS else "",
        mark=mark_text(mark),
    )


def searchable(role: Role) -> frozenset[str]:
    """The kinds of files whose words a role may look through."""
    doors = {Kind.DOCUMENT: Act.READ_DOCUMENTS, Kind.STATEMENT: Act.READ_STATEMENTS}
    return frozenset(kind.value for kind, act in doors.items() if allowed(role, act))


@router.get("/cases/{case_id}")
def case_page(request: Request, case_id: str, visit: SeesCases) -> Response:
    """Everything that a case rests on; a look by hand is written to the access log."""
    parts, now_utc_ms = parts_of(request), parts_of(request).clock.utc_ms()
    mark = parts.store.mark()
    known = uuid_of(case_id)
    view = parts.store.case(known) if known else None
    if view is None:
        raise HTTPException(404)
    if LIVE_HEADER not in request.headers:
        looks.note(request, visit, "case opened", view.row.id, view.row.number)
    t = texts_of(request, visit)
    green = all(check.ok is not False for held in view.records for check in held.checks)
    done = request.query_params.get("done", "")
    sees = allowed(visit.user.role, Act.SEE_EVIDENCE)
    reads = sees and allowed(visit.user.role, Act.READ_STATEMENTS)
    knows = sees and allowed(visit.user.role, Act.READ_DOCUMENTS)
    shown = exhibits.occasions(view.records) if view.records else []
    return render(
        request,
        visit,
        "case.html",
        view=view,
        row=view.row,
        latest=view.records[-1] if view.records else None,
        occasions=shown,
        occasions_digest=exhibits.digest(shown),
        holds=parts.back.holds.of(view.row.id),
        hold_fault=fault if (fault := request.query_params.get("hold", "")) in HOLDS else "",
        line=timeline.timeline(view.records) if view.records else None,
        summary=facts.summary(view, t) if view.records else [],
        groups=facts.groups(view, t) if view.records else [],
        verdicts=facts.verdicts(view, t),
        outlook=parts.work.acts.outlook(view.row.id, visit.user, now_utc_ms, green=green)
        if view.records
        else None,
        account=parts.work.paying.account(view.row.id, local_date(now_utc_ms, CHINA)),
        same_act=parts.work.returns.of(view.row.id),
        vehicle=parts.work.vehicles.of(view.row.id) if knows else None,
        reminder=parts.reminders.story(view.row.id),
        papers=parts.work.delivering.papers(view.row.id),
        receipts=RECEIPTS,
        publishable=KINDS,
        dues=[(due, due.level(now_utc_ms)) for due in parts.work.clocks.dues(view.row.id)],
        done=done if done in DONE else "",
        people={user.id: user.display for user in parts.accounts.users()},
        plate_chars=facts.plate_chars(view.records[-1].record.vehicle.plate)
        if view.records
        else [],
        told=parts.owner.told(view.row.id) if reads else (),
        named=parts.owner.people(view.row.id) if knows else (),
        masked_id=masked_id,
        is_reachable=is_reachable,
        linked=request.query_params.get("linked") == "yes",
        recusals=parts.owner.recusals.answers(view.row.id) if reads else {},
        objectable_states=OPEN_STATES,
        objectable=parts.owner.recusals.candidates(visit.user.id),
        recusal_said=said if (said := request.query_params.get("recusal", "")) in RECUSAL else "",
        mark=mark_text(mark),
    )


def masked_id(text: str) -> str:
    """Enough of a number to tell two apart."""
    return f"{text[:3]}{'*' * (len(text) - 7)}{text[-4:]}" if len(text) > 7 else "*" * len(text)
