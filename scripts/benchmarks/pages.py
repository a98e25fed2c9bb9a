"""Every staff page over the archive, asked for over HTTP as a browser does, with the time that the
whole answer took. Pages are found in the application itself, so that no new one is left out."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from httpx import Client

from central.access import Role
from central.accounts import NewUser
from central.database import connect, migrate
from scripts.benchmarks.archive import Past, fill
from scripts.benchmarks.table import Row
from tests.office import NOW, Office
from tests.staff import HASH, Staff
from tests.stories import BLUE_PLATE, RED, Teller

PAGE_MS, SEARCH_MS, NEXT_MS = 200, 300, 150
CASES, BOXES, WAITING = 100_000, 30, 20
_ONCE = ("/live", "/sign-in", "/session", "/favicon.ico", "/healthz", "/review/next")
"""Endless, no pages, or not for people who are signed in."""
SEARCHES = {
    "search in all words": "/cases?text=花园+77",
    "search for two words, none in the index": "/cases?text=lane-1+cam-9",
    "search for part of a plate": "/cases?plate=B7777",
    "search for a plate with wildcards": "/cases?plate=浙B?2*7",
    "search within a state and a year": "/cases?state=payable&text=花园&from=2025-01-01",
}
LISTS = {
    "page 4,000 of the case list": "/cases?page=4000",
    "cases of one stage": "/cases?stage=execution",
    "cases of one state": "/cases?state=payable",
    "cases of one site": "/cases?site=花园+7",
}


def rows(runs: int, folder: Path, cases: int = CASES) -> list[Row]:
    """The archive is made anew in the folder, some minutes of work for the full size."""
    with ExitStack() as stack:
        engine = connect(f"sqlite:///{folder}/central.db")
        migrate(engine)
        stack.callback(engine.dispose)
        office = Office.open(engine, folder)
        teller = Teller(office)
        boxes = [teller.device(f"gate-{n:02d}", f"花园 {n}", n) for n in range(BOXES)]
        lines = fill(engine, Past([box.id for box in boxes], cases, NOW - 86_400_000))
        for box in boxes[:WAITING]:
            teller.overstay(box, teller.arrive(box, RED, BLUE_PLATE))
        staff = stack.enter_context(Staff.serving(office))
        staff.back.catch_up()  # figures and full text, as the jobs of a running server do
        for role in Role:
            new = NewUser(f"bench-{role}", "", HASH, role)
            staff.accounts.add_user(new, office.clock.utc_ms())
        clients = {
            role: stack.enter_context(staff.signed_in(f"bench-{role}", proved=True))
            for role in Role
        }
        return list(_measured(runs, staff, clients, f"{cases:,} cases, {lines:,} lines"))


def _measured(runs: int, staff: Staff, clients: dict[Role, Client], size: str) -> Iterator[Row]:
    officer, times = clients[Role.OFFICER], runs * 5
    newest = f"/cases/{staff.case_id()}"
    for path in sorted(_pages(staff)):
        client = next((one for one in clients.values() if one.get(path).status_code == 200), None)
        if client is None:
            continue  # it needs something of the address, or is not for the staff
        yield Row(f"{path} ({size})", "ms", _timed(client, path, times), PAGE_MS)
    yield Row("one case with every check made", "ms", _timed(officer, newest, times), PAGE_MS)
    for what, path in LISTS.items():
        yield Row(what, "ms", _timed(officer, path, times), PAGE_MS)
    for what, path in SEARCHES.items():
        yield Row(what, "ms", _timed(officer, path, times), SEARCH_MS)
    taken = [_took_ms(lambda: officer.get("/review/next", follow_redirects=True))
             for _ in range(times)]  # fmt: skip
    yield Row("review desk: the next case", "ms", taken, NEXT_MS)


def _pages(staff: Staff) -> set[str]:
    """The paths of all pages without a name of something in them."""
    paths: dict[str, dict[str, object]] = staff.app.openapi()["paths"]
    return {path for path, methods in paths.items()
            if "get" in methods and "{" not in path and path not in _ONCE}  # fmt: skip


def _timed(client: Client, path: str, times: int) -> list[float]:
    def look() -> None:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)

    look()
    return [_took_ms(look) for _ in range(times)]


def _took_ms(look: Callable[[], object]) -> float:
    begin = time.perf_counter()
    look()
    return (time.perf_counter() - begin) * 1000
