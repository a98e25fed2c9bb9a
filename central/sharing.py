"""Other departments as callers: their keys, what each may ask for, how often, what was taken.

A key is `firelane_<department>_<43 characters>`; only its SHA-256 is kept, which is enough for a
key of 256 random bits. Every request is written down before it is answered.

SharingError
├── UnknownKey       no department has the key, or it was switched off
├── OutOfScope       the department may not ask for this
├── TooMany          more than MOST_A_MINUTE requests within a minute
├── DepartmentTaken  another department has the id
└── UnknownName      there is no such department or webhook
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, func, insert, select, update

from central.database import add_if_new, reading
from central.sharing_tables import department, taking

MOST_A_MINUTE = 120
_MINUTE_MS = 60_000
_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,31}")


class SharingError(Exception):
    """A department is not given what it asks for."""


class UnknownKey(SharingError):
    """No department has the key, or it was switched off."""


class OutOfScope(SharingError):
    """The department may not ask for this."""


class TooMany(SharingError):
    """Too many requests within a minute."""


class DepartmentTaken(SharingError):
    """Another department has the id."""


class UnknownName(SharingError):
    """There is no such department or webhook."""


class Scope(StrEnum):
    """What a department may ask for. Each is given for itself."""

    CASES = "cases"
    PLATES = "plates"
    EVIDENCE = "evidence"
    STATISTICS = "statistics"
    ASK_FINES = "ask-fines"
    REPORT_FINES = "report-fines"


@dataclass(frozen=True, slots=True)
class Department:
    id: str
    name: str
    scopes: frozenset[Scope]
    active: bool = True


@dataclass(frozen=True, slots=True)
class Taking:
    """One request: what was asked for, about what, for which purpose."""

    department: str
    what: str
    subject: str
    purpose: str
    case_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A taking as it was written down."""

    utc_ms: int
    taking: Taking


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests: all that is given must hold. Times from inclusive to exclusive."""

    from_utc_ms: int
    until_utc_ms: int
    department: str = ""
    what: str = ""


def require_id(name: str) -> str:
    """Raises UnknownName with what an id may hold."""
    if not _ID.fullmatch(name):
        raise UnknownName(f"an id must be 2 to 32 of a-z, 0-9 and -, got {name!r}")
    return name


class Departments:
    """Who may ask. Every call blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, name: str, title: str, scopes: Iterable[Scope], utc_ms: int) -> str:
        """Register a department; its key, which is shown this once. Raises DepartmentTaken."""
        key = f"firelane_{require_id(name)}_{secrets.token_urlsafe(32)}"
        values = {
            "id": name,
            "name": title,
            "key_sha256": _sha256(key),
            "scopes": " ".join(sorted(scopes)),
            "active": True,
            "added_utc_ms": utc_ms,
        }
        with self._engine.begin() as db:
            if not add_if_new(db, department, values):
                raise DepartmentTaken(f"there is a department {name!r} already")
        return key

    def switch(self, name: str, active: bool) -> None:
        """Take requests of a department, or refuse them. Raises UnknownName."""
        with self._engine.begin() as db:
            change = update(department).where(department.c.id == name).values(active=active)
            if db.execute(change).rowcount == 0:
                raise UnknownName(f"there is no department {name!r}")

    def of_key(self, key: str) -> Department:
        """Whose key it is. Raises UnknownKey."""
        with reading(self._engine) as db:
            wanted = department.c.key_sha256 == _sha256(key)
            row = db.execute(select(department).where(wanted)).one_or_none()
        if row is None or not row.active:
            raise UnknownKey("the key is not known here, or was switched off")
        return Department(row.id, row.name, _scopes(row.scopes))

    def all(self) -> Sequence[Department]:
        with reading(self._engine) as db:
            rows = db.execute(select(department).order_by(department.c.id)).all()
        return tuple(Department(row.id, row.name, _scopes(row.scopes), row.active) for row in rows)

    def note(self, one: Taking, utc_ms: int) -> None:
        """Write a request down before it is answered. Raises TooMany."""
        recent = (taking.c.department == one.department) & (taking.c.utc_ms > utc_ms - _MINUTE_MS)
        with self._engine.begin() as db:
            if (db.scalar(select(func.count()).where(recent)) or 0) >= MOST_A_MINUTE:
                raise TooMany(f"at most {MOST_A_MINUTE} requests a minute are answered")
            db.execute(
                insert(taking).values(
                    utc_ms=utc_ms,
                    department=one.department,
                    what=one.what,
                    subject=one.subject[:200],
                    purpose=one.purpose[:200],
                    case_id=one.case_id,
                )
            )

    def taken(self, wanted: "Wanted | None" = None, most: int = 200) -> Sequence[Taken]:
        """The last requests, newest first."""
        query = select(taking).order_by(taking.c.seq.desc()).limit(most)
        if wanted is not None:
            query = query.where(*_conditions(wanted))
        with reading(self._engine) as db:
            rows = db.execute(query).all()
        return tuple(
            Taken(
                row.utc_ms, Taking(row.department, row.what, row.subject, row.purpose, row.case_id)
            )
            for row in rows
        )


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    yield taking.c.utc_ms >= wanted.from_utc_ms
    yield taking.c.utc_ms < wanted.until_utc_ms
    if wanted.department:
        yield taking.c.department == wanted.department
    if wanted.what:
        yield taking.c.what == wanted.what


def require_scope(who: Department, scope: Scope) -> None:
    """Raises OutOfScope."""
    if scope not in who.scopes:
        given = ", ".join(sorted(who.scopes)) or "nothing"
        raise OutOfScope(f"this needs the scope '{scope}'; {who.id} has {given}")


def _scopes(words: str) -> frozenset[Scope]:
    return frozenset(Scope(word) for word in words.split())


def _sha256(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
