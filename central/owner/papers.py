"""Documents that are handed to the party on their page, and consent to being served there.

Whoever opens a document is written down. It is electronic service only while a consent of the
case's party is in force (行政处罚法 art. 61): then the opening of a decision proves its service.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Connection, Engine

from central import acting, documents, events
from central.billing import do_with_document
from central.case_moves import RULES
from central.cases import Act, Action, Guard, Role, State
from central.documents import facts
from central.documents.wording import moment
from central.owner import parties
from central.owner.parties import Party
from central.owner_links import Link

KINDS = (
    "行政处罚告知书",
    "责令改正通知书",
    "陈述申辩笔录",
    "放弃声明",
    "行政处罚决定书",
    "当场行政处罚决定书",
    "不予行政处罚决定书",
    "缴款通知",
    "催告书",
    "撤销决定书",
    "补正通知",
    "复议决定书",
    "判决书",
)
"""What is addressed to the party or came from them; the office's own sheets are not shown here."""
OPENED = "document-opened"
ACTOR = "owner-page"


@dataclass(frozen=True, slots=True)
class Paper:
    """A document on the party's page."""

    sha256: str
    kind: str
    number: str | None
    issued_utc_ms: int


def of_case(db: Connection, case_id: UUID) -> Sequence[Paper]:
    """What the case's party may open, newest first."""
    return [
        Paper(one.sha256, one.kind, one.number, one.issued_utc_ms)
        for one in reversed(facts.issued(db, case_id))
        if one.kind in KINDS
    ]


class Papers:
    """Opening documents and consenting to it. Every call blocks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, link: Link, me: Party, sha256: str, utc_ms: int) -> Paper | None:
        """Write down that the party opened it; None where it is none of theirs."""
        with self._engine.begin() as db:
            acting.lock(db, link.case_id)
            known = {paper.sha256: paper for paper in of_case(db, link.case_id)}
            paper = known.get(sha256)
            if paper is None or me.confirmed_utc_ms is None:
                return None
            consent = parties.consent(db, link.case_id)
            live = consent is not None and consent.party_id == me.id
            # The document's number is taken before anything is logged.
            if live and paper.kind in facts.DECISIONS:
                _prove_service(db, link.case_id, utc_ms)
            payload = {
                "document": sha256,
                "kind": paper.kind,
                "consent": str(consent.id) if live and consent else "",
            }
            _log(db, link, OPENED, utc_ms, payload)
            acting.forget_due(db, link.case_id)
            return paper

    def agree(self, link: Link, me: Party, words: str, utc_ms: int) -> None:
        """Consent to exactly these words."""
        with self._engine.begin() as db:
            acting.lock(db, link.case_id)
            consent_id = parties.agree(db, me, words, utc_ms)
            payload = {
                "consent": str(consent_id),
                "words": hashlib.sha256(words.encode()).hexdigest(),
            }
            _log(db, link, "service-consented", utc_ms, payload)

    def withdraw(self, link: Link, me: Party, utc_ms: int) -> None:
        """From now on documents come on paper again."""
        with self._engine.begin() as db:
            acting.lock(db, link.case_id)
            parties.withdraw(db, me, utc_ms)
            _log(db, link, "service-consent-withdrawn", utc_ms)

    def note(self, link: Link, kind: str, utc_ms: int) -> None:
        """Write down that somebody looked."""
        with self._engine.begin() as db:
            _log(db, link, kind, utc_ms)


def _prove_service(db: Connection, case_id: UUID, utc_ms: int) -> None:
    case = acting.standing(db, case_id)
    if case.main is not State.SERVING:
        return
    act = Act(Action.PROVE_SERVICE, Role.SYSTEM, ACTOR)
    proven = frozenset({Guard.SERVICE_PROVEN})
    if Action.PROVE_SERVICE not in RULES.open_to(case, Role.SYSTEM):
        return
    typed = {
        "way": "电子送达（经受送达人同意，通过案件网页）",
        "service_place": "案件网页（由提醒短信中的链接进入，并经身份核对）",
        "service_result": f"受送达人于{moment(utc_ms)}打开查看",
        "person": "",
    }
    try:
        with db.begin_nested():
            do_with_document(db, case_id, act, proven, utc_ms, **typed)
    except documents.Incomplete:
        return  # the service clerk proves it by hand; the opening is in the log


NOTHING: Mapping[str, str] = MappingProxyType({})


def _log(
    db: Connection, link: Link, kind: str, utc_ms: int, payload: Mapping[str, str] = NOTHING
) -> None:
    event = events.Event(utc_ms, f"owner:{link.id}", kind, link.case_id, payload)
    events.append(db, event)
