"""What a person typed into an address or a form, turned into values or into plain sentences. Pure.

A fault is a key of the locales with its values; nothing a person types raises anything else.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from central.views import PAGE_ROWS, CaseFilter

Value = TypeVar("Value")
LAST_PAGE = 100_000
_WORD = re.compile(r"[a-z0-9][a-z0-9_-]{1,31}")
_SEPARATORS = re.compile(r"[\s·•.・\-_]")
_PLATE = re.compile(r"[0-9A-Z\u4e00-\u9fff]{1,10}")
_PLATE_SEARCH = re.compile(r"[0-9A-Z\u4e00-\u9fff?*]{1,14}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOST = {"text": 60, "plate": 20, "site": 80}


@dataclass(frozen=True, slots=True)
class Fault:
    """What was wrong with one field: `key` names the sentence, `got` is what was typed."""

    field: str
    key: str
    got: str = ""
    most: int = 0


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """The case list's address: what was typed, what it means, and what is wrong with it."""

    typed: Mapping[str, str]
    wanted: CaseFilter
    page: int
    faults: tuple[Fault, ...]

    def address(self, **changes: str | int) -> str:
        """The list's address with some fields changed; empty fields are left out."""
        fields: dict[str, str | int] = {**self.typed, **changes}
        if "page" not in changes:
            fields.pop("page", None)
        kept = {name: value for name, value in fields.items() if value not in ("", 1)}
        return f"/cases?{urlencode(kept)}" if kept else "/cases"

    @property
    def narrowed(self) -> bool:
        return any(self.typed[name] for name in FIELDS if name not in ("page", "files"))

    @property
    def kept(self) -> str:
        """What a saved filter keeps: the query without the page."""
        return self.address().partition("?")[2]


FIELDS = ("stage", "state", "site", "device", "plate", "text", "files", "from", "until", "page")


def printable(value: str) -> bool:
    """Whether the text holds no control characters, lone surrogates or unassigned code points."""
    return all(unicodedata.category(char)[0] != "C" for char in value)


def _short_text(typed: str, field: str) -> str | Fault | None:
    most = _MOST[field]
    if len(typed) > most:
        return Fault(field, "fault.too_long", typed[:20] + "…", most)
    if not printable(typed):
        return Fault(field, "fault.not_printable")
    return typed or None


def plate_part(typed: str, shape: re.Pattern[str] = _PLATE) -> str | Fault | None:
    """A part of a plate as it is stored: upper case, full-width folded, without separators."""
    text = _short_text(typed, "plate")
    if not isinstance(text, str):
        return text
    plate = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text).upper())
    if not plate:
        return None
    return plate if shape.fullmatch(plate) else Fault("plate", "fault.plate", typed)


def _day(typed: str, field: str) -> date | Fault | None:
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed) if _DATE.fullmatch(typed) else None
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year <= 2199:
        return Fault(field, "fault.date", typed[:20])
    return day


def _midnight_utc_ms(day: date | None, zone: ZoneInfo, days_later: int) -> int | None:
    if day is None:
        return None
    start = datetime.combine(day + timedelta(days=days_later), time(), zone)
    return int(start.timestamp() * 1000)


def _good(value: Value | Fault) -> Value:
    assert not isinstance(value, Fault)
    return value


def _word(typed: str, field: str) -> str | Fault | None:
    if not typed:
        return None
    return typed if _WORD.fullmatch(typed) else Fault(field, f"fault.{field}", typed[:40])


def _page(typed: str) -> int | Fault:
    if not typed:
        return 1
    if typed.isascii() and typed.isdigit() and len(typed) < 8 and 1 <= int(typed) <= LAST_PAGE:
        return int(typed)
    return Fault("page", "fault.page", typed[:20], LAST_PAGE)


def case_query(
    query: Mapping[str, str], zone: ZoneInfo, readable: frozenset[str] = frozenset()
) -> CaseQuery:
    """Read the case list's query. Unknown parameters mean nothing; faults are all told at once.

    `readable` are the kinds of files whose words the reader's role may search.
    """
    typed = {name: query.get(name, "").strip() for name in FIELDS}
    first, last = _day(typed["from"], "from"), _day(typed["until"], "until")
    page = _page(typed["page"])
    stage, state = _word(typed["stage"], "stage"), _word(typed["state"], "state")
    site = _short_text(typed["site"], "site")
    device, plate = _word(typed["device"], "device"), plate_part(typed["plate"], _PLATE_SEARCH)
    text = _short_text(typed["text"], "text")
    read = (stage, state, site, device, plate, text, first, last, page)
    faults = [value for value in read if isinstance(value, Fault)]
    if isinstance(first, date) and isinstance(last, date) and last < first:
        faults.append(Fault("until", "fault.order", typed["until"]))
    if faults:
        return CaseQuery(typed, CaseFilter(limit=0), 1, tuple(faults))
    wanted = CaseFilter(
        state=_good(state),
        stage=_good(stage),
        site=_good(site),
        device=_good(device),
        plate=_good(plate),
        text=_good(text),
        files=readable if typed["files"] == "1" and _good(text) else frozenset(),
        opened_from_utc_ms=_midnight_utc_ms(_good(first), zone, 0),
        opened_until_utc_ms=_midnight_utc_ms(_good(last), zone, 1),
        limit=PAGE_ROWS,
        offset=(_good(page) - 1) * PAGE_ROWS,
    )
    return CaseQuery(typed, wanted, _good(page), ())


def uuid_of(typed: str) -> UUID | None:
    """The UUID in a path, only in its one canonical writing."""
    try:
        found = UUID(typed)
    except ValueError:
        return None
    return found if str(found) == typed else None


def own_path(typed: str) -> str | None:
    """A path of this server to go on to after signing in; anything that could lead away is None."""
    safe = (
        typed.startswith("/")
        and not typed.startswith(("//", "/\\"))
        and "\\" not in typed
        and printable(typed)
        and len(typed) <= 500
    )
    return typed if safe else None
