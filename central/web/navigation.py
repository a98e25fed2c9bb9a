"""The head's links: which pages a role may open, the daily ones in line, the others in a menu.

A head that shows every page a head of office may open is too wide for a laptop. What is cut off
cannot be found, so all but the daily pages go into one menu as soon as there are many.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from central.access import Act, Role, allowed

MOST_IN_LINE = 6


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the head: `name` is its text under `nav`, `beside` what counts as the same page."""

    name: str
    act: Act
    daily: bool = False
    beside: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return f"/{self.name}"

    def holds(self, here: str) -> bool:
        return here.startswith((self.path, *self.beside))


PAGES = (
    Page("cases", Act.SEE_CASES, daily=True),
    Page("review", Act.REVIEW, daily=True),
    Page("reminders", Act.TYPE_PLATES, daily=True, beside=("/plates",)),
    Page("due", Act.SEE_CASES, daily=True, beside=("/signatures",)),
    Page("money", Act.SEE_BOOKS, daily=True),
    Page("statistics", Act.SEE_STATISTICS, daily=True),
    Page("gateways", Act.SEE_GATEWAYS),
    Page("fleet", Act.SEE_FLEET),
    Page("recheck", Act.RECHECK),
    Page("quality", Act.MEASURE_REVIEWS),
    Page("retention", Act.SEE_RETENTION),
    Page("publications", Act.SEE_RETENTION),
    Page("audit", Act.AUDIT_LOOKS),
    Page("sharing", Act.AUDIT_SHARING),
    Page("users", Act.MANAGE_USERS),
)


@dataclass(frozen=True, slots=True)
class Navigation:
    """What one role's head shows on one page."""

    daily: Sequence[Page]
    more: Sequence[Page]


def navigation(role: Role) -> Navigation:
    pages = [page for page in PAGES if allowed(role, page.act)]
    if len(pages) <= MOST_IN_LINE:
        return Navigation(pages, ())
    daily = [page for page in pages if page.daily]
    return Navigation(daily, [page for page in pages if not page.daily])
