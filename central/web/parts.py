"""What every page is given: the store, the accounts, the clock, the settings and the templates."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import HTMLResponse

from central.access import Act, allowed
from central.accounts import Accounts
from central.alarms import Alarm
from central.api import app as api
from central.auth import Visit
from central.back_office import BackOffice
from central.case_moves import STAGES
from central.case_work import CaseWork
from central.clock import Clock
from central.codes import Codes
from central.money import yuan
from central.owner.desk import OwnerDesk
from central.reminder_office import ReminderOffice
from central.reviewing import Reviews
from central.views import Reader
from central.web.live import Changes
from central.web.navigation import navigation
from central.web.texts import DEFAULT, LANGUAGES, Texts
from central.webhooks import Webhooks

_ROOT = Path(__file__).parents[1]
STATIC = _ROOT / "static"
THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class WebSettings:
    """`base_url` is how browsers reach the server: with https, cookies go over https only."""

    base_url: str
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))

    @property
    def secure(self) -> bool:
        return urlsplit(self.base_url).scheme == "https"

    @property
    def session_cookie(self) -> str:
        return "__Host-firelane" if self.secure else "firelane"


class Pictures(Protocol):
    """The evidence folder as the pages see it (central/blobs.py)."""

    def path(self, sha256: str) -> Path: ...


Exporter = Callable[[UUID], bytes]
"""A case's packet.zip. Raises central.export.ExportError."""


@dataclass(frozen=True, slots=True)
class Parts:
    """All that the pages work with."""

    store: Reader
    pictures: Pictures
    accounts: Accounts
    codes: Codes
    settings: WebSettings
    clock: Clock
    export: Exporter
    changes: Changes
    reviews: Reviews
    work: CaseWork
    api: api.Parts
    webhooks: Webhooks
    back: BackOffice
    owner: OwnerDesk
    reminders: ReminderOffice


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def stage_of(state: str) -> str:
    """The stage that a state lies in; nothing for a word that is none."""
    return next((stage for stage, states in STAGES.items() if state in states), "")


@cache
def asset(name: str) -> str:
    """The address of a file of central/static, named by its content: it is cached for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{digest}/{name}"


def parts_of(request: Request) -> Parts:
    parts = request.app.state.parts
    assert isinstance(parts, Parts)
    return parts


def texts_of(request: Request, visit: Visit | None) -> Texts:
    """The signed-in user's language, else the one chosen in this browser, else Chinese."""
    chosen = visit.user.language if visit else request.cookies.get("firelane_language", "")
    language = chosen if chosen in LANGUAGES else DEFAULT
    return Texts(language, parts_of(request).settings.zone)


def _address(request: Request) -> str:
    """Where a small form brings the reader back to: this page, unless it answers a form."""
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url.path + query if request.method in ("GET", "HEAD") else "/"


def _alarms(parts: Parts, visit: Visit | None) -> Sequence[Alarm]:
    """What whoever is signed in must know now. Pages go on while the database is away."""
    if visit is None or not allowed(visit.user.role, Act.MIND_ALARMS):
        return ()
    try:
        return parts.back.alarms.standing()
    except DBAPIError:
        return ()


def render(
    request: Request, visit: Visit | None, template: str, status: int = 200, **context: object
) -> HTMLResponse:
    """A page. Templates escape whatever they are given, and a missing name is our bug."""
    parts = parts_of(request)
    theme = request.cookies.get("firelane_theme", "auto")
    csrf = visit.session.csrf if visit else getattr(request.state, "form_token", "")
    html = (
        _environment()
        .get_template(template)
        .render(
            {
                "t": texts_of(request, visit),
                "visit": visit,
                "user": visit.user if visit else None,
                "can": lambda act: visit is not None and allowed(visit.user.role, Act[act]),
                "head_links": navigation(visit.user.role) if visit else None,
                "alarms": _alarms(parts, visit),
                "asset": asset,
                "yuan": yuan,
                "stage_of": stage_of,
                "csrf": csrf,
                "theme": theme if theme in THEMES else "auto",
                "themes": THEMES,
                "languages": LANGUAGES,
                "here": request.url.path,
                "address": _address(request),
                "now_utc_ms": parts.clock.utc_ms(),
                "mark": "",
                **context,
            }
        )
    )
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})
