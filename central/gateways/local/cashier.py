"""A payment channel on one page: bills with codes, a telephone that pays, the treasury's file.

It behaves as a channel does: callbacks are signed and pushed until they are taken, and it can be
told to push them late, twice, never, or with a forged signature. Money that comes in or goes back
is a line of the reconciliation file, whatever the callbacks do.
"""

import csv
import html
import io
import json
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, FastAPI, Form, Header, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from central.calendar import local_date
from central.clock import Clock
from central.documents.wording import CHINA
from central.gateways.local.calling import call_back, later
from central.money import yuan
from central.statements import COLUMNS

MOST_FEN = 10**9


class Mood(StrEnum):
    """How callbacks behave from now on."""

    ON_TIME = "on-time"
    LATE = "late"
    TWICE = "twice"
    NEVER = "never"
    FORGED = "forged"


class Asked(BaseModel):
    """A bill as the office asks for it."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    id: Annotated[str, Field(min_length=1, max_length=64)]
    serial: Annotated[str, Field(min_length=1, max_length=32)]
    title: Annotated[str, Field(min_length=1, max_length=100)]
    amount_fen: Annotated[int, Field(ge=1, le=MOST_FEN)]
    last_day: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    notify: Annotated[str, Field(max_length=500)]


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that came or went."""

    reference: str
    direction: str
    code: str
    fen: int
    day: str


@dataclass
class Cashier:
    """The channel's books. `late_s` is how long that mood waits."""

    clock: Clock
    token: str
    secret: str
    address: str = ""
    mood: Mood = Mood.ON_TIME
    late_s: float = 30.0
    bills: dict[str, Asked] = field(default_factory=dict)
    movements: list[Movement] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, asked: Asked) -> str:
        """The bill's code; the same for the same bill."""
        with self._lock:
            for code, known in self.bills.items():
                if known.id == asked.id:
                    return code
            code = f"3302{local_date(self.clock.utc_ms(), CHINA):%Y%m%d}{len(self.bills) + 1:08d}"
            self.bills[code] = asked
            return code

    def pay(self, code: str, fen: int) -> Movement:
        """Somebody paid: the money is there, and the office is told as the mood has it."""
        moved = self._move("收", code, fen)
        asked = self.bills[code]
        told = {
            "kind": "paid",
            "bill": asked.id,
            "transaction": moved.reference,
            "amount_fen": fen,
            "paid_utc_ms": self.clock.utc_ms(),
        }
        later(lambda: self._tell(asked.notify, json.dumps(told).encode(), self.mood))
        return moved

    def send_back(self, code: str, fen: int) -> Movement:
        """The treasury sends money back."""
        return self._move("退", code, fen)

    def statement(self) -> bytes:
        """The reconciliation file, as the treasury writes it."""
        written = io.StringIO()
        rows = csv.writer(written, lineterminator="\n")
        rows.writerow(COLUMNS)
        for one in self.movements:
            rows.writerow([one.reference, one.direction, one.code, yuan(one.fen), one.day])
        return written.getvalue().encode()

    def _move(self, direction: str, code: str, fen: int) -> Movement:
        with self._lock:
            day = str(local_date(self.clock.utc_ms(), CHINA))
            letters = "GK" if direction == "收" else "TF"
            reference = f"{letters}{day.replace('-', '')}{len(self.movements) + 1:06d}"
            moved = Movement(reference, direction, code, fen, day)
            self.movements.append(moved)
            return moved

    def _tell(self, url: str, body: bytes, mood: Mood) -> None:
        if mood is Mood.LATE and self.stop.wait(self.late_s):
            return
        if mood is not Mood.NEVER:
            self._post(url, body, forged=mood is Mood.FORGED)
        if mood is Mood.TWICE:
            self._post(url, body, forged=False)

    def _post(self, url: str, body: bytes, *, forged: bool) -> None:
        call_back(url, body, self.secret, self.clock, self.stop, forged=forged)


def create_cashier(books: Cashier) -> FastAPI:
    """The channel's API for the office, its page for whoever pays, the treasury's file."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    def of_the_office(authorization: Annotated[str, Header()] = "") -> None:
        if authorization != f"Bearer {books.token}":
            raise HTTPException(401)

    @app.post("/bills", dependencies=[Depends(of_the_office)])
    def take(asked: Asked) -> Response:
        code = books.take(asked)
        return JSONResponse({"code": code, "pay_url": f"{books.address}/pay/{code}"})

    @app.get("/pay/{code}")
    def page(code: str) -> Response:
        return HTMLResponse(_page(books, code))

    @app.post("/pay/{code}")
    def pay(code: str, fen: Annotated[int, Form(ge=1, le=MOST_FEN)]) -> Response:
        _bill(books, code)
        books.pay(code, fen)
        return RedirectResponse(f"/pay/{code}", 303)

    @app.post("/back/{code}")
    def back(code: str, fen: Annotated[int, Form(ge=1, le=MOST_FEN)]) -> Response:
        _bill(books, code)
        books.send_back(code, fen)
        return RedirectResponse("/", 303)

    @app.post("/mood")
    def turn(mood: Annotated[Mood, Form()]) -> Response:
        books.mood = mood
        return RedirectResponse("/", 303)

    @app.get("/statement.csv")
    def statement() -> Response:
        return Response(books.statement(), media_type="text/csv; charset=utf-8")

    @app.get("/")
    def listing() -> Response:
        return HTMLResponse(_listing(books))

    return app


def _bill(books: Cashier, code: str) -> Asked:
    if code not in books.bills:
        raise HTTPException(404)
    return books.bills[code]


_STYLE = (
    "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>缴款</title>"
    "<meta name=viewport content='width=device-width, initial-scale=1'>"
    "<style>body{font:18px/1.6 sans-serif;max-width:26em;margin:2em auto;padding:0 1em}"
    "button{font:inherit;padding:.5em 1.2em;margin:.2em}b{font-size:1.6em}</style>"
)


def _page(books: Cashier, code: str) -> str:
    """What the telephone of whoever pays shows."""
    asked = _bill(books, code)
    paid = sum(one.fen for one in books.movements if (one.code, one.direction) == (code, "收"))
    said = f"<p>已付 {yuan(paid)} 元</p>" if paid else ""
    form = "".join(
        f"<form method=post action='/pay/{html.escape(code)}'><input type=hidden name=fen "
        f"value={fen}><button>{words} {yuan(fen)} 元</button></form>"
        for words, fen in (
            ("支付", asked.amount_fen),
            ("少付，支付", max(1, asked.amount_fen // 2)),
            ("多付，支付", asked.amount_fen + 100),
        )
    )
    return (
        f"{_STYLE}<h1>{html.escape(asked.title)}</h1><p>缴款码 {html.escape(code)}</p>"
        f"<p><b>{yuan(asked.amount_fen)}</b> 元，截至 {html.escape(asked.last_day)}</p>{said}{form}"
    )


def _listing(books: Cashier) -> str:
    """Everything the channel knows, for people."""
    bills = "".join(
        f"<li><a href='/pay/{html.escape(code)}'>{html.escape(code)}</a> "
        f"{yuan(asked.amount_fen)} 元 <form method=post action='/back/{html.escape(code)}'>"
        f"<input type=hidden name=fen value={asked.amount_fen}><button>国库退付</button></form>"
        for code, asked in books.bills.items()
    )
    moods = "".join(f"<button name=mood value={mood}>{mood}</button>" for mood in Mood)
    return (
        f"{_STYLE}<h1>支付渠道</h1><p><a href='/statement.csv'>入账明细 CSV</a></p>"
        f"<ul>{bills}</ul><form method=post action='/mood'>{moods}</form>"
        f"<p>通知方式：{books.mood}</p>"
    )
