"""Acts for tests of the case: who does them, and the way to the places where tests begin."""

from collections.abc import Iterable

from central.case_moves import RULES, SECONDED
from central.cases import Act, Action, Case, Guard, Role

ALL = frozenset(Guard)
PEOPLE = {role: f"{role.value}-1" for role in Role}


def act(action: Action, role: Role, person: str = "", second: str | None = None) -> Act:
    if action in SECONDED and role is Role.OFFICER and second is None:
        second = "officer-9"
    return Act(action, role, person or PEOPLE[role], second)


def walk(steps: Iterable[Act], start: Case | None = None) -> Case:
    case = start or Case()
    for step in steps:
        case = RULES.do(case, step, ALL)
    return case


TO_REVIEW = (act(Action.REMIND, Role.SYSTEM), act(Action.OVERSTAY, Role.DEVICE))
TO_FILED = (
    *TO_REVIEW,
    act(Action.REVIEW, Role.OFFICER, "zhao"),
    act(Action.REVIEW_AGAIN, Role.OFFICER, "qian"),
    act(Action.RESOLVE_OWNER, Role.SYSTEM),
    act(Action.PROPOSE_FILING, Role.OFFICER, "zhao"),
    act(Action.FILE, Role.HEAD),
)
TO_PARTY = (*TO_FILED, act(Action.IDENTIFY_PARTY, Role.PARTY))
TO_NOTIFIED = (
    *TO_PARTY,
    act(Action.NOTIFY, Role.OFFICER, "zhao", "qian"),
)
TO_DECIDED = (*TO_NOTIFIED, act(Action.WAIVE, Role.PARTY), act(Action.DECIDE, Role.HEAD))
TO_PAYABLE = (
    *TO_DECIDED,
    act(Action.BEGIN_SERVICE, Role.SERVICE),
    act(Action.PROVE_SERVICE, Role.SERVICE),
    act(Action.BILL, Role.SYSTEM),
)
