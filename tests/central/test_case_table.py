"""The table of the case itself: every state, action and role, and what no path leads around."""

from itertools import product
from pathlib import Path

import pytest

from central.access import Role as StaffRole
from central.case_moves import ENDS, RULES, SINCE_DECISION, STAGES, page
from central.cases import Action, Case, CaseError, Guard, Money, Remedy, Role, State
from tests.case_steps import ALL, act

PAGE = Path(__file__).parents[2] / "central" / "CASES.md"
ALLOWED: dict[Role, set[Action]] = {
    Role.DEVICE: {Action.DEPART, Action.OVERSTAY, Action.OVERSTAY_UNREMINDED, Action.BREAK},
    Role.SYSTEM: {
        Action.REMIND,
        Action.FAIL_REMINDER,
        Action.BREAK,
        Action.EXPIRE,
        Action.QUARANTINE,
        Action.RESOLVE_OWNER,
        Action.LAPSE,
        Action.BEGIN_SERVICE,
        Action.PROVE_SERVICE,
        Action.BILL,
        Action.FALL_OVERDUE,
    },
    Role.SCREENER: {Action.SCREEN, Action.REJECT},
    Role.OFFICER: {
        Action.RELEASE,
        Action.REVIEW,
        Action.REVIEW_AGAIN,
        Action.DISAGREE,
        Action.REJECT,
        Action.EXEMPT,
        Action.PROPOSE_FILING,
        Action.IDENTIFY_PARTY,
        Action.NOTIFY,
        Action.STATE,
        Action.RECHECK,
        Action.DECIDE_ON_THE_SPOT,
    },
    Role.HEAD: {
        Action.FILE,
        Action.DECLINE_FILING,
        Action.DECIDE,
        Action.SPARE,
        Action.TRANSFER,
        Action.ANNOUNCE,
        Action.DEFER,
        Action.DEMAND,
        Action.APPLY_TO_COURT,
        Action.REVOKE,
        Action.CORRECT,
        Action.MAKE_VOID,
        Action.CLOSE,
        Action.ARCHIVE,
    },
    Role.LEGAL: {Action.SETTLE, Action.REJECT, Action.RECHECK, Action.REVIEW_LEGALITY},
    Role.SERVICE: {Action.BEGIN_SERVICE, Action.TRY_SERVICE, Action.PROVE_SERVICE},
    Role.FINANCE: {Action.PAY, Action.PAY_PART, Action.REFUND},
    Role.PARTY: {
        Action.IDENTIFY_PARTY,
        Action.STATE,
        Action.WAIVE,
        Action.FILE_RECONSIDERATION,
        Action.FILE_SUIT,
        Action.WITHDRAW_REMEDY,
    },
    Role.COURT: {
        Action.REVOKE,
        Action.FILE_RECONSIDERATION,
        Action.DECIDE_RECONSIDERATION,
        Action.FILE_SUIT,
        Action.DECIDE_SUIT,
        Action.WITHDRAW_REMEDY,
    },
    Role.AUDITOR: set(),
    Role.ADMIN: set(),
}
"""Written down once more by hand, from the law's side."""


def test_no_two_regions_share_a_word() -> None:
    words = [*State, *Remedy, *Money]

    assert len({str(word) for word in words}) == len(words)


def test_the_staff_roles_are_those_who_sign_in() -> None:
    outside = {Role.DEVICE, Role.SYSTEM, Role.PARTY, Role.COURT}

    assert {role.value for role in StaffRole} == {role.value for role in set(Role) - outside}


@pytest.mark.parametrize("role", Role)
def test_each_role_does_exactly_what_is_its_own(role: Role) -> None:
    assert {action for (_, action), move in RULES.moves.items() if role in move.by} == ALLOWED[role]


@pytest.mark.parametrize("role", Role)
def test_every_state_action_and_role_is_either_in_the_table_or_refused(role: Role) -> None:
    """What is not in the table does not happen, wherever the case stands."""
    for action in Action:
        _try_everywhere(role, action)


def _try_everywhere(role: Role, action: Action) -> None:
    regions = RULES.regions[action]
    remedies = tuple(Remedy) if Remedy in regions else (Remedy.NONE,)
    monies = tuple(Money) if Money in regions else (Money.BILLED,)
    for main, remedy, money in product(State, remedies, monies):
        case = Case(main, remedy, money)
        places = [place for place in (main, remedy, money) if type(place) in regions]
        moves = [RULES.moves.get((place, action)) for place in places]
        legal = bool(moves) and all(move is not None and role in move.by for move in moves)

        try:
            after = RULES.do(case, act(action, role), ALL)
        except CaseError:
            assert not legal, (main, money, action, role)
        else:
            assert legal, (main, money, action, role)
            assert len(after.acts) == 1
        assert (action in RULES.open_to(case, role)) == legal


def reachable(without: frozenset[Action] = frozenset()) -> set[State]:
    """Main states that any row of acts leads to, with the other regions left aside."""
    seen, rest = {State.SUSPECTED}, [State.SUSPECTED]
    while rest:
        here = rest.pop()
        for (place, action), move in RULES.moves.items():
            new = move.to
            leads = place is here and action not in without
            if leads and isinstance(new, State) and new not in seen:
                seen.add(new)
                rest.append(new)
    return seen


def test_every_state_can_be_reached() -> None:
    assert reachable() == set(State)


@pytest.mark.parametrize(
    "missing",
    [
        {Action.REVIEW},
        {Action.REVIEW_AGAIN, Action.DISAGREE},
        {Action.FILE},
        {Action.NOTIFY, Action.DECIDE_ON_THE_SPOT},
        {Action.DECIDE, Action.DECIDE_ON_THE_SPOT},
    ],
)
def test_no_path_leads_to_a_penalty_around_people(missing: set[Action]) -> None:
    assert reachable(frozenset(missing)) & set(SINCE_DECISION) <= {State.CLOSED, State.ARCHIVED}


def test_no_device_and_no_clock_takes_a_step_of_judgement() -> None:
    machines = {Role.DEVICE, Role.SYSTEM}
    judgements = {
        State.FIRST_REVIEWED,
        State.SECOND_REVIEWED,
        State.FILED,
        State.NOTIFIED,
        State.WAIVED,
        State.DECIDED,
        State.PAID,
        State.REVOKED,
    }

    assert {
        move.to for move in RULES.moves.values() if move.by & machines and move.to in judgements
    } == set()


def test_only_the_party_waives_and_never_by_silence() -> None:
    waiving = [move for move in RULES.moves.values() if move.to is State.WAIVED]

    assert {move.by for move in waiving} == {frozenset({Role.PARTY})}
    assert {move.guards for move in waiving} == {(Guard.EXPRESS,)}


def test_an_end_is_an_end_and_everything_else_leads_on() -> None:
    leading = {
        place
        for (place, _), move in RULES.moves.items()
        if isinstance(place, State) and move.to is not place and move.by != {Role.DEVICE}
    }

    assert set(State) - leading == ENDS - {State.ARCHIVED}


def test_only_a_record_that_comes_late_leads_on_from_an_end() -> None:
    late = {
        (place, action, move.to)
        for (place, action), move in RULES.moves.items()
        if place in ENDS - {State.ARCHIVED}
    }

    assert late == {
        (State.DEPARTED, Action.OVERSTAY, State.OVERSTAYED),
        (State.INDETERMINATE, Action.OVERSTAY, State.OVERSTAYED),
        (State.DEPARTED, Action.BREAK, State.INDETERMINATE),
    }
    assert all(
        Guard.REMINDED in RULES.moves[place, Action.OVERSTAY].guards
        for place in (State.DEPARTED, State.INDETERMINATE)
    )


def test_every_state_lies_in_one_stage() -> None:
    assert sorted(state for states in STAGES.values() for state in states) == sorted(State)


def test_every_document_of_the_law_is_made_somewhere() -> None:
    documents = {move.document for move in RULES.moves.values()}

    assert documents >= {
        "审核记录",
        "立案审批表",
        "行政处罚告知书",
        "陈述申辩笔录",
        "复核意见书",
        "法制审核意见",
        "行政处罚决定书",
        "当场行政处罚决定书",
        "不予行政处罚决定书",
        "案件移送函",
        "送达回证",
        "延期(分期)缴纳审批表",
        "催告书",
        "结案审批表",
    }


def test_the_page_is_printed_from_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
