"""What is shown to hold when somebody wants to act on a case. Pure.

Each condition of the table (central/cases.py) is shown by the file, shown not to hold by the file,
or left to the form of whoever acts: `of_file` gives True, False or None for these three. What the
form must show is judged by `of_form`. Reviews have their own file, central/review.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from central.calendar import LegalCalendar, Limit, local_date
from central.case_moves import RULES
from central.cases import Action, Case, Guard, Remedy, Role, State
from central.limits import CHINA, NOTICE, Course, court_window, limit_after, running

GROUNDS_CHARS = (4, 2000)
SIMPLE_MOST_FEN = 20_000
"""行政处罚法 art. 51: a fine on the spot for a person is at most 200 yuan."""
DIRECT, FAMILY, LEFT, MAIL, ENTRUSTED, ELECTRONIC = (
    "直接送达",
    "成年家属签收",
    "留置送达",
    "邮寄送达",
    "委托送达",
    "电子送达",
)
WAYS = (DIRECT, FAMILY, LEFT, MAIL, ENTRUSTED, ELECTRONIC)
"""How a document reaches somebody (民事诉讼法 arts. 87-94)."""
BEFORE_ANNOUNCING = frozenset({DIRECT, MAIL})
"""Ways that must have been tried before a public notice (民事诉讼法 art. 95)."""
ON_THE_SPOT = "当场行政处罚决定书"
FURTHEST_DAYS = 730
"""A deferral ends within two years: a slip of the pen must not move it into another century."""
ROUTES: Mapping[str, bool | None] = MappingProxyType(
    {"full-evidence": True, "hand-over": False, "lead-only": None}
)
"""What a pack's profile makes of a device's record: evidence, another agency's, or no more than a
lead, which whoever proposes to file says was confirmed at the place."""
DIFFERS = "differs"
"""In the line of the look-up: what of the vehicle seen contradicts the register."""
A, G = Action, Guard


@dataclass(frozen=True, slots=True)
class Known:
    """The file as whoever acts finds it. `shown` is what the device's records and their checks
    show; `barred` the conditions that central/bars.py does not find; `told_fen` the amount in the
    notice; `most_fen` the most that the pack allows; `spares_first` whether the pack spares first
    offences and this is one; `route` the pack's profile."""

    course: Course
    calendar: LegalCalendar
    now_utc_ms: int
    certified: bool
    conflict: bool
    shown: frozenset[Guard]
    other_fines: int
    only_warns: bool | None
    barred: frozenset[Guard]
    issued: frozenset[str]
    kinds: frozenset[str]
    told_fen: int | None
    most_fen: int | None
    simple: bool
    legal_review: bool
    consent: bool
    decision: str
    nothing_to_refund: bool
    spares_first: bool = False
    route: str = "full-evidence"

    @property
    def case(self) -> Case:
        return self.course.case

    @property
    def cap_fen(self) -> int | None:
        """What a fine must not be above: the amount told, else what the pack has."""
        return self.told_fen if self.told_fen is not None else self.most_fen

    @property
    def set_fen(self) -> int | None:
        """The amount as the newest act set it, else what the pack has."""
        amounts = [one.detail["amount_fen"] for one in self.course.done
                   if "amount_fen" in one.detail]  # fmt: skip
        return int(amounts[-1]) if amounts else self.most_fen

    @property
    def today(self) -> date:
        return local_date(self.now_utc_ms, CHINA)


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form says, read. `declared` are the boxes that were ticked."""

    grounds: str = ""
    application: str = ""
    amount_fen: int | None = None
    way: str = ""
    witness: str = ""
    until_day: str = ""
    declared: frozenset[str] = frozenset()


def of_file(known: Known, action: Action, guard: Guard) -> bool | None:
    """Whether the file shows the condition, shows that it does not hold, or leaves it to a form."""
    if guard is G.TIME_OVER:
        return is_over(known, action)
    if guard is G.IN_REMEDY_TIME:
        return _in_remedy_time(known, action)
    judge = _FILE.get(guard)
    return None if judge is None else judge(known)


def of_form(known: Known, guard: Guard, typed: Typed) -> bool:
    """Whether the form shows a condition that the file leaves to it."""
    judge = _FORM.get(guard)
    return judge is not None and judge(known, typed)


def vehicle_in_doubt(known: Known) -> bool:
    """Whether the vehicle that both officers saw cannot be the one that the register has."""
    return any(DIFFERS in one.detail for one in known.course.done)


def wanted(case: Case, action: Action, role: Role) -> tuple[Guard, ...]:
    """Every condition of the action from here, in the table's order. Raises IllegalMove."""
    found = [guard for move in RULES.moves_of(case, action) for guard in move.guards]
    if role in (Role.OFFICER, Role.HEAD, Role.LEGAL):
        found.append(G.NO_CONFLICT)
    return tuple(dict.fromkeys(found))


def lacking(known: Known, action: Action, role: Role) -> tuple[Guard, ...]:
    """Conditions that the file shows not to hold: no form can help."""
    return tuple(
        guard
        for guard in wanted(known.case, action, role)
        if of_file(known, action, guard) is False
    )


def left_to_form(known: Known, action: Action, role: Role) -> tuple[Guard, ...]:
    """Conditions that whoever acts has to show."""
    return tuple(
        guard for guard in wanted(known.case, action, role) if of_file(known, action, guard) is None
    )


def proven(known: Known, action: Action, role: Role, typed: Typed) -> frozenset[Guard]:
    """What holds for this act; the documents' completeness is shown by making them."""
    found = set()
    for guard in wanted(known.case, action, role):
        told = of_file(known, action, guard)
        if told or (told is None and of_form(known, guard, typed)):
            found.add(guard)
    return frozenset(found)


def missing_papers(known: Known) -> tuple[str, ...]:
    """Documents that acts in the log should have made and that are not in the file."""
    should: dict[str, None] = {}
    for one in known.course.done:
        for kind in _PAPERS_OF.get(one.act.action, ()):
            if kind in known.kinds and kind not in known.issued:
                should[kind] = None
    return tuple(should)


def is_over(known: Known, action: Action) -> bool:
    """Whether the limit that the act waits for is over."""
    ends = [
        due.ends_utc_ms
        for due in running(known.course, known.calendar)
        if due.limit in _WAITS_FOR.get(action, ())
    ]
    return bool(ends) and min(ends) <= known.now_utc_ms


_WAITS_FOR: Mapping[Action, tuple[str, ...]] = MappingProxyType(
    {
        A.EXPIRE: ("suspicion", "review"),
        A.LAPSE: ("make-statement",),
        A.PROVE_SERVICE: ("announce-service",),
        A.FALL_OVERDUE: ("pay-fine",),
        A.APPLY_TO_COURT: ("demand-answer",),
    }
)


def _papers_of() -> Mapping[Action, tuple[str, ...]]:
    found: dict[Action, dict[str, None]] = {}
    for (_, action), move in RULES.moves.items():
        if move.document:
            found.setdefault(action, {})[move.document] = None
    return MappingProxyType({action: tuple(kinds) for action, kinds in found.items()})


_PAPERS_OF = _papers_of()


def _in_time(known: Known, limit: Limit, start: date | None) -> bool:
    if start is None:
        return False
    due = limit_after(known.course, known.calendar, limit, start)
    return known.now_utc_ms < due.ends_utc_ms


def _time_to_speak(known: Known) -> bool:
    """It begins with the receipt of the notice: without one it is not over."""
    came = known.course.received.get(NOTICE)
    return came is None or _in_time(known, "make-statement", came)


def _hearing_over(known: Known) -> bool:
    """A decision before the end of the time to speak takes away what is left of it, whatever the
    party said already; only who expressly gave up the rest may be decided about sooner."""
    words = [one.act.action for one in known.course.done if one.act.action in (A.STATE, A.WAIVE)]
    return (bool(words) and words[-1] is A.WAIVE) or not _time_to_speak(known)


def _in_limitation(known: Known) -> bool:
    ended = local_date(known.course.end_utc_ms, CHINA)
    return _in_time(known, "prosecution", ended)


def _ways_failed(known: Known) -> bool:
    tried = {
        one.detail.get("way", "") for one in known.course.done if one.act.action is A.TRY_SERVICE
    }
    return tried >= BEFORE_ANNOUNCING


def _remedies_over(known: Known) -> bool:
    window = court_window(known.course, known.calendar)
    pending = known.case.remedy in (Remedy.RECONSIDERING, Remedy.SUING)
    return window is not None and not pending and window[0].ends_utc_ms <= known.now_utc_ms


def _in_remedy_time(known: Known, action: Action) -> bool:
    """Sixty days, or six months for a suit; fifteen days for a suit after a reconsideration."""
    if known.case.remedy is Remedy.RECONSIDERED:
        decided = known.course.day_of(A.DECIDE_RECONSIDERATION)
        return _in_time(known, "sue-after-reconsideration", decided)
    limit: Limit = "reconsideration" if action is A.FILE_RECONSIDERATION else "litigation"
    return _in_time(known, limit, known.course.day_of(A.PROVE_SERVICE))


def _reconsidered(known: Known) -> bool:
    return known.decision != ON_THE_SPOT or known.case.remedy is Remedy.RECONSIDERED


def _legality(known: Known) -> bool:
    return not known.legal_review or known.case.main is State.LEGALLY_REVIEWED


def _simple(known: Known) -> bool | None:
    """The form says that the party was heard; whether the law allows it, the file."""
    allowed = known.simple and known.most_fen is not None and known.most_fen <= SIMPLE_MOST_FEN
    return None if allowed else False


_FILE: Mapping[Guard, Callable[[Known], bool | None]] = MappingProxyType(
    {
        G.CERTIFIED: lambda known: known.certified,
        G.NO_CONFLICT: lambda known: False if known.conflict else None,
        G.REMINDED: lambda known: G.REMINDED in known.shown,
        G.GRACE_OVER: lambda known: G.GRACE_OVER in known.shown,
        G.SAME_VEHICLE: lambda known: G.SAME_VEHICLE in known.shown,
        G.INTEGRITY_GREEN: lambda known: G.INTEGRITY_GREEN in known.shown,
        G.NO_DUPLICATE: lambda known: not known.other_fines,
        G.IN_LIMITATION: _in_limitation,
        G.ROUTE_OPEN: lambda known: ROUTES.get(known.route, False),
        G.FIRST_SPARED: lambda known: not known.spares_first,
        G.HEARING_OVER: _hearing_over,
        G.TIME_TO_SPEAK: _time_to_speak,
        G.NOT_WARNING_PHASE: lambda known: known.only_warns is False,
        G.PACK_KNOWN: lambda known: G.PACK_KNOWN not in known.barred,
        G.NOT_IN_DOUBT: lambda known: G.NOT_IN_DOUBT not in known.barred,
        G.VEHICLE_MATCHES: lambda known: None if vehicle_in_doubt(known) else True,
        G.RECUSALS_ANSWERED: lambda known: G.RECUSALS_ANSWERED not in known.barred,
        G.NOTICE_RECEIVED: lambda known: NOTICE in known.course.received,
        G.LEGALITY_SETTLED: _legality,
        G.IN_DECISION_TIME: lambda known: _in_time(
            known, "decide-after-filing", known.course.day_of(A.FILE)
        ),
        G.OTHER_WAYS_FAILED: _ways_failed,
        G.SIMPLE_ALLOWED: _simple,
        G.REMEDY_TIME_OVER: _remedies_over,
        G.NOTHING_TO_REFUND: lambda known: known.nothing_to_refund,
        G.FILE_COMPLETE: lambda known: not missing_papers(known),
        G.RECONSIDERED_IF_SIMPLE: _reconsidered,
    }
)


def _grounds(_known: Known, typed: Typed) -> bool:
    fewest, most = GROUNDS_CHARS
    return fewest <= len(typed.grounds) <= most


def _amount(known: Known, typed: Typed) -> bool:
    """No amount typed: the one that was set stays. A fine of nothing is none: it would never be
    paid, and fall overdue."""
    cap = known.cap_fen
    fen = typed.amount_fen if typed.amount_fen is not None else known.set_fen
    return cap is not None and fen is not None and 1 <= fen <= cap


def _in_sight(known: Known, typed: Typed) -> bool:
    try:
        until = date.fromisoformat(typed.until_day)
    except ValueError:
        return False
    begin = max(known.today, known.course.pay_until or known.today)
    return begin < until <= known.today + timedelta(days=FURTHEST_DAYS)


def _served(known: Known, typed: Typed) -> bool:
    if typed.way == ELECTRONIC:
        return known.consent and known.decision in known.course.received
    if typed.way == LEFT and not typed.witness:
        return False
    return typed.way in WAYS


_FORM: Mapping[Guard, Callable[[Known, Typed], bool]] = MappingProxyType(
    {
        G.NO_CONFLICT: lambda _, typed: "no_conflict" in typed.declared,
        G.GROUNDS_GIVEN: _grounds,
        G.PROOF_OF_EXEMPTION: _grounds,
        G.VEHICLE_MATCHES: _grounds,
        G.IDENTITY_CHECKED: lambda _, typed: "id_seen" in typed.declared,
        G.EXPRESS: lambda _, typed: "express" in typed.declared,
        G.AMOUNT_NOT_RAISED: _amount,
        G.SIMPLE_ALLOWED: lambda _, typed: "heard" in typed.declared,
        G.SERVICE_PROVEN: _served,
        G.APPLICATION_FILED: lambda _, typed: bool(typed.application),
        G.DAY_IN_SIGHT: _in_sight,
        G.ROUTE_OPEN: lambda _, typed: "on_site" in typed.declared,
    }
)
