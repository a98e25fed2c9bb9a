"""A register of vehicles and people from one file, over mutual TLS, with a page of what was asked.

Who asks without a purpose or a case is refused, as a real register refuses them.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from fastapi import FastAPI, Form
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from central import plates
from central.clock import Clock
from central.gateways.register import PURPOSES, Vehicle, by_plate, for_purpose, read_csv

_KEPT = 200
Short = Annotated[str, Field(max_length=64)]


class Mood(StrEnum):
    """How the register behaves from now on."""

    WELL = "well"
    DOWN = "down"
    GARBLED = "garbled"


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    plate: Annotated[str, Field(min_length=1, max_length=16)]
    colour: Short
    purpose: Short = ""
    case: Short = ""


class Claimed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=100)]
    id_number: Annotated[str, Field(min_length=1, max_length=32)]
    purpose: Literal["party"]
    case: Annotated[str, Field(min_length=1, max_length=64)]


@dataclass(frozen=True)
class Line:
    """One question that was answered, for the page."""

    utc_ms: int
    what: str
    purpose: str
    case: str
    found: int


@dataclass
class Books:
    clock: Clock
    entries: Sequence[Vehicle]
    mood: Mood = Mood.WELL
    asked: list[Line] = field(default_factory=list)

    @classmethod
    def read(cls, clock: Clock, file: Path) -> "Books":
        """Raises OSError or BadRegister."""
        return cls(clock, read_csv(file))

    def find(self, question: Question) -> tuple[Vehicle, ...]:
        purpose = next(one for one in PURPOSES if one == question.purpose)
        entries = by_plate(self.entries).get(plates.normal(question.plate), ())
        found = [one for one in entries if question.colour in ("", one.colour)]
        self.note(question.plate, question.purpose, question.case, len(found))
        return for_purpose(found, purpose)

    def belongs(self, claimed: Claimed) -> bool:
        holders = [one.holder for one in self.entries if one.holder is not None]
        known = any(
            (one.name, one.id_number) == (claimed.name, claimed.id_number) for one in holders
        )
        self.note(claimed.name, claimed.purpose, claimed.case, int(known))
        return known

    def note(self, what: str, purpose: str, case: str, found: int) -> None:
        self.asked.append(Line(self.clock.utc_ms(), what, purpose, case, found))
        del self.asked[:-_KEPT]


def create_register(books: Books) -> FastAPI:
    """What the office asks; served over mutual TLS."""
    app = FastAPI(title="register", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/vehicles/find")
    def find(question: Question) -> Response:
        if books.mood is Mood.DOWN:
            return JSONResponse({"code": "down"}, 503)
        if question.purpose not in PURPOSES:
            return JSONResponse({"code": f"purpose must be one of {', '.join(PURPOSES)}"}, 403)
        if not question.case:
            return JSONResponse({"code": "no look-up without a case"}, 403)
        if books.mood is Mood.GARBLED:
            return Response("<html>maintenance</html>", 200)
        found = [one.model_dump() for one in books.find(question)]
        return JSONResponse({"vehicles": found})

    @app.post("/identities/check")
    def check(claimed: Claimed) -> Response:
        if books.mood is Mood.DOWN:
            return JSONResponse({"code": "down"}, 503)
        return JSONResponse({"belongs": books.belongs(claimed)})

    return app


def create_page(books: Books) -> FastAPI:
    """What a person looks at; on this machine only."""
    app = FastAPI(title="register", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/mood")
    def turn(mood: Annotated[Mood, Form()]) -> Response:
        books.mood = mood
        return RedirectResponse("/", 303)

    @app.get("/")
    def page() -> HTMLResponse:
        return HTMLResponse(_page(books), headers={"cache-control": "no-store"})

    return app


def _page(books: Books) -> str:
    entries = "".join(
        f"<tr><td>{html.escape(one.plate)}<td>{one.colour}<td>{html.escape(one.vehicle_class)}"
        f"<td>{html.escape(one.usage)}<td>{one.body_colour}"
        f"<td>{html.escape(f'{one.make} {one.model}')}<td>{html.escape(one.contact)}"
        for one in books.entries
    )
    asked = "".join(
        f"<tr><td>{line.utc_ms}<td>{html.escape(line.what)}<td>{html.escape(line.purpose)}"
        f"<td>{html.escape(line.case)}<td>{line.found}"
        for line in reversed(books.asked)
    )
    options = "".join(
        f'<label><input type="radio" name="mood" value="{mood}"'
        f"{' checked' if mood is books.mood else ''}> {mood}</label> "
        for mood in Mood
    )
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>车辆登记 register</title>'
        "<style>body{font:16px/1.5 sans-serif;margin:2rem}td,th{padding:.2rem .8rem;"
        "text-align:left}</style><h1>车辆登记 register</h1>"
        f"<table><tr><th>plate<th>colour<th>class<th>usage<th>body"
        f"<th>make, model<th>telephone{entries}</table>"
        "<h2>查询记录 what was asked</h2>"
        f"<table><tr><th>time<th>what<th>purpose<th>case<th>found{asked}</table>"
        f'<form method="post" action="/mood">{options}<button>设置 set</button></form></html>'
    )
