"""Acting on a case in a real Chromium, on a desktop and a telephone, by hand and by keyboard."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from central.auth import SESSION_IDLE_MS
from central.cases import State
from tests import axe
from tests.cashdesk import cash_desk
from tests.chromium import DESKTOP, PATIENCE_MS, PHONE
from tests.staff import PASSWORD, Staff
from tests.stories import Teller
from tests.walks import SERVED, Walk

pytestmark = [pytest.mark.browser, pytest.mark.slow]
KEPT = os.environ.get("FIRELANE_SCREENSHOTS", "")
"""A folder to keep screenshots in, for people to look at."""


@pytest.fixture
def walk(staff: Staff, teller: Teller) -> Walk:
    return Walk.begun(staff, teller)


def opened(walk: Walk, chromium: Browser, name: str, path: str, screen: dict[str, Any]) -> Page:
    """A page as somebody who signed in and typed a code sees it."""
    context = chromium.new_context(locale="zh-CN", base_url=walk.staff.address, **screen)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    token = walk.staff.session(name, proved=True)
    context.add_cookies([{"name": "firelane", "value": token, "url": walk.staff.address}])
    page = context.new_page()
    page.goto(path)
    return page


def seen(page: Page, name: str) -> None:
    """No serious fault for anybody, and nothing wider than the screen."""
    if KEPT:
        page.screenshot(path=Path(KEPT) / f"{name}.png", full_page=True)
    assert axe.faults(page) == [], name
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0, name


@pytest.mark.parametrize(("name", "screen"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_two_officers_identify_the_party_and_the_head_decides(
    walk: Walk, chromium: Browser, name: str, screen: dict[str, Any]
) -> None:
    walk.to_filed()
    first = opened(walk, chromium, "wang", f"/cases/{walk.case_id}", screen)
    seen(first, f"case-{name}")
    first.get_by_role("link", name="确认当事人").click()
    first.get_by_role("button", name="下一步：核对").click()
    expect(first.get_by_text("请填写。").first).to_be_visible()
    seen(first, f"form-faults-{name}")
    first.get_by_label("姓名或者名称").fill("张小明")
    first.get_by_label("证件号码").fill("330200199001011234")
    first.get_by_label("住址").fill("示例区望江路 8 号")
    first.get_by_label("我核对了当事人").check()
    first.get_by_label("我与本案没有利害关系").check()
    first.get_by_role("button", name="下一步：核对").click()
    expect(first.get_by_role("heading", name="询问/确认笔录")).to_be_visible()
    seen(first, f"check-{name}")
    first.get_by_role("button", name="签名并提交").click()
    expect(first.get_by_text("等待第二名执法人员签名").first).to_be_visible()

    second = opened(walk, chromium, "li", "/due", screen)
    seen(second, f"due-{name}")
    second.get_by_role("link", name=re.compile("确认当事人")).click()
    expect(second.get_by_text("王建国已签名")).to_be_visible()
    second.get_by_label("我与本案没有利害关系").check()
    seen(second, f"signature-{name}")
    second.get_by_role("button", name="签名", exact=True).click()
    expect(second.get_by_text("已办理：确认当事人。")).to_be_visible()
    assert walk.state() is State.PARTY_IDENTIFIED
    walk.act("wang", "notify")
    walk.sign("li")
    walk.received("qian", "notice")
    walk.pass_days(8)

    head = opened(walk, chromium, "chen", f"/cases/{walk.case_id}/acts/decide", screen)
    head.get_by_label("我与本案没有利害关系").check()
    head.get_by_role("button", name="下一步：核对").click()
    expect(head.locator(".paper")).to_contain_text("罚款人民币壹佰元整")
    expect(head.locator(".paper-number")).to_have_text("文号在签发时取得")
    seen(head, f"decision-{name}")
    head.get_by_role("button", name="签发").dblclick()
    expect(
        head.get_by_role("status").filter(has_text=re.compile("已办理|没有重复办理"))
    ).to_be_visible()
    expect(head.get_by_role("link", name="行政处罚决定书")).to_have_count(1)
    assert walk.kinds().count("行政处罚决定书") == 1
    for page in (first, second, head):
        page.context.close()


def test_a_session_that_ends_while_typing_costs_nothing(walk: Walk, chromium: Browser) -> None:
    walk.to_owner()
    page = opened(walk, chromium, "chen", f"/cases/{walk.case_id}/acts/decline-filing", DESKTOP)
    page.get_by_label("理由").fill("证据不足，\n无法认定。")
    page.get_by_label("我与本案没有利害关系").check()
    walk.staff.office.clock.now_utc_ms += SESSION_IDLE_MS + 1
    page.get_by_role("button", name="下一步：核对").click()

    expect(page.get_by_text("您填写的内容已保留")).to_be_visible()
    seen(page, "session-over")
    page.get_by_label("用户名").fill("chen")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_role("button", name="回到填写的页面").click()

    expect(page.get_by_label("理由")).to_have_value("证据不足，\n无法认定。")
    expect(page.get_by_label("我与本案没有利害关系")).to_be_checked()
    page.context.close()


def test_the_back_button_never_does_an_act_twice(walk: Walk, chromium: Browser) -> None:
    walk.to_owner()
    page = opened(walk, chromium, "zhao", f"/cases/{walk.case_id}/acts/propose-filing", DESKTOP)
    page.get_by_label("我与本案没有利害关系").check()
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("button", name="签发").click()
    expect(page.get_by_text("已办理：提请立案。")).to_be_visible()

    page.evaluate("history.go(-2)")
    expect(page.get_by_text("案件有了新的进展")).to_be_visible()
    expect(page.get_by_role("button", name="下一步：核对")).to_have_count(0)

    assert walk.kinds().count("立案审批表") == 1
    page.context.close()


@pytest.mark.parametrize(("name", "screen"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_finance_brings_a_statement_and_sees_where_the_money_is(
    walk: Walk, chromium: Browser, tmp_path: Path, name: str, screen: dict[str, Any]
) -> None:
    walk.to_served()
    with cash_desk(walk.staff) as desk:
        desk.bill()
        phone = opened(walk, chromium, "zhou", f"{desk.cashier.address}/pay/{desk.code}", PHONE)
        phone.get_by_role("button", name="支付 100.00 元", exact=True).click()
        expect(phone.get_by_text("已付 100.00 元")).to_be_visible()
        file = tmp_path / "a.csv"
        file.write_bytes(desk.cashier.statement() + b"GK9,\xe6\x94\xb6,9999999,5.00,2026-11-20\n")
        page = opened(walk, chromium, "zhou", "/money", screen)
        page.get_by_label("文件").set_input_files(file)
        page.get_by_role("button", name="导入").click()
        expect(page.get_by_text("新入账 2 条，此前已入账 0 条，未匹配 1 条。")).to_be_visible()
        seen(page, f"money-{name}")
        page.get_by_role("textbox", name="缴款码").first.fill(desk.code)
        page.get_by_label("理由").fill("银行少录")
        page.get_by_role("button", name="匹配").click()
        expect(page.get_by_text("已匹配。")).to_be_visible()
        expect(page.get_by_text("多缴")).to_be_visible()
        for one in (phone, page):
            one.context.close()

    assert walk.state() is State.PAID
    assert SERVED["way"] == "直接送达"
