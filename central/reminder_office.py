"""All between a packet and a reminded owner, as the server and its pages are given it.

    office = ReminderOffice.over(engine, blobs, Outside(gateways, reader, …), bell)

`jobs` is what a running server does by itself; the bell brings its next round forward.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import Engine

from central import messages, notices, reminder_rows
from central.blobs import Blobs
from central.database import reading
from central.gateway_books import Books, State
from central.gateways.calls import GatewayError
from central.gateways.opened import Gateways
from central.gateways.register import Query
from central.gateways.sms import BadReport, read_report
from central.jobs import Bell, Job
from central.messages import Messages
from central.notices import Notices
from central.owner.heralding import Heralding
from central.receipts import Outgoing
from central.reminder_hands import NEVER_ASKED, Hands
from central.reminder_rows import Pending
from central.reminders import REGISTER, Parts, Reminders
from central.reminding import Stage
from central.second_reading import SecondReader
from edge.wire.signing import Signer

_HERALD_S = 3.0
_EVERY_S = 1.0
"""For work that another worker stored, or whose time has come; this worker's own rings the bell."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What lies outside of the database. What is not there is done by people."""

    base_url: str
    zone: tzinfo
    gateways: Gateways = field(default_factory=Gateways)
    reader: SecondReader | None = None
    report_secret: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """Reminders that need a person, those that a task is left of, and those under way."""

    doubts: Sequence[Pending]
    tasks: Sequence[Pending]
    waiting: Sequence[Pending]


@dataclass(frozen=True, slots=True)
class Story:
    """One case's reminder: where it is, its messages, how often its notice was published."""

    pending: Pending | None
    messages: tuple[messages.Kept, ...]
    notice: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class GatewayView:
    """A gateway as its page shows it; `state` None while nothing was asked of it."""

    name: str
    there: bool
    state: State | None


@dataclass(frozen=True, slots=True)
class ReminderOffice:
    """Every part blocks."""

    engine: Engine
    outside: Outside
    bell: Bell
    books: Books
    messages: Messages
    reminders: Reminders
    hands: Hands
    heralding: Heralding
    never_asked: frozenset[str] = NEVER_ASKED

    @classmethod
    def over(cls, engine: Engine, blobs: Blobs, outside: Outside, bell: Bell) -> "ReminderOffice":
        books = Books(engine)
        post = Messages(engine, outside.gateways.sms, books)
        reminders = Reminders(
            Parts(
                engine=engine,
                blobs=blobs,
                messages=post,
                books=books,
                register=outside.gateways.register,
                reader=outside.reader,
                zone=outside.zone,
                base_url=outside.base_url,
            )
        )
        return cls(
            engine,
            outside,
            bell,
            books,
            post,
            reminders,
            Hands(engine, bell.ring),
            Heralding(engine, outside.base_url, outside.zone),
        )

    def take_report(self, headers: Mapping[str, str], body: bytes, now_utc_ms: int) -> None:
        """A delivery report that the SMS gateway pushed. Raises BadReport."""
        if self.outside.report_secret is None:
            raise BadReport("no gateway is configured that pushes signed reports")
        secret = self.outside.report_secret.get_secret_value()
        report = read_report(headers, body, secret, now_utc_ms)
        if report is not None and self.messages.report(report, now_utc_ms) is not None:
            self.bell.ring()

    def take_hint(self, body: bytes, now_utc_ms: int) -> None:
        """Reports of Aliyun that nobody signed: the messages that they name are asked about."""
        for message_id in _named_in(body):
            self.messages.ask(message_id, now_utc_ms)
        self.bell.ring()

    def to_type(self, person: str) -> list[Pending]:
        """Reminders that wait for somebody to type the plate, and did not for this person yet."""
        with reading(self.engine) as db:
            rows = reminder_rows.listed(db, (Stage.TYPE,))
            return [row for row in rows if person not in reminder_rows.typists(db, row.case_id)]

    def pending(self, case_id: UUID) -> Pending | None:
        """How far the reminder of a case is."""
        with reading(self.engine) as db:
            return reminder_rows.get(db, case_id)

    def board(self) -> Board:
        """What people have to do about reminders, and what waits by itself."""
        with reading(self.engine) as db:
            return Board(
                doubts=reminder_rows.listed(db, (Stage.PERSON,)),
                tasks=reminder_rows.with_task(db),
                waiting=reminder_rows.listed(
                    db,
                    (Stage.READ, Stage.LOOK_UP, Stage.SEND, Stage.HOLD, Stage.SENT, Stage.ASLEEP),
                ),
            )

    def telephone(self, row: Pending, now_utc_ms: int) -> str:
        """Whom to call about a reminder that failed; empty where the register does not say."""
        register = self.outside.gateways.register
        if register is None or row.plate is None or row.colour is None:
            return ""
        try:
            found = register.find(Query(row.plate, row.colour, "reminder", row.number))
        except GatewayError as fault:
            self.books.failed(REGISTER, str(fault), now_utc_ms)
            return ""
        return found[0].contact if len(found) == 1 else ""

    def story(self, case_id: UUID) -> Story:
        """The reminder of one case, for its page."""
        with reading(self.engine) as db:
            return Story(
                reminder_rows.get(db, case_id),
                tuple(messages.of_case(db, case_id)),
                notices.of_case(db, case_id),
            )

    def gateways(self) -> Sequence[GatewayView]:
        """Every gateway that is configured, or was heard of."""
        known = {state.name: state for state in self.books.all()}
        there = {
            "sms": self.outside.gateways.sms is not None,
            "register": self.outside.gateways.register is not None,
            "identity": self.outside.gateways.identity is not None,
            "reader": self.outside.reader is not None,
        }
        names = sorted({*known, *there})
        return tuple(GatewayView(name, there.get(name, True), known.get(name)) for name in names)

    def backlog(self) -> Mapping[str, tuple[int, int | None]]:
        """How much waits for each gateway, and since when."""
        with reading(self.engine) as db:
            asking = reminder_rows.listed(db, (Stage.LOOK_UP,))
        oldest = min((row.since_utc_ms for row in asking), default=None)
        return {"sms": self.messages.waiting(), "register": (len(asking), oldest)}

    def retry(self, name: str) -> None:
        """A person does not want to wait until the gateway is tried again."""
        self.books.retry(name)
        self.bell.ring()

    def came_back(self, device: str) -> None:
        """A device announced itself: what it may have missed is told at once."""
        if notices.came_back(self.engine, device):
            self.bell.ring()

    def jobs(self, signer: Signer, publish: Callable[[Outgoing], None]) -> Sequence[Job]:
        """Work that comes round, for a thread of its own: nothing else may keep it waiting."""
        telling = Notices(self.engine, signer, publish)
        return (
            Job("reminders", _EVERY_S, self.reminders.run),
            Job("notices", _EVERY_S, telling.run),
        )

    def later_jobs(self) -> Sequence[Job]:
        """Work that may wait for a few seconds."""
        return (Job("heralding", _HERALD_S, self.heralding.run),)

    def close(self) -> None:
        """Let go of connections and of the second reader."""
        self.outside.gateways.close()
        if self.outside.reader is not None:
            self.outside.reader.close()


def _named_in(body: bytes) -> list[UUID]:
    """Our numbers in a push of Aliyun, at most a hundred; what is no number of ours is left out."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):  # nobody signs these: they may be anything
        return []
    found = []
    for one in (told if isinstance(told, list) else [])[:100]:
        try:
            found.append(UUID(str(one["out_id"])))
        except (ValueError, TypeError, KeyError):
            continue
    return found
