"""Prints the scenario table, or writes all tables into edge/STAYS.md with --write."""

import sys
from pathlib import Path

from edge.stay_moves import MOVES, SIGHTS, diagram
from tests.edge.scenarios.expectation import Scenario, differences, gaps_of, line, line_of
from tests.edge.scenarios.table import SCENARIOS
from tests.edge.scenarios.world import run

PAGE = Path(__file__).parents[3] / "edge" / "STAYS.md"


def row(scenario: Scenario) -> str:
    events = run(scenario.world)
    verdict = "as expected" if not differences(scenario, events) else "**differs**"
    peers = " | ".join(each or "–" for each in scenario.peers)
    cells = [line(scenario.told), line_of(events), gaps_of(events), verdict, scenario.why]
    return f"| {scenario.name} | " + " | ".join(cells) + f" | {peers} |"


def table() -> str:
    head = "| scenario | expected | got | gaps | | why | Frigate | ByteTrack + timer |"
    rule = "| --- | --- | --- | --- | --- | --- | --- | --- |"
    return "\n".join([head, rule, *(row(scenario) for scenario in SCENARIOS)])


def with_part(page: str, name: str, text: str) -> str:
    """The page with what stands between the marks of that name replaced."""
    begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    if not after and not rest:
        raise ValueError(f"no marks for {name}")
    return before + begin + text + end + after


def page_with_tables(page: str) -> str:
    """The page with the two tables of moves as the code has them."""
    page = with_part(page, "life of a stay", diagram(MOVES))
    return with_part(page, "sight of a vehicle", diagram(SIGHTS))


if __name__ == "__main__":
    if "--write" in sys.argv:
        page = page_with_tables(PAGE.read_text(encoding="utf-8"))
        PAGE.write_text(with_part(page, "scenarios", table()), encoding="utf-8")
    else:
        print(table())
