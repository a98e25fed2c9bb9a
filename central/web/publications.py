"""Covered copies for the public: made from a case's documents, listed, handed out, withdrawn."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.access import Act
from central.auth import Visit
from central.documents.content import sha256_of
from central.publications import REASON_CHARS, Gone, NotPublishable, Publication, Wanted
from central.web import looks
from central.web.acts import case_of
from central.web.codes import FreshCode, require_fresh_code
from central.web.evidence import IMAGE_POLICY
from central.web.guard import Form, checked_form, may
from central.web.papers import PDF_POLICY
from central.web.parts import parts_of, render
from central.web.queries import uuid_of

router = APIRouter()
Publishes = Annotated[Visit, Depends(may(Act.PUBLISH))]
SeesLedger = Annotated[Visit, Depends(may(Act.SEE_RETENTION))]
Sent = Annotated[Form, Depends(checked_form)]
_MOST_WORDS = 40
_LEAST_WORD = 2


@router.get("/publications")
def publications(request: Request, visit: SeesLedger) -> Response:
    parts = parts_of(request)
    fault = request.query_params.get("fault", "")
    return render(
        request,
        visit,
        "publications.html",
        copies=parts.back.publications.last(),
        people={user.id: user.display for user in parts.accounts.users()},
        fault=fault if fault in ("gone", "reason") else "",
    )


@router.get("/cases/{case_id}/publish/{sha256}")
def look(request: Request, case_id: str, sha256: str, visit: Publishes) -> Response:
    """The copy as it would be made public."""
    return _draft(request, visit, case_id, sha256, {})


@router.post("/cases/{case_id}/publish/{sha256}")
def make(request: Request, case_id: str, sha256: str, visit: Publishes, form: Sent) -> Response:
    """Look again with more words covered, or publish what was read."""
    parts, view = parts_of(request), case_of(request, case_id)
    typed = {name: form[name] for name in ("words", "purpose", "digest", "sure")}
    typed["purpose"] = form.text("purpose", REASON_CHARS[1])
    if form["step"] != "make":
        return _draft(request, visit, case_id, sha256, typed)
    if len(typed["purpose"]) < REASON_CHARS[0]:
        return _draft(request, visit, case_id, sha256, typed, "purpose")
    if typed["sure"] != "yes":
        return _draft(request, visit, case_id, sha256, typed, "sure")
    words = _words(typed["words"])
    try:
        content = parts.back.publications.draft(view.row.id, sha256, words)
    except NotPublishable:
        raise HTTPException(404) from None
    if sha256_of(content.to_json()) != typed["digest"]:
        return _draft(request, visit, case_id, sha256, typed, "changed")
    require_fresh_code(request, visit, form)
    wanted = Wanted(view.row.id, sha256, words, typed["purpose"], visit.user.id)
    parts.back.publications.make(wanted, parts.clock.utc_ms())
    return RedirectResponse("/publications", 303)


def _draft(
    request: Request,
    visit: Visit,
    case_id: str,
    sha256: str,
    typed: dict[str, str],
    fault: str = "",
) -> Response:
    parts, view = parts_of(request), case_of(request, case_id)
    looks.note(request, visit, "document opened", view.row.id, "publication")
    words = typed.get("words", "")
    try:
        content = parts.back.publications.draft(view.row.id, sha256, _words(words))
    except NotPublishable:
        raise HTTPException(404) from None
    return render(
        request,
        visit,
        "publish.html",
        422 if fault else 200,
        row=view.row,
        sha256=sha256,
        content=content,
        digest=sha256_of(content.to_json()),
        words=words,
        purpose=typed.get("purpose", ""),
        fault=fault,
    )


def _words(typed: str) -> list[str]:
    lines = [line.strip() for line in typed.splitlines()]
    return [line for line in lines if len(line) >= _LEAST_WORD][:_MOST_WORDS]


def _standing(request: Request, publication_id: str) -> Publication:
    known = uuid_of(publication_id)
    found = parts_of(request).back.publications.get(known) if known else None
    if found is None or found.withdrawn_utc_ms is not None:
        raise HTTPException(404)
    return found


@router.get("/publications/{publication_id}.pdf")
def pdf(request: Request, publication_id: str, _visit: SeesLedger) -> Response:
    found = _standing(request, publication_id)
    name = quote(f"{found.number}-{found.kind}.pdf")
    return Response(
        parts_of(request).back.publications.file(found.pdf),
        media_type="application/pdf",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "Content-Security-Policy": PDF_POLICY,
            "Cache-Control": "no-store",
        },
    )


@router.get("/publications/{publication_id}/{sha256}.jpg")
def image(request: Request, publication_id: str, sha256: str, _visit: SeesLedger) -> Response:
    found = _standing(request, publication_id)
    if sha256 not in found.images:
        raise HTTPException(404)
    return Response(
        parts_of(request).back.publications.file(sha256),
        media_type="image/jpeg",
        headers={
            "Content-Disposition": f'inline; filename="{sha256[:12]}.jpg"',
            "Content-Security-Policy": IMAGE_POLICY,
            "Cache-Control": "no-store",
        },
    )


@router.post("/publications/{publication_id}/withdraw")
def withdraw(
    request: Request, publication_id: str, visit: Publishes, form: Sent, _: FreshCode
) -> Response:
    parts, reason = parts_of(request), form.text("reason", REASON_CHARS[1])
    known: UUID | None = uuid_of(publication_id)
    if known is None:
        raise HTTPException(404)
    if len(reason) < REASON_CHARS[0]:
        return RedirectResponse("/publications?fault=reason", 303)
    try:
        parts.back.publications.withdraw(known, visit.user.id, reason, parts.clock.utc_ms())
    except Gone:
        return RedirectResponse("/publications?fault=gone", 303)
    return RedirectResponse("/publications", 303)
