"""The staff pages as one ASGI application.

    app = create_app(Parts(...))

Pages are made on the server and work without scripts; scripts add zoom, live updates and keys.
"""

import logging
import secrets

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.access import Refused
from central.api.app import create_api
from central.export import ExportError
from central.owner.entry import EntryError
from central.web import (
    account,
    acts,
    alarms,
    audit,
    cases,
    codes,
    desk,
    due,
    evidence,
    filters,
    fleet,
    keeping,
    looks,
    money,
    owner,
    owner_check,
    owner_forms,
    papers,
    person,
    publications,
    quality,
    recheck,
    recusals,
    reminders,
    sessions,
    sharing,
    signatures,
    static,
    statistics,
    told,
    users,
)
from central.web.guard import ForgedForm, FormTooLarge, SignInFirst, current, kept_form
from central.web.headers import SecurityHeaders
from central.web.multipart import BadMultipart, Busy, Reader
from central.web.owner_guard import CheckFirst, is_owners, shown_path
from central.web.parts import Parts, render
from edge.wire.errors import WireError

_LOG = logging.getLogger("central.web")
PAGES = (
    sessions,
    acts,
    alarms,
    papers,
    cases,
    desk,
    due,
    signatures,
    evidence,
    filters,
    fleet,
    keeping,
    money,
    reminders,
    quality,
    looks,
    audit,
    person,
    publications,
    recheck,
    recusals,
    statistics,
    sharing,
    users,
    account,
    codes,
    static,
    owner,
    owner_check,
    owner_forms,
    told,
)
_SENTENCES = {404: "not_found", 405: "not_found", 413: "too_large", 403: "refused", 503: "busy"}


def create_app(parts: Parts) -> FastAPI:
    """The application. It keeps no state of its own: any number of workers may serve it."""
    app = FastAPI(title="firelane", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.parts = parts
    app.state.reader = Reader()
    for page in PAGES:
        app.include_router(page.router)
    app.mount("/api/v1", create_api(parts.api))
    app.add_exception_handler(SignInFirst, _sign_in_first)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(codes.CodeNeeded, codes.ask_for_code)
    app.add_exception_handler(looks.PurposeNeeded, looks.ask)
    app.add_exception_handler(EntryError, owner_check.not_let_in)
    app.add_exception_handler(CheckFirst, owner_check.check_first)
    app.add_exception_handler(ForgedForm, _forged)
    app.add_exception_handler(FormTooLarge, _too_large)
    app.add_exception_handler(BadMultipart, _invalid)
    app.add_exception_handler(TimeoutError, _too_slow)
    app.add_exception_handler(Busy, _too_slow)
    app.add_exception_handler(WireError, _damaged)
    app.add_exception_handler(ExportError, _damaged)
    app.add_exception_handler(DBAPIError, _unavailable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _our_bug)
    app.add_middleware(SecurityHeaders, secure=parts.settings.secure)
    return app


def error_page(request: Request, status: int, sentence: str, code: str = "") -> Response:
    """A page that says in one sentence what was wrong and where to go on."""
    if is_owners(request):
        return owner_check.error_page(request, status, sentence, code)
    try:
        visit = current(request)
    except DBAPIError:
        visit = None
    return render(request, visit, "error.html", status, sentence=sentence, number=status, code=code)


async def _sign_in_first(request: Request, _error: Exception) -> Response:
    """Scripts are told; people are sent to the sign-in page, and back afterwards. What somebody
    typed when their session was over is kept through it (central/web/sessions.py)."""
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        if "hx-request" in request.headers:
            return Response(status_code=401)
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(
            str(
                request.url_for("sign_in_page").include_query_params(next=request.url.path + query)
            ),
            303,
        )
    resumes = request.method == "POST" and sessions.RESUMES.fullmatch(request.url.path)
    if resumes and (kept := await kept_form(request)):
        return sessions.sign_in_again(request, kept)
    return error_page(request, 401, "sign_in_first")


def _refused(request: Request, _error: Exception) -> Response:
    return error_page(request, 403, "refused")


def _forged(request: Request, _error: Exception) -> Response:
    return error_page(request, 403, "forged")


def _damaged(request: Request, error: Exception) -> Response:
    """Bytes that were signed and kept no longer verify: somebody must know at once."""
    _LOG.error("kept record damaged path=%s", shown_path(request), exc_info=error)
    return error_page(request, 500, "damaged")


def _unavailable(request: Request, error: Exception) -> Response:
    """The database is away: nobody's fault here, and it may be back in a moment."""
    _LOG.error("database away path=%s: %s", shown_path(request), error)
    answer = error_page(request, 503, "unavailable")
    answer.headers["Retry-After"] = "5"
    return answer


def _too_large(request: Request, _error: Exception) -> Response:
    return error_page(request, 413, "too_large")


def _too_slow(request: Request, _error: Exception) -> Response:
    return error_page(request, 429, "too_slow")


def _invalid(request: Request, _error: Exception) -> Response:
    return error_page(request, 400, "invalid")


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    return error_page(request, status, _SENTENCES.get(status, "invalid"))


def _our_bug(request: Request, error: Exception) -> Response:
    """The reader gets a number to tell us; the log has the number and the traceback."""
    code = secrets.token_hex(4)
    _LOG.error("page failed number=%s path=%s", code, shown_path(request), exc_info=error)
    return error_page(request, 500, "our_bug", code)
