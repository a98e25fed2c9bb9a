"""Coming in through a link: the check, its limits, and the session that it opens.

Every try is counted before it is judged, so that no number of tries at once makes more than the
limit. The first browser that passes keeps the link; its session ends after a while, and the same
browser passes the check again.

EntryError
├── Shut            no link of that token, or one that is over
├── OtherBrowser    another browser passed the check before
├── Wrong           the answer is not right; `left` tries are left
└── TooOften        `wait_s` seconds until the next try
"""

import secrets
import threading
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from central import events, owner_links, tables
from central.auth import WINDOW_MS, same, token_sha256, wait_s
from central.database import reading
from central.owner_links import MOST_FAILURES, Link
from central.owner_tables import owner_link, owner_session

IDLE_MS = 30 * 60_000
LIFE_MS = 12 * 60 * 60_000
SEEN_EVERY_MS = 60_000
TRIES_IN_A_ROW = 5
_CHECKING = threading.BoundedSemaphore(2)
"""Each comparison takes 19 MiB."""


class EntryError(Exception):
    """Why somebody does not come in."""


class Shut(EntryError):
    """No link of that token, or one that is over."""


class OtherBrowser(EntryError):
    """Another browser passed the check before."""


class Wrong(EntryError):
    """The answer is not right."""

    def __init__(self, left: int) -> None:
        super().__init__(f"the answer is not right, {left} tries are left")
        self.left = left


class TooOften(EntryError):
    """Too many tries in a short time."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"too many tries, wait {wait_s} s")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Keys:
    """What the browser keeps: `browser` as long as the link lives, `session` for this visit."""

    browser: str
    session: str


@dataclass(frozen=True, slots=True)
class OwnerVisit:
    """Somebody who passed the check. `csrf` goes into every form."""

    link: Link
    csrf: str
    session_sha256: str


class Entry:
    """Links and sessions of the owner's page. Every call blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def door(self, token: str, browser: str, now_utc_ms: int) -> tuple[Link, tuple[str, ...]]:
        """The link, and what is asked before it opens. Raises Shut, OtherBrowser."""
        with reading(self._engine) as db:
            link = _live(db, token, now_utc_ms)
            _require_browser(link, browser)
            return link, owner_links.kinds(db, link)

    def visit(self, token: str, session: str, now_utc_ms: int) -> OwnerVisit | None:
        """Whose visit this is; None where there is none, or it is over. Raises Shut."""
        with reading(self._engine) as db:
            link = _live(db, token, now_utc_ms)
            row = _session(db, link, session)
        if row is None:
            return None
        idle_ms = now_utc_ms - row.seen_utc_ms
        if idle_ms > IDLE_MS or now_utc_ms >= row.expires_utc_ms:
            return None
        if idle_ms > SEEN_EVERY_MS:
            same_one = owner_session.c.token_sha256 == row.token_sha256
            with self._engine.begin() as db:
                db.execute(update(owner_session).where(same_one).values(seen_utc_ms=now_utc_ms))
        return OwnerVisit(link, row.csrf, row.token_sha256)

    def enter(self, token: str, browser: str, typed: str, now_utc_ms: int) -> Keys:
        """Pass the check. Raises EntryError."""
        with self._engine.begin() as db:
            link, tries = _count(db, token, browser, now_utc_ms)
        # The comparison takes its time on purpose; nobody waits for it with a lock in hand.
        with _CHECKING, reading(self._engine) as db:
            right = owner_links.is_answered(db, link, typed)
        if not right:
            if tries >= MOST_FAILURES:
                self._end(link, now_utc_ms)
            raise Wrong(max(0, MOST_FAILURES - tries))
        with self._engine.begin() as db:
            return _open(db, link, browser, now_utc_ms)

    def leave(self, visit: OwnerVisit) -> None:
        """End the session: on a telephone that is not one's own."""
        mine = owner_session.c.token_sha256 == visit.session_sha256
        with self._engine.begin() as db:
            db.execute(delete(owner_session).where(mine))

    def _end(self, link: Link, now_utc_ms: int) -> None:
        with self._engine.begin() as db:
            db.execute(
                update(owner_link).where(owner_link.c.id == link.id).values(ended_utc_ms=now_utc_ms)
            )
            _log(db, link, "owner-link-ended", now_utc_ms)


def _live(db: Connection, token: str, now_utc_ms: int) -> Link:
    link = owner_links.find(db, token)
    if link is None or not link.is_live(now_utc_ms):
        raise Shut("no live link of this token")
    return link


def _require_browser(link: Link, browser: str) -> None:
    if link.browser_sha256 is not None and not same(token_sha256(browser), link.browser_sha256):
        raise OtherBrowser("another browser passed the check")


def _session(db: Connection, link: Link, session: str) -> Row[tuple[Any, ...]] | None:
    wanted = owner_session.c.token_sha256 == token_sha256(session)
    mine = owner_session.c.link_id == link.id
    return db.execute(select(owner_session).where(wanted, mine)).one_or_none()


def _count(db: Connection, token: str, browser: str, now_utc_ms: int) -> tuple[Link, int]:
    """The link with one try more. Raises Shut, OtherBrowser, TooOften."""
    digest = token_sha256(token)
    db.execute(select(owner_link.c.id).where(owner_link.c.token_sha256 == digest).with_for_update())
    link = _live(db, token, now_utc_ms)
    _require_browser(link, browser)
    if link.failures >= MOST_FAILURES:
        raise Shut("the link was tried too often")
    attempt, key = tables.login_attempt, _key(link.id)
    since = select(attempt.c.utc_ms).where(
        attempt.c.key == key, attempt.c.utc_ms > now_utc_ms - WINDOW_MS
    )
    if wait := wait_s(db.scalars(since).all(), TRIES_IN_A_ROW, now_utc_ms):
        raise TooOften(wait)
    db.execute(insert(attempt).values(key=key, utc_ms=now_utc_ms))
    db.execute(
        update(owner_link).where(owner_link.c.id == link.id).values(failures=link.failures + 1)
    )
    return link, link.failures + 1


def _open(db: Connection, link: Link, browser: str, now_utc_ms: int) -> Keys:
    """A session for the browser that was right first. Raises OtherBrowser, Shut."""
    row = db.execute(select(owner_link).where(owner_link.c.id == link.id).with_for_update()).one()
    if row.ended_utc_ms is not None:
        raise Shut("the link ended meanwhile")
    known = row.browser_sha256
    if known is not None and not same(token_sha256(browser), known):
        raise OtherBrowser("another browser was faster")
    keys = Keys(browser if known else secrets.token_urlsafe(24), secrets.token_urlsafe(24))
    db.execute(
        update(owner_link)
        .where(owner_link.c.id == link.id)
        .values(failures=0, browser_sha256=token_sha256(keys.browser), passed_utc_ms=now_utc_ms)
    )
    attempt = tables.login_attempt
    db.execute(delete(attempt).where(attempt.c.key == _key(link.id)))
    db.execute(delete(owner_session).where(owner_session.c.expires_utc_ms <= now_utc_ms))
    db.execute(
        insert(owner_session).values(
            token_sha256=token_sha256(keys.session),
            link_id=link.id,
            party_id=link.party_id,
            csrf=secrets.token_urlsafe(24),
            created_utc_ms=now_utc_ms,
            seen_utc_ms=now_utc_ms,
            expires_utc_ms=now_utc_ms + LIFE_MS,
        )
    )
    _log(db, link, "owner-entered", now_utc_ms)
    return keys


def _key(link_id: UUID) -> str:
    return f"owner:{link_id}"


def _log(db: Connection, link: Link, kind: str, utc_ms: int) -> None:
    events.append(db, events.Event(utc_ms, f"owner:{link.id}", kind, link.case_id, {}))
