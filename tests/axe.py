"""What axe-core finds wrong with a page that Chromium shows.

    assert faults(page) == []

Serious and critical faults only. The script is put into the page by the debugger, so that the
page's own content policy stays in force.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_SCRIPT = Path(__file__).parent / "axe_core" / "axe.min.js"
_RUN = "options => axe.run(document, options)"
_OPTIONS: Mapping[str, object] = {"resultTypes": ["violations"], "elementRef": False}
GRAVE = frozenset({"serious", "critical"})


@cache
def _script() -> str:
    return _SCRIPT.read_text(encoding="utf-8")


def faults(page: Page, least: frozenset[str] = GRAVE) -> list[str]:
    """One line a fault: rule, what it asks, and the elements that break it."""
    page.evaluate(_script())
    found: Mapping[str, Any] = page.evaluate(_RUN, _OPTIONS)
    return [
        f"{broken['id']} ({broken['impact']}): {broken['help']}: "
        + "; ".join(f"{' '.join(map(str, node['target']))} {node['html'][:120]}"
                    for node in broken["nodes"])
        for broken in found["violations"]
        if broken["impact"] in least
    ]  # fmt: skip
