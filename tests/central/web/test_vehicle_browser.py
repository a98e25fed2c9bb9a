"""The vehicle on the review desk and the case's page, in a real Chromium, large and small."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import axe
from tests.chromium import PATIENCE_MS
from tests.registers import register_file
from tests.staff import Staff
from tests.stories import Teller
from tests.walks import Walk

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KEPT = os.environ.get("FIRELANE_SCREENSHOTS", "")
SCREENS = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture
def walk(staff: Staff, teller: Teller) -> Walk:
    return Walk.begun(staff, teller)


@pytest.fixture
def page(staff: Staff, chromium: Browser) -> Iterator[Page]:
    """Of an officer who has not seen the case."""
    with ExitStack() as opened:
        context = chromium.new_context(locale="zh-CN", base_url=staff.address)
        opened.callback(context.close)
        context.set_default_timeout(PATIENCE_MS)
        token = staff.session("wang", proved=True)
        context.add_cookies([{"name": "firelane", "value": token, "url": staff.address}])
        yield context.new_page()


def look(page: Page, name: str) -> list[str]:
    """What is wrong with the page in both sizes and both lights."""
    wrong = []
    for screen, (width, height) in SCREENS.items():
        page.set_viewport_size({"width": width, "height": height})
        for light in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if light == "dark" else "light")
            if KEPT:
                shot = Path(KEPT) / f"vehicle-{name}-{screen}-{light}.png"
                page.screenshot(path=shot, full_page=True)
            wrong += [f"{name} {screen} {light}: {fault}" for fault in axe.faults(page)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{name} {screen}: wider than the screen")
    return wrong


def test_the_desk_asks_for_the_vehicle_and_shuts_nobody_out(walk: Walk, page: Page) -> None:
    page.goto(f"/review/{walk.case_id}")
    wrong = look(page, "blind")
    page.get_by_role("textbox", name="车牌").fill("浙B12345")
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_role("alert")).to_contain_text("请选择车身颜色和车型")
    expect(page.get_by_role("textbox", name="车牌")).to_have_value("浙B12345")
    page.get_by_label("白色").check()
    page.get_by_label("小汽车").check()
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_text("白色 · 小汽车")).to_be_visible()
    wrong += look(page, "judged")

    assert wrong == []


def test_without_scripts_the_vehicle_is_chosen_all_the_same(
    walk: Walk, staff: Staff, chromium: Browser
) -> None:
    context = chromium.new_context(
        locale="zh-CN", base_url=staff.address, java_script_enabled=False
    )
    token = staff.session("wang")
    context.add_cookies([{"name": "firelane", "value": token, "url": staff.address}])
    page = context.new_page()
    page.goto(f"/review/{walk.case_id}")
    page.get_by_role("textbox", name="车牌").fill("浙B12345")
    page.get_by_label("黑色").check()
    page.get_by_label("不能辨认").last.check()
    page.get_by_role("button", name="继续").click()

    expect(page.get_by_text("黑色 · 不能辨认")).to_be_visible()
    context.close()


def test_the_doubt_stands_beside_the_pictures_and_on_the_form(
    walk: Walk, page: Page, tmp_path: Path
) -> None:
    walk.to_owner(register_file(tmp_path), "white")
    page.goto(f"/cases/{walk.case_id}")
    expect(page.locator("#case-vehicle .notice.bad")).to_contain_text("疑似套牌")
    order = page.evaluate(
        "[...document.querySelectorAll('#case-vehicle, .viewer, #case-line')].map(one => one.id)"
    )
    wrong = look(page, "doubt")
    page.goto(f"/cases/{walk.case_id}/acts/propose-filing")
    expect(page.get_by_text("可能是套牌车")).to_be_visible()
    expect(page.get_by_label("理由")).to_be_visible()
    wrong += look(page, "form")

    assert wrong == []
    assert order[0] == "case-vehicle"
