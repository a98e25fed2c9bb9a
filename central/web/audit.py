"""The auditor's page: every look with its reason, every act, both as files."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from central import oversight
from central.access import Act
from central.accounts import Look
from central.auth import Visit
from central.calendar import local_date
from central.cases import Action
from central.documents.wording import CHINA
from central.figures.sheets import safe
from central.oversight import Line, Wanted
from central.purposes import Purpose
from central.web.guard import may
from central.web.parts import Parts, parts_of, render, texts_of
from central.web.texts import Texts

router = APIRouter()
Audits = Annotated[Visit, Depends(may(Act.AUDIT_LOOKS))]
FIELDS = ("kind", "person", "number", "from", "until", "page")
KINDS = ("looks", "acts")
_USUAL_DAYS = 30
LOOKED_UP = "audit exported"


@dataclass(frozen=True, slots=True)
class Asked:
    """The page's address, read. What is not readable falls back to the usual."""

    typed: Mapping[str, str]
    kind: str
    wanted: Wanted
    page: int

    def address(self, page: int) -> str:
        fields = {**self.typed, "page": str(page)}
        return f"/audit?{urlencode({name: value for name, value in fields.items() if value})}"


def asked(query: Mapping[str, str], people: Mapping[str, str], today: date) -> Asked:
    """Of the last thirty days, unless other days are given; of a person by the name shown."""
    typed = {name: query.get(name, "").strip()[:64] for name in FIELDS}
    last = day(typed["until"]) or today
    first = day(typed["from"]) or last - timedelta(days=_USUAL_DAYS)
    kind = typed["kind"] if typed["kind"] in KINDS else KINDS[0]
    typed |= {"from": first.isoformat(), "until": last.isoformat(), "kind": kind}
    wanted = Wanted(
        from_utc_ms=midnight(first),
        until_utc_ms=midnight(last + timedelta(days=1)),
        person=(typed["person"] if typed["person"] in people else typed["person"] or None),
        number=typed["number"] or None,
    )
    page = int(typed["page"]) if typed["page"].isdecimal() and len(typed["page"]) < 6 else 1
    return Asked(typed, kind, wanted, max(1, page))


def day(text: str) -> date | None:
    """A day as a field of the address has it; None where it is none."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2199 else None


def midnight(of: date) -> int:
    """When a day begins here."""
    return int(datetime.combine(of, time(), CHINA).timestamp() * 1000)


def _asked(request: Request, people: Mapping[str, str]) -> Asked:
    return asked(request.query_params, people, local_date(parts_of(request).clock.utc_ms(), CHINA))


def _people(parts: Parts) -> dict[str, str]:
    return {user.id: user.display for user in parts.accounts.users()}


def _lines(parts: Parts, wanted: Asked, most: int, skip: int) -> Sequence[Line]:
    read = parts.back.audit.looks if wanted.kind == "looks" else parts.back.audit.acts
    return read(wanted.wanted, most, skip)


@router.get("/audit")
def page(request: Request, visit: Audits) -> Response:
    parts = parts_of(request)
    people = _people(parts)
    wanted = _asked(request, people)
    lines = _lines(parts, wanted, oversight.PAGE + 1, (wanted.page - 1) * oversight.PAGE)
    t = texts_of(request, visit)
    return render(
        request,
        visit,
        "audit.html",
        asked=wanted,
        kinds=KINDS,
        lines=[(line, *_told(line, wanted.kind, people, t)) for line in lines[: oversight.PAGE]],
        more=len(lines) > oversight.PAGE,
        people=people,
        query=urlencode({name: value for name, value in wanted.typed.items() if name != "page"}),
    )


def _told(line: Line, kind: str, people: Mapping[str, str], t: Texts) -> tuple[str, str, str]:
    """Who, what and why, in words."""
    who = people.get(line.person) or t.known("actor", line.person)
    family = "look" if kind == "looks" else "action"
    what = t.known(family, line.what)
    if kind == "acts" and what == line.what:
        what = t.known("event", line.what)
    if line.reason in list(Purpose):
        return who, what, t(f"purpose.of.{line.reason}")
    why = t.known("action", line.reason) if line.reason in list(Action) else line.reason
    return who, what, why


@router.get("/audit.csv")
def as_csv(request: Request, visit: Audits) -> Response:
    """The same as a file. Taking it is a look itself."""
    parts = parts_of(request)
    people = _people(parts)
    wanted, t = _asked(request, people), texts_of(request, visit)
    look = Look(visit.user.id, LOOKED_UP, None, urlencode(wanted.typed)[:200], Purpose.SUPERVISION)
    parts.accounts.log_look(look, parts.clock.utc_ms())
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        [t(f"audit.{name}") for name in ("when", "who", "what", "case", "about", "why")]
    )
    for line in _lines(parts, wanted, oversight.MOST_LINES, 0):
        who, what, why = _told(line, wanted.kind, people, t)
        row = (t.moment(line.utc_ms), who, what, line.number or "", line.subject, why)
        writer.writerow([safe(cell) for cell in row])
    name = f"firelane-{wanted.kind}-{wanted.typed['from']}-{wanted.typed['until']}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    data = ("\ufeff" + text.getvalue()).encode()
    return Response(data, media_type="text/csv; charset=utf-8", headers=headers)
