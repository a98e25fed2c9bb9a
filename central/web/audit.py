"""The auditor's page: every look with its reason, every act, both as files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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
from central.oversight import Line, Wanted
from central.purposes import Purpose
from central.web.guard import may
from central.web.log_lists import Days, csv_file
from central.web.parts import Parts, parts_of, render, texts_of
from central.web.texts import Texts

router = APIRouter()
Audits = Annotated[Visit, Depends(may(Act.AUDIT_LOOKS))]
FIELDS = ("kind", "person", "number", "from", "until", "page")
KINDS = ("looks", "acts")
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
    days = Days.read(typed["from"], typed["until"], today)
    kind = typed["kind"] if typed["kind"] in KINDS else KINDS[0]
    typed |= {**days.typed, "kind": kind}
    wanted = Wanted(
        from_utc_ms=days.from_utc_ms,
        until_utc_ms=days.until_utc_ms,
        person=(typed["person"] if typed["person"] in people else typed["person"] or None),
        number=typed["number"] or None,
    )
    page = int(typed["page"]) if typed["page"].isdecimal() and len(typed["page"]) < 6 else 1
    return Asked(typed, kind, wanted, max(1, page))


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
    heading = [t(f"audit.{name}") for name in ("when", "who", "what", "case", "about", "why")]
    rows = []
    for line in _lines(parts, wanted, oversight.MOST_LINES, 0):
        who, what, why = _told(line, wanted.kind, people, t)
        rows.append((t.moment(line.utc_ms), who, what, line.number or "", line.subject, why))
    name = f"firelane-{wanted.kind}-{wanted.typed['from']}-{wanted.typed['until']}.csv"
    return csv_file(name, heading, rows)
