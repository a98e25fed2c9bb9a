"""One-time codes: enrolling, being asked, replay, too many tries, recovery.

The route that voids stands for every route with the dependency: taking an authenticator away.
"""

import re
from threading import Barrier, Thread

import pyotp
import pytest
from httpx import Client, Response
from sqlalchemy import insert, select

from central import tables
from central.codes import FRESH_MS, STEP_MS, CodeError, WrongCode, matching_step
from central.desk_tables import one_time_code
from tests.staff import PASSWORD, Staff, token


def code_of(secret: str, utc_ms: int) -> str:
    return pyotp.TOTP(secret).at(utc_ms // 1000)


def enrol(staff: Staff, name: str) -> str:
    """The secret of a user whose authenticator was enrolled two steps ago."""
    user, now = staff.user(name), staff.office.clock.now_utc_ms
    secret = staff.codes.begin(user, now).secret
    staff.codes.confirm(user.id, code_of(secret, now - 2 * STEP_MS + STEP_MS), now - STEP_MS)
    return secret


def reset(staff: Staff, client: Client, **more: str) -> Response:
    """An administrator takes li's authenticator away."""
    sent = {"csrf": token(client.get("/account")), **more}
    return client.post(f"/users/{staff.user('li').id}/code", data=sent)


def test_a_user_enrols_with_the_password_and_a_first_code(staff: Staff) -> None:
    with staff.signed_in() as client:
        csrf = token(client.get("/account"))
        refused = client.post("/account/code", data={"csrf": csrf, "password": "not the password"})
        shown = client.post("/account/code", data={"csrf": csrf, "password": PASSWORD})
        secret = re.search(r'class="secret">([A-Z2-7 ]+)<', shown.text)
        assert secret is not None
        code = code_of(secret.group(1).replace(" ", ""), staff.office.clock.now_utc_ms)
        wrong = client.post("/account/code/confirm", data={"csrf": csrf, "code": "000000"})
        right = client.post("/account/code/confirm", data={"csrf": csrf, "code": code})
        after = client.get("/account?done=code")

    assert refused.status_code == 422
    assert "<svg" in shown.text
    assert (wrong.status_code, right.status_code) == (422, 303)
    assert "验证器已绑定" in after.text
    assert staff.codes.enrolled(staff.user("wang").id)


def test_the_database_holds_no_secret_in_the_clear(staff: Staff) -> None:
    secret = enrol(staff, "wang")
    with staff.office.engine.connect() as db:
        kept = db.execute(select(one_time_code.c.secret)).scalar_one()

    assert secret not in kept


def test_an_act_that_needs_a_code_asks_for_it_and_loses_nothing(staff: Staff) -> None:
    secret = enrol(staff, "root")
    enrol(staff, "li")
    with staff.signed_in("root") as client:
        asked = reset(staff, client, grounds="手机丢失 <b>")
        code = code_of(secret, staff.office.clock.now_utc_ms)
        done = reset(staff, client, code=code[:3] + " " + code[3:])

    assert asked.status_code == 422
    assert 'name="grounds" value="手机丢失 &lt;b&gt;"' in asked.text
    assert 'name="code" required' in asked.text
    assert done.headers["location"] == "/users?done=code"
    assert not staff.codes.enrolled(staff.user("li").id)


def test_without_an_authenticator_the_way_to_one_is_shown(staff: Staff) -> None:
    with staff.signed_in("root") as client:
        page = reset(staff, client, code="123456")

    assert "您还没有绑定验证器" in page.text
    assert page.status_code == 422


def test_a_fresh_code_holds_for_ten_minutes_of_its_own_session_only(staff: Staff) -> None:
    secret = enrol(staff, "root")
    clock = staff.office.clock
    with staff.signed_in("root") as client, staff.signed_in("root") as elsewhere:
        first = reset(staff, client, code=code_of(secret, clock.now_utc_ms))
        clock.now_utc_ms += FRESH_MS
        still = reset(staff, client)
        other = reset(staff, elsewhere)
        clock.now_utc_ms += 1
        over = reset(staff, client)

    assert [one.status_code for one in (first, still, other, over)] == [303, 303, 422, 422]


def test_no_code_counts_twice_and_none_before_one_that_counted(staff: Staff) -> None:
    secret, now = enrol(staff, "wang"), staff.office.clock.now_utc_ms
    wang = staff.user("wang").id

    staff.codes.prove(wang, code_of(secret, now), now)
    for used in (now, now - STEP_MS):
        with pytest.raises(WrongCode):
            staff.codes.prove(wang, code_of(secret, used), now)
    staff.codes.prove(wang, code_of(secret, now + STEP_MS), now)


def test_of_the_same_code_at_the_same_time_one_counts(staff: Staff) -> None:
    secret, now = enrol(staff, "wang"), staff.office.clock.now_utc_ms
    wang, ready, taken = staff.user("wang").id, Barrier(4), []

    def prove() -> None:
        ready.wait()
        try:
            staff.codes.prove(wang, code_of(secret, now), now)
            taken.append(True)
        except CodeError:
            taken.append(False)

    threads = [Thread(target=prove) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == [False, False, False, True]


@pytest.mark.parametrize(
    ("off", "found"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_telephones_clock_may_be_one_step_off(off: int, found: bool) -> None:
    secret, now = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", 1_790_000_010_000

    step = matching_step(secret, code_of(secret, now + off * STEP_MS), now)

    assert (step == now // STEP_MS + off) is found


def test_after_five_wrong_codes_not_even_the_right_one_is_looked_at(staff: Staff) -> None:
    secret, clock = enrol(staff, "root"), staff.office.clock
    with staff.signed_in("root") as client:
        wrong = [reset(staff, client, code="000000").status_code for _ in range(5)]
        right = reset(staff, client, code=code_of(secret, clock.now_utc_ms))
        clock.now_utc_ms += 15 * 60_000 + 1
        later = reset(staff, client, code=code_of(secret, clock.now_utc_ms))

    assert wrong == [422] * 5
    assert right.status_code == 429
    assert "验证码错误次数过多" in right.text
    assert later.status_code == 303


def test_an_authenticator_taken_away_ends_the_sessions_and_is_in_the_log(staff: Staff) -> None:
    secret = enrol(staff, "root")
    enrol(staff, "li")
    with staff.signed_in("root") as admin, staff.signed_in("li") as officer:
        reset(staff, admin, code=code_of(secret, staff.office.clock.now_utc_ms))
        after = officer.get("/cases")
    event = tables.case_event
    with staff.office.engine.connect() as db:
        lines = db.execute(
            select(event.c.actor, event.c.payload).where(event.c.type == "code-reset")
        )
        told = lines.one()

    assert after.status_code == 303
    assert tuple(told) == (staff.user("root").id, f'{{"user":"{staff.user("li").id}"}}')


def test_under_another_signing_key_the_old_secret_opens_nothing(staff: Staff) -> None:
    now, wang = staff.office.clock.now_utc_ms, staff.user("wang").id
    foreign = {"secret": "gAAAA", "made_utc_ms": now, "confirmed_utc_ms": now, "last_step": 0}
    with staff.office.engine.begin() as db:
        db.execute(insert(one_time_code).values(user_id=wang, **foreign))

    with pytest.raises(WrongCode):
        staff.codes.prove(wang, "123456", now)
