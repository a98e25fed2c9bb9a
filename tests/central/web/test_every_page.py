"""Every page that the application serves, in a real Chromium, for every role that may see it.

The pages are found from the routes: what is added to the application is looked at like the rest.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from httpx import Client, Response
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import Engine

from central.access import Role, allowed
from central.accounts import NewUser
from central.database import connect
from tests import axe
from tests.case_files import CaseFile
from tests.central.reminders.house import house
from tests.chromium import PATIENCE_MS
from tests.doors import Door, Seen, doors
from tests.registers import register_file
from tests.staff import HASH, Staff
from tests.stories import BLUE_PLATE, RED, Teller
from tests.walks import PACK, PARTY, Walk

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KEPT = os.environ.get("FIRELANE_SCREENSHOTS", "")
"""A folder to keep screenshots in, for people to look at."""
SCREENS = {"desktop": (1280, 900), "phone": (390, 844)}
FILES = {
    "GET /session", "GET /live", "GET /exhibits/{sha256}", "GET /records/{record_id}",
    "GET /cases/{case_id}/uploads/{upload_id}", "GET /cases/{case_id}/documents/{sha256}.pdf",
    "GET /cases/{case_id}/packet.zip", "GET /audit.csv", "GET /sharing.csv",
    "GET /statistics.csv", "GET /statistics.xlsx", "GET /publications/{publication_id}.pdf",
    "GET /publications/{publication_id}/{sha256}.jpg",
}  # fmt: skip
"""What answers with no page: pictures, files, and what scripts ask."""
LATER_PACK = PACK.replace("version: 1\n", "version: 2\n")
MOST_OF_A_KIND = 8
"""Addresses of one route that a tour asks for, to find links on them."""
_MAIN = re.compile(r"<main.*</main>", re.DOTALL)
_WORDS = re.compile(r">[^<]*[^<\s][^<]*<")
_VALUES = re.compile(r'="[^"]+"')
_KEPT_VALUES = re.compile(r'( (?:class|type|role|tabindex|scope|data-theme)=)"([^"]+)"')


def shape(page: str) -> str:
    """A page's main part without what differs from reader to reader: words and values."""
    [main] = _MAIN.findall(page)
    marked = _KEPT_VALUES.sub(r"\1'\2'", main)
    return _VALUES.sub('="x"', _WORDS.sub(">x<", marked))


@dataclass
class Tour:
    """One role's way through the pages: an address of each, found by following links."""

    staff: Staff
    client: Client
    pages: list[Door]

    def go(self) -> dict[str, Response]:
        """An answer for each page, by its route."""
        answers: dict[str, Response] = {}
        waiting = [door.path for door in self.pages if "{" not in door.path]
        asked = Counter[str]()
        been = set[str]()
        while waiting:
            address = waiting.pop(0)
            door = self._door(address)
            if door is None or address in been or asked[str(door)] >= MOST_OF_A_KIND:
                continue
            been.add(address)
            asked[str(door)] += 1
            answer = self.client.get(address, follow_redirects=True)
            landed = self._door(answer.url.path)
            if answer.status_code == 200 and landed is not None:
                for known in (landed, door):
                    answers.setdefault(str(known), answer)
                waiting += Seen.of(answer.text).links
        return answers

    def _door(self, address: str) -> Door | None:
        path = address.partition("?")[0]
        fits = (
            door for door in self.pages
            if re.fullmatch(re.sub(r"\\?\{[^}]*\\?\}", "[^/]+", re.escape(door.path)), path)
        )  # fmt: skip
        return next(fits, None)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Staff]:
    """An office with something on every page: plates to type, doubts, papers, signatures."""
    tmp_path = tmp_path_factory.mktemp("town")
    (tmp_path / "central.db").write_bytes(empty_database.read_bytes())
    engine: Engine = connect(f"sqlite:///{tmp_path}/central.db")
    with house(engine, tmp_path) as h, Staff.serving(h.office) as staff:
        teller = Teller(h.office)
        told = Walk.begun(staff, teller, LATER_PACK, gate=11)
        told.to_filed()
        told.act("wang", "identify-party", **PARTY)
        told.sign("li")
        told.act("wang", "notify")
        told.sign("li")
        signed = Walk.begun(staff, teller, LATER_PACK, gate=12)
        signed.to_filed()
        signed.act("wang", "identify-party", **PARTY)
        cloned = Walk.begun(staff, teller, LATER_PACK, gate=15)
        cloned.to_owner(register_file(tmp_path), "white")
        gate = teller.device("gate-13", "望江花园", 13)
        teller.overstay(gate, teller.arrive(gate, RED, BLUE_PLATE))
        decided = CaseFile.opened(h.office, teller.device("gate-14", "望江花园", 14))
        decided.to_decided()
        h.reader.answer = None
        h.arrives(None)
        h.arrives("浙X1234应急", "white", "fire_rescue")
        h.round()
        for role in Role:
            name = f"one-{role.value}"
            staff.accounts.add_user(NewUser(name, name, HASH, role), h.now)
        yield staff
    engine.dispose()


def look(page: Page, name: str) -> list[str]:
    """What is wrong with the page that is open, in both sizes."""
    wrong = []
    for screen, (width, height) in SCREENS.items():
        page.set_viewport_size({"width": width, "height": height})
        if KEPT:
            page.screenshot(path=Path(KEPT) / f"{name}-{screen}.png", full_page=True)
        wrong += [f"{name} {screen}: {fault}" for fault in axe.faults(page)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{name} {screen}: wider than the screen")
    return wrong


def signed_in(staff: Staff, chromium: Browser, token: str) -> BrowserContext:
    context = chromium.new_context(locale="zh-CN", base_url=staff.address)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": "firelane", "value": token, "url": staff.address}])
    return context


def test_no_page_of_any_role_shuts_anybody_out_on_a_desk_or_a_phone(
    town: Staff, chromium: Browser
) -> None:
    pages = [
        door for door in doors(town.app)
        if door.method == "GET" and door.is_guarded and not door.is_owners
    ]  # fmt: skip
    wrong, seen, looked = [], set[str](), set[str]()
    for role in Role:
        mine = [door for door in pages if all(allowed(role, act) for act in door.acts)]
        token = town.session(f"one-{role.value}", proved=True)
        with town.visitor() as client:
            client.cookies.set("firelane", token)
            answers = Tour(town, client, [door for door in mine if str(door) not in FILES]).go()
        context = signed_in(town, chromium, token)
        page = context.new_page()
        for name, answer in answers.items():
            seen.add(name)
            if shape(answer.text) not in looked:  # another role was shown the very same
                looked.add(shape(answer.text))
                page.goto(str(answer.url))
                slug = re.sub(r"\W+", "-", name.removeprefix("GET /"))
                wrong += look(page, f"{role.value}-{slug}")
        context.close()

    assert {str(door) for door in pages} - seen == FILES
    assert len(looked) > 30
    assert "\n".join(wrong) == ""


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_roles_navigation_is_whole_from_a_small_phone_to_a_large_screen(
    town: Staff, chromium: Browser, language: str
) -> None:
    cut = []
    for role in Role:
        user = town.user(f"one-{role.value}")
        town.accounts.set_language(user.id, language)
        context = signed_in(town, chromium, town.session(user.name))
        page = context.new_page()
        page.goto("/account")
        for width in (360, 600, 761, 1020, 1021, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 800})
            cut += [f"{role} {width}: {link}" for link in page.evaluate(_CUT_OFF)]
        assert page.locator("nav a").count() >= 3
        context.close()

    assert cut == []


_CUT_OFF = """() => {
  const menu = document.querySelector('nav details');
  if (menu) menu.open = true;
  const lost = [...document.querySelectorAll('nav a, nav summary, .bar-end button, .brand')]
    .filter(one => one.getClientRects().length && !one.closest('details.menu:not([open])'))
    .filter(one => {
      const box = one.getBoundingClientRect();
      const x = box.left + box.width / 2, y = box.top + box.height / 2;
      const hit = document.elementFromPoint(x, y);
      const [left, right] = [box.left + 1, box.right - 1];
      const ends = [left, right].map(at => document.elementFromPoint(at, y));
      return box.left < 0 || box.right > innerWidth || !ends.every(it => it && one.contains(it))
        || one.scrollWidth > one.clientWidth || !one.contains(hit);
    }).map(one => one.textContent.trim());
  if (document.documentElement.scrollWidth > innerWidth) lost.push('the page is too wide');
  if (menu) menu.open = false;
  return lost;
}"""
