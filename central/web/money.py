"""Money: what channels tell, the treasury's statements, and lines matched by hand."""

import logging
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.access import Act
from central.auth import Visit
from central.gateways.payment import CALLBACK_PATH, MOST_BYTES, BadCallback
from central.paying import NoBill
from central.statements import BadStatement, read_statement
from central.treasury import Imported, NoMatch, StatementTaken
from central.web.acts import Sent
from central.web.files import FileForm, file_form
from central.web.guard import FormTooLarge, may
from central.web.parts import parts_of, render

router = APIRouter()
SeesBooks = Annotated[Visit, Depends(may(Act.SEE_BOOKS))]
KeepsBooks = Annotated[Visit, Depends(may(Act.KEEP_BOOKS))]
STATEMENT_BYTES = 4 * 1024 * 1024
NOTHING: Mapping[str, str] = {"reference": "", "code": "", "why": ""}
DONE = ("matched", "coded")
log = logging.getLogger("central.web")


def _page(
    request: Request,
    visit: Visit,
    status: int = 200,
    faults: Sequence[str] = (),
    imported: Imported | None = None,
    given: Mapping[str, str] = NOTHING,
) -> Response:
    done = request.query_params.get("done", "")
    return render(
        request,
        visit,
        "money.html",
        status,
        books=parts_of(request).work.paying.books(),
        faults=faults,
        imported=imported,
        given={**NOTHING, **given},
        done=done if done in DONE else "",
    )


@router.get("/money")
def money(request: Request, visit: SeesBooks) -> Response:
    return _page(request, visit)


@router.post("/money/statements")
def bring_statement(
    request: Request,
    visit: KeepsBooks,
    form: Annotated[FileForm, Depends(file_form(STATEMENT_BYTES))],
) -> Response:
    """A file of the treasury or the bank. The same file again changes nothing; a file with any
    fault is not booked at all."""
    parts = parts_of(request)
    name = form.fields.text("name", 200) or "statement.csv"
    try:
        lines = read_statement(form.file)
        booked = parts.work.paying.treasury.import_statement(
            name, form.file, lines, visit.user.id, parts.clock.utc_ms()
        )
    except BadStatement as error:
        return _page(request, visit, 422, faults=error.faults)
    except StatementTaken as error:
        return _page(request, visit, 409, faults=(str(error),))
    return _page(request, visit, imported=booked)


@router.post("/money/matches")
def match(request: Request, visit: KeepsBooks, form: Sent) -> Response:
    """A line that names no bill is put to one by hand, with a reason."""
    parts = parts_of(request)
    asked = {name: form.text(name, 300) for name in ("reference", "code", "why")}
    try:
        parts.work.paying.treasury.match(
            asked["reference"], asked["code"], asked["why"], visit.user.id, parts.clock.utc_ms()
        )
    except NoMatch as error:
        return _page(request, visit, 409, faults=(str(error),), given=asked)
    return RedirectResponse("/money?done=matched", 303)


@router.post("/money/codes")
def type_code(request: Request, visit: KeepsBooks, form: Sent) -> Response:
    """The payment code of a bill, where no channel gives it by itself."""
    parts = parts_of(request)
    serial, code = form.text("serial", 16), form.text("code", 64)
    try:
        parts.work.paying.type_code(serial, code, visit.user.id, parts.clock.utc_ms())
    except NoBill as error:
        return _page(request, visit, 409, faults=(str(error),))
    return RedirectResponse("/money?done=coded", 303)


@router.post(CALLBACK_PATH + "/{channel}", include_in_schema=False)
async def callback(request: Request, channel: str) -> Response:
    """A channel tells that somebody paid. Only what it signed is taken; the same again is counted,
    and 404 lets it try again for a bill that we do not know yet."""
    paying = parts_of(request).work.paying
    if paying.channel is None or paying.channel.name != channel:
        raise HTTPException(404)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise FormTooLarge(f"a callback must be at most {MOST_BYTES} bytes")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return await run_in_threadpool(_take, request, headers, bytes(body))


def _take(request: Request, headers: dict[str, str], body: bytes) -> Response:
    parts = parts_of(request)
    paying, now = parts.work.paying, parts.clock.utc_ms()
    assert paying.channel is not None
    try:
        told = paying.channel.read(headers, body, now)
    except BadCallback as fault:
        log.warning("payment callback of %s refused: %s", paying.channel.name, fault)
        return Response(status_code=401)
    if told is not None and not paying.billing.report(told, now):
        log.warning("payment callback of %s about a bill that is not ours", told.channel)
        return Response(status_code=404)
    return Response(status_code=204)
