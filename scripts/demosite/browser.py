"""A browser without a window: pages of the server, and their forms filled in as a person would.

browser = Browser(web)
page = browser.open("/sign-in")
page = browser.send(page, "/sign-in", name="officer-1", password="…")
"""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

import httpx

from scripts.demosite.processes import DemoError

_TIMEOUT_S = 60
_WORDS = 300
_CHOSEN = ("checkbox", "radio", "file", "submit")
"""Inputs that count only where somebody chose them."""


@dataclass
class Sheet:
    """A form of a page: where it goes, and what it holds by itself."""

    action: str
    held: dict[str, str] = field(default_factory=dict)

    def goes_to(self, page: "Page") -> str:
        return (self.action or page.path).split("?")[0]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Sheet] = []
        self._inside = False
        self._list = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Sheet(given.get("action", "")))
            self._inside = True
        elif self._inside:
            self._entry(tag, given)

    def _entry(self, tag: str, given: dict[str, str]) -> None:
        held, name = self.forms[-1].held, given.get("name", "")
        if tag == "input" and name:
            if given.get("type", "text") not in _CHOSEN or "checked" in given:
                held[name] = given.get("value", "")
        elif tag == "select":
            self._list = name
        elif tag == "option" and "selected" in given and self._list:
            held[self._list] = given.get("value", "")
        elif tag == "textarea":
            self._area = name
            held[name] = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1].held[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._list = ""
        elif tag == "textarea":
            self._area = ""


@dataclass(frozen=True, slots=True)
class Page:
    path: str
    text: str
    status: int

    def has(self, action: str) -> bool:
        """Whether a form goes to `action`."""
        return any(form.goes_to(self) == action for form in self.forms())

    def forms(self) -> list[Sheet]:
        parser = _Forms()
        parser.feed(self.text)
        return parser.forms

    def form(self, action: str) -> Sheet:
        """The form that goes to `action` (or to the page's own address). Raises DemoError."""
        for form in self.forms():
            if form.goes_to(self) == action:
                return form
        raise DemoError(f"{self.path} has no form for {action}: {self.said()}")

    def said(self) -> str:
        """The words of the page, for a person: what it warns of, where it warns."""
        main = self.text.split("<main", 1)[-1]
        warned = re.findall(r'(?s)(?:role="alert"|class="fault")[^>]*>(.*?)</(?:p|div)>', main)
        if warned:
            return unescape(" ".join(re.sub(r"<[^>]*>", " ", " ".join(warned)).split()))[:_WORDS]
        body = re.sub(r"(?s)<(script|style|head|nav|header)\b.*?</\1>", " ", self.text)
        return unescape(" ".join(re.sub(r"<[^>]*>", " ", body).split()))[:_WORDS]


class Browser:
    """Keeps its cookies; follows where it is sent. Raises DemoError for a page that refuses."""

    def __init__(self, web: str) -> None:
        self._client = httpx.Client(
            base_url=web,
            headers={"accept": "text/html", "sec-fetch-site": "same-origin"},
            timeout=_TIMEOUT_S,
            follow_redirects=True,
        )

    def close(self) -> None:
        self._client.close()

    def open(self, path: str) -> Page:
        return self._page(self._client.get(path))

    def send(self, page: Page, action: str, **filled: str) -> Page:
        """The page's form for `action`, filled in and sent."""
        form = page.form(action)
        return self._page(self._client.post(action, data={**form.held, **filled}))

    def send_file(self, page: Page, action: str, name: str, raw: bytes) -> Page:
        """The same for a form with a file."""
        form, file = page.form(action), {"file": (name, raw, "text/csv")}
        return self._page(self._client.post(action, data=form.held, files=file))

    @staticmethod
    def _page(response: httpx.Response) -> Page:
        page = Page(response.url.path, response.text, response.status_code)
        if response.is_error:
            method = response.request.method
            raise DemoError(f"{method} {page.path} answered {page.status}: {page.said()}")
        return page
