"""What bars a case from a penalty whatever anybody proves: rules that were never put in force here,
rules or lanes that were found wrong (central/doubts.py), and a request that an officer withdraw
which nobody answered (central/owner/recusals.py). central/acting.py asks with every act.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Connection, and_, select

from central import events, tables
from central.cases import Guard
from central.office_tables import wrong_case
from central.owner_tables import statement

SEEN_HERE = frozenset({Guard.PACK_KNOWN, Guard.NOT_IN_DOUBT, Guard.RECUSALS_ANSWERED})
"""Conditions that the tables show, and nobody's word."""
RECUSAL, RECUSAL_ANSWERED = "recusal", "recusal-answered"
"""The kind of statement that asks an officer to withdraw, and the line of the log that answers."""
_CASE, _RECORD, _EVENT = tables.case, tables.record, tables.case_event


def shown(db: Connection, case_id: UUID) -> frozenset[Guard]:
    """Which of these conditions hold, by the tables and nobody's word."""
    found = set()
    if not unknown_packs(db, case_id):
        found.add(Guard.PACK_KNOWN)
    waiting = and_(wrong_case.c.case_id == case_id, wrong_case.c.settled_utc_ms.is_(None))
    if db.execute(select(wrong_case.c.case_id).where(waiting)).first() is None:
        found.add(Guard.NOT_IN_DOUBT)
    if not unanswered_recusals(db, [case_id]):
        found.add(Guard.RECUSALS_ANSWERED)
    return frozenset(found)


def unknown_packs(db: Connection, case_id: UUID) -> Sequence[str]:
    """Packs that the case's records name and that were never put in force here."""
    known = select(tables.policy.c.sha256)
    own = select(_CASE.c.policy_sha256).where(_CASE.c.id == case_id)
    named = select(_RECORD.c.policy_sha256).where(_RECORD.c.case_id == case_id)
    both = own.union(named).subquery()
    query = select(both.c.policy_sha256).where(both.c.policy_sha256.not_in(known))
    return db.scalars(query.order_by(both.c.policy_sha256)).all()


def under_unknown_packs(db: Connection, cases: Collection[UUID]) -> frozenset[UUID]:
    """Those of some cases that name such a pack themselves, or whose records do."""
    known = select(tables.policy.c.sha256)
    own = select(_CASE.c.id).where(_CASE.c.id.in_(cases), _CASE.c.policy_sha256.not_in(known))
    named = select(_RECORD.c.case_id).where(
        _RECORD.c.case_id.in_(cases), _RECORD.c.policy_sha256.not_in(known)
    )
    return frozenset(db.scalars(own.union(named)))


def unanswered_recusals(db: Connection, cases: Collection[UUID]) -> frozenset[UUID]:
    """Statements in some cases that ask an officer to withdraw and that no head has answered
    (行政处罚法 art. 43)."""
    wanted = statement.c.case_id.in_(cases) & (statement.c.kind == RECUSAL)
    asked = frozenset(db.scalars(select(statement.c.id).where(wanted)))
    if not asked:
        return asked
    lines = _EVENT.c.case_id.in_(cases) & (_EVENT.c.type == RECUSAL_ANSWERED)
    told = db.scalars(select(_EVENT.c.payload).where(lines))
    return asked - {UUID(events.parse_payload(text)["statement"]) for text in told}
