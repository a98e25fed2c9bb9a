"""Who is asking, and whether a form came from one of our pages.

RequestRefused
├── SignInFirst     no session, or one that is over
├── ForgedForm      a form without the token that our pages carry
└── FormTooLarge    more bytes than any of our forms has
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends
from starlette.requests import Request

from central.access import Act, require
from central.auth import Visit, same, visit
from central.web.parts import parts_of

FORM_BYTES = 64 * 1024
FORM_FIELDS = 50
LIVE_HEADER = "x-firelane-live"
"""Pages that renew themselves say so: that alone keeps no session alive."""
FORM_COOKIE = "firelane_form"


class RequestRefused(Exception):
    """A request that is not answered with what it asks for."""


class SignInFirst(RequestRefused):
    """No session, or one that is over."""


class ForgedForm(RequestRefused):
    """A form without the token that our pages carry."""


class FormTooLarge(RequestRefused):
    """More bytes than any of our forms has."""


def current(request: Request) -> Visit | None:
    """The visit that the session cookie stands for. Asked once per request."""
    if not hasattr(request.state, "visit"):
        parts = parts_of(request)
        token = request.cookies.get(parts.settings.session_cookie, "")
        by_hand = LIVE_HEADER not in request.headers
        request.state.visit = (
            visit(parts.accounts, token, parts.clock.utc_ms(), by_hand=by_hand) if token else None
        )
    found = request.state.visit
    assert found is None or isinstance(found, Visit)
    return found


def may(act: Act) -> Callable[[Request], Visit]:
    """A dependency: the signed-in visit, whose role may do the act. Raises SignInFirst, Refused."""

    def check(request: Request) -> Visit:
        found = current(request)
        if found is None:
            raise SignInFirst("sign in first")
        require(found.user.role, act)
        return found

    return check


def signed_in(request: Request) -> Visit:
    """A dependency: any signed-in visit. Raises SignInFirst."""
    found = current(request)
    if found is None:
        raise SignInFirst("sign in first")
    return found


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, each once; a field that was not sent is empty."""

    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    def text(self, name: str, most: int) -> str:
        """A line of text: trimmed, cut to `most` characters, without control characters."""
        return "".join(char for char in self[name] if char.isprintable()).strip()[:most]


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES:
            raise FormTooLarge(f"a form must be at most {FORM_BYTES} bytes")
    return bytes(body)


async def own_form(request: Request) -> Form:
    """A dependency: the fields of a form that one of our pages sent. Raises RequestRefused."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForgedForm("the form came from another site")
    text = (await _body(request)).decode("utf-8", "replace")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FORM_FIELDS)
    except ValueError:
        raise FormTooLarge(f"a form must have at most {FORM_FIELDS} fields") from None
    request.state.form_pairs = dict(pairs)
    return Form(dict(pairs))


async def kept_form(request: Request) -> Mapping[str, str]:
    """What somebody sent without a session, to be shown to them again once they signed in; nothing
    where it came from another site, or is none of our forms."""
    pairs = getattr(request.state, "form_pairs", None)
    if pairs is None:
        try:
            pairs = dict((await own_form(request)).fields)
        except RequestRefused:
            return {}
    own = {"csrf", "back", "code", "password", "old", "new", "again", "resume"}
    found = {name: value for name, value in pairs.items() if name not in own}
    return found if "csrf" in pairs and len(found) < FORM_FIELDS - len(own) else {}


def checked_form(request: Request, form: Annotated[Form, Depends(own_form)]) -> Form:
    """A dependency: a form with the session's token, or before signing in with the cookie's."""
    found = current(request)
    expected = found.session.csrf if found else request.cookies.get(FORM_COOKIE, "")
    if not expected or not same(form["csrf"], expected):
        raise ForgedForm("the form's token is not this session's")
    return form


def form_token(request: Request) -> str:
    """The token for forms before signing in: the browser's cookie, or a new one for it."""
    token = request.cookies.get(FORM_COOKIE, "")
    if len(token) != 32 or not token.isascii() or not token.isprintable():
        token = secrets.token_urlsafe(24)
    request.state.form_token = token
    return token
