"""What the store shows to those who read: frozen values, no rows, no SQL.

The staff pages, the export and the command line read these and nothing else of the store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

from edge.wire.records import Record
from edge.wire.status import Birth, Health

PAGE_ROWS = 25


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """All that is given must hold. `?` stands for one character, `*` for any; `%` and `_` mean
    themselves.

    `plate` is normalised (upper case, no separators): a part of it, or with wildcards the whole.
    Each word of `text` is looked for anywhere in number, site, camera, lane and plate; `stage` is
    one of central.case_moves.STAGES; `files` names the kinds of
    central.full_text whose words are looked through as well. Times are when the case was opened,
    from inclusive to exclusive.
    """

    state: str | None = None
    stage: str | None = None
    site: str | None = None
    device: str | None = None
    plate: str | None = None
    text: str | None = None
    files: frozenset[str] = frozenset()
    opened_from_utc_ms: int | None = None
    opened_until_utc_ms: int | None = None
    limit: int = PAGE_ROWS
    offset: int = 0


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as a list shows it. `standing_ms` is as the latest record has it, `due_utc_ms` the
    end of the next time limit."""

    id: UUID
    number: str
    state: str
    site: str
    device: str
    camera: str
    lane: str
    opened_utc_ms: int
    begin_utc_ms: int
    standing_ms: int
    latest_kind: str
    plate: str | None
    plate_colour: str | None
    thumb_sha256: str | None
    changed_seq: int
    remedy: str
    money: str
    policy_sha256: str
    due_utc_ms: int | None


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of cases, newest first, and how many there are in all. `unknown_pack` are those of
    the page whose policy pack was never put in force here."""

    rows: Sequence[CaseRow]
    total: int
    unknown_pack: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class SimilarPlate:
    """A plate that is easily taken for another, and how many cases it has."""

    plate: str
    cases: int


@dataclass(frozen=True, slots=True)
class Check:
    """One integrity check. `ok` is None where it could not be proven; the details say why."""

    name: str
    ok: bool | None
    detail: str
    detail_zh: str = ""


@dataclass(frozen=True, slots=True)
class RecordView:
    """A stored record: `held` names the exhibits whose bytes are in the evidence folder."""

    record: Record
    envelope_sha256: str
    status: str
    received_utc_ms: int
    stored_utc_ms: int | None
    checks: Sequence[Check]
    held: frozenset[str]


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One line of a case's append-only log."""

    seq: int
    utc_ms: int
    actor: str
    type: str
    hash: str
    payload: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Erased:
    """When something of a case was erased, and under which rule. `log_seq` is the tombstone."""

    kind: str
    utc_ms: int
    rule: str
    log_seq: int


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case with all that it rests on; records in the order of the device's chain."""

    row: CaseRow
    records: Sequence[RecordView]
    events: Sequence[CaseEvent]
    erased: Mapping[str, Erased] = field(default_factory=lambda: MappingProxyType({}))
    """By hash: pictures, records and uploads whose time was over."""


@dataclass(frozen=True, slots=True)
class ExhibitFile:
    """An exhibit whose bytes are held."""

    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class AlertRow:
    code: str
    level: str
    since_utc_ms: int
    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A registered device. `state` is `never` until its first word, then as the device's State."""

    id: str
    site: str
    name: str
    active: bool
    state: str
    epoch: int | None
    last_seen_utc_ms: int | None
    birth: Birth | None
    health: Health | None
    alerts: Sequence[AlertRow]


@dataclass(frozen=True, slots=True)
class Mark:
    """Two counters that rise when any case or any device changed: cheap to ask for, often."""

    cases: int
    fleet: int


class Reader(Protocol):
    """The store as the staff pages see it. Calls block; pages make them in worker threads."""

    def cases(self, wanted: CaseFilter) -> CasePage: ...

    def similar(self, plate: str) -> Sequence[SimilarPlate]: ...

    def case_id(self, name: str) -> UUID | None: ...

    def case(self, case_id: UUID) -> CaseView | None: ...

    def envelope(self, record_id: UUID) -> bytes | None: ...

    def exhibit(self, sha256: str) -> ExhibitFile | None: ...

    def devices(self) -> Sequence[DeviceRow]: ...

    def sites(self) -> Sequence[str]: ...

    def mark(self) -> Mark: ...
