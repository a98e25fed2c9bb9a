"""Reviewing a case: what a reviewer states, what the server sees for itself, what both prove. Pure.

Two officers, each alone, type the plate before they see the machine's reading and answer the points
of the law (APL 41: true, clear, complete, accurate). Any point that is not a clear yes ends it:
the first reviewer rejects, the second disagrees and the legal reviewer settles.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from central.cases import Action, Case, Guard, State
from central.likeness import UNASKED, Seen
from central.views import Check

REVIEW_MS = 5 * 86_400_000
"""Time for both reviews, from the capture (道路交通安全违法行为处理程序规定 art. 19)."""
OPEN_TO_REVIEW = frozenset({State.OVERSTAYED, State.SCREENED, State.FIRST_REVIEWED})
GROUNDS_CHARS = (4, 500)


class Point(StrEnum):
    """What must be answered with yes, in the order in which it is asked."""

    IN_LANE = "in_lane"
    CLEAR = "clear"
    SAME_VEHICLE = "same_vehicle"
    OBSTRUCTS = "obstructs"
    NOT_EXEMPT = "not_exempt"
    COMPLETE = "complete"
    PLATE = "plate"
    INTEGRITY = "integrity"


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Typed:
    """What an officer typed before they saw anybody else's reading: the plate, None where nobody
    could read it, and what vehicle it hangs on."""

    person: str
    plate: str | None
    seen: Seen = UNASKED


@dataclass(frozen=True, slots=True)
class Desk:
    """What the server knows when somebody reviews. `seen` is whether they saw the machine's
    reading before they typed; `typed` are all blind readings so far, in order."""

    case: Case
    checks: Sequence[Check]
    machine: str | None
    typed: Sequence[Typed]
    seen: bool
    captured_utc_ms: int

    def typed_by(self, person: str) -> Typed | None:
        return next((one for one in self.typed if one.person == person), None)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reviewer sent: an answer for each point that is asked, and grounds where one is no."""

    answers: Mapping[Point, Answer]
    grounds: str
    no_conflict: bool


def own_points(desk: Desk, person: str) -> dict[Point, Answer]:
    """Points that need no person: whether the readings agree, and what the checks say.

    Gaps that were bridged are left for a person to judge.
    """
    mine = desk.typed_by(person)
    others = {one.plate for one in desk.typed if one.person != person}
    read = {desk.machine} if desk.machine else set()
    agree = mine is not None and mine.plate is not None and others | read <= {mine.plate}
    failed = any(check.ok is False for check in desk.checks)
    found = {
        Point.PLATE: Answer.YES if agree else Answer.NO,
        Point.INTEGRITY: Answer.NO if failed else Answer.YES,
    }
    gaps = [check.ok for check in desk.checks if check.name == "gaps"]
    if gaps and None not in gaps:
        found[Point.COMPLETE] = Answer.NO if False in gaps else Answer.YES
    return found


def asked_points(desk: Desk, person: str) -> list[Point]:
    """The points that a person has to answer."""
    own = own_points(desk, person)
    return [point for point in Point if point not in own]


def action(desk: Desk, person: str, judgement: Judgement) -> Action:
    """What the judgement amounts to from where the case stands."""
    answers = {**judgement.answers, **own_points(desk, person)}
    clean = all(answers.get(point) is Answer.YES for point in Point)
    if desk.case.main is State.FIRST_REVIEWED:
        return Action.REVIEW_AGAIN if clean else Action.DISAGREE
    return Action.REVIEW if clean else Action.REJECT


def proven(desk: Desk, person: str, judgement: Judgement, now_utc_ms: int) -> frozenset[Guard]:
    """Which conditions of the law hold for this judgement.

    An account with an officer's role stands for a certificate in force: administrators give and
    take the role with the certificate.
    """
    answers = {**judgement.answers, **own_points(desk, person)}
    fewest, most = GROUNDS_CHARS
    shown = {
        Guard.CERTIFIED: True,
        Guard.NO_CONFLICT: judgement.no_conflict,
        Guard.PLATE_TYPED_BLIND: desk.typed_by(person) is not None and not desk.seen,
        Guard.CHECKLIST_CLEAN: all(answers.get(point) is Answer.YES for point in Point),
        Guard.INTEGRITY_GREEN: answers[Point.INTEGRITY] is Answer.YES,
        Guard.IN_REVIEW_TIME: now_utc_ms <= desk.captured_utc_ms + REVIEW_MS,
        Guard.GROUNDS_GIVEN: fewest <= len(judgement.grounds) <= most,
    }
    return frozenset(guard for guard, holds in shown.items() if holds)
