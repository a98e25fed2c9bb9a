"""What other departments took and are told: for the auditor and the head, on a page and as a
file."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from central.access import Act
from central.accounts import Look
from central.auth import Visit
from central.calendar import local_date
from central.documents.wording import CHINA
from central.oversight import MOST_LINES
from central.purposes import Purpose
from central.sharing import Wanted
from central.web.guard import may
from central.web.log_lists import Days, csv_file
from central.web.parts import parts_of, render, texts_of

router = APIRouter()
Audits = Annotated[Visit, Depends(may(Act.AUDIT_SHARING))]
FIELDS = ("department", "what", "from", "until")
KINDS = ("cases", "case", "packet", "fines", "fine reported", "fine withdrawn", "statistics")
EXPORTED = "sharing exported"
_MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """The page's address, read."""

    typed: Mapping[str, str]
    wanted: Wanted


def asked(query: Mapping[str, str], departments: Collection[str], today: date) -> Asked:
    """Of the last thirty days, unless other days are given. What is not readable falls back to the
    usual."""
    typed = {name: query.get(name, "").strip()[:64] for name in FIELDS}
    days = Days.read(typed["from"], typed["until"], today)
    department = typed["department"] if typed["department"] in departments else ""
    what = typed["what"] if typed["what"] in KINDS else ""
    typed |= {**days.typed, "department": department, "what": what}
    return Asked(typed, Wanted(days.from_utc_ms, days.until_utc_ms, department, what))


def _asked(request: Request) -> Asked:
    parts = parts_of(request)
    known = [one.id for one in parts.api.departments.all()]
    return asked(request.query_params, known, local_date(parts.clock.utc_ms(), CHINA))


@router.get("/sharing")
def sharing(request: Request, visit: Audits) -> Response:
    """The whole state of the list is in its address."""
    parts, found = parts_of(request), _asked(request)
    takings = parts.api.departments.taken(found.wanted, _MOST_SHOWN + 1)
    return render(
        request,
        visit,
        "sharing.html",
        departments=parts.api.departments.all(),
        hooks=parts.webhooks.all(),
        takings=takings[:_MOST_SHOWN],
        most=_MOST_SHOWN if len(takings) > _MOST_SHOWN else 0,
        typed=found.typed,
        kinds=KINDS,
        query=urlencode(found.typed),
    )


@router.get("/sharing.csv")
def as_csv(request: Request, visit: Audits) -> Response:
    """The same as a file. Taking it is a look itself."""
    parts, found, t = parts_of(request), _asked(request), texts_of(request, visit)
    told = urlencode(found.typed)[:200]
    look = Look(visit.user.id, EXPORTED, None, told, Purpose.SUPERVISION)
    parts.accounts.log_look(look, parts.clock.utc_ms())
    columns = ("when", "department", "what", "subject", "purpose")
    rows = []
    for one in parts.api.departments.taken(found.wanted, MOST_LINES):
        taking = one.taking
        what = t.known("sharing.taken", taking.what)
        moment = t.moment(one.utc_ms)
        rows.append((moment, taking.department, what, taking.subject, taking.purpose))
    name = f"firelane-sharing-{found.typed['from']}-{found.typed['until']}.csv"
    return csv_file(name, [t(f"sharing.{column}") for column in columns], rows)
