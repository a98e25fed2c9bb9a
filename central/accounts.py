"""Users, sessions, failed sign-ins and who looked at what: the SQL behind central/auth.py.

AccountError
├── NameTaken      another user has the name
└── UnknownUser    no user has the id or name
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import Engine, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from central import tables
from central.access import Role
from central.auth import SESSION_IDLE_MS, WINDOW_MS, Session, User
from central.database import reading


class AccountError(Exception):
    """A change to a user that cannot be made."""


class NameTaken(AccountError):
    """Another user has the name."""


class UnknownUser(AccountError):
    """No user has the id or name."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """What an administrator says about a user; `password` is already a hash."""

    name: str
    display: str
    password: str
    role: Role
    language: str = "zh-CN"


@dataclass(frozen=True, slots=True)
class Look:
    """One look at personal data, for the access log."""

    user_id: str
    action: str
    case_id: UUID | None
    subject: str
    reason: str = ""


def _user(row: RowMapping) -> User:
    return User(
        id=row["id"],
        name=row["name"],
        display=row["display"],
        password=row["password"],
        role=Role(row["role"]),
        language=row["language"],
        active=row["active"],
    )


class Accounts:
    """Implements central.auth.Ledger. Every method is one transaction and blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def users(self) -> Sequence[User]:
        with reading(self._engine) as db:
            rows = db.execute(select(tables.user).order_by(tables.user.c.name)).mappings()
            return [_user(row) for row in rows]

    def user_by_name(self, name: str) -> User | None:
        with reading(self._engine) as db:
            wanted = tables.user.c.name == name.strip().casefold()
            row = db.execute(select(tables.user).where(wanted)).mappings().first()
            return _user(row) if row else None

    def user(self, user_id: str) -> User | None:
        with reading(self._engine) as db:
            wanted = tables.user.c.id == user_id
            row = db.execute(select(tables.user).where(wanted)).mappings().first()
            return _user(row) if row else None

    def add_user(self, new: NewUser, now_utc_ms: int) -> User:
        """Raises NameTaken. Names are kept folded: `Wang` and `wang` are one person."""
        user = User(
            id=str(uuid4()),
            name=new.name.strip().casefold(),
            display=new.display.strip() or new.name.strip(),
            password=new.password,
            role=new.role,
            language=new.language,
            active=True,
        )
        row = {
            "id": user.id,
            "name": user.name,
            "display": user.display,
            "password": user.password,
            "role": user.role.value,
            "language": user.language,
            "active": True,
            "created_utc_ms": now_utc_ms,
            "changed_utc_ms": now_utc_ms,
        }
        try:
            with self._engine.begin() as db:
                db.execute(insert(tables.user).values(row))
        except IntegrityError:
            raise NameTaken(f"user name must be new, got {user.name!r}") from None
        return user

    def set_password(self, user_id: str, password_hash: str) -> None:
        """Raises UnknownUser. The sessions stay; `end_sessions` ends them."""
        self._change(user_id, {"password": password_hash})

    def set_language(self, user_id: str, language: str) -> None:
        self._change(user_id, {"language": language})

    def set_role(self, user_id: str, role: Role, now_utc_ms: int) -> None:
        self._change(user_id, {"role": role.value, "changed_utc_ms": now_utc_ms})

    def set_active(self, user_id: str, active: bool, now_utc_ms: int) -> None:
        """A user who is shut out is signed out at once, everywhere."""
        self._change(user_id, {"active": active, "changed_utc_ms": now_utc_ms})
        if not active:
            self.end_sessions(user_id)

    def _change(self, user_id: str, values: dict[str, str | bool | int]) -> None:
        with self._engine.begin() as db:
            changed = update(tables.user).where(tables.user.c.id == user_id).values(values)
            if db.execute(changed).rowcount != 1:
                raise UnknownUser(f"no user has the id {user_id!r}")

    def add_session(self, session: Session) -> None:
        with self._engine.begin() as db:
            db.execute(
                insert(tables.session).values(
                    token_sha256=session.token_sha256,
                    user_id=session.user_id,
                    csrf=session.csrf,
                    created_utc_ms=session.created_utc_ms,
                    seen_utc_ms=session.seen_utc_ms,
                    expires_utc_ms=session.expires_utc_ms,
                    agent=session.agent,
                    proved_utc_ms=session.proved_utc_ms,
                )
            )

    def session(self, token_sha256: str) -> Session | None:
        with reading(self._engine) as db:
            wanted = tables.session.c.token_sha256 == token_sha256
            row = db.execute(select(tables.session).where(wanted)).mappings().first()
            return Session(**row) if row else None

    def touch_session(self, token_sha256: str, utc_ms: int) -> None:
        with self._engine.begin() as db:
            wanted = tables.session.c.token_sha256 == token_sha256
            db.execute(update(tables.session).where(wanted).values(seen_utc_ms=utc_ms))

    def note_proof(self, token_sha256: str, utc_ms: int) -> None:
        """A one-time code was typed in the session."""
        with self._engine.begin() as db:
            wanted = tables.session.c.token_sha256 == token_sha256
            db.execute(update(tables.session).where(wanted).values(proved_utc_ms=utc_ms))

    def end_session(self, token_sha256: str) -> None:
        with self._engine.begin() as db:
            db.execute(delete(tables.session).where(tables.session.c.token_sha256 == token_sha256))

    def end_sessions(self, user_id: str, keep: str = "") -> None:
        """End all sessions of a user but the one whose token hash is `keep`."""
        with self._engine.begin() as db:
            db.execute(
                delete(tables.session).where(
                    tables.session.c.user_id == user_id, tables.session.c.token_sha256 != keep
                )
            )

    def note_failure(self, keys: Sequence[str], utc_ms: int) -> None:
        with self._engine.begin() as db:
            db.execute(
                insert(tables.login_attempt), [{"key": key, "utc_ms": utc_ms} for key in keys]
            )

    def failures(self, key: str, since_utc_ms: int) -> Sequence[int]:
        attempt = tables.login_attempt.c
        with reading(self._engine) as db:
            wanted = select(attempt.utc_ms).where(attempt.key == key, attempt.utc_ms > since_utc_ms)
            return db.execute(wanted).scalars().all()

    def forget_failures(self, key: str) -> None:
        with self._engine.begin() as db:
            db.execute(delete(tables.login_attempt).where(tables.login_attempt.c.key == key))

    def forget_before(self, now_utc_ms: int) -> None:
        """Drop sessions that are over and failures that count no more."""
        session, attempt = tables.session.c, tables.login_attempt.c
        with self._engine.begin() as db:
            db.execute(
                delete(tables.session).where(
                    (session.expires_utc_ms <= now_utc_ms)
                    | (session.seen_utc_ms < now_utc_ms - SESSION_IDLE_MS)
                )
            )
            db.execute(delete(tables.login_attempt).where(attempt.utc_ms < now_utc_ms - WINDOW_MS))

    def log_look(self, look: Look, now_utc_ms: int) -> None:
        """Write down that somebody looked at personal data."""
        with self._engine.begin() as db:
            db.execute(
                insert(tables.access_log).values(
                    utc_ms=now_utc_ms,
                    user_id=look.user_id,
                    action=look.action,
                    case_id=look.case_id,
                    subject=look.subject,
                    reason=look.reason,
                )
            )
