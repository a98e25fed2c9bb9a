"""Telling other departments of acts as they happen: signed, in order, at least once.

Each webhook goes through the log by itself and keeps its place, so nothing is lost while the other
side is away, and a slow one holds up nobody else. A message names the case and the act and nothing
personal; who wants more asks the API. Headers and signature follow Standard Webhooks 1.0:
HMAC-SHA256 over `id.timestamp.body`.

WebhookError    the webhook cannot be registered
"""

import base64
import hashlib
import hmac
import json
import logging
import random
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx
from sqlalchemy import Connection, Engine, Row, select, update

from central import counters, events, tables
from central.acting import ACT
from central.cases import Action
from central.database import add_if_new, reading
from central.sharing import UnknownName, require_id
from central.sharing_tables import department, webhook

TIMEOUT_S = 10.0
FIRST_S, LONGEST_S = 5.0, 3600.0
AT_ONCE = 50
_GONE = 410
_log = logging.getLogger("central.webhooks")
_CASE, _EVENT = tables.case, tables.case_event


class WebhookError(Exception):
    """The webhook cannot be registered."""


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """`actions` empty: every act."""

    id: str
    department: str
    url: str
    actions: frozenset[Action] = frozenset()


@dataclass(frozen=True, slots=True)
class Hooked:
    """A webhook as a page shows it. `waiting` counts log lines that it has not passed yet."""

    id: str
    department: str
    url: str
    active: bool
    waiting: int
    tries: int
    answer: str


def signed(secret: str, name: str, utc_s: int, body: bytes) -> Mapping[str, str]:
    """The headers of a message. `secret` as it was handed out, `whsec_…`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{name}.{utc_s}.".encode() + body, hashlib.sha256)
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(utc_s),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def wait_ms(tries: int, chance: float) -> int:
    """How long to wait after so many failures: doubling, half of it by chance (0 to 1)."""
    full = min(LONGEST_S, FIRST_S * 2.0 ** min(tries - 1, 20))
    return int(1000 * full * (0.5 + chance / 2))


def require_url(url: str) -> str:
    """https anywhere, http on this machine only. Raises WebhookError."""
    parts = urlsplit(url)
    if parts.hostname and (
        parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
    ):
        return url
    raise WebhookError(f"a webhook must be https://…, got {url!r}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Webhooks:
    """Every call blocks. `chance` gives 0 to 1."""

    def __init__(self, engine: Engine, chance: Callable[[], float] = random.random) -> None:
        self._engine = engine
        self._chance = chance

    def add(self, new: NewWebhook) -> str:
        """Register a webhook, which hears of acts from now on; the secret to check them with.

        Raises WebhookError or UnknownName.
        """
        secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
        with self._engine.begin() as db:
            known = select(department.c.id).where(department.c.id == new.department)
            if db.scalar(known) is None:
                raise UnknownName(f"there is no department {new.department!r}")
            values = {
                "id": require_id(new.id),
                "department": new.department,
                "url": require_url(new.url),
                "secret": secret,
                "actions": " ".join(sorted(new.actions)),
                "active": True,
                "sent_seq": counters.value(db, "log"),
                "tries": 0,
                "next_utc_ms": 0,
                "answer": "",
            }
            if not add_if_new(db, webhook, values):
                raise WebhookError(f"there is a webhook {new.id!r} already")
        return secret

    def all(self) -> Sequence[Hooked]:
        with reading(self._engine) as db:
            head = counters.value(db, "log")
            rows = db.execute(select(webhook).order_by(webhook.c.id)).all()
        return tuple(
            Hooked(
                row.id,
                row.department,
                row.url,
                row.active,
                head - row.sent_seq,
                row.tries,
                row.answer,
            )
            for row in rows
        )

    def run(self, now_utc_ms: int) -> int:
        """Tell every webhook whose turn it is; how many messages were taken."""
        due = webhook.c.active & (webhook.c.next_utc_ms <= now_utc_ms)
        with reading(self._engine) as db:
            hooks = db.execute(select(webhook).where(due).order_by(webhook.c.id)).all()
        if not hooks:  # a client reads all authorities: not for nothing, every round
            return 0
        with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client:
            return sum(self._tell(client, hook, now_utc_ms) for hook in hooks)

    def _tell(self, client: httpx.Client, hook: Row[tuple[object, ...]], now_utc_ms: int) -> int:
        with reading(self._engine) as db:
            lines, reached = _lines(db, hook)
        for told, (seq, body) in enumerate(lines):
            headers = signed(hook.secret, f"{hook.id}-{seq}", now_utc_ms // 1000, body)
            fault = _post(client, hook.url, body, headers)
            if fault is not None:
                self._failed(hook, fault, now_utc_ms)
                return told
            self._passed(hook.id, seq)
        if reached > hook.sent_seq:
            self._passed(hook.id, reached)
        return len(lines)

    def _passed(self, hook: str, seq: int) -> None:
        values = {"sent_seq": seq, "tries": 0, "next_utc_ms": 0, "answer": ""}
        with self._engine.begin() as db:
            db.execute(update(webhook).where(webhook.c.id == hook).values(values))

    def _failed(self, hook: Row[tuple[object, ...]], fault: str, now_utc_ms: int) -> None:
        mine = webhook.c.id == hook.id
        with self._engine.begin() as db:
            tries = int(db.scalar(select(webhook.c.tries).where(mine)) or 0) + 1
            values = {
                "tries": tries,
                "next_utc_ms": now_utc_ms + wait_ms(tries, self._chance()),
                "answer": fault[:200],
                "active": fault != str(_GONE),
            }
            db.execute(update(webhook).where(mine).values(values))
        _log.warning("webhook not taken hook=%s tries=%d: %s", hook.id, tries, fault)


def _post(client: httpx.Client, url: str, body: bytes, headers: Mapping[str, str]) -> str | None:
    """What went wrong, or None."""
    try:
        with client.stream("POST", url, content=body, headers=headers) as answer:
            return None if answer.is_success else str(answer.status_code)
    except httpx.HTTPError as error:
        return type(error).__name__


def _lines(db: Connection, hook: Row[tuple[object, ...]]) -> tuple[list[tuple[int, bytes]], int]:
    """The next messages with their numbers, and how far the log was looked through."""
    reached = counters.value(db, "log")
    acts = (_EVENT.c.seq > hook.sent_seq) & (_EVENT.c.seq <= reached) & (_EVENT.c.type == ACT)
    query = (
        select(_EVENT, _CASE.c.number)
        .join(_CASE, _CASE.c.id == _EVENT.c.case_id)
        .where(acts)
        .order_by(_EVENT.c.seq)
        .limit(AT_ONCE)
    )
    rows = db.execute(query).all()
    if len(rows) == AT_ONCE:
        reached = rows[-1].seq
    wanted = frozenset(hook.actions.split())
    return list(_messages(rows, wanted)), reached


def _messages(
    rows: Iterable[Row[tuple[object, ...]]], wanted: frozenset[str]
) -> Iterable[tuple[int, bytes]]:
    for row in rows:
        action = events.parse_payload(row.payload)["action"]
        if not wanted or action in wanted:
            said = {
                "type": f"case.{action}",
                "seq": row.seq,
                "utc_ms": row.utc_ms,
                "case": row.number,
            }
            yield row.seq, json.dumps(said, separators=(",", ":")).encode()
