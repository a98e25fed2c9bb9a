"""A vehicle that comes back to the same lane soon: one act, and so one fine at most.

Each stay stays a case of its own, with its own evidence and its own reminder: a grace begins with
the delivery of a reminder in that stay, so coming back never takes time away from anybody. But
stays that lie no further apart than the pack's `same_case_within_s` are one act (行政处罚法 art.
29): once one of them is decided, no other is filed or decided, and each page names the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, select

from central import tables
from central.calendar import local_date
from central.database import reading
from central.documents.wording import CHINA
from central.policies import kept_packs
from central.policy import in_force, made_under

_CASE = tables.case
_WINDOW_MS = 7 * 86_400_000
"""Nobody comes and goes without a break for longer than this."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A case as a stretch of time."""

    case_id: UUID
    number: str
    state: str
    begin_utc_ms: int
    end_utc_ms: int


def together(stays: Sequence[Stay], case_id: UUID, within_ms: int) -> Sequence[Stay]:
    """The others of the act that the case belongs to, in order of time; from one stay to the next
    there are at most `within_ms`."""
    act: list[Stay] = []
    until = 0
    for stay in sorted(stays, key=lambda one: (one.begin_utc_ms, one.number)):
        if act and stay.begin_utc_ms - until > within_ms:
            if any(one.case_id == case_id for one in act):
                break
            act = []
        act.append(stay)
        until = max(until, stay.end_utc_ms) if len(act) > 1 else stay.end_utc_ms
    mine = any(one.case_id == case_id for one in act)
    return [one for one in act if one.case_id != case_id] if mine else []


def same_act(db: Connection, case_id: UUID) -> Sequence[Stay]:
    """The case's other stays of one act. None where the plate or the rules are not known."""
    row = db.execute(select(_CASE).where(_CASE.c.id == case_id)).one()
    within_ms = _within_ms(db, row)
    if row.plate is None or within_ms is None:
        return ()
    near = _CASE.c.begin_utc_ms.between(
        row.begin_utc_ms - _WINDOW_MS, row.begin_utc_ms + _WINDOW_MS
    )
    place = (_CASE.c.site == row.site) & (_CASE.c.camera == row.camera) & (_CASE.c.lane == row.lane)
    same = (_CASE.c.plate == row.plate) & (_CASE.c.device == row.device)
    if row.plate_colour is not None:
        same &= _CASE.c.plate_colour == row.plate_colour
    rows = db.execute(select(_CASE).where(same, place, near)).all()
    return together([_stay(one) for one in rows], case_id, within_ms)


class Returns:
    """For pages. Blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, case_id: UUID) -> Sequence[Stay]:
        with reading(self._engine) as db:
            return same_act(db, case_id)


def _within_ms(db: Connection, row: Row[tuple[object, ...]]) -> int | None:
    packs = kept_packs(db)
    began = local_date(row.begin_utc_ms, CHINA)
    pack = made_under(packs, row.policy_sha256) or in_force(packs.values(), began)
    return None if pack is None else pack.policy.repeat.same_case_within_s * 1000


def _stay(row: Row[tuple[object, ...]]) -> Stay:
    end = row.begin_utc_ms + row.standing_ms
    return Stay(row.id, row.number, row.state, row.begin_utc_ms, end)
