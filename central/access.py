"""Who may do what on the staff pages. Pure.

One table, read by every page: an act that is not in it, or a role that is not in its set, is
refused. Separation of duties inside a case (two different officers, nobody on their own vehicle)
belongs to the case machine; this table only says which doors a role has a key to.

AccessError
└── Refused    the role has no right to the act
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class AccessError(Exception):
    """Something that the signed-in person may not do."""


class Refused(AccessError):
    """The role has no right to the act."""

    def __init__(self, role: "Role", act: "Act") -> None:
        allowed = ", ".join(sorted(ALLOWED[act]))
        super().__init__(f"role {role} must not {act}; allowed: {allowed}")
        self.role = role
        self.act = act


class Role(StrEnum):
    """The offices of the case machine. Devices are no persons: they never sign in."""

    SCREENER = "screener"
    OFFICER = "officer"
    HEAD = "head"
    LEGAL = "legal"
    SERVICE = "service"
    FINANCE = "finance"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Act(StrEnum):
    SEE_CASES = "see cases"
    SEE_EVIDENCE = "see evidence"
    EXPORT_PACKET = "export a packet"
    REVIEW = "review cases"
    ACT = "act on cases"
    SEE_BOOKS = "see the books"
    KEEP_BOOKS = "keep the books"
    NOTE_RECEIPT = "note that a document came in"
    SEE_FLEET = "see the fleet"
    MANAGE_USERS = "manage users"
    AUDIT_SHARING = "audit what is shared"
    READ_DOCUMENTS = "read documents"
    READ_STATEMENTS = "read statements"
    RECHECK = "look at listed cases again"
    FIND_WRONG = "say that rules or lanes are wrong"
    AUDIT_LOOKS = "audit looks and acts"
    UNMASK = "uncover a person"
    MEASURE_REVIEWS = "measure reviews"
    HOLD = "put and lift legal holds"
    SEE_RETENTION = "see what was erased"
    PUBLISH = "make covered copies for the public"
    MIND_ALARMS = "see and acknowledge alarms"
    SEE_STATISTICS = "see the statistics"
    TYPE_PLATES = "type plates and settle doubtful reminders"
    SEE_GATEWAYS = "see the gateways"
    MEND_GATEWAYS = "have gateways tried again"
    KEEP_FIGURES = "bring in figures and visits"
    ANSWER_RECUSALS = "answer requests that an officer withdraw"
    SEND_LINKS = "send links to people of a case"
    TAKE_DOWN_RECUSALS = "take down requests that an officer withdraw"


_JUDGING = frozenset({Role.OFFICER, Role.HEAD, Role.LEGAL, Role.AUDITOR})
_EVERYBODY = frozenset(Role)

ALLOWED: Mapping[Act, frozenset[Role]] = MappingProxyType(
    {
        # An administrator keeps the machine running and has no case rights at all.
        Act.SEE_CASES: _EVERYBODY - {Role.ADMIN},
        # Money needs no pictures of people's vehicles.
        Act.SEE_EVIDENCE: _EVERYBODY - {Role.ADMIN, Role.FINANCE},
        Act.EXPORT_PACKET: _JUDGING,
        Act.REVIEW: frozenset({Role.OFFICER}),
        Act.ACT: _EVERYBODY - {Role.ADMIN, Role.AUDITOR, Role.FINANCE},
        Act.SEE_BOOKS: frozenset({Role.FINANCE, Role.HEAD, Role.AUDITOR}),
        Act.KEEP_BOOKS: frozenset({Role.FINANCE}),
        Act.NOTE_RECEIPT: frozenset({Role.OFFICER, Role.SERVICE}),
        Act.SEE_FLEET: _EVERYBODY - {Role.FINANCE},
        Act.MANAGE_USERS: frozenset({Role.ADMIN}),
        Act.AUDIT_SHARING: frozenset({Role.AUDITOR, Role.HEAD}),
        # Documents name the party: who only screens pictures does not need that.
        Act.READ_DOCUMENTS: _EVERYBODY - {Role.ADMIN, Role.SCREENER},
        # What a party says in its defence is for those who weigh it, and who watch over them.
        Act.READ_STATEMENTS: _JUDGING,
        Act.TYPE_PLATES: frozenset({Role.SCREENER, Role.OFFICER}),
        Act.SEE_GATEWAYS: _EVERYBODY - {Role.FINANCE, Role.LEGAL, Role.SERVICE},
        Act.MEND_GATEWAYS: frozenset({Role.OFFICER, Role.ADMIN}),
        Act.RECHECK: _JUDGING - {Role.AUDITOR},
        Act.FIND_WRONG: frozenset({Role.HEAD, Role.LEGAL}),
        Act.AUDIT_LOOKS: frozenset({Role.AUDITOR, Role.HEAD}),
        Act.UNMASK: frozenset({Role.OFFICER, Role.HEAD, Role.LEGAL, Role.SERVICE}),
        Act.MEASURE_REVIEWS: frozenset({Role.HEAD, Role.AUDITOR}),
        Act.HOLD: frozenset({Role.HEAD, Role.LEGAL}),
        Act.MIND_ALARMS: frozenset({Role.ADMIN, Role.HEAD}),
        Act.PUBLISH: frozenset({Role.HEAD, Role.LEGAL}),
        Act.SEE_RETENTION: frozenset({Role.HEAD, Role.LEGAL, Role.AUDITOR}),
        # Screeners are contract staff: what the office makes of their work is not theirs to see.
        Act.SEE_STATISTICS: _EVERYBODY - {Role.ADMIN, Role.SCREENER},
        Act.KEEP_FIGURES: frozenset({Role.OFFICER, Role.HEAD}),
        Act.ANSWER_RECUSALS: frozenset({Role.HEAD}),
        # A message goes out in the agency's name: not for contract staff, nor who only looks on.
        Act.SEND_LINKS: frozenset({Role.OFFICER, Role.HEAD, Role.LEGAL, Role.SERVICE}),
        # Whoever the party talks to, the officer whom it is about included.
        Act.TAKE_DOWN_RECUSALS: frozenset({Role.OFFICER, Role.HEAD, Role.LEGAL, Role.SERVICE}),
    }
)


def allowed(role: Role, act: Act) -> bool:
    return role in ALLOWED[act]


def require(role: Role, act: Act) -> None:
    """Raises Refused."""
    if not allowed(role, act):
        raise Refused(role, act)


def home(role: Role) -> str:
    """The page a role starts on: the first that it may open."""
    return "/cases" if allowed(role, Act.SEE_CASES) else "/fleet"
