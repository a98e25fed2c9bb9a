"""Signing in: passwords, sessions, and how often one may try.

Passwords are kept as argon2id hashes, sessions on the server under the hash of a random token, so
that neither the database nor a backup of it lets anybody in. An unknown name costs the same time
and gets the same answer as a wrong password.

AuthError
├── WrongPassword     name and password do not belong together; never says which was wrong
├── TooManyAttempts   wait_s says for how long nobody may try
└── WeakPassword      a new password that is too short, too long or too plain
"""

import hashlib
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from central.access import Role

SESSION_IDLE_MS = 60 * 60_000
SESSION_LIFE_MS = 12 * 60 * 60_000
SEEN_EVERY_MS = 60_000
"""A session's last use is written at most this often: looking at pages must not write all day."""
WINDOW_MS = 15 * 60_000
TRIES_PER_PAIR = 5
TRIES_PER_NAME = 30
TRIES_PER_ADDRESS = 60
PASSWORD_CHARS = (10, 128)
_HASHING = threading.BoundedSemaphore(2)
"""Each argon2 run takes 64 MiB: a burst of sign-ins must not take the machine's memory."""


class AuthError(Exception):
    """Why somebody is not let in."""


class WrongPassword(AuthError):
    """Name and password do not belong together."""


class TooManyAttempts(AuthError):
    """Too many failures; `wait_s` seconds until the next try."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"too many failed sign-ins, wait {wait_s} s")
        self.wait_s = wait_s


class WeakPassword(AuthError):
    """A new password that would not protect anything; `reason` is a key of the locales."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"password is {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in. `password` is an argon2id hash in its standard text form."""

    id: str
    name: str
    display: str
    password: str
    role: Role
    language: str
    active: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser, found by the SHA-256 of its token. `csrf` goes into every form."""

    token_sha256: str
    user_id: str
    csrf: str
    created_utc_ms: int
    seen_utc_ms: int
    expires_utc_ms: int
    agent: str
    proved_utc_ms: int | None = None
    """When a one-time code was last typed in this session."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody who wants in sent: `address` is the network address, `agent` the browser."""

    name: str
    password: str
    address: str
    agent: str


class Ledger(Protocol):
    """Where users, sessions and failed sign-ins are kept (central/accounts.py)."""

    def user_by_name(self, name: str) -> User | None: ...

    def user(self, user_id: str) -> User | None: ...

    def set_password(self, user_id: str, password_hash: str) -> None: ...

    def add_session(self, session: Session) -> None: ...

    def session(self, token_sha256: str) -> Session | None: ...

    def touch_session(self, token_sha256: str, utc_ms: int) -> None: ...

    def end_session(self, token_sha256: str) -> None: ...

    def note_failure(self, keys: Sequence[str], utc_ms: int) -> None: ...

    def failures(self, key: str, since_utc_ms: int) -> Sequence[int]: ...

    def forget_failures(self, key: str) -> None: ...

    def forget_before(self, now_utc_ms: int) -> None: ...


_HASHER = PasswordHasher()


@cache
def _nobody() -> str:
    """What an unknown name is checked against; made when first asked for, not at every start."""
    return _HASHER.hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    """The text to store for a new password. Raises WeakPassword."""
    fewest, most = PASSWORD_CHARS
    if len(password) < fewest:
        raise WeakPassword("too_short")
    if len(password) > most:
        raise WeakPassword("too_long")
    if len(set(password)) < fewest // 2:
        raise WeakPassword("too_plain")
    with _HASHING:
        return _HASHER.hash(password)


def check_password(stored: str | None, password: str) -> bool:
    """Whether the stored hash should be renewed. Raises WrongPassword.

    `stored` is None for an unknown name: the same work is done for nothing.
    """
    with _HASHING:
        nobody = _nobody()  # asked for whoever signs in: the first of all tells nothing by its time
        try:
            _HASHER.verify(stored or nobody, password[: PASSWORD_CHARS[1] + 1])
        except (VerificationError, InvalidHashError):
            raise WrongPassword("name and password do not belong together") from None
    if stored is None:
        raise WrongPassword("name and password do not belong together")
    return _HASHER.check_needs_rehash(stored)


def wait_s(failures: Sequence[int], tries: int, now_utc_ms: int) -> int:
    """Seconds until another try is allowed; 0 below `tries` failures in the window."""
    recent = sorted(at for at in failures if at > now_utc_ms - WINDOW_MS)
    if len(recent) < tries:
        return 0
    return max(1, -(-(recent[-tries] + WINDOW_MS - now_utc_ms) // 1000))


def token_sha256(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def sign_in(ledger: Ledger, attempt: Attempt, now_utc_ms: int) -> str:
    """The token of a new session. Raises WrongPassword and TooManyAttempts."""
    folded, password = attempt.name.strip().casefold(), attempt.password
    limits = {
        f"pair:{attempt.address}:{folded}"[:128]: TRIES_PER_PAIR,
        f"name:{folded}"[:128]: TRIES_PER_NAME,
        f"address:{attempt.address}"[:128]: TRIES_PER_ADDRESS,
    }
    since = now_utc_ms - WINDOW_MS
    wait = max(
        wait_s(ledger.failures(key, since), most, now_utc_ms) for key, most in limits.items()
    )
    if wait:
        raise TooManyAttempts(wait)
    user = ledger.user_by_name(folded)
    stored = user.password if user and user.active else None
    try:
        renew = check_password(stored, password)
    except WrongPassword:
        ledger.note_failure(list(limits), now_utc_ms)
        raise
    assert user is not None
    if renew:
        ledger.set_password(user.id, hash_password(password))
    ledger.forget_failures(next(iter(limits)))
    ledger.forget_before(now_utc_ms)
    token = secrets.token_urlsafe(32)
    ledger.add_session(
        Session(
            token_sha256=token_sha256(token),
            user_id=user.id,
            csrf=secrets.token_urlsafe(24),
            created_utc_ms=now_utc_ms,
            seen_utc_ms=now_utc_ms,
            expires_utc_ms=now_utc_ms + SESSION_LIFE_MS,
            agent=attempt.agent[:200],
        )
    )
    return token


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is asking, in which session."""

    user: User
    session: Session


def visit(ledger: Ledger, token: str, now_utc_ms: int, *, by_hand: bool) -> Visit | None:
    """Whose session this is, or None where it is unknown, over, or its user was shut out.

    Only what a person does by hand keeps a session alive; a page that renews itself does not.
    """
    session = ledger.session(token_sha256(token))
    if session is None:
        return None
    idle_ms = now_utc_ms - session.seen_utc_ms
    over = idle_ms > SESSION_IDLE_MS or now_utc_ms >= session.expires_utc_ms
    user = ledger.user(session.user_id)
    if over or user is None or not user.active:
        ledger.end_session(session.token_sha256)
        return None
    if by_hand and idle_ms > SEEN_EVERY_MS:
        ledger.touch_session(session.token_sha256, now_utc_ms)
    return Visit(user, session)


def same(given: str, expected: str) -> bool:
    """Compare two secrets in constant time."""
    return secrets.compare_digest(given.encode("utf-8", "replace"), expected.encode())
