"""Which door each role has a key to."""

import pytest

from central.access import ALLOWED, Act, Refused, Role, allowed, home, require

CASES = Act.SEE_CASES
EVIDENCE = Act.SEE_EVIDENCE
EXPORT = Act.EXPORT_PACKET
FLEET = Act.SEE_FLEET
REVIEW = Act.REVIEW
SHARING = Act.AUDIT_SHARING
USERS = Act.MANAGE_USERS
_TYPES = {Act.TYPE_PLATES, Act.SEE_GATEWAYS}
_GATEWAYS = {
    Role.SCREENER: _TYPES,
    Role.OFFICER: _TYPES | {Act.MEND_GATEWAYS},
    Role.HEAD: {Act.SEE_GATEWAYS},
    Role.AUDITOR: {Act.SEE_GATEWAYS},
    Role.ADMIN: {Act.SEE_GATEWAYS, Act.MEND_GATEWAYS},
}
_TALKS = {Act.TAKE_DOWN_RECUSALS, Act.SEND_LINKS}
_READS = {Act.SEE_STATISTICS, Act.READ_DOCUMENTS}
_JUDGES = _READS | {Act.READ_STATEMENTS}
_WATCHES = _JUDGES | {Act.SEE_RETENTION}
BEHIND_CASES = {
    Role.OFFICER: _JUDGES | {Act.UNMASK, Act.KEEP_FIGURES, Act.RECHECK} | _TALKS,
    Role.HEAD: _WATCHES
    | {Act.AUDIT_LOOKS, Act.UNMASK, Act.MEASURE_REVIEWS}
    | {Act.KEEP_FIGURES, Act.HOLD, Act.RECHECK, Act.FIND_WRONG, Act.PUBLISH, Act.MIND_ALARMS}
    | {Act.ANSWER_RECUSALS}
    | _TALKS,
    Role.LEGAL: _WATCHES
    | {Act.UNMASK, Act.HOLD, Act.RECHECK, Act.FIND_WRONG, Act.PUBLISH}
    | _TALKS,
    Role.ADMIN: {Act.MIND_ALARMS},
    Role.SERVICE: _READS | {Act.UNMASK} | _TALKS,
    Role.FINANCE: _READS,
    Role.AUDITOR: _WATCHES | {Act.AUDIT_LOOKS, Act.MEASURE_REVIEWS},
}
"""What belongs to the archive as a whole, not to one case."""
ACTS = Act.ACT
RECEIPTS = Act.NOTE_RECEIPT
BOOKS = Act.SEE_BOOKS

EXPECTED = {
    Role.SCREENER: {CASES, EVIDENCE, FLEET, ACTS},
    Role.OFFICER: {CASES, EVIDENCE, EXPORT, FLEET, REVIEW, ACTS, RECEIPTS},
    Role.HEAD: {CASES, EVIDENCE, EXPORT, FLEET, SHARING, ACTS, BOOKS},
    Role.LEGAL: {CASES, EVIDENCE, EXPORT, FLEET, ACTS},
    Role.SERVICE: {CASES, EVIDENCE, FLEET, ACTS, RECEIPTS},
    Role.FINANCE: {CASES, BOOKS, Act.KEEP_BOOKS},
    Role.AUDITOR: {CASES, EVIDENCE, EXPORT, FLEET, SHARING, BOOKS},
    Role.ADMIN: {FLEET, USERS},
}


@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_exactly_what_its_office_needs(role: Role) -> None:
    assert {act for act in Act if allowed(role, act)} == (
        EXPECTED[role] | BEHIND_CASES.get(role, set()) | _GATEWAYS.get(role, set())
    )


def test_every_act_is_in_the_table() -> None:
    assert set(ALLOWED) == set(Act)


def test_a_refusal_says_what_was_asked_and_who_may() -> None:
    with pytest.raises(Refused) as refused:
        require(Role.OFFICER, Act.MANAGE_USERS)

    assert str(refused.value) == "role officer must not manage users; allowed: admin"


@pytest.mark.parametrize("role", Role)
def test_nobody_starts_on_a_page_that_is_closed_to_them(role: Role) -> None:
    door = {"/cases": Act.SEE_CASES, "/fleet": Act.SEE_FLEET}[home(role)]

    assert allowed(role, door)
