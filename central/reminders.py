"""From a packet to a reminded owner, in rounds: what is due is done, the rest waits its time.

`reminding.py` decides, this file asks and writes. Calls to registers, telephones and the second
reader are made outside of transactions; each move is then written only if the reminder still stands
where it stood. Everything survives a crash between two steps, and the next round goes on.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from sqlalchemy import Connection, Engine

from central import acting, filing, messages, notices, owner_links, reminder_rows
from central.blobs import Blobs
from central.calendar import local_date
from central.cases import Action, Guard
from central.database import reading
from central.gateway_books import Books
from central.gateways.calls import GatewayError
from central.gateways.register import Query, Register, Vehicle
from central.messages import Messages, NewMessage
from central.policies import PolicyError, kept_packs
from central.policy import Pack, in_force
from central.reminder_rows import Pending
from central.reminding import (
    Asked,
    Event,
    Stage,
    Weighed,
    day_begin,
    is_stale,
    owner,
    quiet_until,
    weigh,
)
from central.second_reading import ReaderDown, SecondReader
from edge.wire.errors import WireError
from edge.wire.records import Record

REGISTER, READER = "register", "reader"
AGAIN_MS, TYPED_AGAIN_MS = 5_000, 30_000
SHOWN = frozenset(
    {Guard.PLATE_CIVIL, Guard.OWNER_REACHABLE, Guard.OUTSIDE_QUIET_HOURS, Guard.DELIVERED}
)
"""What has been shown when a delivery report is in and counts."""
log = logging.getLogger("central.reminders")


@dataclass(frozen=True, slots=True)
class Parts:
    """What reminders work with. What is None is done by people, or waits for it."""

    engine: Engine
    blobs: Blobs
    messages: Messages
    books: Books
    register: Register | None
    reader: SecondReader | None
    zone: tzinfo
    base_url: str
    """How telephones reach this server."""


class Reminders:
    """`run` does what is due now; every call blocks."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._started = False

    def run(self, utc_ms: int) -> None:
        """One round. A case of which something cannot be read is left and told, not the others."""
        self._start_reader(utc_ms)
        self._each(reminder_rows.over, self._stop, utc_ms)
        for stage, step in (
            (Stage.READ, self._read),
            (Stage.TYPE, self._weigh_again),
            (Stage.LOOK_UP, self._look_up),
            (Stage.HOLD, self._wake),
            (Stage.SEND, self._hold_if_quiet),
        ):
            self._each(lambda db, at=stage: reminder_rows.due(db, at, utc_ms), step, utc_ms)  # type: ignore[misc]
        self._parts.messages.run(utc_ms)
        for stage, step in (
            (Stage.SEND, self._note_handed),
            (Stage.SENT, self._note_report),
            (Stage.ASLEEP, self._wake_delivered),
            (Stage.FAILED, self._note_late_report),
        ):
            self._each(lambda db, at=stage: reminder_rows.due(db, at, utc_ms), step, utc_ms)  # type: ignore[misc]

    def _each(
        self,
        find: Callable[[Connection], list[Pending]],
        step: Callable[[Pending, int], None],
        utc_ms: int,
    ) -> None:
        with reading(self._parts.engine) as db:
            rows = find(db)
        for row in rows:
            try:
                step(row, utc_ms)
            except (WireError, PolicyError) as fault:
                log.error("reminder left alone case=%s: %s", row.number, fault)
                self._wait(row, utc_ms, "damaged")

    def _start_reader(self, utc_ms: int) -> None:
        """In the first round, so that the first packet does not wait for it."""
        if self._parts.reader is None or self._started:
            return
        self._started = True
        try:
            self._parts.reader.start()
        except ReaderDown as fault:
            self._parts.books.failed(READER, str(fault), utc_ms)

    def _stop(self, row: Pending, utc_ms: int) -> None:
        with self._parts.engine.begin() as db:
            none = {"task": ""}
            if (
                reminder_rows.go(db, row, Event.OVER, utc_ms, "over", values=none)
                and row.message_id
            ):
                messages.withdraw(db, row.message_id)

    def _read(self, row: Pending, utc_ms: int) -> None:
        """The second reading, then what both add up to."""
        pack = self._pack(row, utc_ms)
        if pack is None:
            return
        with reading(self._parts.engine) as db:
            latest = filing.records_of(db, row.case_id)[-1]
        seen, synced = latest.stay.last_seen.utc_ms, latest.clock.state == "synced"
        if is_stale(pack.policy, seen, synced, utc_ms):
            task = pack.policy.reminder.when_failed
            with self._parts.engine.begin() as db:
                reminder_rows.fail(db, row, Event.STALE, utc_ms, "told-too-late", task)
            return
        self._second_reading(row, latest, utc_ms)
        self._weigh(row, pack, utc_ms)

    def _second_reading(self, row: Pending, record: Record, utc_ms: int) -> None:
        parts = self._parts
        crops = [shown.sha256 for shown in record.exhibits if shown.view == "plate"]
        if parts.reader is None or not crops or not parts.books.is_open(READER, utc_ms):
            return
        try:
            found = parts.reader.read(parts.blobs.path(crops[0])).sure
        except ReaderDown as fault:
            parts.books.failed(READER, str(fault), utc_ms)
            return
        parts.books.went_well(READER, utc_ms)
        with parts.engine.begin() as db:
            reminder_rows.keep_reading(
                db, row.case_id, reminder_rows.MACHINE, found, crops[0], utc_ms
            )

    def _weigh_again(self, row: Pending, utc_ms: int) -> None:
        """Somebody typed, or a later record brought a better reading."""
        pack = self._pack(row, utc_ms)
        if pack is not None:
            self._weigh(row, pack, utc_ms)

    def _weigh(self, row: Pending, pack: Pack, utc_ms: int) -> None:
        needed = pack.policy.reminder.readings_needed
        with self._parts.engine.begin() as db:
            found = weigh(reminder_rows.readings(db, row), needed)
            _weighed(db, row, found, utc_ms, pack.policy.reminder.when_failed)

    def _look_up(self, row: Pending, utc_ms: int) -> None:
        parts, pack = self._parts, self._pack(row, utc_ms)
        if pack is None:
            return
        assert row.plate is not None
        assert row.colour is not None
        if parts.register is None or not parts.books.is_open(REGISTER, utc_ms):
            self._wait(row, utc_ms, "no-register" if parts.register is None else "register-down")
            return
        try:
            found = parts.register.find(Query(row.plate, row.colour, "reminder", row.number))
        except GatewayError as fault:
            parts.books.failed(REGISTER, str(fault), utc_ms)
            self._wait(row, utc_ms, "register-down")
            return
        parts.books.went_well(REGISTER, utc_ms)
        with reading(parts.engine) as db:
            kind = filing.records_of(db, row.case_id)[-1].vehicle.kind
        event, why = owner(found, Asked(row.plate, row.colour, kind), bool(row.checked_by))
        with parts.engine.begin() as db:
            if event is Event.FOUND:
                self._found(db, row, pack, found[0], utc_ms)
            elif event is Event.DOUBT:
                reminder_rows.go(db, row, event, utc_ms, why)
            else:
                task = pack.policy.reminder.when_failed
                # Without a telephone nobody can call.
                task = "visit" if task == "call" else task
                reminder_rows.fail(db, row, event, utc_ms, why, task)

    def _found(
        self, db: Connection, row: Pending, pack: Pack, vehicle: Vehicle, utc_ms: int
    ) -> None:
        """Queue the reminder with its link, unless the owner was reminded often enough today."""
        acting.lock(db, row.case_id)
        today = day_begin(utc_ms, self._parts.zone)
        assert row.plate is not None
        if messages.told_since(db, row.plate, today) >= pack.policy.repeat.reminders_per_day:
            task = pack.policy.reminder.when_failed
            reminder_rows.fail(db, row, Event.LIMIT, utc_ms, "repeat-limit", task)
            return
        for kind, tail in (("vin", vehicle.vin_tail), ("id", vehicle.id_tail)):
            if len(owner_links.tail_of(tail)) == owner_links.CHECK_CHARS:
                owner_links.remember_check(db, row.case_id, kind, tail)
        token = owner_links.mint(db, row.case_id, utc_ms)
        fields = self._fields(row, pack, token)
        day = local_date(row.begin_utc_ms, self._parts.zone)
        text = pack.policy.reminder_text(row.site, row.lane, day).format(**fields)
        told = fields | {"token": token}
        new = NewMessage(row.case_id, "reminder", vehicle.contact, text, told, row.plate)
        if reminder_rows.go(db, row, Event.FOUND, utc_ms):
            message_id = messages.queue(db, new, utc_ms)
            reminder_rows.set_message(db, row.case_id, message_id)

    def _fields(self, row: Pending, pack: Pack, token: str) -> dict[str, str]:
        policy = pack.policy
        begin = datetime.fromtimestamp(row.begin_utc_ms / 1000, UTC).astimezone(self._parts.zone)
        return {
            "plate": row.plate or "",
            "site": row.site,
            "lane": row.lane,
            "time": f"{begin.month}月{begin.day}日{begin:%H:%M}",
            "minutes": f"{policy.times.grace_s / 60:g}",
            "link": self._parts.base_url + owner_links.path(token),
            "agency": policy.agency,
            "telephone": policy.office.telephone if policy.office is not None else "",
        }

    def _hold_if_quiet(self, row: Pending, utc_ms: int) -> None:
        until = self._quiet_until(row, utc_ms)
        if until is None or row.message_id is None:
            return
        with self._parts.engine.begin() as db:
            if reminder_rows.go(db, row, Event.QUIET, utc_ms, "quiet", next_utc_ms=until):
                messages.put_off(db, row.message_id, until)

    def _wake(self, row: Pending, utc_ms: int) -> None:
        with self._parts.engine.begin() as db:
            reminder_rows.go(db, row, Event.AWAKE, utc_ms)

    def _note_handed(self, row: Pending, utc_ms: int) -> None:
        kept = self._message(row)
        pack = self._pack(row, utc_ms)
        if kept is None or pack is None or kept.state == "queued":
            return
        with self._parts.engine.begin() as db:
            if kept.handed_utc_ms is None and kept.state == "failed":
                task = pack.policy.reminder.when_failed
                reminder_rows.fail(db, row, Event.REFUSED, utc_ms, "refused", task)
            else:
                reminder_rows.go(db, row, Event.HANDED, utc_ms)

    def _note_report(self, row: Pending, utc_ms: int) -> None:
        kept, pack = self._message(row), self._pack(row, utc_ms)
        if kept is None or pack is None:
            return
        policy, why = pack.policy, "not-delivered"
        if kept.state == "delivered":
            self._delivered(row, pack, utc_ms)
            return
        if kept.state == "handed":
            waited_ms = utc_ms - (kept.handed_utc_ms or utc_ms)
            if waited_ms < policy.reminder.report_wait_s * 1000:
                return
            self._parts.messages.ask(kept.id, utc_ms)
            kept, why = self._message(row), "no-report"
            if kept is None or kept.state == "delivered":
                return  # the next round finds it
        with self._parts.engine.begin() as db:
            messages.give_up(db, kept.id)
            task = policy.reminder.when_failed
            reminder_rows.fail(db, row, Event.NOT_DELIVERED, utc_ms, why, task)

    def _delivered(self, row: Pending, pack: Pack, utc_ms: int) -> None:
        """The grace begins with the report, or when the time of quiet that it fell into ends."""
        until = self._quiet_until(row, utc_ms)
        with self._parts.engine.begin() as db:
            if until is not None and row.stage is Stage.SENT:
                reminder_rows.go(db, row, Event.QUIET, utc_ms, "quiet", next_utc_ms=until)
            elif until is None:
                self._reminded(db, row, Event.DELIVERED, pack, utc_ms)

    def _wake_delivered(self, row: Pending, utc_ms: int) -> None:
        pack = self._pack(row, utc_ms)
        if pack is not None:
            with self._parts.engine.begin() as db:
                self._reminded(db, row, Event.AWAKE, pack, utc_ms)

    def _note_late_report(self, row: Pending, utc_ms: int) -> None:
        kept = self._message(row)
        pack = self._pack(row, utc_ms)
        if kept is not None and pack is not None and kept.state == "delivered":
            self._delivered(row, pack, utc_ms)

    def _reminded(
        self, db: Connection, row: Pending, event: Event, pack: Pack, utc_ms: int
    ) -> None:
        """The act, and the notice to the device, in one transaction."""
        if not reminder_rows.go(db, row, event, utc_ms, values={"task": ""}):
            return
        detail = {"message": str(row.message_id), "policy": pack.sha256}
        if reminder_rows.act(db, row.case_id, Action.REMIND, utc_ms, detail, SHOWN):
            grace_ms = pack.policy.times.grace_s * 1000
            notices.begin(db, row.case_id, utc_ms, grace_ms)

    def _quiet_until(self, row: Pending, utc_ms: int) -> int | None:
        pack = self._pack(row, utc_ms)
        return None if pack is None else quiet_until(pack.policy, utc_ms, self._parts.zone)

    def _message(self, row: Pending) -> messages.Kept | None:
        if row.message_id is None:
            return None
        with reading(self._parts.engine) as db:
            return messages.get(db, row.message_id)

    def _wait(self, row: Pending, utc_ms: int, why: str) -> None:
        with self._parts.engine.begin() as db:
            reminder_rows.wait(db, row, utc_ms + AGAIN_MS, why)

    def _pack(self, row: Pending, utc_ms: int) -> Pack | None:
        """The pack that the case was made under, else the one in force. Without any it waits."""
        with reading(self._parts.engine) as db:
            packs = kept_packs(db)
        day = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(self._parts.zone).date()
        pack = packs.get(row.policy_sha256) or in_force(packs.values(), day)
        if pack is None and row.why != "no-policy":
            self._wait(row, utc_ms, "no-policy")
        return pack


def _weighed(db: Connection, row: Pending, found: Weighed, utc_ms: int, task: str) -> None:
    if found.event is Event.UNREADABLE:
        reminder_rows.fail(db, row, found.event, utc_ms, found.why, task)
    elif row.stage is Stage.TYPE and found.event is Event.UNCLEAR:
        reminder_rows.wait(db, row, utc_ms + TYPED_AGAIN_MS, found.why)
    else:
        agreed = {"plate": found.plate, "colour": found.colour}
        reminder_rows.go(db, row, found.event, utc_ms, found.why, values=agreed)
