"""Signing in and out, and what keeps others from doing it for somebody."""

import pytest

from central.auth import SESSION_IDLE_MS, TRIES_PER_PAIR
from tests.office import Office
from tests.staff import PASSWORD, Staff, sign_in, token


def test_signing_in_leads_to_the_cases(staff: Staff) -> None:
    with staff.visitor() as client:
        answer = sign_in(client, "wang")

        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert client.get("/").headers["location"] == "/cases"
        assert client.get("/cases").status_code == 200


def test_signing_in_leads_back_to_the_page_that_was_asked_for(staff: Staff) -> None:
    with staff.visitor() as client:
        asked = client.get("/cases?state=broken")
        page = client.get(asked.headers["location"])
        answer = sign_in(client, "wang", onward="/cases?state=broken")

    assert asked.status_code == 303
    assert 'name="next" value="/cases?state=broken"' in page.text
    assert answer.headers["location"] == "/cases?state=broken"


def test_signing_in_leads_to_no_other_server(staff: Staff) -> None:
    with staff.visitor() as client:
        answer = sign_in(client, "wang", onward="//evil.example/cases")

    assert answer.headers["location"] == "/"


def test_the_page_does_not_tell_whether_a_name_exists(staff: Staff) -> None:
    with staff.visitor() as client:
        known = sign_in(client, "wang", "wrong password")
        unknown = sign_in(client, "wong", "wrong password")

    assert known.status_code == unknown.status_code == 401
    assert "用户名或密码不正确" in known.text
    assert known.text.replace("wang", "") == unknown.text.replace("wong", "")


def test_too_many_failures_are_told_how_long_to_wait(staff: Staff) -> None:
    with staff.visitor() as client:
        for _ in range(TRIES_PER_PAIR):
            sign_in(client, "wang", "wrong password")
        answer = sign_in(client, "wang")

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "900"
    assert "请在 15 分后再试" in answer.text


def test_the_session_cookie_is_out_of_reach_of_scripts(staff: Staff) -> None:
    with staff.visitor() as client:
        cookies = sign_in(client, "wang").headers.get_list("set-cookie")

    [session] = [cookie for cookie in cookies if cookie.startswith("firelane=")]
    assert "HttpOnly" in session
    assert "SameSite=lax" in session


def test_behind_https_cookies_are_for_https_and_this_host_only(office: Office) -> None:
    with (
        Staff.serving(office, "https://lanes.example") as staff,
        staff.visitor() as client,
    ):
        page = client.get("/sign-in")
        form_token = token(page)
        cookies = client.post(
            "/sign-in",
            data={"csrf": form_token, "name": "wang", "password": PASSWORD},
            headers={"cookie": f"firelane_form={form_token}"},
        ).headers.get_list("set-cookie")

    [session] = [cookie for cookie in cookies if cookie.startswith("__Host-firelane=")]
    assert "Secure" in session
    assert "Path=/" in session
    assert page.headers["strict-transport-security"] == "max-age=31536000"


@pytest.fixture
def office(staff: Staff) -> Office:
    """The office of `staff`, whose people a second server shares."""
    with staff.office.engine.begin() as db:
        from central import tables

        db.execute(tables.user.delete())
    return staff.office


def test_a_form_without_the_cookies_token_signs_nobody_in(staff: Staff) -> None:
    with staff.visitor() as client:
        client.get("/sign-in")
        sent = {"name": "wang", "password": PASSWORD, "csrf": "guess"}
        answer = client.post("/sign-in", data=sent)

    assert answer.status_code == 403
    assert "请重新提交" in answer.text
    assert "firelane=" not in "".join(answer.headers.get_list("set-cookie"))


def test_a_form_from_another_site_is_refused(staff: Staff) -> None:
    with staff.signed_in() as client:
        csrf = token(client.get("/account"))
        answer = client.post(
            "/sign-out", data={"csrf": csrf}, headers={"sec-fetch-site": "cross-site"}
        )
        still_in = client.get("/cases").status_code

    assert (answer.status_code, still_in) == (403, 200)


def test_a_form_with_another_sessions_token_is_refused(staff: Staff) -> None:
    with staff.signed_in("wang") as one, staff.signed_in("root") as other:
        stolen = token(other.get("/account"))
        answer = one.post("/sign-out", data={"csrf": stolen})

    assert answer.status_code == 403


def test_signing_out_ends_the_session_on_the_server(staff: Staff) -> None:
    with staff.signed_in() as client:
        kept = dict(client.cookies)
        answer = client.post("/sign-out", data={"csrf": token(client.get("/account"))})
        client.cookies.update(kept)
        after = client.get("/cases")

    assert answer.headers["clear-site-data"] == '"cache"'
    assert after.status_code == 303


def test_an_idle_session_asks_to_sign_in_again_and_comes_back(staff: Staff) -> None:
    with staff.signed_in() as client:
        staff.office.clock.now_utc_ms += SESSION_IDLE_MS + 1
        answer = client.get("/cases?text=a")
        live = client.get("/cases", headers={"hx-request": "true"})
        session = client.get("/session", headers={"accept": "*/*"})

    assert answer.headers["location"].endswith("/sign-in?next=%2Fcases%3Ftext%3Da")
    assert (live.status_code, session.status_code) == (401, 401)


def test_a_form_that_is_too_large_is_refused_unread(staff: Staff) -> None:
    with staff.visitor() as client:
        answer = client.post("/sign-in", content=b"name=" + b"a" * 70_000)

    assert answer.status_code == 413
    assert "内容太大" in answer.text


def test_a_form_with_thousands_of_fields_is_refused(staff: Staff) -> None:
    with staff.visitor() as client:
        answer = client.post("/sign-in", content="&".join(f"f{n}=1" for n in range(3000)))

    assert answer.status_code == 413


def test_the_language_is_chosen_before_and_kept_after_signing_in(staff: Staff) -> None:
    with staff.visitor() as client:
        before = client.get("/sign-in")
        sent = {"csrf": token(before), "language": "en", "back": "/sign-in"}
        client.post("/preferences", data=sent)
        english = client.get("/sign-in")
        sign_in(client, "wang")
        chinese_user = client.get("/cases")
        csrf = token(chinese_user)
        client.post("/preferences", data={"csrf": csrf, "language": "en", "back": "/cases"})
        english_user = client.get("/cases")

    assert '<html lang="zh-CN"' in before.text
    assert "User name" in english.text
    assert '<html lang="zh-CN"' in chinese_user.text
    assert "None" not in english_user.text
    assert "No cases yet" in english_user.text
    assert staff.user("wang").language == "en"


def test_an_unknown_language_or_theme_changes_nothing(staff: Staff) -> None:
    with staff.signed_in() as client:
        csrf = token(client.get("/account"))
        sent = {"csrf": csrf, "language": "xx", "theme": "<b>", "back": "//evil.example"}
        answer = client.post("/preferences", data=sent)

    assert answer.headers["location"] == "/"
    assert "set-cookie" not in answer.headers
