"""Every path of a case: who may do what, when, and what must be shown first."""

import pytest

from central.case_moves import EXCLUDES, RULES
from central.cases import (
    JUDGING,
    Act,
    Action,
    Case,
    Guard,
    IllegalMove,
    Money,
    Remedy,
    Role,
    SamePerson,
    State,
    Unproven,
    WrongRole,
)
from tests.case_steps import ALL, TO_FILED, TO_NOTIFIED, TO_PAYABLE, act, walk


def test_a_vehicle_that_leaves_in_time_ends_its_case() -> None:
    case = walk([act(Action.REMIND, Role.SYSTEM), act(Action.DEPART, Role.DEVICE)])

    assert case.main is State.DEPARTED
    assert RULES.open_to(case, Role.SYSTEM) == RULES.open_to(case, Role.OFFICER) == frozenset()


def test_nobody_is_accused_who_was_not_reminded() -> None:
    case = walk([act(Action.OVERSTAY_UNREMINDED, Role.DEVICE)])

    assert case.main is State.REMINDER_FAILED
    with pytest.raises(IllegalMove):
        RULES.do(case, act(Action.OVERSTAY, Role.DEVICE), ALL)


def test_a_case_goes_from_suspicion_to_archive() -> None:
    case = walk(
        [
            *TO_PAYABLE,
            act(Action.PAY, Role.FINANCE),
            act(Action.CLOSE, Role.HEAD),
            act(Action.ARCHIVE, Role.HEAD),
        ]
    )

    assert (case.main, case.remedy, case.money) == (State.ARCHIVED, Remedy.NONE, Money.PAID)


def test_a_paid_decision_that_is_revoked_is_refunded_and_closed() -> None:
    case = walk(
        [
            *TO_PAYABLE,
            act(Action.PAY, Role.FINANCE),
            act(Action.FILE_RECONSIDERATION, Role.PARTY),
            act(Action.DECIDE_RECONSIDERATION, Role.COURT),
            act(Action.REVOKE, Role.COURT),
            act(Action.REFUND, Role.FINANCE),
            act(Action.CLOSE, Role.HEAD),
        ]
    )

    assert (case.main, case.remedy) == (State.CLOSED, Remedy.RECONSIDERED)
    assert case.money is Money.REFUNDED


def test_nothing_is_refunded_that_still_stands() -> None:
    paid = walk([*TO_PAYABLE, act(Action.PAY, Role.FINANCE)])

    with pytest.raises(IllegalMove, match="cannot refund a case that is paid"):
        RULES.do(paid, act(Action.REFUND, Role.FINANCE), ALL)


def test_nothing_is_refunded_that_was_not_paid() -> None:
    revoked = walk([*TO_PAYABLE, act(Action.REVOKE, Role.HEAD)])

    with pytest.raises(IllegalMove):
        RULES.do(revoked, act(Action.REFUND, Role.FINANCE), ALL)


def test_a_late_payer_is_demanded_and_taken_to_court() -> None:
    case = walk(
        [
            *TO_PAYABLE,
            act(Action.FALL_OVERDUE, Role.SYSTEM),
            act(Action.PAY_PART, Role.FINANCE),
            act(Action.DEMAND, Role.HEAD),
            act(Action.APPLY_TO_COURT, Role.HEAD),
        ]
    )

    assert (case.main, case.money) == (State.IN_COURT, Money.PART_PAID)


def test_who_waived_may_still_speak_before_the_decision() -> None:
    case = walk([*TO_NOTIFIED, act(Action.WAIVE, Role.PARTY), act(Action.STATE, Role.PARTY)])

    assert case.main is State.STATEMENT
    with pytest.raises(IllegalMove, match="; allowed: make-void, recheck, spare, transfer"):
        RULES.do(case, act(Action.DECIDE, Role.HEAD), ALL)


@pytest.mark.parametrize(("later", "earlier"), [
    (later, earlier) for later, barred in EXCLUDES.items() for earlier in sorted(barred)
])  # fmt: skip
def test_who_had_a_part_is_excluded_from_what_checks_it(later: Action, earlier: Action) -> None:
    (place, move) = next(
        (place, move) for (place, action), move in RULES.moves.items() if action is later
    )
    assert isinstance(place, State)
    role = min(move.by)
    case = Case(place, acts=(Act(earlier, role, "zhao"),))

    with pytest.raises(SamePerson, match="zhao"):
        RULES.do(case, act(later, role, "zhao"), ALL)
    assert RULES.do(case, act(later, role, "qian"), ALL).main is move.to


def test_who_signed_second_is_excluded_too() -> None:
    case = Case(State.FIRST_REVIEWED, acts=(Act(Action.REVIEW, Role.OFFICER, "zhao", "qian"),))

    with pytest.raises(SamePerson, match="qian"):
        RULES.do(case, act(Action.REVIEW_AGAIN, Role.OFFICER, "qian"), ALL)


@pytest.mark.parametrize(("second", "told"), [(None, "second officer"), ("zhao", "second officer")])
def test_a_notice_needs_two_different_officers(second: str | None, told: str) -> None:
    case = walk(TO_NOTIFIED[:-1])

    with pytest.raises(SamePerson, match=told):
        RULES.do(case, Act(Action.NOTIFY, Role.OFFICER, "zhao", second), ALL)


GUARDED = [
    (place, action, guard)
    for (place, action), move in RULES.moves.items()
    if isinstance(place, State)
    for guard in (*move.guards, *([Guard.NO_CONFLICT] if move.by & JUDGING == move.by else []))
]


@pytest.mark.parametrize(("place", "action", "guard"), GUARDED)
def test_without_each_single_condition_the_act_is_refused(
    place: State, action: Action, guard: Guard
) -> None:
    role = min(RULES.moves[place, action].by)
    money = {Action.BILL: Money.UNBILLED, Action.REFUND: Money.PAID}.get(action, Money.BILLED)
    case = Case(place, money=money)

    with pytest.raises(Unproven, match=guard.value.replace("(", r"\(")):
        RULES.do(case, act(action, role), ALL - {guard})
    assert RULES.do(case, act(action, role), ALL).main is RULES.moves[place, action].to


def test_a_refusal_says_what_is_allowed() -> None:
    with pytest.raises(WrongRole, match="admin must not remind; allowed: system"):
        RULES.do(Case(), act(Action.REMIND, Role.ADMIN), ALL)
    with pytest.raises(IllegalMove, match="cannot decide a case that is suspected; allowed: break"):
        RULES.do(Case(), act(Action.DECIDE, Role.HEAD), ALL)


def test_a_case_is_what_its_acts_made_of_it() -> None:
    case = walk([*TO_PAYABLE, act(Action.PAY, Role.FINANCE)])

    assert RULES.replay(case.acts) == case


def test_the_same_click_twice_is_refused_the_second_time() -> None:
    filed = walk(TO_FILED)

    with pytest.raises(IllegalMove):
        RULES.do(filed, act(Action.FILE, Role.HEAD), ALL)
