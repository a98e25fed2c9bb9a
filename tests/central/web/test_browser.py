"""The staff pages in a real Chromium, as an officer uses them."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from central.auth import SESSION_IDLE_MS
from edge.wire.status import State
from edge.wire.topics import Kind
from tests import axe
from tests.case_files import add_pack
from tests.chromium import PATIENCE_MS, PHONE
from tests.staff import PASSWORD, Staff
from tests.stories import BLUE_PLATE, GREEN, GREEN_PLATE, RED, Teller

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Open = Callable[..., Page]


@pytest.fixture
def open_page(staff: Staff, chromium: Browser) -> Iterator[Open]:
    """Opens a path as an officer who is signed in. A complaint of the browser fails the test."""
    complaints: list[str] = []
    with ExitStack() as opened:

        def open_page(path: str, session: bool = True, **screen: Any) -> Page:
            context = chromium.new_context(locale="zh-CN", base_url=staff.address, **screen)
            opened.callback(context.close)
            context.set_default_timeout(PATIENCE_MS)
            if session:
                token = staff.session("wang")
                context.add_cookies([{"name": "firelane", "value": token, "url": staff.address}])
            page = context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on(
                "console",
                lambda said: complaints.append(said.text) if said.type == "error" else None,
            )
            page.goto(path)
            return page

        expect.set_options(timeout=PATIENCE_MS)
        yield open_page
    answered = re.compile(
        r"(Failed to load resource|Response Status).* (401|422) "
    )  # the tests ask for these
    assert [said for said in complaints if not answered.search(said)] == []


def transforms(page: Page, group: str) -> list[str]:
    found: list[str] = page.locator(f".stage[data-group={group}] .sheet").evaluate_all(
        "sheets => sheets.map(sheet => sheet.style.transform.replace(/.*scale/, 'scale'))"
    )
    return found


def open_case(page: Page) -> None:
    """Click the only row of the list and wait for the whole page, scripts included."""
    page.locator("table.cases tbody tr").click()
    page.wait_for_url(re.compile(r"/cases/[0-9a-f-]{36}$"))


def test_an_officer_signs_in_finds_a_case_by_its_plate_and_opens_it(
    staff: Staff, teller: Teller, open_page: Open
) -> None:
    teller.demo()
    page = open_page("/", session=False)

    page.get_by_label("用户名").fill("wang")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.locator("table.cases tbody tr")).to_have_count(5)
    page.get_by_label("车牌", exact=True).press_sequentially("b123")
    expect(page.locator("table.cases tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"plate=b123"))
    page.locator("table.cases tbody tr").click()
    page.get_by_role("button", name="办理案件").click()  # asked once: why
    page.wait_for_url(re.compile(r"/cases/[0-9a-f-]{36}$"))

    expect(page.get_by_role("heading", level=1)).to_contain_text("2026-000004")
    expect(page.locator(".occasion")).to_have_count(3)
    page.go_back()
    page.go_back()
    expect(page.get_by_label("车牌", exact=True)).to_have_value("b123")
    expect(page.locator("table.cases tbody tr")).to_have_count(1)


def test_all_wide_views_zoom_and_move_together_and_plates_stay(
    staff: Staff, teller: Teller, open_page: Open
) -> None:
    teller.demo()
    page = open_page("/cases?state=overstayed&text=000004")
    open_case(page)
    stage = page.locator(".stage[data-group=wide]").first
    expect(stage.locator("img")).to_have_js_property("complete", True)
    stage.hover(position={"x": 100, "y": 80})

    page.mouse.wheel(0, -120)
    expect(page.locator("[data-view=scale]")).not_to_have_text("100%")
    zoomed = transforms(page, "wide")
    stage.focus()
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    further = transforms(page, "wide")

    assert len(zoomed) == 3
    assert len(set(zoomed)) == len(set(further)) == 1
    assert zoomed[0] != further[0]
    assert set(transforms(page, "plate")) == {"scale(1)"}
    page.keyboard.press("0")
    assert set(transforms(page, "wide")) == {"scale(1)"}


def test_dragging_moves_an_enlarged_picture_but_never_off_its_frame(
    staff: Staff, teller: Teller, open_page: Open
) -> None:
    teller.arrive(teller.device("gate-1", "望江花园", 1))
    page = open_page(f"/cases/{staff.case_id()}")
    stage = page.locator(".stage[data-group=wide]")
    expect(stage.locator("img")).to_have_js_property("complete", True)
    # In the middle of the window, clear of the header and of the tools, which stay in view.
    stage.evaluate("stage => stage.scrollIntoView({block: 'center'})")
    stage.dblclick()
    box = stage.bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 5000, box["y"] + 5000, steps=5)
    page.mouse.up()

    moved = stage.locator(".sheet").evaluate("sheet => sheet.style.transform")
    assert moved == "translate(0px, 0px) scale(2.5)"


def test_two_fingers_enlarge_a_picture(staff: Staff, teller: Teller, open_page: Open) -> None:
    teller.arrive(teller.device("gate-1", "望江花园", 1))
    page = open_page(f"/cases/{staff.case_id()}", **PHONE)
    stage = page.locator(".stage[data-group=wide]")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, apart: float) -> None:
        points = [{"x": x - apart, "y": y}, {"x": x + apart, "y": y}] if apart else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", 20)
    fingers("touchMove", 30)
    fingers("touchMove", 60)
    fingers("touchEnd", 0)

    [scale] = transforms(page, "wide")
    assert float(scale[6:-1]) == pytest.approx(3, rel=0.05)


def test_brightness_changes_the_display_and_says_so(
    staff: Staff, teller: Teller, open_page: Open
) -> None:
    teller.arrive(teller.device("gate-1", "望江花园", 1))
    page = open_page(f"/cases/{staff.case_id()}")
    note = page.get_by_text("证据原图未改动")
    expect(note).to_be_hidden()

    page.get_by_label("亮度").fill("160")

    expect(note).to_be_visible()
    image = page.locator(".stage[data-group=wide] img")
    assert image.evaluate("image => image.style.filter") == "brightness(160%) contrast(100%)"


def test_two_occasions_can_be_laid_on_each_other(
    staff: Staff, teller: Teller, open_page: Open
) -> None:
    teller.demo()
    page = open_page("/cases?text=000004")
    open_case(page)

    page.keyboard.press("c")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    sources = dialog.locator("img").evaluate_all("images => images.map(image => image.src)")

    assert len(set(sources)) == 2
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_a_new_case_appears_without_a_reload_and_without_touching_what_is_typed(
    staff: Staff, teller: Teller, open_page: Open
) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    page = open_page("/cases")
    expect(page.get_by_text("还没有案件")).to_be_visible()
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    page.evaluate("window.sameDocument = true")
    search = page.get_by_label("搜索", exact=True)
    search.focus()

    teller.arrive(gate, RED, BLUE_PLATE)

    expect(page.locator("table.cases tbody tr")).to_have_count(1)
    expect(search).to_be_focused()
    assert page.evaluate("window.sameDocument") is True


def test_a_new_record_joins_an_open_case_and_the_zoom_stays(
    staff: Staff, teller: Teller, open_page: Open
) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    arrival = teller.arrive(gate, RED, BLUE_PLATE)
    page = open_page(f"/cases/{staff.case_id()}")
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    page.locator(".stage[data-group=wide]").dblclick(position={"x": 90, "y": 60})
    page.get_by_label("亮度").fill("140")

    teller.overstay(gate, arrival)

    expect(page.locator(".occasion")).to_have_count(3)
    expect(page.locator("#case-head .chip")).to_have_text("超时")
    expect(page.locator("ol.moments")).to_contain_text("超时记录")
    assert transforms(page, "wide") == ["scale(2.5)"] * 3
    filters = page.locator(".stage[data-group=wide] img").evaluate_all(
        "images => images.map(image => image.style.filter)"
    )
    assert filters == ["brightness(140%) contrast(100%)"] * 3


def test_a_lost_device_shows_at_once_and_open_details_stay_open(
    staff: Staff, teller: Teller, open_page: Open
) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    teller.say(gate, Kind.BIRTH, gate.birth())
    teller.say(gate, Kind.STATE, gate.state())
    page = open_page("/fleet")
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    page.get_by_text("详细信息").click()

    teller.say(gate, Kind.STATE, State(v=1, s="lost", epoch=1, boot=gate.boot))

    expect(page.get_by_text("设备失联")).to_be_visible()
    expect(page.locator("#more-gate-1")).to_have_attribute("open", "")


def test_the_language_is_switched_where_one_stands(
    staff: Staff, teller: Teller, open_page: Open
) -> None:
    teller.demo()
    page = open_page("/cases?state=overstayed")

    page.get_by_role("button", name="English").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Cases")
    expect(page).to_have_url(re.compile(r"/cases\?state=overstayed$"))
    expect(page.locator("table.cases tbody tr")).to_have_count(2)


def test_a_session_that_is_over_is_told_without_losing_the_page(
    staff: Staff, teller: Teller, open_page: Open
) -> None:
    page = open_page("/cases")
    staff.office.clock.now_utc_ms += SESSION_IDLE_MS + 1

    page.get_by_label("搜索", exact=True).press_sequentially("lane")

    expect(page.get_by_text("登录已过期")).to_be_visible()
    expect(page.get_by_label("搜索", exact=True)).to_have_value("lane")


@pytest.mark.parametrize("path", ["/cases", "/cases/{case}", "/fleet", "/account", "/cases?page=x"])
def test_english_pages_fit_a_phone_too(
    staff: Staff, teller: Teller, open_page: Open, path: str
) -> None:
    teller.demo()
    staff.accounts.set_language(staff.user("wang").id, "en")
    page = open_page(path.format(case=staff.case_id()), **PHONE)

    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("path", ["/cases", "/cases/{case}", "/fleet", "/account"])
def test_no_dark_page_shuts_out_who_cannot_see_or_point(
    staff: Staff, teller: Teller, open_page: Open, path: str
) -> None:
    teller.demo()
    page = open_page(path.format(case=staff.case_id()), color_scheme="dark")

    assert axe.faults(page) == []


def test_a_picture_without_words_is_found_out(open_page: Open) -> None:
    page = open_page("/sign-in", session=False)
    page.evaluate("document.querySelector('main').append(new Image())")

    [fault] = axe.faults(page)

    assert fault.startswith("image-alt (critical)")


def test_the_case_page_is_read_without_scripts(
    staff: Staff, teller: Teller, open_page: Open
) -> None:
    teller.arrive(teller.device("gate-1", "望江花园", 1), GREEN, GREEN_PLATE)
    page = open_page(f"/cases/{staff.case_id()}", java_script_enabled=False)

    expect(page.locator(".occasion img").first).to_be_visible()
    expect(page.get_by_text("完整性核验")).to_be_visible()


def test_a_clean_case_is_reviewed_from_the_keyboard_in_six_keys_after_the_vehicle(
    staff: Staff, teller: Teller, open_page: Open
) -> None:
    add_pack(staff.office)
    gate = teller.device("gate-1", "望江花园", 1)
    arrival = teller.arrive(gate, RED, BLUE_PLATE)
    teller.overstay(gate, arrival, gaps=())
    page = open_page("/review/next")

    page.keyboard.type("浙b12345")
    page.wait_for_load_state()
    for key in ("Enter", "4", "1", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_text("逐项审核")).to_be_visible()
    page.wait_for_load_state()
    for key in ("y", "y", "y", "y", "y", "Enter"):
        page.keyboard.press(key)

    expect(page.get_by_text("初审通过")).to_be_visible()
