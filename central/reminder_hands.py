"""What people do about reminders: type plates, settle doubts, tell what came of a call."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import Engine

from central import reminder_rows
from central.plates import Treatment
from central.reminding import Event, Stage

NEVER_ASKED = frozenset(treatment.value for treatment in Treatment) - {Treatment.REMIND.value}
"""Classes of plates whose keepers are looked up by nobody here, whoever stands for it."""


class Hands:
    """What people do about reminders. Each wakes the round that goes on from there."""

    def __init__(self, engine: Engine, wake: Callable[[], None]) -> None:
        self._engine = engine
        self._wake = wake

    def typed(
        self, case_id: UUID, person: str, plate: str | None, colour: str | None, utc_ms: int
    ) -> bool:
        """Somebody typed the plate, or could not read it. False where nobody need any more, or
        they did already."""
        with self._engine.begin() as db:
            row = reminder_rows.get(db, case_id)
            done = reminder_rows.typists(db, case_id)
            if row is None or row.stage is not Stage.TYPE or person in done:
                return False
            found = (plate, colour, 1000 if plate else 0)
            reminder_rows.keep_reading(db, case_id, person, found, None, utc_ms)
            reminder_rows.wait(db, row, utc_ms, row.why)
        self._wake()
        return True

    def decide(self, case_id: UUID, event: Event, person: str, utc_ms: int) -> bool:
        """CHECKED, RETYPE or GIVE_UP of a doubtful one; False where it is none any more."""
        assert event in (Event.CHECKED, Event.RETYPE, Event.GIVE_UP)
        with self._engine.begin() as db:
            row = reminder_rows.get(db, case_id)
            if row is None or row.stage is not Stage.PERSON:
                return False
            if event is Event.CHECKED and row.why in NEVER_ASKED:
                return False
            if event is Event.GIVE_UP:
                reminder_rows.fail(db, row, event, utc_ms, "given-up", "wait", person)
            else:
                checked = person if event is Event.CHECKED else ""
                if event is Event.RETYPE:
                    reminder_rows.forget_typed(db, case_id)
                reminder_rows.go(
                    db, row, event, utc_ms, actor=person, values={"checked_by": checked}
                )
        self._wake()
        return True

    def task_done(self, case_id: UUID, note: str, person: str, utc_ms: int) -> bool:
        """Somebody telephoned or went there."""
        with self._engine.begin() as db:
            return reminder_rows.task_done(db, case_id, note, person, utc_ms)
