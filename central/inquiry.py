"""The file of a case as the proofs want it (central/proofs.py), read within a transaction."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, select

from central import (
    acting,
    balances,
    bars,
    documents,
    fines,
    interests,
    papers,
    returns,
    stays,
    tables,
)
from central.acting import Logged
from central.calendar import LegalCalendar
from central.case_moves import RULES, SINCE_DECISION
from central.cases import Case, Guard, Role
from central.documents import facts
from central.documents.wording import local
from central.limits import Course
from central.owner import parties
from central.owner_tables import statement
from central.policies import kept_packs
from central.policy import Policy, in_force, made_under
from central.proofs import Known

HEARING = "hearing"
"""The kind of a statement that asks for a hearing."""
_CERTIFIED = frozenset({Role.OFFICER.value, Role.HEAD.value, Role.LEGAL.value})


def read(
    db: Connection,
    case_id: UUID,
    person: str,
    now_utc_ms: int,
    calendar: LegalCalendar,
    *,
    green: bool = False,
) -> Known:
    """The file as this person finds it now. `green`: every integrity check of the records holds,
    which only who reads the images can say."""
    file = facts.read(db, case_id, now_utc_ms)
    case = RULES.replay(logged.act for logged in file.done)
    policy, row = file.rules.case, file.row
    known = parties.of_case(db, case_id)
    unit = known is not None and known.person.kind == "unit"
    decided = file.last(*facts.DECISIONS)
    end_utc_ms = row.begin_utc_ms + row.standing_ms
    consent = parties.consent(db, case_id)
    return Known(
        course=course(db, case_id, case, file.done, policy),
        calendar=calendar,
        now_utc_ms=now_utc_ms,
        certified=_certified(db, person),
        conflict=interests.interest(db, case_id, person) is not None,
        shown=_shown(file, case, green=green),
        other_fines=len(_fines(db, file, end_utc_ms)) + _decided_stays(db, case_id),
        only_warns=_only_warns(file),
        barred=bars.SEEN_HERE - bars.shown(db, case_id),
        issued=frozenset(one.kind for one in file.issued),
        kinds=documents.KINDS,
        told_fen=_told_fen(file),
        most_fen=_most_fen(policy, unit=unit),
        simple=policy is not None and policy.penalty.procedure == "simple" and not unit,
        legal_review=(
            policy is None or policy.penalty.needs_legal_review or _hearing_asked(db, case_id)
        ),
        consent=consent is not None and consent.withdrawn_utc_ms is None,
        decision=decided.kind if decided else "",
        nothing_to_refund=balances.nothing_to_refund(db, case_id),
        spares_first=_spares_first(db, file, known),
        route=policy.profile if policy is not None else "full-evidence",
    )


def course(
    db: Connection, case_id: UUID, case: Case, done: Sequence[Logged], policy: Policy | None
) -> Course:
    """What the time limits of a case rest on."""
    row = db.execute(select(tables.case).where(tables.case.c.id == case_id)).one()
    return Course(
        case=case,
        done=done,
        begin_utc_ms=row.begin_utc_ms,
        end_utc_ms=row.begin_utc_ms + row.standing_ms,
        received={one.kind: one.day for one in papers.received(db, case_id).values()},
        pay_until=balances.last_day(db, case_id),
        policy=policy,
    )


def course_of(db: Connection, case_id: UUID) -> Course:
    """As `course`, read without the records: for lists and clocks."""
    row = db.execute(select(tables.case).where(tables.case.c.id == case_id)).one()
    packs = kept_packs(db)
    began = in_force(packs.values(), local(row.begin_utc_ms).date())
    pack = made_under(packs, row.policy_sha256) or began
    done = acting.acts(db, case_id)
    case = RULES.replay(logged.act for logged in done)
    return course(db, case_id, case, done, pack.policy if pack else None)


def _certified(db: Connection, person: str) -> bool:
    """An active account with such a role stands for a certificate in force."""
    user = tables.user
    row = db.execute(select(user.c.role, user.c.active).where(user.c.id == person)).one_or_none()
    return row is not None and row.active and row.role in _CERTIFIED


def _shown(file: facts.File, case: Case, *, green: bool) -> frozenset[Guard]:
    found = stays.shown([record for record, _ in file.records])
    if stays.is_reminded(case):
        found |= {Guard.REMINDED}
    return found | {Guard.INTEGRITY_GREEN} if green else found


def _fines(db: Connection, file: facts.File, end_utc_ms: int) -> tuple[fines.Fine, ...]:
    row = file.row
    if row.plate is None:
        return ()
    return fines.other_fines(db, row.plate, row.plate_colour, row.begin_utc_ms, end_utc_ms, row.id)


def _decided_stays(db: Connection, case_id: UUID) -> int:
    """Decided cases of the same act: the vehicle only left for a moment."""
    return sum(one.state in SINCE_DECISION for one in returns.same_act(db, case_id))


def _spares_first(db: Connection, file: facts.File, known: parties.Party | None) -> bool:
    """Whether the pack spares first offences and nothing is known of an earlier one (行政处罚法
    art. 33)."""
    policy, row = file.rules.case, file.row
    if policy is None or not policy.penalty.first_offence_is_warned:
        return False
    number = known.person.id_number if known is not None else ""
    return not fines.is_known_offender(db, row.id, number)


def _hearing_asked(db: Connection, case_id: UUID) -> bool:
    """A hearing makes the legal review compulsory (行政处罚法 art. 58)."""
    asked = (statement.c.case_id == case_id) & (statement.c.kind == HEARING)
    return db.scalar(select(statement.c.id).where(asked).limit(1)) is not None


def _only_warns(file: facts.File) -> bool | None:
    """None where the case's pack is not known: then nothing is filed."""
    policy, row = file.rules.case, file.row
    if policy is None:
        return None
    return policy.only_warns(row.site, row.lane, local(row.begin_utc_ms).date())


def _told_fen(file: facts.File) -> int | None:
    notice = file.last(facts.NOTICE)
    if notice is None:
        return None
    return int(str(notice.content.values["amount"]).replace(".", ""))


def _most_fen(policy: Policy | None, *, unit: bool) -> int | None:
    if policy is None:
        return None
    return policy.penalty.unit_fen if unit else policy.penalty.person_fen
