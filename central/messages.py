"""Messages to telephones: queued within a transaction, handed over once, and what became of them.

Number and words are kept only as long as they are needed: the words until the gateway has them, the
number until the message is over.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, Engine, Row, func, insert, select, update

from central import events
from central.database import reading
from central.gateway_books import Books
from central.gateways.calls import BadAnswer, GatewayDown, GatewayError, GatewayRefused
from central.gateways.sms import Report, Sent, Sms, SmsGateway
from central.reminder_tables import message

ACTOR = "sms"
AT_ONCE = 8
MOST_A_ROUND = 200
OVER = ("delivered", "failed", "silent", "withdrawn")
_C = message.c
log = logging.getLogger("central.messages")


@dataclass(frozen=True, slots=True)
class NewMessage:
    """`fields` is what `text` was made of, for gateways that hold the text themselves."""

    case_id: UUID
    purpose: str
    contact: str
    text: str
    fields: Mapping[str, str]
    plate: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as others see it: never its number or its words."""

    id: UUID
    case_id: UUID
    purpose: str
    state: str
    text_sha256: str
    made_utc_ms: int
    handed_utc_ms: int | None
    gateway_id: str
    reported_utc_ms: int | None
    code: str


def queue(db: Connection, new: NewMessage, utc_ms: int) -> UUID:
    """Queue a message within the caller's transaction; it goes out in the next round."""
    message_id, digest = uuid4(), sha256(new.text.encode()).hexdigest()
    db.execute(
        insert(message).values(
            id=message_id,
            case_id=new.case_id,
            purpose=new.purpose,
            state="queued",
            contact=new.contact,
            text=new.text,
            fields=json.dumps(dict(new.fields), ensure_ascii=False),
            text_sha256=digest,
            plate=new.plate,
            made_utc_ms=utc_ms,
            next_utc_ms=utc_ms,
            tries=0,
            gateway_id="",
            code="",
        )
    )
    payload = {"message": str(message_id), "purpose": new.purpose, "text_sha256": digest}
    events.append(db, events.Event(utc_ms, ACTOR, "message-queued", new.case_id, payload))
    return message_id


def get(db: Connection, message_id: UUID) -> Kept | None:
    row = db.execute(select(message).where(_C.id == message_id)).one_or_none()
    return None if row is None else _kept(row)


def of_case(db: Connection, case_id: UUID) -> Sequence[Kept]:
    """Every message of a case, oldest first."""
    query = select(message).where(_C.case_id == case_id).order_by(_C.made_utc_ms)
    return tuple(_kept(row) for row in db.execute(query))


def told_since(db: Connection, plate: str, since_utc_ms: int) -> int:
    """How many messages about a plate went out since, or are about to."""
    mine = (_C.plate == plate) & (_C.made_utc_ms >= since_utc_ms)
    mine &= _C.state.not_in(("withdrawn", "failed"))
    return int(db.scalar(select(func.count()).select_from(message).where(mine)) or 0)


def put_off(db: Connection, message_id: UUID, until_utc_ms: int) -> None:
    """Not before then."""
    db.execute(update(message).where(_C.id == message_id).values(next_utc_ms=until_utc_ms))


def withdraw(db: Connection, message_id: UUID) -> None:
    """It is not needed any more. One that was handed over only waits for nothing any longer."""
    over = {"state": "withdrawn", "contact": "", "text": "", "fields": ""}
    waiting = (_C.id == message_id) & (_C.state == "queued")
    db.execute(update(message).where(waiting).values(over))


def give_up(db: Connection, message_id: UUID) -> None:
    """No report came in time. One that comes late is still taken."""
    handed = (_C.id == message_id) & (_C.state == "handed")
    db.execute(update(message).where(handed).values(state="silent", contact=""))


class Messages:
    """Hands over what is queued, and takes reports. Every call blocks."""

    def __init__(self, engine: Engine, gateway: SmsGateway | None, books: Books) -> None:
        self._engine = engine
        self._gateway = gateway
        self._books = books

    @property
    def is_there(self) -> bool:
        return self._gateway is not None

    def waiting(self) -> tuple[int, int | None]:
        """How many messages wait for the gateway, and since when the oldest does."""
        query = select(func.count(), func.min(_C.made_utc_ms)).where(_C.state == "queued")
        with reading(self._engine) as db:
            count, oldest = db.execute(query).one()
        return int(count), oldest

    def run(self, utc_ms: int) -> int:
        """Hand over what is due, several at once; how many were taken."""
        gateway = self._gateway
        if gateway is None or not self._books.is_open(gateway.name, utc_ms):
            return 0
        due = (_C.state == "queued") & (_C.next_utc_ms <= utc_ms)
        query = select(message).where(due).order_by(_C.made_utc_ms).limit(MOST_A_ROUND)
        with reading(self._engine) as db:
            rows = db.execute(query).all()
        if not rows:
            return 0
        self._mark_tried([row.id for row in rows], utc_ms)
        with ThreadPoolExecutor(min(AT_ONCE, len(rows))) as pool:
            taken = list(pool.map(lambda row: self._hand_over(gateway, row, utc_ms), rows))
        return sum(taken)

    def report(self, report: Report, utc_ms: int) -> UUID | None:
        """Take a delivery report; the case that it concerns, None for a message of nobody.

        What is over stays as it is: a report that comes twice, or says another thing later,
        changes nothing. Only silence may still be broken.
        """
        with self._engine.begin() as db:
            row = db.execute(select(message).where(_named(report)).with_for_update()).first()
            if row is not None and row.state in ("queued", "handed", "silent"):
                _over(db, row, report, utc_ms)
        if row is None:
            name = self._gateway.name if self._gateway is not None else ACTOR
            self._books.stray(name, utc_ms)
            log.warning("a delivery report for a message that nobody sent")
            return None
        found: UUID = row.case_id
        return found

    def ask(self, message_id: UUID, utc_ms: int) -> None:
        """Ask the gateway what became of a message whose report did not come."""
        gateway = self._gateway
        with reading(self._engine) as db:
            row = db.execute(select(message).where(_C.id == message_id)).one_or_none()
        if (
            gateway is None
            or row is None
            or row.state != "handed"
            or not self._books.is_open(ACTOR, utc_ms)
        ):
            return
        try:
            sent = Sent(row.id, row.contact, row.gateway_id, row.handed_utc_ms)
            report = gateway.ask(sent)
        except GatewayError as fault:
            self._books.failed(gateway.name, str(fault), utc_ms)
            return
        if report is not None:
            self.report(report, utc_ms)

    def _mark_tried(self, ids: Sequence[UUID], utc_ms: int) -> None:
        """Before the first try is made: after a crash the gateway may have it already."""
        first = _C.id.in_(ids) & _C.tried_utc_ms.is_(None)
        with self._engine.begin() as db:
            db.execute(update(message).where(first).values(tried_utc_ms=utc_ms))

    def _hand_over(self, gateway: SmsGateway, row: Row[tuple[object, ...]], utc_ms: int) -> bool:
        sms = Sms(row.id, row.contact, row.text, json.loads(row.fields), row.purpose)
        try:
            number = gateway.send(sms, tried_utc_ms=row.tried_utc_ms)
        except GatewayRefused as refused:
            self._refused(row, refused, utc_ms)
            return False
        except (GatewayDown, BadAnswer) as fault:
            self._books.failed(gateway.name, str(fault), utc_ms)
            with self._engine.begin() as db:
                db.execute(update(message).where(_C.id == row.id).values(tries=_C.tries + 1))
            return False
        self._handed(row, number, utc_ms)
        self._books.went_well(gateway.name, utc_ms)
        return True

    def _handed(self, row: Row[tuple[object, ...]], number: str, utc_ms: int) -> None:
        emptied = {"gateway_id": number, "handed_utc_ms": utc_ms, "text": "", "fields": ""}
        with self._engine.begin() as db:
            db.execute(update(message).where(_C.id == row.id).values(emptied))
            # The report may have been quicker than the answer.
            queued = (_C.id == row.id) & (_C.state == "queued")
            db.execute(update(message).where(queued).values(state="handed"))
            payload = {"message": str(row.id), "gateway_id": number}
            events.append(db, events.Event(utc_ms, ACTOR, "message-handed", row.case_id, payload))

    def _refused(self, row: Row[tuple[object, ...]], refused: GatewayRefused, utc_ms: int) -> None:
        with self._engine.begin() as db:
            _over(db, row, Report("failed", str(row.id), "", refused.code[:64]), utc_ms)


def _named(report: Report) -> ColumnElement[bool]:
    """By our number if it is one, else by the gateway's own."""
    try:
        return _C.id == UUID(report.id)
    except ValueError:
        return (_C.gateway_id == report.gateway_id) & (_C.gateway_id != "")


def _over(db: Connection, row: Row[tuple[object, ...]], report: Report, utc_ms: int) -> None:
    values = {
        "state": report.outcome,
        "reported_utc_ms": utc_ms,
        "code": report.code,
        "contact": "",
        "text": "",
        "fields": "",
    }
    db.execute(update(message).where(_C.id == row.id).values(values))
    payload = {"message": str(row.id), "outcome": report.outcome, "code": report.code}
    events.append(db, events.Event(utc_ms, ACTOR, "message-reported", row.case_id, payload))


def _kept(row: Row[tuple[object, ...]]) -> Kept:
    return Kept(
        row.id,
        row.case_id,
        row.purpose,
        row.state,
        row.text_sha256,
        row.made_utc_ms,
        row.handed_utc_ms,
        row.gateway_id,
        row.reported_utc_ms,
        row.code,
    )
