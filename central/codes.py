"""One-time codes (TOTP, RFC 6238): the second factor of those who approve, serve, void or unmask.

A user enrols by typing a first code from an authenticator, which shows that it holds the secret.
Each code counts once: the 30 s that it belongs to is written down with it, and neither that code
nor an older one is taken again, by whichever worker. Secrets are sealed under a key derived from
the server's signing key, so that a copy of the database makes no codes.

CodeError
├── NotEnrolled    the user has no authenticator yet
├── WrongCode      not the code of now, or used before
└── TooManyCodes   wait_s says for how long nobody may try
"""

import base64
from dataclasses import dataclass

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from central import auth, events, tables
from central.accounts import Accounts
from central.cases import Action
from central.database import reading
from central.desk_tables import one_time_code
from edge.wire.signing import Signer

STEP_MS = 30_000
DRIFT_STEPS = 1
"""A telephone's clock may be this many steps off."""
TRIES = 5
FRESH_MS = 10 * 60_000
"""For so long after a code no other is asked for in the same session."""
RESET = "code-reset"
NEEDS_CODE = frozenset(
    {
        # approving
        Action.EXEMPT,
        Action.FILE,
        Action.DECLINE_FILING,
        Action.DECIDE,
        Action.DECIDE_ON_THE_SPOT,
        Action.SPARE,
        Action.TRANSFER,
        Action.DEFER,
        Action.DEMAND,
        Action.APPLY_TO_COURT,
        Action.CLOSE,
        # serving
        Action.NOTIFY,
        Action.BEGIN_SERVICE,
        Action.TRY_SERVICE,
        Action.PROVE_SERVICE,
        Action.ANNOUNCE,
        # voiding
        Action.REVOKE,
        Action.CORRECT,
        Action.MAKE_VOID,
    }
)
"""What a member of staff does only with a fresh code."""


class CodeError(Exception):
    """Why a code is not taken."""


class NotEnrolled(CodeError):
    """The user has no authenticator yet."""


class WrongCode(CodeError):
    """Not the code of now, or used before."""


class TooManyCodes(CodeError):
    """Too many wrong codes; `wait_s` seconds until the next try."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"too many wrong codes, wait {wait_s} s")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A secret that is to be put into an authenticator: as text, and as a link for a QR code."""

    secret: str
    link: str


class Codes:
    """The users' authenticators. Every call blocks."""

    def __init__(self, engine: Engine, signer: Signer) -> None:
        self._engine = engine
        self._accounts = Accounts(engine)
        raw = signer.key.private_bytes_raw()
        key = HKDF(SHA256(), 32, salt=None, info=b"firelane one-time codes").derive(raw)
        self._seal = Fernet(base64.urlsafe_b64encode(key))

    def enrolled(self, user_id: str) -> bool:
        """Whether the user's authenticator has shown a code."""
        with reading(self._engine) as db:
            row = _row(db, user_id)
            return row is not None and row.confirmed_utc_ms is not None

    def begin(self, user: auth.User, utc_ms: int) -> Enrolment:
        """The secret to enrol with; the same one until it is confirmed. Raises WrongCode where an
        authenticator is enrolled: an administrator takes it away first."""
        with self._engine.begin() as db:
            row = _row(db, user.id)
            if row is not None and row.confirmed_utc_ms is not None:
                raise WrongCode("an authenticator is enrolled already")
            known = None if row is None else self._open(row.secret)
            secret = known or pyotp.random_base32()
            if known is None:
                _forget(db, user.id)
                sealed = self._seal.encrypt(secret.encode()).decode()
                values = {"secret": sealed, "made_utc_ms": utc_ms, "last_step": 0}
                db.execute(insert(one_time_code).values(user_id=user.id, **values))
        link = pyotp.TOTP(secret).provisioning_uri(name=user.name, issuer_name="firelane")
        return Enrolment(secret, link)

    def confirm(self, user_id: str, code: str, utc_ms: int) -> None:
        """The first code of a new authenticator. Raises CodeError."""
        self._take(user_id, code, utc_ms, confirmed=False)

    def prove(self, user_id: str, code: str, utc_ms: int) -> None:
        """A code from the user's authenticator. Raises CodeError."""
        self._take(user_id, code, utc_ms, confirmed=True)

    def reset(self, user_id: str, by: str, utc_ms: int) -> None:
        """The authenticator is lost: the user enrols anew. The log tells who allowed it."""
        with self._engine.begin() as db:
            _forget(db, user_id)
            events.append(db, events.Event(utc_ms, by, RESET, None, {"user": user_id}))
        self._accounts.end_sessions(user_id)

    def _take(self, user_id: str, code: str, utc_ms: int, *, confirmed: bool) -> None:
        key = f"code:{user_id}"
        # A try is counted before it is judged: a hundred at once are no more than five.
        with self._engine.begin() as db:
            row = _row(db, user_id)
            if row is None or (row.confirmed_utc_ms is not None) is not confirmed:
                raise NotEnrolled("no authenticator is enrolled")
            _count(db, user_id, key, utc_ms)
        with self._engine.begin() as db:
            step = matching_step(self._open(row.secret), code, utc_ms)
            taken = step is not None and _use(db, user_id, step, utc_ms)
            if taken:
                _uncount(db, key, utc_ms)
        if not taken:
            raise WrongCode("not the code of now, or used before")

    def _open(self, sealed: str) -> str | None:
        """The secret; None where the server's signing key is another since."""
        try:
            return self._seal.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None


def matching_step(secret: str | None, code: str, utc_ms: int) -> int | None:
    """The newest 30 s whose code this is, at most DRIFT_STEPS from now. Pure."""
    now = utc_ms // STEP_MS
    if secret is None:
        return None
    for step in range(now + DRIFT_STEPS, now - DRIFT_STEPS - 1, -1):
        if auth.same(code, pyotp.TOTP(secret).at(step * STEP_MS // 1000)):
            return step
    return None


def _row(db: Connection, user_id: str) -> Row[tuple[object, ...]] | None:
    query = select(one_time_code).where(one_time_code.c.user_id == user_id)
    return db.execute(query).one_or_none()


def _count(db: Connection, user_id: str, key: str, utc_ms: int) -> None:
    """Write one try down, under the lock of the user's row. Raises TooManyCodes."""
    user, attempt = tables.user, tables.login_attempt
    db.execute(select(user.c.id).where(user.c.id == user_id).with_for_update())
    since = attempt.c.utc_ms > utc_ms - auth.WINDOW_MS
    tries = db.scalars(select(attempt.c.utc_ms).where(attempt.c.key == key, since)).all()
    if wait := auth.wait_s(tries, TRIES, utc_ms):
        raise TooManyCodes(wait)
    db.execute(insert(attempt).values(key=key, utc_ms=utc_ms))


def _uncount(db: Connection, key: str, utc_ms: int) -> None:
    """The try was none that failed."""
    attempt = tables.login_attempt
    mine = (attempt.c.key == key) & (attempt.c.utc_ms == utc_ms)
    one = select(attempt.c.id).where(mine).limit(1).scalar_subquery()
    db.execute(delete(attempt).where(attempt.c.id == one))


def _use(db: Connection, user_id: str, step: int, utc_ms: int) -> bool:
    """Write down that the step's code was used; False where it or a later one was before."""
    table = one_time_code
    mine = (table.c.user_id == user_id) & (table.c.last_step < step)
    first = func.coalesce(table.c.confirmed_utc_ms, utc_ms)
    values = {"last_step": step, "confirmed_utc_ms": first}
    return db.execute(update(table).where(mine).values(values)).rowcount == 1


def _forget(db: Connection, user_id: str) -> None:
    db.execute(delete(one_time_code).where(one_time_code.c.user_id == user_id))
    db.execute(
        update(tables.session).where(tables.session.c.user_id == user_id).values(proved_utc_ms=None)
    )
