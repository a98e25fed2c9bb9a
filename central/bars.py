"""What bars a case from a penalty whatever anybody proves: rules that were never put in force here,
and rules or lanes that were found wrong (central/doubts.py). central/acting.py asks with every act.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, and_, select

from central import tables
from central.cases import Guard
from central.office_tables import wrong_case

SEEN_HERE = frozenset({Guard.PACK_KNOWN, Guard.NOT_IN_DOUBT})
"""Conditions that the tables show, and nobody's word."""
_CASE, _RECORD = tables.case, tables.record


def shown(db: Connection, case_id: UUID) -> frozenset[Guard]:
    """Which of the two conditions hold, by the tables and nobody's word."""
    found = set()
    if not unknown_packs(db, case_id):
        found.add(Guard.PACK_KNOWN)
    waiting = and_(wrong_case.c.case_id == case_id, wrong_case.c.settled_utc_ms.is_(None))
    if db.execute(select(wrong_case.c.case_id).where(waiting)).first() is None:
        found.add(Guard.NOT_IN_DOUBT)
    return frozenset(found)


def unknown_packs(db: Connection, case_id: UUID) -> Sequence[str]:
    """Packs that the case's records name and that were never put in force here."""
    known = select(tables.policy.c.sha256)
    own = select(_CASE.c.policy_sha256).where(_CASE.c.id == case_id)
    named = select(_RECORD.c.policy_sha256).where(_RECORD.c.case_id == case_id)
    both = own.union(named).subquery()
    query = select(both.c.policy_sha256).where(both.c.policy_sha256.not_in(known))
    return db.scalars(query.order_by(both.c.policy_sha256)).all()
