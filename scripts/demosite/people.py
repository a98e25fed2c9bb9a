"""The people of the demo: an account for every role, and owners with a telephone.

A `Clerk` works through the staff pages as its person would, an `Owner` through the link that came
by SMS. Nothing here reaches around the pages.
"""

import re
import time
from dataclasses import dataclass, field

import pyotp

from scripts.demosite.browser import Browser, Page
from scripts.demosite.processes import DemoError

ISSUER = "firelane"
_SECRET = re.compile(r'class="secret">([A-Z2-7 ]+)<')
_SIGNATURE = re.compile(r"/signatures/([0-9a-f-]{36})")
_POINTS = re.compile(r'type="radio" name="([a-z_]+)" value="yes"')
_TICKS = re.compile(r'type="checkbox" name="([a-z_]+)"')


@dataclass(frozen=True, slots=True)
class Person:
    """An account. `may` says what to try with it."""

    name: str
    display: str
    role: str
    may: str


PEOPLE = (
    Person("officer-1", "王建国", "officer", "type plates, review, propose, notify"),
    Person("officer-2", "李娜", "officer", "the second of two officers"),
    Person("head", "陈志远", "head", "approve, decide, close"),
    Person("legal", "赵敏", "legal", "settle disputes, enter what courts decide"),
    Person("service", "孙磊", "service", "serve documents"),
    Person("finance", "周敏", "finance", "bring in the treasury's statement"),
    Person("screener", "吴倩", "screener", "look through cases beforehand"),
    Person("auditor", "郑浩", "auditor", "see everything, change nothing"),
    Person("admin", "系统管理员", "admin", "accounts and devices, no cases"),
)


@dataclass
class Clerk:
    """Somebody of the office at a browser. `secret` is the authenticator's, once enrolled."""

    web: str
    person: Person
    password: str
    secret: str = ""
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.web)

    def sign_in(self) -> None:
        """Sign in, and say why cases are looked at."""
        page = self.browser.open("/sign-in")
        name = {"name": self.person.name, "password": self.password}
        self.browser.send(page, "/sign-in", **name)
        self.browser.send(self.browser.open("/purpose"), "/purpose", purpose="handling")

    def enrol(self) -> None:
        """Put an authenticator to the account; the session may act for ten minutes from then."""
        page = self.browser.open("/account")
        page = self.browser.send(page, "/account/code", password=self.password)
        found = _SECRET.search(page.text)
        if found is None:
            raise DemoError(f"{self.person.name}: no secret to enrol with: {page.said()}")
        self.secret = found.group(1).replace(" ", "")
        code = pyotp.TOTP(self.secret).now()
        self.browser.send(page, "/account/code/confirm", code=code)

    def type_plate(self, case_id: str, plate: str | None) -> bool:
        """Type the plate of a case, or say that nobody can read it; False where it does not wait
        for one (yet)."""
        at = f"/plates/{case_id}"
        page = self.browser.open(at)
        if not page.has(at):
            return False
        filled = {"plate": plate, "colour": "blue"} if plate else {"unreadable": "yes"}
        return self.browser.send(page, at, **filled).path != at

    def bring_statement(self, raw: bytes) -> None:
        """The treasury's file."""
        page = self.browser.open("/money")
        self.browser.send_file(page, "/money/statements", "statement.csv", raw)

    def act(self, case_id: str, action: str, **filled: str) -> Page:
        """The form, its preview, and the act; every box that has to be ticked is."""
        at = f"/cases/{case_id}/acts/{action}"
        page = self.browser.open(at)
        ticks = dict.fromkeys(_TICKS.findall(page.text), "yes")
        page = self.browser.send(page, at, **ticks, **filled, step="check")
        return self.browser.send(page, at, step="do")

    def sign(self, case_id: str) -> None:
        """The second officer's signature under what waits on the case."""
        found = _SIGNATURE.search(self.browser.open("/due").text)
        if found is None:
            raise DemoError(f"nothing of case {case_id} waits for a signature")
        at = f"/signatures/{found.group(1)}"
        self.browser.send(self.browser.open(at), at, no_conflict="yes", step="sign")

    def receipt(self, case_id: str, slug: str, **filled: str) -> None:
        """Note that a paper came in."""
        at = f"/cases/{case_id}/receipts/{slug}"
        page = self.browser.open(at)
        ticks = dict.fromkeys(_TICKS.findall(page.text), "yes")
        self.browser.send(page, at, **ticks, **filled)

    def review(self, case_id: str, **seen: str) -> None:
        """Plate and vehicle blind, then a clean checklist."""
        at = f"/review/{case_id}"
        self.browser.send(self.browser.open(at), f"{at}/plate", **seen)
        page = self.browser.open(at)
        points = dict.fromkeys(_POINTS.findall(page.text), "yes")
        self.browser.send(page, at, **points, no_conflict="yes")


@dataclass
class Owner:
    """A car's owner with the link of the SMS open on the telephone."""

    web: str
    link: str
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.web)

    def enter(self, answer: str) -> Page:
        """Pass the check: the last six of the vehicle's or the holder's number."""
        page = self.browser.open(self.link)
        return self.browser.send(page, f"{self.link}/check", answer=answer)

    def bill(self) -> str:
        """Where the page says that the fine can be paid. Raises DemoError."""
        page = self.browser.open(self.link)
        found = re.search(r'href="(http[^"]+/pay/[^"]+)"', page.text)
        if found is None:
            raise DemoError(f"no bill on the owner's page: {page.said()}")
        return found.group(1)

    def say(self, form: str, **filled: str) -> Page:
        at = f"{self.link}/{form}"
        return self.browser.send(self.browser.open(at), at, **filled)


def link_in(text: str) -> str:
    """The path of the owner's link in a message. Raises DemoError."""
    found = re.search(r"/o/[A-Za-z0-9_-]+", text)
    if found is None:
        raise DemoError(f"no link in the message: {text}")
    return found.group(0)


def code_now(secret: str) -> tuple[str, int]:
    """The one-time code of now, and for how many seconds it still counts."""
    return pyotp.TOTP(secret).now(), 30 - int(time.time()) % 30
