"""The demo's people fill in forms as a browser would send them."""

import pytest

from scripts.demosite.browser import Page
from scripts.demosite.people import link_in
from scripts.demosite.processes import DemoError

PAGE = Page(
    "/cases/1",
    """<form action="/a"><input type="hidden" name="csrf" value="t">
    <input name="typed" value="kept"><input type="checkbox" name="tick" value="yes">
    <input type="radio" name="point" value="no" checked>
    <input type="radio" name="point" value="yes">
    <select name="way"><option value=""></option>
    <option value="mail" selected>by mail</option></select>
    <textarea name="text">two words</textarea><button name="step" value="do">go</button></form>
    <form><input name="own" value="1"></form>""",
    200,
)


def test_a_form_holds_what_a_browser_would_send_by_itself() -> None:
    assert PAGE.form("/a").held == {
        "csrf": "t",
        "typed": "kept",
        "point": "no",
        "way": "mail",
        "text": "two words",
    }


def test_a_form_without_an_address_goes_to_its_own_page() -> None:
    assert PAGE.form("/cases/1").held == {"own": "1"}
    assert not PAGE.has("/b")


def test_a_page_without_the_form_is_told_with_its_words() -> None:
    with pytest.raises(DemoError, match="/x has no form for /a: You may not"):
        Page("/x", "<header>menu</header><p>You may <b>not</b>.</p>", 200).form("/a")


def test_the_owners_link_is_found_in_a_message() -> None:
    assert link_in("查看详情：http://127.0.0.1:8080/o/Ab_9-x 。") == "/o/Ab_9-x"
    with pytest.raises(DemoError, match="no link in the message"):
        link_in("请驶离。")
