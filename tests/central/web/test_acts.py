"""Acting on a case by hand: forms, refusals, two at once, twice, back, a session that is over."""

import re
from html import unescape
from threading import Barrier, Thread

import pytest
from httpx import Client, Response

from central import acting
from central.auth import SESSION_IDLE_MS
from central.cases import Action, State
from tests.staff import PASSWORD, Staff, token
from tests.stories import Teller
from tests.walks import PARTY, YES, Walk, filled, hidden, said


@pytest.fixture
def walk(staff: Staff, teller: Teller) -> Walk:
    """A case whose owner was looked up after two reviews."""
    walk = Walk.begun(staff, teller)
    walk.to_owner()
    return walk


def path(walk: Walk, action: str) -> str:
    return f"/cases/{walk.case_id}/acts/{action}"


def issued(client: Client, walk: Walk, action: str, **fields: str) -> Response:
    """The form is filled in and checked; what the check page sends."""
    sent = {**filled(client, walk.case_id, action), **YES, **fields}
    checked = client.post(path(walk, action), data={**sent, "step": "check"})
    assert 'name="digest"' in checked.text, said(checked)
    return client.post(path(walk, action), data={**sent, **hidden(checked), "step": "do"})


def actions(walk: Walk) -> list[Action]:
    with walk.staff.office.engine.connect() as db:
        return [one.act.action for one in acting.acts(db, walk.case_id)]


def test_the_case_page_shows_what_this_office_may_do_and_for_whom_the_rest_waits(
    walk: Walk,
) -> None:
    officer, head, clerk = walk.page("zhao"), walk.page("chen"), walk.page("qian")

    assert f'href="{path(walk, "propose-filing")}"' in officer.text
    assert f'href="{path(walk, "file")}"' not in officer.text
    assert f'href="{path(walk, "decline-filing")}"' in head.text
    assert path(walk, "propose-filing") not in head.text + clerk.text
    assert '不予立案 <span class="dim">负责人</span>' in " ".join(clerk.text.split())


def test_the_check_page_says_what_would_be_issued_and_nothing_is_issued_yet(walk: Walk) -> None:
    before = walk.kinds()
    with walk.staff.signed_in("zhao", proved=True) as client:
        sent = {**filled(client, walk.case_id, "propose-filing"), **YES, "step": "check"}
        checked = client.post(path(walk, "propose-filing"), data=sent)

    assert "文号在签发时取得" in checked.text
    assert "示例区消防救援大队" in checked.text
    assert "《中华人民共和国消防法》第二十八条" in checked.text
    assert walk.kinds() == before
    assert walk.state() is State.OWNER_RESOLVED


def test_the_draft_is_a_pdf(walk: Walk) -> None:
    with walk.staff.signed_in("zhao", proved=True) as client:
        sent = {**filled(client, walk.case_id, "propose-filing"), **YES}
        draft = client.post(f"{path(walk, 'propose-filing')}/draft.pdf", data=sent)

    assert (draft.status_code, draft.content[:5]) == (200, b"%PDF-")


def test_every_fault_of_a_form_is_told_at_its_field_and_what_was_typed_stays(walk: Walk) -> None:
    walk.act("wang", "propose-filing")
    walk.act("chen", "file")
    with walk.staff.signed_in("wang", proved=True) as client:
        sent = filled(client, walk.case_id, "identify-party", party_name="<b>张", **YES)
        page = client.post(path(walk, "identify-party"), data={**sent, "step": "check"})

    assert page.status_code == 422
    assert 'name="party_name" value="&lt;b&gt;张"' in page.text
    assert page.text.count("请填写。") == 4
    assert "请确认后勾选。" in page.text


def test_an_act_without_a_declaration_of_no_interest_is_refused(walk: Walk) -> None:
    answer = walk.try_act("zhao", "propose-filing", no_conflict="")

    assert answer.status_code == 422
    assert walk.state() is State.OWNER_RESOLVED


def test_nobody_acts_on_a_vehicle_that_they_declared(walk: Walk) -> None:
    with walk.staff.signed_in("zhao") as client:
        csrf = token(client.get("/account"))
        declared = client.post("/account/plates", data={"csrf": csrf, "plate": "浙b·12345"})
        refused = client.post("/account/plates", data={"csrf": csrf, "plate": "浙B1"})
    page = walk.page("zhao")
    answer = walk.try_act("zhao", "propose-filing")

    assert declared.headers["location"] == "/account?done=plates"
    assert refused.headers["location"] == "/account?done=bad_plate"
    assert "您申报过这辆车的号牌" in page.text
    assert path(walk, "propose-filing") not in page.text
    assert (answer.status_code, walk.state()) == (409, State.OWNER_RESOLVED)
    walk.act("wang", "propose-filing")


def test_who_stepped_back_does_nothing_more_in_the_case(walk: Walk) -> None:
    with walk.staff.signed_in("zhao") as client:
        csrf = token(client.get("/account"))
        client.post(f"/cases/{walk.case_id}/recuse", data={"csrf": csrf})
    page, answer = walk.page("zhao"), walk.try_act("zhao", "propose-filing")

    assert "您已在本案中回避" in page.text
    assert (answer.status_code, walk.state()) == (409, State.OWNER_RESOLVED)


def test_who_bears_the_partys_name_does_not_act(walk: Walk) -> None:
    walk.act("wang", "propose-filing")
    walk.act("chen", "file")
    walk.act("wang", "identify-party", **{**PARTY, "party_name": "赵 强"})
    walk.sign("li")

    answer = walk.try_act("zhao", "notify")

    assert "本案当事人与您同名" in walk.page("zhao").text
    assert answer.status_code == 409


def test_what_somebody_did_before_is_shown_as_what_bars_them(walk: Walk) -> None:
    walk.act("wang", "propose-filing")
    walk.act("chen", "file")
    walk.staff.accounts.set_role(walk.staff.user("wang").id, walk.staff.user("chen").role, 0)
    walk.act("li", "identify-party", **PARTY)
    walk.sign("zhao")

    page = walk.page("wang")
    answer = walk.try_act("wang", "spare", grounds="情节轻微并及时改正")

    assert "不能由您办理，因为您在本案中办理过： 初审通过" in " ".join(
        re.sub(r"<[^>]+>", "", page.text).split()
    )
    assert answer.status_code == 409
    assert walk.state() is State.PARTY_IDENTIFIED


def test_the_same_form_twice_is_done_once(walk: Walk) -> None:
    with walk.staff.signed_in("zhao", proved=True) as client:
        sent = {**filled(client, walk.case_id, "propose-filing"), **YES}
        checked = client.post(path(walk, "propose-filing"), data={**sent, "step": "check"})
        done = {**sent, **hidden(checked), "step": "do"}
        first = client.post(path(walk, "propose-filing"), data=done)
        again = client.post(path(walk, "propose-filing"), data=done)
        page = client.get(again.headers["location"])

    assert first.headers["location"] == f"/cases/{walk.case_id}?done=propose-filing"
    assert again.headers["location"] == f"/cases/{walk.case_id}?done=already"
    assert "没有重复办理" in page.text
    assert actions(walk).count(Action.PROPOSE_FILING) == 1


def test_two_clicks_at_the_same_moment_are_one_act(walk: Walk) -> None:
    with walk.staff.signed_in("zhao", proved=True) as client:
        sent = {**filled(client, walk.case_id, "propose-filing"), **YES}
        checked = client.post(path(walk, "propose-filing"), data={**sent, "step": "check"})
        done, together, answers = {**sent, **hidden(checked), "step": "do"}, Barrier(4), []

        def click() -> None:
            together.wait()
            answers.append(client.post(path(walk, "propose-filing"), data=done).status_code)

        threads = [Thread(target=click) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert answers == [303] * 4
    assert actions(walk).count(Action.PROPOSE_FILING) == 1
    assert walk.kinds().count("立案审批表") == 1


def test_of_two_officers_at_once_the_second_is_told_and_loses_nothing(walk: Walk) -> None:
    with (
        walk.staff.signed_in("chen", proved=True) as head,
        walk.staff.signed_in("zhao", proved=True) as officer,
    ):
        sent = {**filled(head, walk.case_id, "decline-filing"), **YES, "grounds": "证据不足以立案"}
        checked = head.post(path(walk, "decline-filing"), data={**sent, "step": "check"})
        issued(officer, walk, "propose-filing")
        late = head.post(
            path(walk, "decline-filing"), data={**sent, **hidden(checked), "step": "do"}
        )

    assert late.status_code == 409
    assert "案件有了新的进展" in late.text
    assert "证据不足以立案" in unescape(late.text)
    assert walk.state() is State.FILING_PROPOSED


def test_the_back_button_shows_the_form_and_what_was_done_stays_done_once(walk: Walk) -> None:
    with walk.staff.signed_in("zhao", proved=True) as client:
        answer = issued(client, walk, "propose-filing")
        back = client.get(path(walk, "propose-filing"))
        sent = {"csrf": token(client.get("/account")), **YES, "step": "check", "seen": "1"}
        again = client.post(path(walk, "propose-filing"), data=sent)

    assert answer.status_code == 303
    assert (back.status_code, again.status_code) == (409, 409)
    assert actions(walk).count(Action.PROPOSE_FILING) == 1


def test_a_session_that_is_over_brings_the_form_back_filled_after_signing_in(walk: Walk) -> None:
    with walk.staff.signed_in("chen", proved=True) as client:
        sent = {**filled(client, walk.case_id, "decline-filing"), **YES}
        sent |= {"grounds": "第一行\n第二行 <b>", "step": "check"}
        walk.staff.office.clock.now_utc_ms += SESSION_IDLE_MS + 1
        asked = client.post(path(walk, "decline-filing"), data=sent)
        again = {**hidden(asked), "name": "chen", "password": "wrong password"}
        wrong = client.post("/sign-in", data=again)
        right = client.post("/sign-in", data={**hidden(wrong), **again, "password": PASSWORD})
        shown = client.post(path(walk, "decline-filing"), data=hidden(right))

    assert (asked.status_code, wrong.status_code, right.status_code) == (401, 401, 200)
    assert "您填写的内容已保留" in asked.text
    assert "第一行\n第二行 &lt;b&gt;</textarea>" in shown.text
    assert walk.state() is State.OWNER_RESOLVED


def test_a_form_from_another_site_is_not_kept_through_signing_in(walk: Walk) -> None:
    with walk.staff.visitor() as client:
        sent = {"csrf": "x", "grounds": "evil", "step": "do"}
        headers = {"sec-fetch-site": "cross-site"}
        answer = client.post(path(walk, "decline-filing"), data=sent, headers=headers)

    assert "evil" not in answer.text


def test_documents_that_would_say_something_else_than_the_check_are_not_issued(walk: Walk) -> None:
    """Midnight passed between the check and the click: the date would be another."""
    with walk.staff.signed_in("zhao", proved=True) as client:
        sent = {**filled(client, walk.case_id, "propose-filing"), **YES}
        checked = client.post(path(walk, "propose-filing"), data={**sent, "step": "check"})
        walk.staff.office.clock.now_utc_ms += 40 * 60_000
        same = {**sent, **hidden(checked), "step": "do"}
        other = client.post(path(walk, "propose-filing"), data={**same, "digest": "ab" * 32})
        done = client.post(path(walk, "propose-filing"), data=same)

    assert (other.status_code, done.status_code) == (409, 303)


def test_a_grave_act_asks_for_a_code_and_keeps_the_form(walk: Walk) -> None:
    with walk.staff.signed_in("chen") as client:
        sent = {**filled(client, walk.case_id, "decline-filing"), **YES, "grounds": "证据不足"}
        checked = client.post(path(walk, "decline-filing"), data={**sent, "step": "check"})
        asked = client.post(
            path(walk, "decline-filing"), data={**sent, **hidden(checked), "step": "do"}
        )

    assert asked.status_code == 422
    assert "动态验证码" in asked.text
    assert walk.state() is State.OWNER_RESOLVED


@pytest.mark.parametrize("name", ["root", "zhou"])
def test_offices_without_case_rights_have_no_forms(walk: Walk, name: str) -> None:
    with walk.staff.signed_in(name, proved=True) as client:
        csrf = token(client.get("/account"))
        got = client.get(path(walk, "file"))
        sent = client.post(path(walk, "file"), data={"csrf": csrf, "step": "do", **YES})

    assert (got.status_code, sent.status_code) == (403, 403)


def test_an_officer_has_no_form_of_the_heads_acts(walk: Walk) -> None:
    with walk.staff.signed_in("zhao", proved=True) as client:
        csrf = token(client.get("/account"))
        got = client.get(path(walk, "decline-filing"))
        data = {"csrf": csrf, "step": "do", "grounds": "证据不足", **YES}
        sent = client.post(path(walk, "decline-filing"), data=data)

    assert (got.status_code, sent.status_code) == (403, 403)
    assert walk.state() is State.OWNER_RESOLVED
