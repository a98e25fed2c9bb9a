"""The sharing API: what police, traffic police, urban management and the data bureau may ask for.

    api = create_api(Parts(...))      # an application of its own, mounted under /api/v1

Described by OpenAPI at /api/v1/openapi.json. Each request carries the department's key as a bearer
token and is written down before it is answered; what is personal needs a purpose. Errors are
problem documents (RFC 9457).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from central.api.body import BodyLimit
from central.api.documents import (
    Cases,
    CaseWithActs,
    Fines,
    FineToReport,
    Line,
    Number,
    Problem,
    Purpose,
    Reference,
    Standing,
    Statistics,
    UtcMs,
)
from central.api.source import Source, Wanted
from central.clock import Clock
from central.export import ExportError
from central.fines import Fine, OtherContent, ReportedFines
from central.sharing import (
    Department,
    Departments,
    OutOfScope,
    Scope,
    Taking,
    TooMany,
    UnknownKey,
    require_scope,
)

_LOG = logging.getLogger("central.api")
_BODY_BYTES = 16 * 1024
_BEARER = HTTPBearer(auto_error=False, description="The department's key")


@dataclass(frozen=True, slots=True)
class Parts:
    """All that the API works with. `export` gives a case's packet.zip."""

    source: Source
    departments: Departments
    fines: ReportedFines
    clock: Clock
    export: Callable[[UUID], bytes]

    @classmethod
    def over(cls, engine: Engine, clock: Clock, export: Callable[[UUID], bytes]) -> "Parts":
        return cls(Source(engine), Departments(engine), ReportedFines(engine), clock, export)


class NotThere(Exception):
    """There is nothing of that name."""


_PROBLEMS: dict[type[Exception], tuple[int, str]] = {
    UnknownKey: (401, "no valid key"),
    OutOfScope: (403, "out of scope"),
    NotThere: (404, "not found"),
    OtherContent: (409, "reported before with other content"),
    TooMany: (429, "too many requests"),
    ExportError: (500, "damaged"),
    DBAPIError: (503, "the database is away"),
}


def _told(title: str) -> dict[str, object]:
    """How OpenAPI describes a problem document."""
    content = {"application/problem+json": {"schema": Problem.model_json_schema()}}
    return {"description": title, "content": content}


_TOLD: dict[int | str, dict[str, object]] = {
    400: _told("not JSON"),
    401: _told("no valid key"),
    403: _told("out of scope"),
    413: _told("too large"),
    422: _told("against the schema"),
    429: _told("too many requests"),
    503: _told("the database is away"),
}
_ABSENT: dict[int | str, dict[str, object]] = {404: _told("not found")}


@dataclass(frozen=True, slots=True)
class Caller:
    """The department that asks, and the pen that writes down what it takes."""

    parts: Parts
    department: Department

    def takes(
        self, scope: Scope, what: str, subject: str, purpose: str = "", case_id: UUID | None = None
    ) -> None:
        """Raises OutOfScope or TooMany; both before anything is read."""
        require_scope(self.department, scope)
        said = "".join(char for char in purpose if char.isprintable())
        one = Taking(self.department.id, what, subject, said, case_id)
        self.parts.departments.note(one, self.parts.clock.utc_ms())

    def sees(self, scope: Scope) -> bool:
        return scope in self.department.scopes


def _caller(
    request: Request, key: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> Caller:
    parts = request.app.state.api
    assert isinstance(parts, Parts)
    if key is None:
        raise UnknownKey("send the department's key: Authorization: Bearer firelane_…")
    return Caller(parts, parts.departments.of_key(key.credentials))


Asks = Annotated[Caller, Depends(_caller)]


def create_api(parts: Parts) -> FastAPI:
    """The application. It keeps no state of its own."""
    api = FastAPI(
        title="firelane sharing",
        version="1",
        summary="Cases of blocked fire lanes for other departments",
        docs_url=None,
        redoc_url=None,
        responses=_TOLD,
    )
    api.state.api = parts
    api.add_api_route("/cases", cases, name="list cases")
    api.add_api_route("/cases/{number}", case, responses=_ABSENT)
    api.add_api_route(
        "/cases/{number}/packet.zip",
        packet,
        response_class=Response,
        responses={**_ABSENT, 200: {"content": {"application/zip": {}}}},
    )
    api.add_api_route("/fined", check_fines, methods=["POST"])
    api.add_api_route(
        "/fines/{reference}",
        report_fine,
        methods=["PUT"],
        status_code=204,
        responses={409: _told("reported before with other content")},
    )
    api.add_api_route(
        "/fines/{reference}", withdraw_fine, methods=["DELETE"], status_code=204, responses=_ABSENT
    )
    api.add_api_route("/statistics", statistics)
    for kind in _PROBLEMS:
        api.add_exception_handler(kind, _problem)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http)
    api.add_middleware(BodyLimit, most=_BODY_BYTES)
    return api


def cases(
    asks: Asks,
    changed_after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    site: Annotated[Line | None, Query()] = None,
    state: Annotated[str | None, Query(pattern=r"^[a-z-]{1,24}$")] = None,
) -> Cases:
    """Cases in the order of their last change: keep the last `changed_seq` and go on from there."""
    asks.takes(Scope.CASES, "cases", f"after {changed_after}")
    wanted = Wanted(changed_after, limit, _clean(site), state)
    found = asks.parts.source.cases(wanted, asks.sees(Scope.PLATES))
    return Cases(cases=found, next=found[-1].changed_seq if len(found) == limit else None)


def case(asks: Asks, number: Number, purpose: Purpose) -> CaseWithActs:
    """One case and what was done in it."""
    asks.takes(Scope.CASES, "case", number, purpose)
    found = asks.parts.source.case(number, asks.sees(Scope.PLATES))
    if found is None:
        raise NotThere(f"there is no case {number}")
    return CaseWithActs(case=found[1], acts=found[2])


def packet(asks: Asks, number: Number, purpose: Purpose) -> Response:
    """The sealed packet with images and documents; `firelane-verify` checks it."""
    found = asks.parts.source.case(number, with_plates=False)
    asks.takes(Scope.EVIDENCE, "packet", number, purpose, found[0] if found else None)
    if found is None:
        raise NotThere(f"there is no case {number}")
    return Response(asks.parts.export(found[0]), media_type="application/zip")


def check_fines(asks: Asks, standing: Standing, purpose: Purpose) -> Fines:
    """Whether the same act was fined already: one act, one fine (行政处罚法 art. 29)."""
    asks.takes(Scope.ASK_FINES, "fines", standing.plate, purpose)
    found = asks.parts.source.fines(standing)
    return Fines(fined=bool(found), fines=found)


def report_fine(asks: Asks, reference: Reference, fine: FineToReport) -> Response:
    """Tell of a fine that the department made. The same again changes nothing."""
    asks.takes(Scope.REPORT_FINES, "fine reported", reference)
    asks.parts.fines.report(
        Fine(
            by=asks.department.id,
            reference=reference,
            plate=fine.plate,
            colour=fine.colour,
            begin_utc_ms=fine.begin_utc_ms,
            end_utc_ms=fine.begin_utc_ms + fine.lasting_ms,
            place=_clean(fine.place) or "",
        ),
        asks.parts.clock.utc_ms(),
    )
    return Response(status_code=204)


def withdraw_fine(asks: Asks, reference: Reference) -> Response:
    """The fine stands no more."""
    asks.takes(Scope.REPORT_FINES, "fine withdrawn", reference)
    now = asks.parts.clock.utc_ms()
    if not asks.parts.fines.withdraw(asks.department.id, reference, now):
        raise NotThere(f"no fine of {asks.department.id} stands under {reference!r}")
    return Response(status_code=204)


def statistics(
    asks: Asks,
    opened_from_utc_ms: Annotated[UtcMs, Query()],
    opened_until_utc_ms: Annotated[UtcMs, Query()],
) -> Statistics:
    """How many cases of each site stand where; nothing personal."""
    asks.takes(Scope.STATISTICS, "statistics", f"{opened_from_utc_ms} {opened_until_utc_ms}")
    return Statistics(
        opened_from_utc_ms=opened_from_utc_ms,
        opened_until_utc_ms=opened_until_utc_ms,
        sites=list(asks.parts.source.counts(opened_from_utc_ms, opened_until_utc_ms)),
    )


def _clean(text: str | None) -> str | None:
    """Without control characters, which PostgreSQL and logs do not take."""
    return None if text is None else "".join(char for char in text if char.isprintable())


def _answer(status: int, title: str, detail: str) -> JSONResponse:
    said = Problem(title=title, status=status, detail=detail[:1000])
    headers = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": "60"}}.get(status)
    return JSONResponse(said.model_dump(), status, headers, "application/problem+json")


def _problem(_request: Request, error: Exception) -> Response:
    kind = next(kind for kind in type(error).__mro__ if kind in _PROBLEMS)
    status, title = _PROBLEMS[kind]
    if status >= 500:
        _LOG.error("request failed: %s", error)
        return _answer(status, title, "try again later; the fault is written down here")
    return _answer(status, title, str(error))


def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    told = (
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        for fault in error.errors()
    )
    return _answer(422, "against the schema", "; ".join(told))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = _answer(error.status_code, str(error.detail), str(error.detail))
    answer.headers.update(error.headers or {})
    if error.status_code == 405:  # each route knows only its own methods
        answer.headers["Allow"] = ", ".join(sorted(_methods(request)))
    return answer


def _methods(request: Request) -> set[str]:
    """What may be done at this address."""
    return {
        method
        for route in request.app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
