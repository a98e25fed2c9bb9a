"""The owner's page in a real Chromium, on a telephone and on a desk, with and without scripts."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from central.cases import Action, Role
from tests import axe
from tests.case_files import CaseFile, add_pack
from tests.case_steps import TO_DECIDED, act
from tests.chromium import DESKTOP, PATIENCE_MS, PHONE
from tests.owners import Owner, jpeg, partys
from tests.staff import Staff
from tests.stories import BLUE_PLATE, RED, Teller

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Page]


@pytest.fixture
def open_link(staff: Staff, chromium: Browser) -> Iterator[Open]:
    """Opens an owner's link on a screen. A complaint of the browser fails the test."""
    complaints: list[str] = []
    with ExitStack() as opened:

        def open_link(owner: Owner, enter: bool = True, **screen: Any) -> Page:
            context = chromium.new_context(locale="zh-CN", base_url=staff.address, **screen)
            opened.callback(context.close)
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on(
                "console",
                lambda said: complaints.append(said.text) if said.type == "error" else None,
            )
            page.goto(owner.path)
            if enter:
                page.get_by_label("最后 6 位").fill(owner.answer)
                page.get_by_role("button", name="核对并查看").click()
                page.wait_for_url(re.compile(f"{owner.path}$"))
            return page

        expect.set_options(timeout=PATIENCE_MS)
        yield open_link
    # The answer to a wrong try is a 422, which Chromium tells as an error.
    assert [said for said in complaints if " 422 " not in said] == []


@pytest.fixture
def notified(staff: Staff, file: CaseFile) -> Owner:
    """The party was told of the intended penalty."""
    file.name_party()
    file.walk(TO_DECIDED[:-2])
    return partys(staff, file)


@pytest.fixture
def reminded(staff: Staff, teller: Teller) -> Owner:
    """The message has just arrived; the pictures are drawn ones."""
    add_pack(staff.office)
    packet = teller.arrive(teller.device("gate-1", "望江花园", 1), RED, BLUE_PLATE)
    staff.office.remind(packet)
    return Owner.of(staff, staff.case_id())


SCREENS = pytest.mark.parametrize(
    "screen",
    [PHONE, DESKTOP, {**PHONE, "color_scheme": "dark"}],
    ids=["phone", "desk", "dark phone"],
)


@SCREENS
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_nobody_is_shut_out_and_nothing_is_wider_than_the_screen(
    notified: Owner, open_link: Open, screen: dict[str, Any], language: str
) -> None:
    page = open_link(notified, **screen)
    width = screen["viewport"]["width"]
    for path in ("", "/statement", "/not-me", "/waive", "/consent"):
        page.goto(f"{notified.path}{path}?language={language}")

        assert axe.faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_door_shuts_nobody_out_either(reminded: Owner, open_link: Open) -> None:
    page = open_link(reminded, enter=False, **PHONE)
    assert axe.faults(page) == []

    page.get_by_label("最后 6 位").fill("000000")
    page.get_by_label("最后 6 位").fill("000000")
    page.get_by_role("button", name="核对并查看").click()
    expect(page.get_by_role("alert")).to_contain_text("还可以试 9 次")

    assert axe.faults(page) == []


def test_the_clock_runs_by_the_servers_time_and_ends(reminded: Owner, open_link: Open) -> None:
    clock = reminded.staff.office.clock
    page = open_link(reminded, **PHONE)
    left = page.locator("[data-left]")
    expect(left).to_have_text(re.compile(r"^1[45]:\d\d$"))

    clock.now_utc_ms += 900_000 - 1_000
    page.reload()

    expect(left).to_have_text("时间已到")
    clock.now_utc_ms += 5_000
    expect(page.get_by_role("heading", level=1)).to_have_text("时间已到，请立即驶离")


def test_no_letter_is_smaller_than_sixteen_pixels(notified: Owner, open_link: Open) -> None:
    page = open_link(notified, **PHONE)
    sizes = page.evaluate(
        """() => [...document.querySelectorAll('body *')]
             .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
             .map(e => parseFloat(getComputedStyle(e).fontSize))"""
    )

    assert min(sizes) >= 16


def test_what_can_be_pressed_is_large_enough_for_a_thumb(notified: Owner, open_link: Open) -> None:
    page = open_link(notified, **PHONE)
    boxes = page.evaluate(
        """() => [...document.querySelectorAll('.button, button')]
             .map(e => e.getBoundingClientRect()).map(b => Math.min(b.width, b.height))"""
    )

    assert len(boxes) > 3
    assert min(boxes) >= 44


def test_a_statement_with_a_picture_is_sent_from_the_keyboard(
    notified: Owner, open_link: Open
) -> None:
    page = open_link(notified, **DESKTOP)
    page.get_by_role("link", name="陈述和申辩").focus()
    page.keyboard.press("Enter")
    page.get_by_label("标线不清").focus()
    page.keyboard.press("Space")
    page.get_by_label("事实和理由").focus()
    page.keyboard.type("标线已经磨掉了。")
    picture: FilePayload = {"name": "路面.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
    page.get_by_label("附件").set_input_files([picture])
    page.get_by_role("button", name="提交").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("已收到您的意见")
    expect(page.get_by_text("标线已经磨掉了。")).to_be_visible()
    expect(page.get_by_text("附件：路面.jpg")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("已收到您的陈述申辩，正在复核")


def test_everything_works_without_scripts(notified: Owner, open_link: Open) -> None:
    page = open_link(notified, java_script_enabled=False, **PHONE)

    page.get_by_role("link", name="放弃陈述申辩").click()
    page.get_by_label("自愿放弃").check()
    page.get_by_role("button", name="确认放弃").click()

    expect(page.get_by_text("已记录：您放弃陈述申辩")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("您已放弃陈述申辩")


def test_headings_and_focus_follow_what_is_read(notified: Owner, open_link: Open) -> None:
    page = open_link(notified, **DESKTOP)
    levels = page.evaluate(
        "() => [...document.querySelectorAll('h1, h2, h3')].map(e => Number(e.tagName[1]))"
    )
    tops = []
    for _ in range(page.locator("a[href], button").count()):
        page.keyboard.press("Tab")
        tops.append(
            page.evaluate("document.activeElement.getBoundingClientRect().top + window.scrollY")
        )

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(tops) > 5
    assert tops == sorted(tops)


def test_the_images_of_others_are_covered_and_the_original_is_not_reachable(
    reminded: Owner, open_link: Open
) -> None:
    page = open_link(reminded, **PHONE)
    images = page.locator("figure.wide img")
    images.first.scroll_into_view_if_needed()
    expect(images.first).to_have_js_property("complete", True)
    source = images.first.get_attribute("src")
    assert source is not None

    staffs = page.request.get(f"/exhibits/{source.rsplit('/', 1)[1]}")

    assert images.first.evaluate("image => image.naturalWidth") == 1280
    assert staffs.status == 401 or "sign-in" in staffs.url


def test_a_lapse_while_one_reads_takes_nothing_away(
    notified: Owner, file: CaseFile, open_link: Open
) -> None:
    page = open_link(notified, **PHONE)
    page.get_by_role("link", name="陈述和申辩").click()
    page.get_by_label("其他").check()
    page.get_by_label("事实和理由").fill("我有话要说。")
    file.do(act(Action.LAPSE, Role.SYSTEM))

    page.get_by_role("button", name="提交").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("已收到您的陈述申辩，正在复核")
