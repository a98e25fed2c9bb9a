"""What the records of one stay add up to. Pure.

Records may arrive in any order; whatever their order, the same set gives the same summary and leads
a case to the same state. A stay that was proven past its deadline is not undone by how it ended.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from central.case_moves import RULES
from central.cases import Action, Case, Guard, Role
from edge.wire.records import PlateReading, Proof, Record, RecordKind

SLACK_MS = 2000
"""Two clocks that timed the same stay may differ by this much."""
GRACE_AND_SAME = frozenset({Guard.GRACE_OVER, Guard.SAME_VEHICLE})
_BEST_VIEW = ("departure", "arrival", "notice", "deadline")
"""Occasions, the most telling last."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A stay as lists show it."""

    latest: Record
    plate: PlateReading
    thumb_sha256: str | None


def summary(records: Sequence[Record]) -> Summary:
    """Of at least one record of one stay."""
    ordered = sorted(records, key=lambda record: record.seq)
    latest = ordered[-1]
    read = [record.vehicle.plate for record in ordered if record.vehicle.plate.status == "read"]
    return Summary(latest, read[-1] if read else latest.vehicle.plate, _thumb(ordered))


def is_reminded(case: Case) -> bool:
    """Whether a delivered reminder is in the file: what a device says of one is not enough."""
    return any(done.action is Action.REMIND for done in case.acts)


def device_act(case: Case, records: Sequence[Record]) -> Action | None:
    """What the records together say that the case does not hold yet; None where nothing follows.

    The most that they prove decides: an overstay after a reminder, then doubt, then absence.
    """
    kinds = {record.kind for record in records}
    said: Mapping[Action, Callable[[], bool]] = {
        Action.OVERSTAY: lambda: is_reminded(case) and shown(records) >= GRACE_AND_SAME,
        Action.BREAK: lambda: RecordKind.BROKEN in kinds,
        Action.DEPART: lambda: RecordKind.DEPARTURE in kinds,
        Action.OVERSTAY_UNREMINDED: lambda: RecordKind.OVERSTAY in kinds,
    }
    action = next((action for action, is_said in said.items() if is_said()), None)
    done = any(act.action is action for act in case.acts)
    return None if done or action not in RULES.open_to(case, Role.DEVICE) else action


def shown(records: Sequence[Record]) -> frozenset[Guard]:
    """Conditions of the law that the records show to hold."""
    found: frozenset[Guard] = frozenset()
    for record in records:
        if record.kind is RecordKind.DEPARTURE:
            found |= {Guard.ABSENCE_PROVEN}
        if record.kind is RecordKind.OVERSTAY and _grace_over(record) and _same_vehicle(record):
            found |= GRACE_AND_SAME
    return found


def _grace_over(record: Record) -> bool:
    stay = record.stay
    if stay.reminded is None:
        return False
    deadline_ms = max(stay.deadline_ms, stay.reminded.offset_ms + record.rules.grace_ms)
    return stay.standing_ms >= deadline_ms - SLACK_MS


def _same_vehicle(record: Record) -> bool:
    return all(
        gap.proof is not Proof.NONE and gap.end_ms - gap.begin_ms <= record.rules.max_gap_ms
        for gap in record.stay.gaps
    )


def _thumb(ordered: Sequence[Record]) -> str | None:
    wide = [
        (_BEST_VIEW.index(exhibit.occasion), record.seq, exhibit.sha256)
        for record in ordered
        for exhibit in record.exhibits
        if exhibit.view == "wide"
    ]
    return max(wide)[2] if wide else None
