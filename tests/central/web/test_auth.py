"""Passwords, sessions and how often one may try."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.access import Role
from central.accounts import Accounts, NameTaken, NewUser, UnknownUser
from central.auth import (
    SEEN_EVERY_MS,
    SESSION_IDLE_MS,
    SESSION_LIFE_MS,
    TRIES_PER_ADDRESS,
    TRIES_PER_PAIR,
    WINDOW_MS,
    Attempt,
    TooManyAttempts,
    WeakPassword,
    WrongPassword,
    check_password,
    hash_password,
    sign_in,
    token_sha256,
    visit,
    wait_s,
)
from central.database import connect, migrate
from tests.staff import HASH, PASSWORD

NOW = 1_795_000_000_000
GOOD = Attempt("wang", PASSWORD, "10.0.0.7", "Browser")
WRONG = replace(GOOD, password="something else entirely")


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    engine = connect(f"sqlite:///{tmp_path}/central.db")
    migrate(engine)
    accounts = Accounts(engine)
    accounts.add_user(NewUser("Wang", "王建国", HASH, Role.OFFICER), NOW)
    return accounts


def test_a_user_signs_in_whatever_the_case_of_the_name(accounts: Accounts) -> None:
    token = sign_in(accounts, replace(GOOD, name=" WANG "), NOW)

    found = visit(accounts, token, NOW, by_hand=True)
    assert found is not None
    assert (found.user.display, found.user.role) == ("王建国", Role.OFFICER)


def test_the_database_holds_neither_password_nor_token(accounts: Accounts) -> None:
    token = sign_in(accounts, GOOD, NOW)

    user = accounts.user_by_name("wang")
    assert user is not None
    assert user.password.startswith("$argon2id$")
    assert accounts.session(token) is None
    assert accounts.session(token_sha256(token)) is not None


@pytest.mark.parametrize("name", ["wang", "nobody"])
def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(
    accounts: Accounts, name: str
) -> None:
    with pytest.raises(WrongPassword) as refused:
        sign_in(accounts, replace(WRONG, name=name), NOW)

    assert str(refused.value) == "name and password do not belong together"


@pytest.mark.parametrize("name", ["wang", "nobody"])
def test_after_five_failures_even_the_right_password_has_to_wait(
    accounts: Accounts, name: str
) -> None:
    for second in range(TRIES_PER_PAIR):
        with pytest.raises(WrongPassword):
            sign_in(accounts, replace(WRONG, name=name), NOW + second * 1000)

    with pytest.raises(TooManyAttempts) as refused:
        sign_in(accounts, replace(GOOD, name=name), NOW + 5000)

    assert refused.value.wait_s == WINDOW_MS // 1000 - 5


def test_when_the_window_has_passed_one_may_try_again(accounts: Accounts) -> None:
    for _ in range(TRIES_PER_PAIR):
        with pytest.raises(WrongPassword):
            sign_in(accounts, WRONG, NOW)

    assert sign_in(accounts, GOOD, NOW + WINDOW_MS)


def test_failures_from_one_address_do_not_lock_the_user_out_elsewhere(accounts: Accounts) -> None:
    for _ in range(TRIES_PER_PAIR):
        with pytest.raises(WrongPassword):
            sign_in(accounts, WRONG, NOW)

    assert sign_in(accounts, replace(GOOD, address="10.0.0.8"), NOW)


def test_one_address_may_not_try_many_names(accounts: Accounts) -> None:
    accounts.note_failure(["address:10.0.0.7"] * TRIES_PER_ADDRESS, NOW)

    with pytest.raises(TooManyAttempts):
        sign_in(accounts, GOOD, NOW + 1)


def test_signing_in_forgets_the_earlier_failures(accounts: Accounts) -> None:
    for _ in range(TRIES_PER_PAIR - 1):
        with pytest.raises(WrongPassword):
            sign_in(accounts, WRONG, NOW)
    sign_in(accounts, GOOD, NOW)

    with pytest.raises(WrongPassword):
        sign_in(accounts, WRONG, NOW + 1)
    assert sign_in(accounts, GOOD, NOW + 2)


def test_a_session_ends_when_nobody_uses_it(accounts: Accounts) -> None:
    token = sign_in(accounts, GOOD, NOW)

    assert visit(accounts, token, NOW + SESSION_IDLE_MS, by_hand=False) is not None
    assert visit(accounts, token, NOW + SESSION_IDLE_MS + 1, by_hand=True) is None


def test_using_a_session_keeps_it_alive(accounts: Accounts) -> None:
    token = sign_in(accounts, GOOD, NOW)
    later = NOW + SESSION_IDLE_MS - 1
    visit(accounts, token, later, by_hand=True)

    assert visit(accounts, token, later + SESSION_IDLE_MS, by_hand=True) is not None


def test_a_page_that_renews_itself_keeps_no_session_alive(accounts: Accounts) -> None:
    token = sign_in(accounts, GOOD, NOW)
    later = NOW + SESSION_IDLE_MS - 1
    visit(accounts, token, later, by_hand=False)

    assert visit(accounts, token, later + 2, by_hand=True) is None


def test_no_session_outlives_the_working_day(accounts: Accounts) -> None:
    token = sign_in(accounts, GOOD, NOW)
    for at in range(NOW, NOW + SESSION_LIFE_MS, SESSION_IDLE_MS - SEEN_EVERY_MS):
        assert visit(accounts, token, at, by_hand=True) is not None

    assert visit(accounts, token, NOW + SESSION_LIFE_MS, by_hand=True) is None


def test_who_is_shut_out_is_signed_out_at_once(accounts: Accounts) -> None:
    token = sign_in(accounts, GOOD, NOW)
    user = accounts.user_by_name("wang")
    assert user is not None

    accounts.set_active(user.id, False, NOW)

    assert visit(accounts, token, NOW, by_hand=True) is None
    with pytest.raises(WrongPassword):
        sign_in(accounts, GOOD, NOW)


def test_ending_other_sessions_keeps_the_present_one(accounts: Accounts) -> None:
    here, there = sign_in(accounts, GOOD, NOW), sign_in(accounts, GOOD, NOW)
    user = accounts.user_by_name("wang")
    assert user is not None

    accounts.end_sessions(user.id, keep=token_sha256(here))

    assert visit(accounts, here, NOW, by_hand=True) is not None
    assert visit(accounts, there, NOW, by_hand=True) is None


def test_two_users_cannot_have_one_name(accounts: Accounts) -> None:
    with pytest.raises(NameTaken, match="'wang'"):
        accounts.add_user(NewUser("WANG", "", HASH, Role.HEAD), NOW)


def test_an_unknown_user_cannot_be_changed(accounts: Accounts) -> None:
    with pytest.raises(UnknownUser, match="'nobody'"):
        accounts.set_role("nobody", Role.HEAD, NOW)


@pytest.mark.parametrize(
    ("password", "reason"),
    [("123456789", "too_short"), ("x" * 129, "too_long"), ("aaaaaaaaaaaa", "too_plain")],
)
def test_a_weak_password_is_refused_with_its_reason(password: str, reason: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        hash_password(password)

    assert refused.value.reason == reason


def test_a_password_longer_than_allowed_never_matches_its_beginning() -> None:
    longest = "0123456789abcdef" * 8
    stored = hash_password(longest)

    assert check_password(stored, longest) is False
    with pytest.raises(WrongPassword):
        check_password(stored, longest + "!")


def test_a_damaged_hash_lets_nobody_in() -> None:
    with pytest.raises(WrongPassword):
        check_password("not a hash", PASSWORD)


@given(st.lists(st.integers(0, 10 * WINDOW_MS)), st.integers(1, 20), st.integers(0, 10 * WINDOW_MS))
def test_waiting_as_long_as_told_is_always_enough(
    failures: list[int], tries: int, now: int
) -> None:
    past = [at for at in failures if at <= now]

    wait = wait_s(past, tries, now)

    assert 0 <= wait <= WINDOW_MS // 1000
    assert wait_s(past, tries, now + wait * 1000) == 0
