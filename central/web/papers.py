"""Documents of a case: their PDFs, and noting that a notice or a demand came in."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central import act_forms
from central.access import Act
from central.act_forms import BadForm
from central.auth import Visit
from central.cases import CaseError
from central.delivering import FIELDS, SLUGS
from central.documents.content import Incomplete
from central.documents.press import NoDocument
from central.papers import PaperError
from central.performing import AlreadyTaken
from central.views import CaseView
from central.web import looks
from central.web.acts import Sent, case_of, fault_of
from central.web.codes import require_fresh_code
from central.web.guard import may
from central.web.parts import parts_of, render
from central.web.queries import uuid_of

router = APIRouter()
ReadsPapers = Annotated[Visit, Depends(may(Act.READ_DOCUMENTS))]
NotesReceipts = Annotated[Visit, Depends(may(Act.NOTE_RECEIPT))]
PDF_POLICY = "default-src 'none'; object-src 'self'"


@router.get("/cases/{case_id}/documents/{sha256}.pdf")
def document(request: Request, case_id: str, sha256: str, visit: ReadsPapers) -> Response:
    """An issued document, the bytes that were printed first."""
    parts, view = parts_of(request), case_of(request, case_id)
    listed = {one.sha256: one for one in parts.work.delivering.papers(view.row.id)}
    if sha256 not in listed:
        raise HTTPException(404)
    now = parts.clock.utc_ms()
    looks.note(request, visit, "document opened", view.row.id, listed[sha256].kind)
    try:
        pdf = parts.work.press.pdf(sha256, now)
    except NoDocument:
        raise HTTPException(404) from None
    return Response(
        pdf,
        media_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{view.row.number}-{sha256[:12]}.pdf"',
            "Content-Security-Policy": PDF_POLICY,
            "Cache-Control": "no-store",
        },
    )


def _page(
    request: Request, visit: Visit, view: CaseView, slug: str, status: int = 200, **context: object
) -> Response:
    blank = {
        "fault": "",
        "lacking": [],
        "missing": [],
        "why": "",
        "faults": {},
        "given": {},
        "form": str(uuid4()),
        **context,
    }
    shown = {"row": view.row, "slug": slug, "kind": SLUGS[slug], "fields": FIELDS}
    return render(request, visit, "receipt.html", status, **shown, **blank)


@router.get("/cases/{case_id}/receipts/{slug}")
def receipt_page(request: Request, case_id: str, slug: str, visit: NotesReceipts) -> Response:
    view = case_of(request, case_id)
    if slug not in SLUGS:
        raise HTTPException(404)
    return _page(request, visit, view, slug)


@router.post("/cases/{case_id}/receipts/{slug}")
def note_receipt(
    request: Request, case_id: str, slug: str, visit: NotesReceipts, form: Sent
) -> Response:
    """Serving asks for a code; what was typed comes back with every refusal."""
    parts, view = parts_of(request), case_of(request, case_id)
    if slug not in SLUGS:
        raise HTTPException(404)
    number = str(uuid_of(form["form"]) or uuid4())
    kept: dict[str, Any] = {"given": _given(form.fields), "form": number}
    if form["resume"] == "yes":
        return _page(request, visit, view, slug, **kept)
    try:
        values = act_forms.read(FIELDS, form.fields)
    except BadForm as error:
        return _page(request, visit, view, slug, 422, faults=error.faults, **kept)
    require_fresh_code(request, visit, form)
    now = parts.clock.utc_ms()
    try:
        parts.work.delivering.note(view.row.id, slug, visit.user.id, values, number, now)
    except AlreadyTaken:
        return RedirectResponse(f"/cases/{view.row.id}?done=already", 303)
    except PaperError as error:
        return _page(request, visit, view, slug, 409, fault="paper", why=str(error), **kept)
    except (CaseError, Incomplete) as error:
        return _page(request, visit, view, slug, 409, **kept, **fault_of(error))
    return RedirectResponse(f"/cases/{view.row.id}?done=received", 303)


def _given(fields: Mapping[str, str]) -> Mapping[str, str]:
    names = {field.name for field in FIELDS}
    return {name: value for name, value in fields.items() if name in names}
