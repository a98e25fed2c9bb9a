"""The door of the owner's page: the check, leaving, and what is said to who does not come in."""

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.owner.entry import EntryError, OtherBrowser, Shut, TooOften, Wrong
from central.web.guard import FORM_COOKIE, Form, form_token, own_form
from central.web.owner import case_page
from central.web.owner_forms import FORMS, TYPED, form_page
from central.web.owner_guard import (
    NO_REFERRER,
    PREFIX,
    Checked,
    CheckFirst,
    browser_of,
    forget,
    found,
    page,
    remember,
    require_form_cookie,
)
from central.web.parts import parts_of

router = APIRouter()


@router.get("/o/{token}")
def start(request: Request, token: str) -> Response:
    """The check, or the case for who has passed it."""
    visit = found(request, token)
    if visit is None:
        return check_page(request, token)
    return case_page(request, token, visit)


def check_page(
    request: Request, token: str, status: int = 200, kept: Form | None = None, **told: object
) -> Response:
    """Asks what only the owner knows, and shows nothing of the case. Raises Shut, OtherBrowser."""
    parts = parts_of(request)
    _, kinds = parts.owner.entry.door(token, browser_of(request), parts.clock.utc_ms())
    form_token(request)
    fields = {name: kept[name] for name in TYPED if kept[name]} if kept else {}
    context = {
        "left": None,
        "wait_s": 0,
        "then": "",
        "expired": False,
        **told,
        "kinds": kinds,
        "kept": fields,
    }
    response = page(request, token, "owner_check.html", status, **context)
    response.set_cookie(
        FORM_COOKIE,
        request.state.form_token,
        httponly=True,
        samesite="strict",
        secure=parts.settings.secure,
    )
    return response


@router.post("/o/{token}/check")
def check(request: Request, token: str, form: Annotated[Form, Depends(own_form)]) -> Response:
    """Passes, or says how many tries are left. What was typed before goes on with it."""
    require_form_cookie(request, form)
    parts = parts_of(request)
    then = form["then"]
    try:
        keys = parts.owner.entry.enter(
            token, browser_of(request), form["answer"][:64], parts.clock.utc_ms()
        )
    except Wrong as wrong:
        if not wrong.left:
            return shut_page(request, token, "tried", 403)
        return check_page(request, token, 422, form, left=wrong.left, then=then)
    except TooOften as often:
        response = check_page(request, token, 429, form, wait_s=often.wait_s, then=then)
        response.headers["Retry-After"] = str(often.wait_s)
        return response
    response = _onward(request, token, keys.session, form)
    remember(request, response, token, keys)
    return response


def _onward(request: Request, token: str, session: str, form: Form) -> Response:
    """The form that was being filled when the session ended, with what was typed; else the case."""
    parts, now = parts_of(request), parts_of(request).clock.utc_ms()
    name = form["then"].removeprefix(f"{PREFIX}{token}/")
    visit = parts.owner.entry.visit(token, session, now)
    if name not in FORMS or visit is None:
        return RedirectResponse(f"{PREFIX}{token}", 303, headers=NO_REFERRER)
    return form_page(request, token, visit, FORMS[name], typed=form, resumed=True)


@router.post("/o/{token}/leave")
def leave(request: Request, token: str, checked: Checked) -> Response:
    """Ends the session: for who looked on another person's telephone."""
    visit, _ = checked
    parts_of(request).owner.entry.leave(visit)
    response = RedirectResponse(f"{PREFIX}{token}", 303, headers=NO_REFERRER)
    forget(request, response, token)
    return response


def shut_page(request: Request, token: str, why: str, status: int) -> Response:
    """The link leads nowhere: why, and whom to call."""
    return page(request, token, "owner_shut.html", status, why=why)


def not_let_in(request: Request, error: Exception) -> Response:
    """The app's answer to EntryError. An unknown link and one that is over look the same."""
    assert isinstance(error, EntryError)
    token = request.path_params.get("token", "")
    if isinstance(error, OtherBrowser):
        return shut_page(request, token, "other_browser", 403)
    assert isinstance(error, Shut), error
    return shut_page(request, token, "gone", 404)


def check_first(request: Request, error: Exception) -> Response:
    """The app's answer to CheckFirst: the check, with all that was typed."""
    assert isinstance(error, CheckFirst)
    if request.method == "GET":
        return RedirectResponse(f"{PREFIX}{error.token}", 303, headers=NO_REFERRER)
    return check_page(
        request, error.token, 401, error.kept, then=error.page, expired=error.kept is not None
    )


def error_page(request: Request, status: int, sentence: str, code: str) -> Response:
    """Any other refusal, in the owner's words."""
    token = request.path_params.get("token", "")
    try:
        return page(request, token, "owner_error.html", status, sentence=sentence, code=code)
    except DBAPIError:
        return Response("系统暂时不可用，请稍后再试。 Please try again later.", status,
                        media_type="text/plain; charset=utf-8", headers=NO_REFERRER)  # fmt: skip
