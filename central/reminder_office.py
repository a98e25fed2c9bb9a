"""All between a packet and a reminded owner, as the server and its pages are given it.

    office = ReminderOffice.over(engine, blobs, Outside(gateways, reader, …), bell)

`jobs` is what a running server does by itself; the bell brings its next round forward.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from pydantic import SecretStr
from sqlalchemy import Engine

from central import notices
from central.blobs import Blobs
from central.gateway_books import Books
from central.gateways.opened import Gateways
from central.gateways.sms import BadReport, read_report
from central.jobs import Bell, Job
from central.messages import Messages
from central.notices import Notices
from central.receipts import Outgoing
from central.reminders import Hands, Parts, Reminders
from central.second_reading import SecondReader
from edge.wire.signing import Signer

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
class ReminderOffice:
    """Every part blocks."""

    engine: Engine
    outside: Outside
    bell: Bell
    books: Books
    messages: Messages
    reminders: Reminders
    hands: Hands

    @classmethod
    def over(cls, engine: Engine, blobs: Blobs, outside: Outside, bell: Bell) -> "ReminderOffice":
        books = Books(engine)
        messages = Messages(engine, outside.gateways.sms, books)
        reminders = Reminders(
            Parts(
                engine=engine,
                blobs=blobs,
                messages=messages,
                books=books,
                register=outside.gateways.register,
                reader=outside.reader,
                zone=outside.zone,
                base_url=outside.base_url,
            )
        )
        return cls(engine, outside, bell, books, messages, reminders, Hands(engine, bell.ring))

    def take_report(self, headers: Mapping[str, str], body: bytes, now_utc_ms: int) -> None:
        """A delivery report that the SMS gateway pushed. Raises BadReport."""
        if self.outside.report_secret is None:
            raise BadReport("no gateway is configured that pushes signed reports")
        secret = self.outside.report_secret.get_secret_value()
        report = read_report(headers, body, secret, now_utc_ms)
        if report is not None and self.messages.report(report, now_utc_ms) is not None:
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

    def close(self) -> None:
        """Let go of connections and of the second reader."""
        self.outside.gateways.close()
        if self.outside.reader is not None:
            self.outside.reader.close()
