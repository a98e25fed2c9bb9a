"""The append-only log of all that was done to cases, chained by hashes.

What a line says may be erased when its time is over (central/keeping); its hash stays.

Each line's hash covers its number, time, actor, type, case, payload and the hash before it, so that
nothing can be changed, taken out or put in without changing every hash that follows. A checkpoint,
signed daily, fixes the head for outsiders. Lines are numbered without a gap: the number is taken
under a lock that is held until the commit.

LogDamaged    the log does not hash to itself
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection, insert, select, update

from central import tables
from central.counters import take
from edge.wire.fields import Count, Message, Sha256, UtcMs
from edge.wire.signing import Signer

GENESIS = "0" * 64
NOTHING = "{}"
"""What an erased payload is replaced by."""


class LogDamaged(Exception):
    """The log does not hash to itself."""


@dataclass(frozen=True, slots=True)
class Event:
    """What is to be written down. The payload holds text only, so that it has one spelling."""

    utc_ms: int
    actor: str
    type: str
    case_id: UUID | None
    payload: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Logged:
    """A line of the log. `payload` is the exact JSON text that was hashed."""

    seq: int
    utc_ms: int
    actor: str
    type: str
    case_id: UUID | None
    payload: str
    prev_hash: str
    hash: str
    content: str | None = None
    """Of an erased payload: the hash of what the line said. The chain leads on over it."""


class Checkpoint(Message):
    """The server's signed statement of the log's head at the end of a day."""

    PAYLOAD_TYPE: ClassVar[str] = "application/vnd.firelane.checkpoint.v1+json"

    v: Literal[1]
    day: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    seq: Count
    hash: Sha256
    utc_ms: UtcMs


def append(db: Connection, event: Event) -> Logged:
    """Write one line within the caller's transaction."""
    seq = take(db, "log")
    prev = GENESIS if seq == 1 else _hash_of(db, seq - 1)
    payload = json.dumps(dict(event.payload), ensure_ascii=False, separators=(",", ":"))
    draft = Logged(seq, event.utc_ms, event.actor, event.type, event.case_id, payload, prev, "")
    line = replace(draft, hash=line_hash(draft))
    # Migrations write lines before the table has the column for erased ones.
    written = {name: value for name, value in asdict(line).items() if name != "content"}
    db.execute(insert(tables.case_event).values(written))
    return line


def parse_payload(text: str) -> dict[str, str]:
    """The payload of a line as it was given to `append`."""
    return {str(key): str(value) for key, value in json.loads(text).items()}


def content_hash(line: Logged) -> str:
    """What the line says, without its place: `[utc_ms,actor,type,case,payload]`, as compact JSON.

    An excerpt shows only this of other cases' lines, and still leads from hash to hash.
    """
    if line.content is not None:
        return line.content
    case = None if line.case_id is None else str(line.case_id)
    return _sha256_of([line.utc_ms, line.actor, line.type, case, line.payload])


def line_hash(line: Logged) -> str:
    """`[seq,prev_hash,content_hash]`, as compact JSON."""
    return _sha256_of([line.seq, line.prev_hash, content_hash(line)])


def _sha256_of(value: Sequence[int | str | None]) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def check_log(lines: Iterable[Logged], after: Logged | None = None) -> Logged | None:
    """Walk the log in order, from its beginning or from behind a line that is trusted.

    Gives the last line. Raises LogDamaged naming the first line that does not fit.
    """
    last = after
    for line in lines:
        seq, prev = (1, GENESIS) if last is None else (last.seq + 1, last.hash)
        if line.seq != seq:
            raise LogDamaged(f"line {seq} of the log is missing, {line.seq} follows")
        if line.prev_hash != prev:
            raise LogDamaged(f"line {seq} of the log does not follow the line before it")
        if line.content is not None and line.payload != NOTHING:
            raise LogDamaged(f"line {seq} of the log says something although it was erased")
        if line.hash != line_hash(line):
            raise LogDamaged(f"line {seq} of the log was changed")
        last = line
    return last


def lines(db: Connection, first: int = 1, last: int | None = None) -> Iterable[Logged]:
    """Lines in order, streamed."""
    table = tables.case_event
    query = select(table).where(table.c.seq >= first).order_by(table.c.seq)
    if last is not None:
        query = query.where(table.c.seq <= last)
    # Who stops in the middle, because a line is damaged, leaves no cursor open at the server.
    with db.execute(query.execution_options(yield_per=1000)) as rows:
        for row in rows.mappings():
            yield Logged(**{str(key): value for key, value in row.items()})


def erase(db: Connection, case_id: UUID, kind: str) -> int:
    """Erase what a case's lines of a type say; how many. Their hashes stay, and so the chain."""
    table = tables.case_event
    mine = (table.c.case_id == case_id) & (table.c.type == kind) & table.c.content.is_(None)
    rows = db.execute(select(table).where(mine)).mappings().all()
    for row in rows:
        line = Logged(**{str(key): value for key, value in row.items()})
        gone = {"payload": NOTHING, "content": content_hash(line)}
        db.execute(update(table).where(table.c.seq == line.seq).values(gone))
    return len(rows)


def head(db: Connection) -> Logged | None:
    """The last line, or None while the log is empty."""
    table = tables.case_event
    row = db.execute(select(table).order_by(table.c.seq.desc()).limit(1)).mappings().first()
    return None if row is None else Logged(**{str(key): value for key, value in row.items()})


def seal(db: Connection, day: str, utc_ms: int, signer: Signer) -> bytes | None:
    """Sign the head for a day (YYYY-MM-DD), once. None where the log is empty."""
    table = tables.checkpoint
    known: bytes | None = db.scalar(select(table.c.envelope).where(table.c.day == day))
    line = head(db)
    if known is not None or line is None:
        return known
    statement = Checkpoint(v=1, day=day, seq=line.seq, hash=line.hash, utc_ms=utc_ms)
    envelope = signer.seal(Checkpoint.PAYLOAD_TYPE, statement.to_bytes())
    db.execute(
        insert(table).values(
            day=day, seq=line.seq, hash=line.hash, utc_ms=utc_ms, envelope=envelope
        )
    )
    return envelope


def _hash_of(db: Connection, seq: int) -> str:
    table = tables.case_event
    found = db.scalar(select(table.c.hash).where(table.c.seq == seq))
    assert found is not None, f"line {seq} of the log is missing"
    return str(found)
