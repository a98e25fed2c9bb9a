"""The administrator's page, and one's own password."""

import pytest

from central.access import Role
from tests.staff import PASSWORD, PEOPLE, Staff, sign_in, token

NEW = {"name": "li.na", "display": "李娜", "role": "officer", "password": "another pass phrase"}


def test_a_new_user_can_sign_in_at_once(staff: Staff) -> None:
    with staff.signed_in("root") as client:
        answer = client.post("/users", data={**NEW, "csrf": token(client.get("/users"))})
        page = client.get(answer.headers["location"])
    with staff.visitor() as other:
        entered = sign_in(other, "li.na", "another pass phrase")

    assert "用户已添加" in page.text
    assert "李娜" in page.text
    assert entered.status_code == 303


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "x"}, "用户名要由 2 到 32 个"),
        ({"name": "<b>"}, "用户名要由 2 到 32 个"),
        ({"name": "WANG"}, "这个用户名已经有人使用"),
        ({"role": "emperor"}, "没有这个岗位"),
        ({"password": "short"}, "密码至少要有 10 个字符"),
        ({"password": "aaaaaaaaaaaaaa"}, "密码太简单"),
    ],
)
def test_a_faulty_user_is_refused_with_what_was_typed_kept(
    staff: Staff, changes: dict[str, str], sentence: str
) -> None:
    with staff.signed_in("root") as client:
        sent = {**NEW, **changes, "csrf": token(client.get("/users"))}
        page = client.post("/users", data=sent)

    assert page.status_code == 422
    assert sentence in page.text
    assert 'value="李娜"' in page.text
    assert len(staff.accounts.users()) == len(PEOPLE)


def test_a_user_who_is_shut_out_loses_the_open_session(staff: Staff) -> None:
    wang = staff.user("wang")
    with staff.signed_in("root") as admin, staff.signed_in("wang") as officer:
        sent = {"csrf": token(admin.get("/users")), "active": "no"}
        admin.post(f"/users/{wang.id}/active", data=sent)
        after = officer.get("/cases")

    assert after.status_code == 303
    assert staff.user("wang").active is False


def test_a_new_role_counts_from_the_next_page_on(staff: Staff) -> None:
    wang = staff.user("wang")
    with staff.signed_in("root") as admin, staff.signed_in("wang") as officer:
        sent = {"csrf": token(admin.get("/users")), "role": "finance"}
        admin.post(f"/users/{wang.id}/role", data=sent)
        after = officer.get("/fleet")

    assert staff.user("wang").role is Role.FINANCE
    assert after.status_code == 403


def test_a_reset_password_ends_the_users_sessions(staff: Staff) -> None:
    wang = staff.user("wang")
    with staff.signed_in("root") as admin, staff.signed_in("wang") as officer:
        sent = {"csrf": token(admin.get("/users")), "password": "another pass phrase"}
        admin.post(f"/users/{wang.id}/password", data=sent)
        after = officer.get("/cases")
    with staff.visitor() as client:
        old = sign_in(client, "wang", PASSWORD)
        new = sign_in(client, "wang", "another pass phrase")

    assert (after.status_code, old.status_code, new.status_code) == (303, 401, 303)


@pytest.mark.parametrize("what", ["role", "active", "password"])
def test_administrators_cannot_change_themselves(staff: Staff, what: str) -> None:
    root = staff.user("root")
    with staff.signed_in("root") as client:
        sent = {"csrf": token(client.get("/users")), "role": "head", "active": "no"}
        answer = client.post(f"/users/{root.id}/{what}", data={**sent, "password": "x" * 20})

    assert answer.status_code == 403
    assert staff.user("root") == root


@pytest.mark.parametrize(
    "path", ["/users", "/users/x/role", "/users/x/active", "/users/x/password"]
)
def test_only_administrators_change_users(staff: Staff, path: str) -> None:
    with staff.signed_in("wang") as client:
        answer = client.post(path, data={**NEW, "csrf": token(client.get("/account"))})

    assert answer.status_code == 403


@pytest.mark.parametrize("what", ["role", "active", "password"])
def test_an_unknown_user_is_not_found(staff: Staff, what: str) -> None:
    with staff.signed_in("root") as client:
        sent = {**NEW, "csrf": token(client.get("/users"))}
        answer = client.post(f"/users/nobody/{what}", data=sent)

    assert answer.status_code == 404


def test_changing_ones_password_ends_the_other_sessions(staff: Staff) -> None:
    with staff.signed_in("wang") as here, staff.signed_in("wang") as there:
        new = "another pass phrase"
        sent = {"csrf": token(here.get("/account")), "old": PASSWORD, "new": new, "again": new}
        answer = here.post("/account/password", data=sent)
        page = here.get(answer.headers["location"])
        gone = there.get("/cases")

    assert "密码已修改" in page.text
    assert gone.status_code == 303


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"old": "wrong"}, "原密码不正确"),
        ({"again": "something else"}, "两次输入的新密码不一致"),
        ({"new": "short", "again": "short"}, "密码至少要有 10 个字符"),
    ],
)
def test_a_password_change_that_is_refused_says_why(
    staff: Staff, changes: dict[str, str], sentence: str
) -> None:
    new = "another pass phrase"
    with staff.signed_in("wang") as client:
        sent = {"csrf": token(client.get("/account")), "old": PASSWORD, "new": new, "again": new}
        page = client.post("/account/password", data={**sent, **changes})

    assert page.status_code == 422
    assert sentence in page.text
