"""What has arrived from one box so far, told line by line, read as the staff pages read it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from central.lookup import Lookup
from central.views import CaseFilter, CaseView, RecordView

TOLD = {
    "arrival": "a vehicle stands in the lane: arrival",
    "overstay": "it stayed past its time: overstay",
    "departure": "the lane is empty again: departure",
    "broken": "it could not be watched without a doubt: broken, nobody is accused",
}


REMINDERS = {
    "type": "the machines do not agree on the plate: two people type it",
    "sent": "a message is on its way to the owner's telephone",
    "done": "the message was delivered: the device is told, the grace begins",
    "failed": "the owner could not be reminded: nobody is accused",
}


@dataclass(slots=True)
class Watch:
    """Remembers what was told, so that each thing is told once."""

    lookup: Lookup
    device: str
    needs_reminder: bool = False
    """Whether an overstay counts only where the owner had been reminded."""
    _told: set[UUID | int] = field(default_factory=set)

    def news(self) -> Iterator[str]:
        """A sentence for each record stored since the last call."""
        for case in self._cases():
            for view in case.records:
                if view.stored_utc_ms is not None and view.record.record_id not in self._told:
                    self._told.add(view.record.record_id)
                    yield f"{case.row.number}: {TOLD[view.record.kind]} ({_size(view)})"
            for event in case.events:
                stage = event.payload.get("stage", "") if event.type == "reminder" else ""
                if stage in REMINDERS and event.seq not in self._told:
                    self._told.add(event.seq)
                    yield f"{case.row.number}: {REMINDERS[stage]}"

    def complete(self) -> CaseView | None:
        """The first case that stands: an overstay, stored with all its exhibits."""
        for case in self._cases():
            for view in case.records:
                reminded = view.record.stay.reminded is not None or not self.needs_reminder
                if view.record.kind == "overstay" and view.stored_utc_ms and reminded:
                    return case
        return None

    def waiting(self) -> Iterator[str]:
        """Ids of the cases whose plate a person has to read."""
        for case in self._cases():
            stages = [e.payload.get("stage", "") for e in case.events if e.type == "reminder"]
            if stages and stages[-1] == "type":
                yield str(case.row.id)

    def _cases(self) -> Iterator[CaseView]:
        for row in reversed(self.lookup.cases(CaseFilter(device=self.device, limit=100)).rows):
            case = self.lookup.case(row.id)
            if case is not None:
                yield case


def summary(case: CaseView) -> str:
    """The case on a few lines, for a person and for a test."""
    lines = [f"case {case.row.number} ({case.row.id})"]
    for view in case.records:
        record = view.record
        failed = [check.name for check in view.checks if check.ok is False]
        verdict = "every check holds" if not failed else f"FAILED: {', '.join(failed)}"
        told = ", the owner was reminded" if record.stay.reminded else ""
        lines.append(
            f"  {record.kind}: stood {record.stay.standing_ms / 1000:.1f} s, unobserved "
            f"{record.stay.unobserved_ms / 1000:.1f} s, {_size(view)}{told}, {verdict}"
        )
    plate = case.row.plate or "unread"
    lines.append(f"  plate: {plate}")
    return "\n".join(lines)


def _size(view: RecordView) -> str:
    total = sum(exhibit.size for exhibit in view.record.exhibits)
    return f"{len(view.record.exhibits)} exhibits, {total // 1024} KiB"
