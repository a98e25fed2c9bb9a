"""Who is asking on the owner's page, and what every answer there carries.

The cookies of a link go to that link's address and nowhere else, so that two links in one browser
know nothing of each other. The address holds the link's token: it is never sent on to another page,
and no log of ours names it.
"""

from dataclasses import dataclass
from typing import Annotated

from anyio import to_thread
from fastapi import Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from central.auth import same
from central.owner.entry import LIFE_MS, Keys, OwnerVisit
from central.owner_links import LIFE_MS as LINK_LIFE_MS
from central.web.guard import FORM_COOKIE, ForgedForm, Form, RequestRefused, own_form
from central.web.multipart import Filled, Reader
from central.web.parts import parts_of, render
from central.web.texts import LANGUAGES

PREFIX = "/o/"
NO_REFERRER = {"Referrer-Policy": "no-referrer"}
_SESSION, _BROWSER = "firelane_owner", "firelane_owner_browser"
YEAR_S = 365 * 86_400


class CheckFirst(RequestRefused):
    """Nobody passed the check here, or the session is over. `kept` is what was typed."""

    def __init__(self, token: str, page: str, kept: Form | None = None) -> None:
        super().__init__("pass the check first")
        self.token = token
        self.page = page
        self.kept = kept


def is_owners(request: Request) -> bool:
    return request.url.path.startswith(PREFIX)


def shown_path(request: Request) -> str:
    """The path as a log may name it: without a link's token."""
    path = request.url.path
    if not path.startswith(PREFIX):
        return path
    _, _, rest = path[len(PREFIX) :].partition("/")
    return f"{PREFIX}…/{rest}"


def cookie(request: Request, name: str) -> str:
    return request.cookies.get(_cookie_name(request, name), "")


def browser_of(request: Request) -> str:
    """What the first browser that passed was given to keep."""
    return cookie(request, _BROWSER)


def _cookie_name(request: Request, name: str) -> str:
    return f"__Secure-{name}" if parts_of(request).settings.secure else name


def remember(request: Request, response: Response, token: str, keys: Keys) -> None:
    """Give the browser its keys."""
    for name, value, life_ms in (
        (_BROWSER, keys.browser, LINK_LIFE_MS),
        (_SESSION, keys.session, LIFE_MS),
    ):
        response.set_cookie(
            _cookie_name(request, name),
            value,
            max_age=life_ms // 1000,
            path=f"{PREFIX}{token}",
            httponly=True,
            samesite="lax",
            secure=parts_of(request).settings.secure,
        )


def forget(request: Request, response: Response, token: str) -> None:
    """Take the session away; the browser may pass the check again."""
    response.delete_cookie(
        _cookie_name(request, _SESSION),
        path=f"{PREFIX}{token}",
        httponly=True,
        secure=parts_of(request).settings.secure,
    )


def found(request: Request, token: str) -> OwnerVisit | None:
    """The visit of this browser to this link. Raises Shut."""
    parts = parts_of(request)
    session = cookie(request, _SESSION)
    if not session:
        return None
    return parts.owner.entry.visit(token, session, parts.clock.utc_ms())


def passed(request: Request, token: str) -> OwnerVisit:
    """A dependency: somebody who passed the check of this link. Raises EntryError, CheckFirst."""
    visit = found(request, token)
    if visit is None:
        parts_of(request).owner.entry.door(
            token, browser_of(request), parts_of(request).clock.utc_ms()
        )
        raise CheckFirst(token, request.url.path)
    return visit


Passed = Annotated[OwnerVisit, Depends(passed)]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A form, and when it began to arrive: what it says counts from then."""

    utc_ms: int
    filled: Filled

    @property
    def form(self) -> Form:
        return self.filled.form


async def arrived(request: Request, token: str) -> Arrived:
    """A dependency: a form of one of our own pages, with or without files; its token is not
    looked at yet. Raises RequestRefused, BadMultipart, Busy."""
    now = parts_of(request).clock.utc_ms()
    if request.headers.get("content-type", "").startswith("multipart/"):
        require_same_site(request)
        # Nobody may make the server read files who does not have the link's browser.
        await to_thread.run_sync(_require_known, request, token, now)
        reader: Reader = request.app.state.reader
        return Arrived(now, await reader.read(request, token))
    return Arrived(now, Filled(await own_form(request), ()))


def require_same_site(request: Request) -> None:
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForgedForm("the form came from another site")


def _require_known(request: Request, token: str, now_utc_ms: int) -> None:
    entry = parts_of(request).owner.entry
    link, _ = entry.door(token, browser_of(request), now_utc_ms)
    if link.browser_sha256 is None:
        raise CheckFirst(token, f"{PREFIX}{token}")


Sent = Annotated[Arrived, Depends(arrived)]


def checked(request: Request, token: str, sent: Sent) -> tuple[OwnerVisit, Arrived]:
    """A dependency: a form of this visit. Where the session is over, what was typed is kept until
    the check is passed again. Raises EntryError, CheckFirst, ForgedForm."""
    visit = found(request, token)
    if visit is None:
        now = parts_of(request).clock.utc_ms()
        parts_of(request).owner.entry.door(token, browser_of(request), now)
        raise CheckFirst(token, request.url.path, sent.form)
    if not same(sent.form["csrf"], visit.csrf):
        raise ForgedForm("the form's token is not this visit's")
    return visit, sent


Checked = Annotated[tuple[OwnerVisit, Arrived], Depends(checked)]


def require_form_cookie(request: Request, form: Form) -> None:
    """Before the check the form's token is the browser's cookie. Raises ForgedForm."""
    expected = request.cookies.get(FORM_COOKIE, "")
    if not expected or not same(form["csrf"], expected):
        raise ForgedForm("the form's token is not this browser's")


def page(
    request: Request, token: str, template: str, status: int = 200, **context: object
) -> HTMLResponse:
    """A page of the owner's, in the language that was asked for last."""
    parts = parts_of(request)
    visit: OwnerVisit | None = getattr(request.state, "owner_visit", None)
    chosen = request.query_params.get("language", "")
    if chosen in LANGUAGES:
        request.cookies["firelane_language"] = chosen
    if visit is not None:
        request.state.form_token = visit.csrf
    head = parts.owner.letterhead(parts.clock.utc_ms())
    blank = {"base": f"{PREFIX}{token}", "head": head, "entered": visit is not None, **context}
    response = render(request, None, template, status, **blank)
    response.headers.update(NO_REFERRER)
    if chosen in LANGUAGES:
        response.set_cookie(
            "firelane_language", chosen, max_age=YEAR_S, samesite="lax", httponly=True
        )
    return response
