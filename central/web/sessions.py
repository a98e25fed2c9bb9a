"""Signing in and out, and the language and colours of this browser."""

import re
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.access import home
from central.auth import Attempt, TooManyAttempts, Visit, WrongPassword, sign_in
from central.auth import visit as open_visit
from central.web.guard import FORM_COOKIE, Form, checked_form, current, form_token, signed_in
from central.web.parts import THEMES, parts_of, render
from central.web.queries import own_path
from central.web.texts import LANGUAGES

router = APIRouter()
YEAR_S = 365 * 86_400
Sent = Annotated[Form, Depends(checked_form)]


RESUMES = re.compile(
    r"/cases/[^/]+/(acts|receipts)/[a-z-]+|/cases/[^/]+/recusals|/review/[^/]+|/signatures/[^/]+"
)
"""Pages that show a form again, filled in, when they are sent it with `resume`."""
KEPT = "kept."
"""Before the names of fields that were typed when the session was over."""


def sign_in_again(request: Request, kept: Mapping[str, str]) -> Response:
    """The sign-in page, holding a form that came without a session."""
    return _page(request, 401, fault="over", next=request.url.path, kept=kept)


def _kept(form: Form) -> Mapping[str, str]:
    return {
        name.removeprefix(KEPT): value
        for name, value in form.fields.items()
        if name.startswith(KEPT)
    }


def _page(request: Request, status: int = 200, **context: object) -> Response:
    token = form_token(request)
    blank = {"name": "", "fault": "", "wait_s": 0, "next": "", "kept": {}, **context}
    response = render(request, None, "sign_in.html", status, **blank)
    response.set_cookie(
        FORM_COOKIE,
        token,
        httponly=True,
        samesite="strict",
        secure=parts_of(request).settings.secure,
    )
    return response


@router.get("/", include_in_schema=False)
def start(request: Request) -> Response:
    visit = current(request)
    return RedirectResponse(home(visit.user.role) if visit else "/sign-in", 303)


@router.get("/sign-in", name="sign_in_page")
def sign_in_page(request: Request) -> Response:
    visit = current(request)
    if visit:
        return RedirectResponse(home(visit.user.role), 303)
    return _page(request, next=own_path(request.query_params.get("next", "")) or "")


@router.post("/sign-in")
def signing_in(request: Request, form: Sent) -> Response:
    """The same sentence for an unknown name and a wrong password."""
    parts = parts_of(request)
    name, onward = form.text("name", 64), own_path(form["next"]) or ""
    attempt = Attempt(
        name=name,
        password=form["password"],
        address=request.client.host if request.client else "",
        agent=request.headers.get("user-agent", ""),
    )
    try:
        token = sign_in(parts.accounts, attempt, parts.clock.utc_ms())
    except WrongPassword:
        kept = _kept(form)
        return _page(request, 401, name=name, fault="wrong", next=onward, kept=kept)
    except TooManyAttempts as error:
        told = {"fault": "wait", "wait_s": error.wait_s, "next": onward, "kept": _kept(form)}
        response = _page(request, 429, name=name, **told)
        response.headers["Retry-After"] = str(error.wait_s)
        return response
    response = _onward(request, token, onward, _kept(form))
    response.set_cookie(
        parts.settings.session_cookie,
        token,
        httponly=True,
        samesite="lax",
        secure=parts.settings.secure,
        path="/",
    )
    response.delete_cookie(FORM_COOKIE)
    return response


def _onward(request: Request, token: str, onward: str, kept: Mapping[str, str]) -> Response:
    """Back to where they were; a form that was kept is shown first, and sent on by hand."""
    if not kept or not onward:
        return RedirectResponse(onward or "/", 303)
    parts = parts_of(request)
    found = open_visit(parts.accounts, token, parts.clock.utc_ms(), by_hand=True)
    return render(request, found, "resume.html", onward=onward, kept=kept)


@router.post("/sign-out")
def sign_out(request: Request, _form: Sent) -> Response:
    """Ends the session on the server and drops the evidence images that the browser kept."""
    parts, visit = parts_of(request), current(request)
    if visit:
        parts.accounts.end_session(visit.session.token_sha256)
    response = RedirectResponse("/sign-in", 303, headers={"Clear-Site-Data": '"cache"'})
    response.delete_cookie(
        parts.settings.session_cookie, path="/", secure=parts.settings.secure, httponly=True
    )
    return response


@router.get("/session")
def session(_visit: Annotated[Visit, Depends(signed_in)]) -> Response:
    """Whether the session goes on (204, else 401): a page asks when its live stream breaks off."""
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


@router.post("/preferences")
def preferences(request: Request, form: Sent) -> Response:
    """Language and colours; kept with the user, and in the browser for the sign-in page."""
    parts, visit = parts_of(request), current(request)
    response = RedirectResponse(own_path(form["back"]) or "/", 303)
    if form["language"] in LANGUAGES:
        response.set_cookie(
            "firelane_language", form["language"], max_age=YEAR_S, samesite="lax", httponly=True
        )
        if visit:
            parts.accounts.set_language(visit.user.id, form["language"])
    if form["theme"] in THEMES:
        response.set_cookie(
            "firelane_theme", form["theme"], max_age=YEAR_S, samesite="lax", httponly=True
        )
    return response
