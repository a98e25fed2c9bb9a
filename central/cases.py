"""What may happen to a case, who may do it, and what must be proven first. Pure.

A case stands in three regions at once: the main road from suspicion to archive, remedies (the party
goes to reconsideration or to court), and money. `central/case_moves.py` holds the tables; this file
holds the words and the one function that reads them. A case is what its acts make of it: `replay`
gives the case from the log.

CaseError
├── IllegalMove    the action does not lead on from where the case stands
├── WrongRole      this role must not do it
├── SamePerson     this person did something before that excludes them, or seconds themselves
└── Unproven       a condition of the law is not shown to hold
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum


class CaseError(Exception):
    """The act is not done; the text says why and what is allowed."""


class IllegalMove(CaseError):
    """The action does not lead on from where the case stands."""


class WrongRole(CaseError):
    """This role must not do it."""


class SamePerson(CaseError):
    """This person is excluded by what they did before."""


class Unproven(CaseError):
    """Conditions are not shown to hold; `lacking` has them."""

    def __init__(self, text: str, lacking: Sequence["Guard"] = ()) -> None:
        super().__init__(text)
        self.lacking = tuple(lacking)


class Role(StrEnum):
    """Who acts. The staff roles are those of central/access.py."""

    DEVICE = "device"
    SYSTEM = "system"
    SCREENER = "screener"
    OFFICER = "officer"
    HEAD = "head"
    LEGAL = "legal"
    SERVICE = "service"
    FINANCE = "finance"
    PARTY = "party"
    COURT = "court"
    AUDITOR = "auditor"
    ADMIN = "admin"


JUDGING = frozenset({Role.OFFICER, Role.HEAD, Role.LEGAL})
"""Those who must not act where their own interest is touched (APL 43)."""


class State(StrEnum):
    """The main road. Comments name the state of the domain report."""

    SUSPECTED = "suspected"  # L0
    REMINDED = "reminded"  # L1
    REMINDER_FAILED = "reminder-failed"  # L1f
    DEPARTED = "departed-in-grace"  # L2a
    OVERSTAYED = "overstayed"  # L2b
    INDETERMINATE = "indeterminate"  # L2x
    QUARANTINED = "quarantined"  # Q
    SCREENED = "screened"  # R0
    FIRST_REVIEWED = "first-reviewed"  # R1
    DISPUTED = "disputed"  # the two reviewers disagree
    SECOND_REVIEWED = "second-reviewed"  # R2
    REJECTED = "rejected"  # RX
    EXEMPT = "exempt"  # EX
    OWNER_RESOLVED = "owner-resolved"  # C0
    FILING_PROPOSED = "filing-proposed"
    FILED = "filed"  # C1
    NOT_FILED = "not-filed"  # C1n
    PARTY_IDENTIFIED = "party-identified"  # C2
    NOTIFIED = "notified"  # C3
    STATEMENT = "statement-made"  # C4
    WAIVED = "waived"  # C4w
    SILENT = "silent"  # C4s
    RECHECKED = "rechecked"  # C5
    LEGALLY_REVIEWED = "legally-reviewed"  # C6
    DECIDED = "decided"  # C7
    NO_PENALTY = "no-penalty"  # C7n
    TRANSFERRED = "transferred"  # C7t
    SERVING = "serving"  # S1
    ANNOUNCED = "announced"  # S1a
    SERVED = "served"  # S2
    PAYABLE = "payable"  # P1
    DEFERRED = "deferred"  # P1d
    PAID = "paid"  # P2
    OVERDUE = "overdue"  # P3
    DEMANDED = "demanded"  # P4
    IN_COURT = "in-court"  # P5
    REVOKED = "revoked"  # X1
    VOID = "void"  # X3
    REFUNDED = "refunded"  # RF
    CLOSED = "closed"  # Z1
    ARCHIVED = "archived"  # Z2


class Remedy(StrEnum):
    NONE = "none"
    RECONSIDERING = "reconsideration-pending"
    RECONSIDERED = "reconsideration-decided"
    SUING = "suit-pending"
    JUDGED = "suit-decided"


class Money(StrEnum):
    """No two regions share a word: the tables are keyed by them."""

    UNBILLED = "unbilled"
    BILLED = "billed"
    PART_PAID = "part-paid"
    PAID = "paid-in-full"
    REFUNDED = "paid-back"


class Action(StrEnum):
    REMIND = "remind"
    FAIL_REMINDER = "fail-reminder"
    DEPART = "depart"
    OVERSTAY = "overstay"
    OVERSTAY_UNREMINDED = "overstay-unreminded"
    BREAK = "break"
    EXPIRE = "expire"
    QUARANTINE = "quarantine"
    RELEASE = "release"
    SCREEN = "screen"
    REVIEW = "review"
    REVIEW_AGAIN = "review-again"
    DISAGREE = "disagree"
    SETTLE = "settle"
    REJECT = "reject"
    EXEMPT = "exempt"
    RESOLVE_OWNER = "resolve-owner"
    PROPOSE_FILING = "propose-filing"
    FILE = "file"
    DECLINE_FILING = "decline-filing"
    IDENTIFY_PARTY = "identify-party"
    NOTIFY = "notify"
    STATE = "make-statement"
    WAIVE = "waive"
    LAPSE = "lapse"
    RECHECK = "recheck"
    REVIEW_LEGALITY = "review-legality"
    DECIDE = "decide"
    DECIDE_ON_THE_SPOT = "decide-on-the-spot"
    SPARE = "spare"
    TRANSFER = "transfer"
    BEGIN_SERVICE = "begin-service"
    TRY_SERVICE = "try-service"
    PROVE_SERVICE = "prove-service"
    ANNOUNCE = "announce"
    BILL = "bill"
    DEFER = "defer"
    PAY_PART = "pay-part"
    PAY = "pay"
    FALL_OVERDUE = "fall-overdue"
    DEMAND = "demand"
    APPLY_TO_COURT = "apply-to-court"
    REVOKE = "revoke"
    CORRECT = "correct"
    MAKE_VOID = "make-void"
    REFUND = "refund"
    CLOSE = "close"
    ARCHIVE = "archive"
    FILE_RECONSIDERATION = "file-reconsideration"
    DECIDE_RECONSIDERATION = "decide-reconsideration"
    FILE_SUIT = "file-suit"
    DECIDE_SUIT = "decide-suit"
    WITHDRAW_REMEDY = "withdraw-remedy"


class Guard(StrEnum):
    """Conditions that somebody else shows to hold: the calendar, the checks, the register."""

    NO_CONFLICT = "no own interest in the case"
    PLATE_CIVIL = "the plate is valid, read with confidence, and of no exempt class"
    OWNER_REACHABLE = "the owner's telephone was found"
    OUTSIDE_QUIET_HOURS = "the policy allows a reminder now"
    ABSENCE_PROVEN = "the vehicle was seen to be gone"
    DELIVERED = "the reminder was delivered"
    REMINDED = "the owner had been reminded"
    GRACE_OVER = "the grace since delivery is over"
    SAME_VEHICLE = "presence at reminder and deadline and sameness are proven"
    INTEGRITY_GREEN = "no integrity check fails"
    CERTIFIED = "the officer's certificate is in force"
    PLATE_TYPED_BLIND = "the plate was typed before the machine's reading was shown"
    CHECKLIST_CLEAN = "every point of the checklist is answered yes"
    IN_REVIEW_TIME = "the time for review is not over"
    TIME_OVER = "the time limit is over"
    PROOF_OF_EXEMPTION = "the exemption is documented"
    NO_DUPLICATE = "no other fine for the same act"
    IN_LIMITATION = "two years since the act are not over"
    NOT_WARNING_PHASE = "the lane is past its warning phase"
    PACK_KNOWN = "the policy pack that its records name was put in force here"
    NOT_IN_DOUBT = "no rule or lane that it rests on was found wrong, or that is settled"
    VEHICLE_MATCHES = "the vehicle seen can be the registered one, or who acts says why it is"
    RECUSALS_ANSWERED = "every request that an officer withdraw was answered"
    IDENTITY_CHECKED = "the party's identity is checked"
    NOTICE_COMPLETE = "facts, reasons, basis, amount and rights are told"
    NOTICE_RECEIVED = "the notice is proven received"
    EXPRESS = "the party said so expressly"
    AMOUNT_NOT_RAISED = "the amount is above nothing, not above the one in the notice or the pack"
    HEARING_OVER = "the time to speak is over, or the party waived the rest of it"
    TIME_TO_SPEAK = "the time to speak is not over"
    ROUTE_OPEN = "the pack takes a device's record for evidence, or it was confirmed at the place"
    FIRST_SPARED = "it is no first offence, or the pack does not spare those"
    LEGALITY_SETTLED = "legal review is done, or neither law nor policy asks for it"
    SIMPLE_ALLOWED = "policy and law allow the simple procedure, and the party was heard"
    IN_DECISION_TIME = "90 days since filing are not over"
    DOCUMENT_COMPLETE = "no required field of the document is empty"
    SERVICE_PROVEN = "the proof of service is complete"
    OTHER_WAYS_FAILED = "every other way of service failed, with reasons in the file"
    APPLICATION_FILED = "the party applied for it"
    DAY_IN_SIGHT = "the new last day is after the old one and today, within two years"
    TREASURY_STATEMENT = "the treasury's or bank's statement shows it"
    FULL_AMOUNT = "nothing is left to pay"
    REMEDY_TIME_OVER = "no remedy is pending or possible any more"
    GROUNDS_GIVEN = "the grounds are written down"
    NOTHING_TO_REFUND = "nothing was paid, or it was refunded"
    FILE_COMPLETE = "the file holds every document of its list"
    IN_REMEDY_TIME = "a decision was served and the time for the remedy is not over"
    RECONSIDERED_IF_SIMPLE = "reconsideration came first where the procedure was simple"


Place = State | Remedy | Money


@dataclass(frozen=True, slots=True)
class Move:
    """Where an action leads, who may do it, what must hold, and which document it makes."""

    to: Place
    by: frozenset[Role]
    guards: tuple[Guard, ...] = ()
    document: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """Something done. `person` names who, `second` the officer who signs with them."""

    action: Action
    role: Role
    person: str
    second: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """Where a case stands, and all that was done to get it there."""

    main: State = State.SUSPECTED
    remedy: Remedy = Remedy.NONE
    money: Money = Money.UNBILLED
    acts: tuple[Act, ...] = ()


Table = Mapping[tuple[Place, Action], Move]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The tables. `excludes` names, per action, the earlier acts whose author must not do it;
    `seconded` the actions that two officers sign."""

    moves: Table
    excludes: Mapping[Action, frozenset[Action]]
    seconded: frozenset[Action]
    regions: Mapping[Action, frozenset[type]] = field(init=False)

    def __post_init__(self) -> None:
        found: dict[Action, set[type]] = {}
        for place, action in self.moves:
            found.setdefault(action, set()).add(type(place))
        frozen = {action: frozenset(kinds) for action, kinds in found.items()}
        object.__setattr__(self, "regions", frozen)

    def moves_of(self, case: Case, action: Action) -> tuple[Move, ...]:
        """What the action does in each region that it concerns. Raises IllegalMove."""
        places = [
            place
            for place in (case.main, case.remedy, case.money)
            if type(place) in self.regions.get(action, ())
        ]
        found = [self.moves.get((place, action)) for place in places]
        moves = tuple(move for move in found if move is not None)
        if not places or len(moves) != len(found):
            allowed = ", ".join(sorted(self.open_to(case))) or "nothing"
            raise IllegalMove(f"cannot {action} a case that is {case.main}; allowed: {allowed}")
        return moves

    def open_to(self, case: Case, role: Role | None = None) -> frozenset[Action]:
        """Actions that lead on from here, of anybody or of one role."""
        here = (case.main, case.remedy, case.money)
        return frozenset(
            action
            for action, kinds in self.regions.items()
            if all(
                (move := self.moves.get((place, action))) is not None
                and (role is None or role in move.by)
                for place in here
                if type(place) in kinds
            )
        )

    def do(self, case: Case, act: Act, proven: frozenset[Guard] = frozenset()) -> Case:
        """The case after the act. Raises CaseError; the case itself never changes."""
        moves = self.moves_of(case, act.action)
        self._require_role(moves, act)
        self._require_persons(case, act)
        self._require_proof(moves, act, proven)
        return _after(case, act, moves)

    def replay(self, acts: Iterable[Act]) -> Case:
        """The case that these acts made; what was proven then is not asked for again."""
        case = Case()
        for act in acts:
            case = _after(case, act, self.moves_of(case, act.action))
        return case

    def _require_role(self, moves: Sequence[Move], act: Act) -> None:
        for move in moves:
            if act.role not in move.by:
                allowed = ", ".join(sorted(move.by))
                raise WrongRole(f"{act.role} must not {act.action}; allowed: {allowed}")

    def _require_persons(self, case: Case, act: Act) -> None:
        barred = self.excludes.get(act.action, frozenset())
        before = {
            person
            for done in case.acts
            if done.action in barred
            for person in (done.person, done.second)
        }
        for person in {act.person, act.second} & before - {None}:
            raise SamePerson(f"{person} had a part in this case that excludes: {act.action}")
        if act.action in self.seconded and act.role is Role.OFFICER:
            if act.second is None:
                raise SamePerson(f"{act.action} needs the signature of a second officer")
            if act.second == act.person:
                raise SamePerson(f"{act.person} cannot be the second officer as well")

    def _require_proof(self, moves: Sequence[Move], act: Act, proven: frozenset[Guard]) -> None:
        wanted = [guard for move in moves for guard in move.guards]
        if act.role in JUDGING:
            wanted.append(Guard.NO_CONFLICT)
        lacking = [guard for guard in wanted if guard not in proven]
        if lacking:
            told = "; that ".join(lacking)
            raise Unproven(f"cannot {act.action}: not shown that {told}", lacking)


def _after(case: Case, act: Act, moves: Iterable[Move]) -> Case:
    for move in moves:
        match move.to:
            case State():
                case = replace(case, main=move.to)
            case Remedy():
                case = replace(case, remedy=move.to)
            case Money():
                case = replace(case, money=move.to)
    return replace(case, acts=(*case.acts, act))
