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
OFFICE = {Act.SEE_STATISTICS, Act.READ_DOCUMENTS}
JUDGES = OFFICE | {Act.READ_STATEMENTS}
KEEPS = JUDGES | {Act.KEEP_FIGURES}
ACTS = Act.ACT
RECEIPTS = Act.NOTE_RECEIPT

EXPECTED = {
    Role.SCREENER: {CASES, EVIDENCE, FLEET, ACTS},
    Role.OFFICER: {CASES, EVIDENCE, EXPORT, FLEET, REVIEW, ACTS, RECEIPTS} | KEEPS,
    Role.HEAD: {CASES, EVIDENCE, EXPORT, FLEET, SHARING, ACTS} | KEEPS,
    Role.LEGAL: {CASES, EVIDENCE, EXPORT, FLEET, ACTS} | JUDGES,
    Role.SERVICE: {CASES, EVIDENCE, FLEET, ACTS, RECEIPTS} | OFFICE,
    Role.FINANCE: {CASES} | OFFICE,
    Role.AUDITOR: {CASES, EVIDENCE, EXPORT, FLEET, SHARING} | JUDGES,
    Role.ADMIN: {FLEET, USERS},
}


@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_exactly_what_its_office_needs(role: Role) -> None:
    assert {act for act in Act if allowed(role, act)} == EXPECTED[role]


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
