"""The dashboard: what was reminded, left, decided and paid, per month, site and camera."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.access import Act
from central.auth import Visit
from central.calendar import local_date
from central.csv_files import BadFile
from central.documents.wording import CHINA
from central.figures import manual, sheets, visits
from central.figures.anomalies import TIMES
from central.figures.dashboard import Dashboard, Wanted
from central.figures.visits import Finding
from central.web.charts import Chart, Series, bars
from central.web.files import FileForm, file_form
from central.web.guard import Form, checked_form, may
from central.web.parts import parts_of, render, texts_of

router = APIRouter()
Sees = Annotated[Visit, Depends(may(Act.SEE_STATISTICS))]
Keeps = Annotated[Visit, Depends(may(Act.KEEP_FIGURES))]
Sent = Annotated[Form, Depends(checked_form)]
SentFile = Annotated[FileForm, Depends(file_form(manual.SHAPE.most_bytes))]
MOST_MONTHS = 60
_USUAL_MONTHS = 12
_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
_NOTE_CHARS = 500
DONE = ("manual", "visit")


@dataclass(frozen=True, slots=True)
class Period:
    """What the address asks for; `fault` is a key of the locales."""

    typed: Mapping[str, str]
    wanted: Wanted
    fault: str


def period(query: Mapping[str, str], today: date) -> Period:
    """Months and site of an address. What is not given is the last twelve months, all sites."""
    typed = {name: query.get(name, "").strip()[:64] for name in ("from", "until", "site")}
    last = typed["until"] or f"{today:%Y-%m}"
    site, fault = typed["site"] or None, ""
    if _MONTH.fullmatch(last) is None:
        last, fault = f"{today:%Y-%m}", "month"
    first = typed["from"] or _earlier(last, _USUAL_MONTHS - 1)
    if _MONTH.fullmatch(first) is None:
        first, fault = _earlier(last, _USUAL_MONTHS - 1), "month"
    if first > last:
        first, fault = last, "order"
    if first < _earlier(last, MOST_MONTHS - 1):
        first, fault = _earlier(last, MOST_MONTHS - 1), "long"
    typed |= {"from": first, "until": last}
    return Period(typed, Wanted(first, last, site), fault)


def _earlier(month: str, months: int) -> str:
    year, number = (int(part) for part in month.split("-"))
    whole = year * 12 + number - 1 - months
    return f"{whole // 12:04d}-{whole % 12 + 1:02d}"


def charts(shown: Dashboard) -> dict[str, Chart]:
    """The four pictures of the page."""
    labels = [one.name for one in shown.months]

    def drawn(*names: str) -> Chart:
        return bars(
            labels, [Series(name, [getattr(one, name) for one in shown.months]) for name in names]
        )

    return {
        "reminders": drawn("reminded", "left_in_time"),
        "cases": drawn("cases", "decided", "paid", "self_paid"),
        "times": drawn("median_days"),
        "manual": drawn("overstayed", "decided", "manual_found", "manual_fined"),
    }


def _asked(request: Request) -> Period:
    today = local_date(parts_of(request).clock.utc_ms(), CHINA)
    return period(request.query_params, today)


def _page(request: Request, visit: Visit, status: int = 200, **context: object) -> Response:
    parts, asked = parts_of(request), _asked(request)
    shown = parts.back.figures.dashboard(asked.wanted)
    count = request.query_params.get("n", "")
    done = request.query_params.get("done", "")
    return render(
        request,
        visit,
        "statistics.html",
        422 if asked.fault else status,
        shown=shown,
        charts=charts(shown),
        all_columns=sheets.COLUMNS,
        camera_columns=sheets.CAMERA_COLUMNS,
        typed=asked.typed,
        fault=asked.fault,
        query=urlencode(asked.typed),
        sites=parts.store.sites(),
        people={user.id: user.display for user in parts.accounts.users()},
        findings=list(Finding),
        times=TIMES,
        most_months=MOST_MONTHS,
        done=done if done in DONE else "",
        count=count if count.isdigit() else "",
        **{"faults": (), **context},
    )


@router.get("/statistics")
def statistics(request: Request, visit: Sees) -> Response:
    return _page(request, visit)


def _file(request: Request, data: bytes, media_type: str, ending: str) -> Response:
    wanted = _asked(request).wanted
    name = f"firelane-{wanted.first}-{wanted.last}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(data, media_type=media_type, headers=headers)


@router.get("/statistics.csv")
def as_csv(request: Request, visit: Sees) -> Response:
    shown = parts_of(request).back.figures.dashboard(_asked(request).wanted)
    data = sheets.as_csv(shown, texts_of(request, visit))
    return _file(request, data, "text/csv; charset=utf-8", "csv")


@router.get("/statistics.xlsx")
def as_xlsx(request: Request, visit: Sees) -> Response:
    shown = parts_of(request).back.figures.dashboard(_asked(request).wanted)
    data = sheets.as_xlsx(shown, texts_of(request, visit))
    return _file(request, data, sheets.XLSX, "xlsx")


@router.post("/statistics/manual")
def bring_in(request: Request, visit: Keeps, form: SentFile) -> Response:
    """Figures of enforcement on foot. Nothing of a file with a fault is taken."""
    parts = parts_of(request)
    try:
        lines = manual.bring_in(parts.back.engine, form.file, visit.user.id, parts.clock.utc_ms())
    except BadFile as error:
        return _page(request, visit, 422, faults=error.faults)
    return RedirectResponse(f"/statistics?done=manual&n={lines}", 303)


@router.post("/statistics/visits")
def visited(request: Request, visit: Keeps, form: Sent) -> Response:
    """Somebody went to a place whose camera stood out."""
    parts = parts_of(request)
    try:
        day, finding = date.fromisoformat(form["visited_on"]), Finding(form["finding"])
    except ValueError:
        raise HTTPException(400) from None
    if _MONTH.fullmatch(form["month"]) is None:
        raise HTTPException(400)
    visits.record(
        parts.back.engine,
        visits.Visit(
            device=form.text("device", 32),
            camera=form.text("camera", 32),
            month=form["month"],
            visited_on=day.isoformat(),
            finding=finding,
            note=form.text("note", _NOTE_CHARS),
            by=visit.user.id,
        ),
        parts.clock.utc_ms(),
    )
    return RedirectResponse("/statistics?done=visit", 303)
