"""Asking for a fresh one-time code, and enrolling an authenticator.

A route that approves, serves, voids or unmasks names the dependency beside its form:

    @router.post("/cases/{case_id}/decide")
    def decide(request: Request, case_id: str, visit: MayDecide, form: Sent, _: FreshCode) -> ...

or, where it depends on what the form asks for, calls it (central.codes.NEEDS_CODE lists the acts):

    if action in NEEDS_CODE:
        require_fresh_code(request, visit, form)

The page of the form needs nothing for it. Where no code was typed in this session during the last
ten minutes, the answer is a page that asks for one, holds everything that was sent, and sends it
again to the same address together with the code. Nothing typed is lost, and nothing is done twice.
A field `code` in the form itself is taken as well.
"""

from typing import Annotated

import segno
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.auth import Visit, WrongPassword, check_password
from central.codes import (
    FRESH_MS,
    CodeError,
    NotEnrolled,
    TooManyCodes,
)
from central.web.guard import Form, checked_form, signed_in
from central.web.parts import parts_of, render

router = APIRouter()
SignedIn = Annotated[Visit, Depends(signed_in)]
Sent = Annotated[Form, Depends(checked_form)]
_OWN = ("csrf", "code")


class CodeNeeded(Exception):
    """The act waits for a code. `fault` is a key of the locales: ask, wrong, wait, not_enrolled."""

    def __init__(self, fault: str, wait_s: int = 0) -> None:
        super().__init__(f"a fresh one-time code is needed: {fault}")
        self.fault = fault
        self.wait_s = wait_s


def require_fresh_code(request: Request, visit: SignedIn, form: Sent) -> None:
    """A dependency: this session showed a code within FRESH_MS, or the form does now.

    Raises CodeNeeded, which the app answers with a page that asks for the code.
    """
    parts = parts_of(request)
    now, proved = parts.clock.utc_ms(), visit.session.proved_utc_ms
    if proved is not None and now - proved <= FRESH_MS:
        return
    code = "".join(form["code"].split())
    if not code:
        enrolled = parts.codes.enrolled(visit.user.id)
        raise CodeNeeded("ask" if enrolled else "not_enrolled")
    try:
        parts.codes.prove(visit.user.id, code, now)
    except CodeError as error:
        raise _needed(error) from None
    parts.accounts.note_proof(visit.session.token_sha256, now)


FreshCode = Annotated[None, Depends(require_fresh_code)]


def ask_for_code(request: Request, error: Exception) -> Response:
    """The app's answer to CodeNeeded: the form again, with all that was sent and a field more."""
    assert isinstance(error, CodeNeeded)
    visit = signed_in(request)
    sent: dict[str, str] = getattr(request.state, "form_pairs", {})
    kept = {name: value for name, value in sent.items() if name not in _OWN}
    status = 429 if error.wait_s else 422
    asked = {"fault": error.fault, "wait_s": error.wait_s, "kept": kept}
    return render(request, visit, "code.html", status, **asked)


@router.post("/account/code")
def begin(request: Request, visit: SignedIn, form: Sent) -> Response:
    """Shows the secret of a new authenticator. A session alone is not enough for it."""
    parts = parts_of(request)
    try:
        check_password(visit.user.password, form["password"])
        enrolment = parts.codes.begin(visit.user, parts.clock.utc_ms())
    except WrongPassword:
        return _enrol(request, visit, 422, fault="wrong_old")
    except CodeError:
        return RedirectResponse("/account", 303)
    return _enrol(request, visit, enrolment=enrolment)


@router.post("/account/code/confirm")
def confirm(request: Request, visit: SignedIn, form: Sent) -> Response:
    parts, now = parts_of(request), parts_of(request).clock.utc_ms()
    try:
        parts.codes.confirm(visit.user.id, "".join(form["code"].split()), now)
    except NotEnrolled:
        return RedirectResponse("/account", 303)
    except CodeError as error:
        needed = _needed(error)
        shown = parts.codes.begin(visit.user, now)
        why = {"code_fault": needed.fault, "wait_s": needed.wait_s}
        return _enrol(request, visit, 422, enrolment=shown, **why)
    parts.accounts.note_proof(visit.session.token_sha256, now)
    return RedirectResponse("/account?done=code", 303)


def _needed(error: CodeError) -> CodeNeeded:
    if isinstance(error, TooManyCodes):
        return CodeNeeded("wait", error.wait_s)
    return CodeNeeded("not_enrolled" if isinstance(error, NotEnrolled) else "wrong")


def _enrol(request: Request, visit: Visit, status: int = 200, **context: object) -> Response:
    blank = {"enrolment": None, "fault": "", "code_fault": "", "wait_s": 0, **context}
    return render(request, visit, "enrol.html", status, qr=qr, **blank)


def qr(link: str) -> str:
    """An SVG picture of the link, for a telephone's camera."""
    picture: str = segno.make(link, micro=False).svg_inline(scale=5, light="#fff", omitsize=True)
    return picture
