"""The owner's page: the check, what was seen, the images, the documents.

    /o/<token>                    the check, then the case
    /o/<token>/exhibits/<sha256>  an image, everything but the owner's vehicle in blocks
    /o/<token>/documents/<sha256> a document as PDF; that it was opened is written down

The check is in owner_check.py, forms in owner_forms.py. Every page works without scripts; a script
only lets the clock run.
"""

from collections.abc import Sequence
from urllib.parse import quote

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from central.money import yuan
from central.owner import masking
from central.owner.entry import OwnerVisit
from central.owner.situation import STEPS
from central.web import exhibits
from central.web.evidence import IMAGE_POLICY
from central.web.exhibits import Occasion, Picture
from central.web.owner_forms import FORMS
from central.web.owner_guard import NO_REFERRER, Passed, page
from central.web.parts import parts_of

router = APIRouter()
_TONE = {
    **dict.fromkeys(("left", "dropped", "exempt", "paid", "spared", "revoked", "closed"), "good"),
    **dict.fromkeys(("grace-over", "overdue", "court"), "bad"),
}


def case_page(request: Request, token: str, visit: OwnerVisit, status: int = 200) -> Response:
    parts, now = parts_of(request), parts_of(request).clock.utc_ms()
    request.state.owner_visit = visit
    situation = parts.owner.situation(visit.link, now)
    parts.owner.papers.note(visit.link, "owner-looked", now)
    done = request.query_params.get("done", "")
    view = parts.store.case(visit.link.case_id)
    records = view.records if view else ()
    return page(
        request,
        token,
        "owner_case.html",
        status,
        s=situation,
        forms=FORMS,
        occasions=exhibits.occasions(records) if records else (),
        stay=records[-1].record.stay if records else None,
        steps=tuple(STEPS),
        step=next((name for name, phases in STEPS.items() if situation.phase in phases), ""),
        tone=_TONE.get(situation.phase, ""),
        done=done if done in FORMS else "",
        yuan=yuan,
    )


def _occasions(request: Request, visit: OwnerVisit) -> Sequence[Occasion]:
    view = parts_of(request).store.case(visit.link.case_id)
    return exhibits.occasions(view.records) if view and view.records else ()


@router.get("/o/{token}/exhibits/{sha256}")
def exhibit(request: Request, sha256: str, visit: Passed) -> Response:
    """The owner's copy of an image of this case. The exhibit itself is never changed."""
    named = [
        (occasion, picture)
        for occasion in _occasions(request, visit)
        for picture in (occasion.wide, occasion.plate)
        if picture and picture.held and picture.exhibit.sha256 == sha256
    ]
    if not named:
        raise HTTPException(404)
    occasion, picture = named[0]
    data = parts_of(request).pictures.path(sha256).read_bytes()
    return Response(
        _owners_copy(data, occasion, picture),
        media_type="image/jpeg",
        headers={
            **NO_REFERRER,
            "Cache-Control": "private, no-store",
            "Content-Security-Policy": IMAGE_POLICY,
            "Content-Disposition": 'inline; filename="image.jpg"',
        },
    )


def _owners_copy(data: bytes, occasion: Occasion, picture: Picture) -> bytes:
    if picture.overlay is None:
        return masking.copied(data)
    # The vehicle has left: whoever stands in its place now is somebody else.
    box = None if occasion.name == "departure" else picture.overlay.box
    return masking.masked(data, box, (picture.overlay.frame_width, picture.overlay.frame_height))


@router.get("/o/{token}/documents/{sha256}")
def document(request: Request, token: str, sha256: str, visit: Passed) -> Response:
    """A document of the party's as PDF. A browser that only fetches ahead opens nothing."""
    parts, now = parts_of(request), parts_of(request).clock.utc_ms()
    if "prefetch" in request.headers.get("sec-purpose", request.headers.get("purpose", "")):
        raise HTTPException(503)
    me = parts.owner.situation(visit.link, now).me
    paper = parts.owner.papers.open(visit.link, me, sha256, now) if me else None
    if paper is None:
        raise HTTPException(404)
    pdf = parts.owner.press.pdf(sha256, now)
    name = quote(f"{paper.kind}{paper.number or ''}.pdf")
    return Response(
        pdf,
        media_type="application/pdf",
        headers={
            **NO_REFERRER,
            "Cache-Control": "private, no-store",
            "Content-Disposition": f"inline; filename*=UTF-8''{name}",
        },
    )
