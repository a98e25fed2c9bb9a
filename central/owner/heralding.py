"""Who agreed to be served on the page is told by SMS when a document lies there, as the words of
the consent promise. The message holds a link of the party's own; it does not serve, opening does.

Follows the log: a document that was issued under a consent in force is told once, within the
transaction that queues the message. One that cannot be told (no telephone, no ID number for the
check) is served on paper like any other.
"""

from collections.abc import Sequence
from datetime import tzinfo
from uuid import UUID

from sqlalchemy import Connection, Engine, select

from central import acting, events, following, messages, tables
from central.document_tables import document
from central.documents.facts import DECISIONS, DEMAND, NOTICE
from central.owner import parties, situation
from central.owner.inviting import is_reachable, queue_link
from central.owner.parties import Consent, Party
from central.owner_tables import service_consent
from central.reminding import quiet_until

ACTOR, NAME, TOLD = "system", "heralding", "paper-told"
KINDS = (
    NOTICE, *DECISIONS, DEMAND, "不予行政处罚决定书", "缴款通知", "撤销决定书", "补正通知",
)  # fmt: skip
"""What is told of. What the party made themselves lies there as well."""
_EVENT = tables.case_event


class Heralding:
    """Every call blocks."""

    def __init__(self, engine: Engine, base_url: str, zone: tzinfo) -> None:
        self._engine = engine
        self._base_url = base_url.rstrip("/")
        self._zone = zone

    def run(self, utc_ms: int) -> None:
        """Whatever was issued since the last round."""

        def refresh(db: Connection, cases: Sequence[UUID]) -> None:
            live = service_consent.c.withdrawn_utc_ms.is_(None)
            mine = select(service_consent.c.case_id).where(
                service_consent.c.case_id.in_(cases), live
            )
            for case_id in db.scalars(mine.distinct()).all():
                self._tell(db, case_id, utc_ms)

        following.follow(self._engine, NAME, refresh)

    def _tell(self, db: Connection, case_id: UUID, utc_ms: int) -> None:
        consent, party = parties.consent(db, case_id), parties.of_case(db, case_id)
        if consent is None or party is None or not is_reachable(party):
            return
        acting.lock(db, case_id)
        waiting = _untold(db, case_id, consent)
        if waiting and self._queue(db, party, utc_ms):
            for sha256 in waiting:
                told = events.Event(utc_ms, ACTOR, TOLD, case_id, {"document": sha256})
                events.append(db, told)

    def _queue(self, db: Connection, party: Party, utc_ms: int) -> bool:
        """False while no policy pack names the agency: it comes round with the next line."""
        head = situation.letterhead(db, utc_ms)
        if head is None:
            return False
        queued = queue_link(db, party, "paper", head, self._base_url, utc_ms)
        if (until := quiet_until(head, utc_ms, self._zone)) is not None:
            messages.put_off(db, queued.message, until)
        return True


def _untold(db: Connection, case_id: UUID, consent: Consent) -> Sequence[str]:
    """Documents that were issued since the consent and not told of."""
    issued = select(document.c.sha256).where(
        document.c.case_id == case_id,
        document.c.kind.in_(KINDS),
        document.c.issued_utc_ms >= consent.given_utc_ms,
    )
    lines = select(_EVENT.c.payload).where(_EVENT.c.case_id == case_id, _EVENT.c.type == TOLD)
    told = {events.parse_payload(text)["document"] for text in db.scalars(lines)}
    names = db.scalars(issued.order_by(document.c.issued_utc_ms, document.c.sha256)).all()
    return [sha256 for sha256 in names if sha256 not in told]
