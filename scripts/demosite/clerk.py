"""Two clerks of the demo, who type a plate that the machines could not agree on, on the staff page.

Each reads the vehicle that stands in the demo's own clip; for another source, people type.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from scripts.demosite import plan
from scripts.demosite.site import Site

_TOKEN = re.compile(r'name="csrf" value="([^"]*)"')


@dataclass(slots=True)
class Clerk:
    """A signed-in browser without a window. What the network does to it is tried again later."""

    site: Site
    name: str
    _browser: httpx.Client | None = field(default=None, init=False)

    def work(self) -> str | None:
        """Type the next plate that waits, if one does; what was done."""
        with suppress(httpx.HTTPError):
            browser = self._browser or self._signed_in()
            page = browser.get("/plates")
            token = _TOKEN.search(page.text)
            if not page.is_success or page.url.path == "/plates" or token is None:
                return None
            plate, colour = plan.STANDING
            sent = {"csrf": token.group(1), "plate": plate, "colour": colour}
            browser.post(page.url.path, data=sent)
            return f"{self.name} typed {plate} from the picture"
        return None

    def close(self) -> None:
        if self._browser is not None:
            self._browser.close()

    def _signed_in(self) -> httpx.Client:
        browser = httpx.Client(base_url=self.site.web, follow_redirects=True, timeout=20)
        token = _TOKEN.search(browser.get("/sign-in").text)
        form = {"csrf": token.group(1) if token else "", "name": self.name, "next": ""}
        browser.post("/sign-in", data=form | {"password": self.site.password})
        self._browser = browser
        return browser
