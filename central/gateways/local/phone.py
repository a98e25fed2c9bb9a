"""An SMS gateway with the telephones behind it, on one page.

It takes messages as a real gateway does and pushes delivery reports back, and can be told to do so
late, twice, never, or for a message that nobody sent.
"""

import html
import json
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated
from uuid import uuid4

from fastapi import Depends, FastAPI, Form, Header, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from central.clock import Clock
from central.gateways.local.calling import call_back, later

_LINK_START = ("https://", "http://")


class Mood(StrEnum):
    """How the gateway behaves from now on."""

    ON_TIME = "on-time"
    LATE = "late"
    TWICE = "twice"
    NEVER = "never"
    FAILED = "failed"
    STRAY = "stray"  # and a report for a message that nobody sent
    SLOW = "slow"
    DOWN = "down"


class Asked(BaseModel):
    """A message as the office hands it over."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, Field(min_length=1, max_length=64)]
    to: Annotated[str, Field(min_length=3, max_length=64)]
    text: Annotated[str, Field(min_length=1, max_length=1000)]
    fields: dict[str, str] = {}
    report_to: Annotated[str, Field(max_length=300)]


@dataclass
class Kept:
    """A message in a telephone."""

    asked: Asked
    number: str
    taken_utc_ms: int
    status: str = "unknown"
    times_asked: int = 1


@dataclass
class Phone:
    """The gateway's books. `slow_s` and `late_s` are how long those two moods wait."""

    clock: Clock
    token: str
    secret: str
    mood: Mood = Mood.ON_TIME
    slow_s: float = 20.0
    late_s: float = 30.0
    messages: dict[str, Kept] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, asked: Asked) -> Kept:
        """The same id again is the same message: it is not sent twice."""
        with self._lock:
            known = self.messages.get(asked.id)
            if known is not None:
                known.times_asked += 1
                return known
            kept = Kept(asked, f"p-{uuid4().hex[:12]}", self.clock.utc_ms())
            self.messages[asked.id] = kept
        later(lambda: self._report(kept, self.mood))
        return kept

    def push(self, kept: Kept, status: str) -> None:
        """Tell the office what became of a message, as often as it takes."""
        body = json.dumps({"id": kept.asked.id, "message": kept.number, "status": status}).encode()
        self._post(kept.asked.report_to, body)

    def _report(self, kept: Kept, mood: Mood) -> None:
        if mood is Mood.LATE:
            self.stop.wait(self.late_s)
        if mood is Mood.NEVER:
            return
        kept.status = "failed" if mood is Mood.FAILED else "delivered"
        self.push(kept, kept.status)
        if mood is Mood.TWICE:
            self.push(kept, kept.status)
        if mood is Mood.STRAY:
            body = json.dumps({"id": str(uuid4()), "message": "p-?", "status": "delivered"})
            self._post(kept.asked.report_to, body.encode())

    def _post(self, url: str, body: bytes) -> None:
        call_back(url, body, self.secret, self.clock, self.stop)


def create_phone(phone: Phone) -> FastAPI:
    app = FastAPI(title="telephones", docs_url=None, redoc_url=None, openapi_url=None)

    def require(authorization: Annotated[str, Header()] = "") -> None:
        if authorization != f"Bearer {phone.token}":
            raise HTTPException(401, "who-are-you")
        if phone.mood is Mood.DOWN:
            raise HTTPException(503, "down")

    @app.post("/messages", dependencies=[Depends(require)])
    def take(asked: Asked) -> Response:
        if phone.mood is Mood.SLOW:
            phone.stop.wait(phone.slow_s)
        return JSONResponse({"message": phone.take(asked).number}, 202)

    @app.get("/messages/{name}", dependencies=[Depends(require)])
    def ask(name: str) -> Response:
        kept = phone.messages.get(name)
        if kept is None:
            return JSONResponse({"code": "unknown"}, 404)
        return JSONResponse({"id": name, "message": kept.number, "status": kept.status})

    @app.post("/mood")
    def turn(mood: Annotated[Mood, Form()]) -> Response:
        phone.mood = mood
        return RedirectResponse("/", 303)

    @app.get("/")
    def page() -> HTMLResponse:
        return HTMLResponse(_page(phone), headers={"cache-control": "no-store"})

    return app


_STYLE = """
body{font:16px/1.5 sans-serif;margin:2rem auto;max-width:44rem;background:#e9edf2;color:#14202e}
section{background:#fff;border-radius:1.2rem;padding:1rem 1.2rem;margin:1rem 0}
p.said{background:#d7f0d9;border-radius:.8rem;padding:.6rem .9rem;margin:.5rem 0}
small{color:#51606f}label{margin-right:.8rem}
"""


def _page(phone: Phone) -> str:
    by_number: dict[str, list[Kept]] = {}
    for kept in list(phone.messages.values()):
        by_number.setdefault(kept.asked.to, []).append(kept)
    parts = [
        f"<section><h2>📱 {html.escape(to)}</h2>{''.join(_said(kept) for kept in reversed(all_))}"
        "</section>"
        for to, all_ in by_number.items()
    ]
    options = "".join(
        f'<label><input type="radio" name="mood" value="{mood}"'
        f"{' checked' if mood is phone.mood else ''}> {mood}</label>"
        for mood in Mood
    )
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>手机 telephones</title>'
        '<meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="refresh" content="5"><style>{_STYLE}</style>'
        "<h1>手机 telephones</h1>"
        "<p>本机代替短信平台。Stands in for the SMS gateway on this machine.</p>"
        f"{''.join(parts) or '<section>还没有短信。No message yet.</section>'}"
        f'<form method="post" action="/mood">送达回执 delivery reports: {options}'
        "<button>设置 set</button></form></html>"
    )


def _said(kept: Kept) -> str:
    words = " ".join(
        f'<a href="{html.escape(word)}">{html.escape(word)}</a>'
        if word.startswith(_LINK_START)
        else html.escape(word)
        for word in kept.asked.text.replace("：http", "： http").split(" ")
    )
    return f'<p class="said">{words}<br><small>{kept.number} · {kept.status}</small></p>'
