"""Which time limits run in a case, and until when. Pure.

One table says for each state which limits of the law (central/calendar.py, or the pack's own) run
there, since what, and which act they wait for. A limit ends with the midnight after its last day in
China, wherever the server stands.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol
from zoneinfo import ZoneInfo

from central.calendar import LIMITS, LegalCalendar, Length, Limit, Unit, local_date
from central.cases import Act, Action, Case, Remedy, State
from central.policy import Policy
from central.review import REVIEW_MS

CHINA = ZoneInfo("Asia/Shanghai")
DAY_MS = 24 * 3_600_000
SUSPECT_MS = 24 * 3_600_000
"""A suspicion that nobody was told of ends by itself after a day."""
NOTICE, DEMAND = "行政处罚告知书", "催告书"
A, S = Action, State


class Level(StrEnum):
    """How near the end is: a third, a sixth, an eighteenth of the time is left. Of the 90 days
    for a decision these are days 60, 75 and 85."""

    CALM = "calm"
    NEAR = "near"
    SOON = "soon"
    LAST = "last"
    OVER = "over"


class Done(Protocol):
    """An act of the log with its time."""

    @property
    def utc_ms(self) -> int: ...
    @property
    def act(self) -> Act: ...
    @property
    def detail(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Course:
    """What time limits rest on: the case, its dated acts, which papers came in and when, until
    which day may be paid, and when the vehicle stood there."""

    case: Case
    done: Sequence[Done]
    begin_utc_ms: int
    end_utc_ms: int
    received: Mapping[str, date]
    pay_until: date | None
    policy: Policy | None

    def day_of(self, *actions: Action) -> date | None:
        """The day of the last such act."""
        days = [one.utc_ms for one in self.done if one.act.action in actions]
        return local_date(days[-1], CHINA) if days else None

    def length(self, limit: Limit) -> Length:
        return self.policy.limit(limit) if self.policy else LIMITS[limit]


@dataclass(frozen=True, slots=True)
class Due:
    """A limit that runs: `awaits` are the acts that would be in time. `begun_utc_ms` is when the
    day of its event began, `whole_ms` its length before a day off lengthened it."""

    limit: str
    begun_utc_ms: int
    ends_utc_ms: int
    last: date
    whole_ms: int
    awaits: tuple[Action, ...]
    provisional: bool = False

    def level(self, now_utc_ms: int) -> Level:
        if self.ends_utc_ms <= now_utc_ms:
            return Level.OVER
        left = self.begun_utc_ms + self.whole_ms - now_utc_ms
        for level, share in ((Level.LAST, 18), (Level.SOON, 6), (Level.NEAR, 3)):
            if left * share <= self.whole_ms:
                return level
        return Level.CALM


@dataclass(frozen=True, slots=True)
class _Clock:
    """`since`: acts of which the last one counts, or the paper whose receipt does."""

    limit: Limit
    since: tuple[Action, ...] | str
    awaits: tuple[Action, ...]


_FILED = _Clock("decide-after-filing", (A.FILE,), (A.DECIDE, A.SPARE, A.TRANSFER))
_TELL = _Clock("notify-owner", (A.REVIEW_AGAIN, A.SETTLE), (A.PROPOSE_FILING, A.FILE))
_SERVE = _Clock("serve-decision", (A.DECIDE, A.DECIDE_ON_THE_SPOT), (A.PROVE_SERVICE, A.ANNOUNCE))
CLOCKS: Mapping[State, tuple[_Clock, ...]] = MappingProxyType(
    {
        S.QUARANTINED: (_Clock("review", (A.QUARANTINE,), (A.RELEASE, A.REJECT)),),
        S.SECOND_REVIEWED: (_TELL,),
        S.OWNER_RESOLVED: (_TELL,),
        S.FILING_PROPOSED: (_TELL,),
        S.FILED: (_FILED,),
        S.PARTY_IDENTIFIED: (_FILED,),
        S.NOTIFIED: (_Clock("make-statement", NOTICE, (A.STATE, A.WAIVE)), _FILED),
        S.STATEMENT: (_Clock("answer-objection", (A.STATE,), (A.RECHECK,)), _FILED),
        S.WAIVED: (_FILED,),
        S.SILENT: (_FILED,),
        S.RECHECKED: (_FILED,),
        S.LEGALLY_REVIEWED: (_FILED,),
        S.DECIDED: (_SERVE,),
        S.SERVING: (_SERVE,),
        S.ANNOUNCED: (_Clock("announce-service", (A.ANNOUNCE,), (A.PROVE_SERVICE,)),),
        S.DEMANDED: (_Clock("demand-answer", DEMAND, (A.PAY,)),),
        S.REVOKED: (_Clock("withdraw-publication", (A.REVOKE,), (A.CLOSE,)),),
    }
)
_BEFORE_DECISION = frozenset(
    {*CLOCKS} - {S.DECIDED, S.SERVING, S.ANNOUNCED, S.DEMANDED, S.REVOKED, S.QUARANTINED}
)
_IN_REVIEW = frozenset({S.OVERSTAYED, S.SCREENED, S.FIRST_REVIEWED, S.DISPUTED})
_UNTOLD = frozenset({S.SUSPECTED, S.REMINDER_FAILED})
_TO_PAY = frozenset({S.PAYABLE, S.DEFERRED})
WATCHED = frozenset({*CLOCKS, *_IN_REVIEW, *_UNTOLD, *_TO_PAY, S.OVERDUE})
"""States in which something runs."""


def running(course: Course, calendar: LegalCalendar) -> list[Due]:
    """Every limit that runs now, the next one first."""
    found = [*_fixed(course), *_by_table(course, calendar), *_execution(course, calendar)]
    return sorted(found, key=lambda due: due.ends_utc_ms)


def limit_after(course: Course, calendar: LegalCalendar, limit: Limit, start: date) -> Due:
    """A limit that began with an event on `start`."""
    deadline = calendar.after(start, course.length(limit))
    begun, ends = midnight(start), midnight(deadline.last + timedelta(days=1))
    length = course.length(limit)
    whole = length.count * DAY_MS if length.unit is Unit.DAYS else ends - begun
    return Due(limit, begun, ends, deadline.last, whole, (), deadline.provisional)


def court_window(course: Course, calendar: LegalCalendar) -> tuple[Due, Due] | None:
    """When remedies are over, and until when the court may be asked (行政强制法 art. 53)."""
    served = course.day_of(A.PROVE_SERVICE)
    if served is None:
        return None
    begun: Mapping[Limit, date | None] = {
        "reconsideration": served,
        "litigation": served,
        "sue-after-reconsideration": course.day_of(A.DECIDE_RECONSIDERATION),
        "appeal": course.day_of(A.DECIDE_SUIT),
    }
    remedies = max(
        (limit_after(course, calendar, name, day) for name, day in begun.items() if day),
        key=lambda due: due.ends_utc_ms,
    )
    return remedies, limit_after(course, calendar, "court-enforcement", remedies.last)


def midnight(day: date) -> int:
    """When a day begins in China, in UTC ms."""
    return int(datetime(day.year, day.month, day.day, tzinfo=CHINA).timestamp() * 1000)


def _fixed(course: Course) -> Iterator[Due]:
    """Limits in hours since the vehicle stood there, which no calendar moves."""
    begin, main = course.begin_utc_ms, course.case.main
    if main in _UNTOLD:
        yield _hours("suspicion", begin, SUSPECT_MS, (A.REMIND, A.DEPART))
    if main in _IN_REVIEW:
        awaits = (A.SETTLE,) if main is S.DISPUTED else (A.REVIEW, A.REVIEW_AGAIN)
        yield _hours("review", begin, REVIEW_MS, awaits)


def _hours(limit: str, begun: int, length_ms: int, awaits: tuple[Action, ...]) -> Due:
    ends = begun + length_ms
    return Due(limit, begun, ends, local_date(ends - 1, CHINA), length_ms, awaits)


def _by_table(course: Course, calendar: LegalCalendar) -> Iterator[Due]:
    for clock in CLOCKS.get(course.case.main, ()):
        if isinstance(clock.since, str):
            start = course.received.get(clock.since)
        else:
            start = course.day_of(*clock.since)
        if start is not None:
            due = limit_after(course, calendar, clock.limit, start)
            yield _with(due, clock.awaits)
    if course.case.main in _BEFORE_DECISION:
        ended = local_date(course.end_utc_ms, CHINA)
        yield _with(limit_after(course, calendar, "prosecution", ended), (A.DECIDE,))


def _execution(course: Course, calendar: LegalCalendar) -> Iterator[Due]:
    main, until = course.case.main, course.pay_until
    served = course.day_of(A.PROVE_SERVICE)
    if main in _TO_PAY and until is not None and served is not None:
        begun, ends = midnight(served), midnight(until + timedelta(days=1))
        yield Due("pay-fine", begun, ends, until, ends - begun, (A.PAY,))
    window = court_window(course, calendar)
    pending = course.case.remedy in (Remedy.RECONSIDERING, Remedy.SUING)
    if main in (S.OVERDUE, S.DEMANDED) and window is not None and not pending:
        yield _with(window[1], (A.DEMAND, A.APPLY_TO_COURT))


def _with(due: Due, awaits: tuple[Action, ...]) -> Due:
    return replace(due, awaits=awaits)
