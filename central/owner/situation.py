"""Where a case stands as its owner is told: the phase, the clock that runs, and what they may do.

Everything is read at one moment; nothing of it depends on a person's language.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from central import balances, owner_links
from central.bars import RECUSAL
from central.calendar import LegalCalendar, local_date
from central.case_moves import RULES
from central.cases import Action, Case, Remedy, Role, State
from central.documents import facts
from central.documents.wording import CHINA
from central.money import Balance
from central.owner import identifying, papers, parties, recusals
from central.owner.identifying import Answer
from central.owner.papers import Paper
from central.owner.parties import Consent, Party
from central.owner.recusals import Answer as RecusalAnswer
from central.owner_links import Link
from central.owner_tables import owner_upload, statement
from central.papers import received
from central.policies import kept_packs
from central.policy import Policy, in_force

_S = State
_STATES: Mapping[str, tuple[State, ...]] = {
    "watched": (_S.SUSPECTED, _S.REMINDER_FAILED),
    "grace": (_S.REMINDED,),
    "left": (_S.DEPARTED,),
    "dropped": (_S.INDETERMINATE, _S.REJECTED, _S.NOT_FILED),
    "exempt": (_S.EXEMPT,),
    "review": (
        _S.OVERSTAYED, _S.QUARANTINED, _S.SCREENED, _S.FIRST_REVIEWED, _S.DISPUTED,
        _S.SECOND_REVIEWED, _S.OWNER_RESOLVED, _S.FILING_PROPOSED,
    ),
    "filed": (_S.FILED,),
    "identified": (_S.PARTY_IDENTIFIED,),
    "notified": (_S.NOTIFIED,),
    "stated": (_S.STATEMENT,),
    "waived": (_S.WAIVED,),
    "silent": (_S.SILENT,),
    "deciding": (_S.RECHECKED, _S.LEGALLY_REVIEWED),
    "serving": (_S.DECIDED, _S.SERVING, _S.ANNOUNCED),
    "served": (_S.SERVED,),
    "payable": (_S.PAYABLE, _S.DEFERRED),
    "overdue": (_S.OVERDUE, _S.DEMANDED),
    "court": (_S.IN_COURT,),
    "paid": (_S.PAID,),
    "spared": (_S.NO_PENALTY,),
    "transferred": (_S.TRANSFERRED,),
    "revoked": (_S.REVOKED, _S.VOID, _S.REFUNDED),
    "closed": (_S.CLOSED, _S.ARCHIVED),
}  # fmt: skip
PHASES = (*_STATES, "grace-over")
PHASE_OF: Mapping[State, str] = MappingProxyType(
    {state: phase for phase, states in _STATES.items() for state in states}
)
STEPS: Mapping[str, tuple[str, ...]] = {
    "seen": ("watched", "grace", "grace-over"),
    "review": ("review", "filed", "identified"),
    "told": ("notified", "stated", "waived", "silent", "deciding"),
    "decided": ("serving", "served"),
    "paying": ("payable", "overdue", "court"),
}
"""The road as a line of five; phases that are in none have left it."""
HEARD_BEFORE = frozenset({"watched", "grace", "grace-over", *STEPS["review"], *STEPS["told"]})
"""Until the decision is made anything may be said."""
_TOLD_BY = facts.NOTICE


@dataclass(frozen=True, slots=True)
class Said:
    """One statement, as its author sees it again."""

    kind: str
    grounds: str
    text: str
    made_utc_ms: int
    files: Sequence[str]
    answer: RecusalAnswer | None = None
    """Of a request that an officer withdraw: None while it waits."""


@dataclass(frozen=True, slots=True)
class Remedies:
    """Until when, and at whose door. `reconsider_first` where a lawsuit must wait for it."""

    reconsider_until: date
    sue_until: date
    reconsider_first: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the page tells. `me` is as whom this browser is known; the parts about money and
    documents are only there where that is the case's party."""

    number: str
    phase: str
    case: Case
    site: str
    lane: str
    camera: str
    plate: str | None
    plate_colour: str | None
    reminded_utc_ms: int | None
    deadline_utc_ms: int | None
    me: Party | None
    holder: Party | None
    is_party: bool
    other_party: bool
    """The case's party is not who has this link, as far as is known."""
    other_sure: bool
    """It is known who has the link: another party is somebody else for certain."""
    rules: Policy | None
    office: Policy | None
    amount: str
    state_until: date | None
    in_time: bool
    """The time to speak is not over: it begins with the receipt of the notice."""
    hearing: bool
    said: Sequence[Said]
    papers: Sequence[Paper]
    consent: Consent | None
    bill: Row[tuple[Any, ...]] | None
    balance: Balance | None
    pay_until: date | None
    remedies: Remedies | None
    identity: Sequence[Answer]
    """What the identity gateway said about this person, in order."""
    gateway: bool = False
    """Whether there is one to ask."""

    def may(self, action: Action) -> bool:
        """Whether the case and this person allow the act now."""
        return self.is_party and action in RULES.open_to(self.case, Role.PARTY)

    @property
    def may_speak(self) -> bool:
        return not self.other_party and self.phase in HEARD_BEFORE

    @property
    def may_admit(self) -> bool:
        """A case was opened, nobody is its party yet, and this person has not said who they are:
        before that nobody's identity is asked for."""
        return self.phase == "filed" and self.may_speak and self.me is None

    @property
    def may_confirm(self) -> bool:
        """The identity gateway can say whether this person is who they said."""
        mine = self.me is not None and not self.other_party and identifying.is_askable(self.me)
        return self.gateway and mine and len(self.identity) < identifying.MOST_ASKED

    @property
    def may_object(self) -> bool:
        """Officers are at work, and no earlier request that one of them withdraw is waiting."""
        waits = any(one.kind == RECUSAL and one.answer is None for one in self.said)
        return self.may_speak and self.phase not in STEPS["seen"] and not waits

    @property
    def may_answer_demand(self) -> bool:
        """Who is demanded to pay may state their view of that, too (行政强制法 art. 36)."""
        return self.is_party and self.case.main is _S.DEMANDED

    @property
    def may_withdraw(self) -> bool:
        """A reconsideration that is under way. A lawsuit is withdrawn at the court alone."""
        pending = self.case.remedy is Remedy.RECONSIDERING
        return pending and self.may(Action.WITHDRAW_REMEDY)

    @property
    def may_reconsider(self) -> bool:
        return self.remedies is not None and self.may(Action.FILE_RECONSIDERATION)

    @property
    def to_pay(self) -> bool:
        """Whether a payment is asked for."""
        return self.case.main in (_S.PAYABLE, _S.DEFERRED, _S.OVERDUE, _S.DEMANDED, _S.IN_COURT)

    @property
    def may_defer(self) -> bool:
        return self.is_party and self.case.main in (_S.PAYABLE, _S.OVERDUE)


def _holder(db: Connection, link: Link) -> Party | None:
    """The vehicle's holder as the register has them, where the link is theirs: they need not type
    who they are."""
    if link.party_id is not None:
        return None
    known = [one for one in parties.named(db, link.case_id) if one.source == "register"]
    return known[-1] if known else None


def letterhead(db: Connection, utc_ms: int) -> Policy | None:
    """The pack in force today: whom to call."""
    pack = in_force(kept_packs(db).values(), local_date(utc_ms, CHINA))
    return pack.policy if pack else None


def known_as(db: Connection, link: Link, party: Party | None) -> Party | None:
    """As whom somebody with this link is known: as the party that the link was made for, as who
    they said they are, or as the case's party where that is the vehicle's holder, who got it."""
    if link.party_id is not None:
        return parties.get(db, link.party_id)
    if party is not None and owner_links.is_holder(db, link.case_id, party.person.id_number):
        return party
    table = statement
    told = (table.c.link_id == link.id) & (table.c.kind == "admission")
    query = select(table.c.party_id).where(told, table.c.party_id.is_not(None))
    named = db.scalar(query.order_by(table.c.made_utc_ms.desc()).limit(1))
    return parties.get(db, named) if named is not None else None


def read(db: Connection, link: Link, calendar: LegalCalendar, utc_ms: int) -> Situation:
    """The case as this link shows it. Raises WireError where a kept record is damaged."""
    file = facts.read(db, link.case_id, utc_ms)
    case = RULES.replay(logged.act for logged in file.done)
    party = parties.of_case(db, link.case_id)
    me = known_as(db, link, party)
    is_party = me is not None and party is not None and me.id == party.id
    reminded = [one.utc_ms for one in file.done if one.act.action is Action.REMIND]
    deadline = _deadline(file, reminded)
    row, rules = file.row, file.rules.case
    notice = file.last(_TOLD_BY) if is_party else None
    today = local_date(utc_ms, CHINA)
    consent = parties.given(db, me) if me else None
    return Situation(
        number=row.number,
        phase=_phase(case.main, deadline, utc_ms),
        case=case,
        site=row.site,
        lane=row.lane,
        camera=row.camera,
        plate=row.plate,
        plate_colour=row.plate_colour,
        reminded_utc_ms=reminded[-1] if reminded else None,
        deadline_utc_ms=deadline,
        me=me,
        holder=_holder(db, link),
        is_party=is_party,
        other_party=party is not None and not is_party,
        other_sure=me is not None or owner_links.is_comparable(db, link.case_id),
        rules=rules,
        office=file.rules.today,
        amount=_amount(file) if is_party else "",
        state_until=_state_until(db, notice, file, calendar) if notice else None,
        in_time=notice is not None and _in_time(db, notice, file, calendar, today),
        hearing=is_party and _hearing(file),
        said=_said(db, link, me),
        papers=papers.of_case(db, link.case_id) if is_party else (),
        consent=consent,
        bill=balances.bill_of(db, link.case_id) if is_party else None,
        balance=balances.account(db, link.case_id, today) if is_party else None,
        pay_until=balances.last_day(db, link.case_id) if is_party else None,
        remedies=_remedies(file, case, calendar, today) if is_party else None,
        identity=identifying.answers(db, me) if me else (),
    )


def _phase(state: State, deadline: int | None, utc_ms: int) -> str:
    over = state is State.REMINDED and deadline is not None and utc_ms >= deadline
    return "grace-over" if over else PHASE_OF[state]


def _deadline(file: facts.File, reminded: Sequence[int]) -> int | None:
    """Until when the vehicle may leave for nothing: the grace after the reminder's delivery."""
    if not reminded or not file.records:
        return None
    grace_ms = (
        file.rules.case.times.grace_s * 1000 if file.rules.case else file.latest.rules.grace_ms
    )
    return reminded[-1] + grace_ms


def _amount(file: facts.File) -> str:
    told = file.last(*facts.DECISIONS, _TOLD_BY)
    return str(told.content.values.get("amount", "")) if told else ""


def _hearing(file: facts.File) -> bool:
    """Whether the law gives a hearing at this amount (行政处罚法 art. 63): the pack says from
    which."""
    told, rules = file.last(_TOLD_BY), file.rules.case
    if told is None or rules is None or rules.penalty.hearing_from_fen is None:
        return False
    fen = int(str(told.content.values.get("amount", "0")).replace(".", "") or 0)
    return fen >= rules.penalty.hearing_from_fen


def _state_until(
    db: Connection, notice: facts.Issued, file: facts.File, calendar: LegalCalendar
) -> date | None:
    """The last day for a statement, counted from the day on which the notice came in; from its own
    day where nobody has noted that yet, which is the shorter time."""
    if file.rules.case is None:
        return None
    came = received(db, file.row.id).get(notice.sha256)
    day = came.day if came else local_date(notice.issued_utc_ms, CHINA)
    return calendar.after(day, file.rules.case.limit("make-statement")).last


def _in_time(
    db: Connection, notice: facts.Issued, file: facts.File, calendar: LegalCalendar, today: date
) -> bool:
    until = _state_until(db, notice, file, calendar)
    came = notice.sha256 in received(db, file.row.id)
    return not came or until is None or today <= until


def _remedies(
    file: facts.File, case: Case, calendar: LegalCalendar, today: date
) -> Remedies | None:
    """The limits since service; None before it, and when they are over."""
    served = [one.utc_ms for one in file.done if one.act.action is Action.PROVE_SERVICE]
    if not served or file.rules.case is None:
        return None
    day = local_date(served[-1], CHINA)
    reconsider = calendar.after(day, file.rules.case.limit("reconsideration")).last
    sue = calendar.after(day, file.rules.case.limit("litigation")).last
    judged = [one.utc_ms for one in file.done if one.act.action is Action.DECIDE_RECONSIDERATION]
    if judged:
        after = file.rules.case.limit("sue-after-reconsideration")
        sue = calendar.after(local_date(judged[-1], CHINA), after).last
    if today > max(reconsider, sue) and case.remedy is Remedy.NONE:
        return None
    simple = file.last(facts.DECISIONS[1]) is not None
    return Remedies(reconsider, sue, simple)


def _said(db: Connection, link: Link, me: Party | None) -> Sequence[Said]:
    """What came through this link, and what this person said to staff, newest first."""
    wanted = statement.c.link_id == link.id
    if me is not None:
        wanted |= (statement.c.party_id == me.id) & statement.c.recorded_by.is_not(None)
    rows = db.execute(
        select(statement)
        .where(statement.c.case_id == link.case_id, wanted)
        .order_by(statement.c.made_utc_ms.desc())
    ).all()
    files: dict[UUID, list[str]] = {}
    sent = select(owner_upload).where(owner_upload.c.link_id == link.id)
    for one in db.execute(sent.order_by(owner_upload.c.id)):
        files.setdefault(one.statement_id, []).append(one.name)
    told = recusals.answers(db, link.case_id)
    return [
        Said(
            row.kind, row.grounds, row.text, row.made_utc_ms, files.get(row.id, ()),
            told.get(row.id),
        )
        for row in rows
    ]  # fmt: skip
