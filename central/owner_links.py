"""Links that are sent to a telephone, and the check that stands behind each.

A link is a random token of which only the hash is kept. Whoever opens it must know something that a
stranger with the telephone in hand does not: the last six characters of the vehicle identification
number (in the vehicle's licence) or of the holder's ID number. The first browser that passes keeps
the link; for another telephone a new link is asked for.
"""

import secrets
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, delete, insert, or_, select, update

from central.auth import token_sha256
from central.owner_tables import owner_check, owner_link, party

LIFE_MS = 30 * 86_400_000
LONGER_MS = 70 * 86_400_000
"""From a notice, decision, service or demand: the sixty days for reconsideration and a few more."""
CHECK_CHARS = 6
MOST_FAILURES = 10
"""Wrong answers after which a link is dead: the owner asks for another one."""
KINDS = ("vin", "id")
# Six characters are soon tried out by whoever holds the database: the hash only makes it cost.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_COMPARING = threading.BoundedSemaphore(2)
"""Each comparison takes 19 MiB."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it lies in the database."""

    id: UUID
    case_id: UUID
    party_id: UUID | None
    expires_utc_ms: int
    failures: int
    browser_sha256: str | None
    ended_utc_ms: int | None

    def is_live(self, now_utc_ms: int) -> bool:
        return self.ended_utc_ms is None and now_utc_ms < self.expires_utc_ms


def mint(db: Connection, case_id: UUID, utc_ms: int, party_id: UUID | None = None) -> str:
    """The token of a new link: goes into one message and is kept nowhere.

    For the vehicle's holder, or for a party that was named. Older links stay as they are.
    """
    token = secrets.token_urlsafe(16)
    db.execute(
        insert(owner_link).values(
            id=uuid4(),
            token_sha256=token_sha256(token),
            case_id=case_id,
            party_id=party_id,
            made_utc_ms=utc_ms,
            expires_utc_ms=utc_ms + LIFE_MS,
            failures=0,
        )
    )
    return token


def lengthen(db: Connection, case_id: UUID, utc_ms: int) -> None:
    """The case goes on where its owner has something to say: the links to the holder and to the
    party live LONGER_MS from now, also those that were over by their age alone."""
    table = owner_link
    own = select(party.c.id).where(
        party.c.case_id == case_id, party.c.confirmed_utc_ms.is_not(None)
    )
    db.execute(
        update(table)
        .where(table.c.case_id == case_id, table.c.ended_utc_ms.is_(None))
        .where(or_(table.c.party_id.is_(None), table.c.party_id.in_(own)))
        .where(table.c.expires_utc_ms < utc_ms + LONGER_MS)
        .values(expires_utc_ms=utc_ms + LONGER_MS)
    )


def end_unused(db: Connection, like: Link, utc_ms: int, keep: UUID | None = None) -> None:
    """End the links to the same person that no browser has passed: another one, `keep`, replaces
    them."""
    table = owner_link
    same = (
        table.c.party_id.is_(None) if like.party_id is None else table.c.party_id == like.party_id
    )
    db.execute(
        update(table)
        .where(table.c.case_id == like.case_id, same)
        .where(table.c.browser_sha256.is_(None), table.c.ended_utc_ms.is_(None))
        .where(table.c.id != (keep or UUID(int=0)))
        .values(ended_utc_ms=utc_ms)
    )


def path(token: str) -> str:
    """Where the link leads, behind the server's address."""
    return f"/o/{token}"


def remember_check(db: Connection, case_id: UUID, kind: str, value: str) -> None:
    """Keep the hash of the tail of what the register knows: `vin`, or `id` of the holder.

    Raises ValueError for another kind or a value that is too short to ask for.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    tail = tail_of(value)
    if len(tail) < CHECK_CHARS:
        raise ValueError(f"{kind} must have at least {CHECK_CHARS} letters or digits")
    table = owner_check
    db.execute(delete(table).where(table.c.case_id == case_id, table.c.kind == kind))
    db.execute(insert(table).values(case_id=case_id, kind=kind, hash=_HASHER.hash(tail)))


def tail_of(typed: str) -> str:
    """The last characters as they are compared: upper case, full width folded, no separators."""
    folded = unicodedata.normalize("NFKC", typed).upper()
    return "".join(char for char in folded if char.isascii() and char.isalnum())[-CHECK_CHARS:]


def find(db: Connection, token: str) -> Link | None:
    """The link of a token, whether or not it is still live."""
    table = owner_link
    row = db.execute(select(table).where(table.c.token_sha256 == token_sha256(token))).one_or_none()
    if row is None:
        return None
    return Link(
        row.id,
        row.case_id,
        row.party_id,
        row.expires_utc_ms,
        row.failures,
        row.browser_sha256,
        row.ended_utc_ms,
    )


def kinds(db: Connection, link: Link) -> tuple[str, ...]:
    """What may be asked behind this link; nothing where nothing is known: then it stays shut."""
    if link.party_id is not None:
        number = db.scalar(select(party.c.id_number).where(party.c.id == link.party_id))
        return ("id",) if number else ()
    known = set(db.scalars(select(owner_check.c.kind).where(owner_check.c.case_id == link.case_id)))
    return tuple(kind for kind in KINDS if kind in known)


def is_answered(db: Connection, link: Link, typed: str) -> bool:
    """Whether the typed tail is right. Always costs one comparison."""
    tail = tail_of(typed)
    if link.party_id is not None:
        number = db.scalar(select(party.c.id_number).where(party.c.id == link.party_id)) or ""
        return len(tail) == CHECK_CHARS and secrets.compare_digest(tail, tail_of(number))
    hashes = db.scalars(select(owner_check.c.hash).where(owner_check.c.case_id == link.case_id))
    return len(tail) == CHECK_CHARS and _any_verifies(hashes.all(), tail)


def is_holder(db: Connection, case_id: UUID, id_number: str) -> bool:
    """Whether this is the number of the vehicle's holder, to whom a case's first link went: the
    register names them, or its last six characters answer the check."""
    tail, known = tail_of(id_number), _registered(db, case_id)
    if len(tail) < CHECK_CHARS:
        return False
    if known:
        return id_number.strip().upper() in known
    with _COMPARING:
        return _any_verifies(_hashes(db, case_id, "id"), tail)


def is_comparable(db: Connection, case_id: UUID) -> bool:
    """Whether it is known who the holder is, so that `is_holder` may say that somebody is not."""
    return bool(_registered(db, case_id) or _hashes(db, case_id, "id"))


def _registered(db: Connection, case_id: UUID) -> frozenset[str]:
    mine = (party.c.case_id == case_id) & (party.c.source == "register")
    numbers = db.scalars(select(party.c.id_number).where(mine))
    return frozenset(one.strip().upper() for one in numbers if one.strip())


def _hashes(db: Connection, case_id: UUID, kind: str) -> Sequence[str]:
    mine = (owner_check.c.case_id == case_id) & (owner_check.c.kind == kind)
    return db.scalars(select(owner_check.c.hash).where(mine)).all()


def _any_verifies(hashes: Iterable[str], tail: str) -> bool:
    for kept in hashes:
        try:
            _HASHER.verify(kept, tail)
        except VerificationError:
            continue
        return True
    return False
