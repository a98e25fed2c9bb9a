"""What came of trials, how it is written into a book as they go, and the table made of it."""

import json
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from scripts.faults_lab.invariant import Verdict, together


@dataclass(frozen=True, slots=True)
class Outcome:
    """`stuck` says what never came, if something did not; `note` is a figure for the table.
    `recoveries` are seconds from each start to the last receipt. `deaths` counts where processes
    died; `elsewhere`: they never came to their point."""

    trials: int
    verdict: Verdict
    recoveries: tuple[float, ...] = ()
    stuck: str = ""
    note: str = ""
    deaths: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """`run` makes so many trials in a folder of its own. A control must lose packets, or break
    something else that the trials watch. Long runs go in batches, each with its own site."""

    name: str
    run: Callable[[Path, Random, int], Outcome]
    short: int
    long: int
    batch: int = 50
    control: bool = False

    def batches(self, trials: int) -> list[int]:
        """Trials of each batch."""
        whole, rest = divmod(trials, self.batch)
        return [self.batch] * whole + ([rest] if rest else [])


@dataclass(frozen=True, slots=True)
class Entry:
    """One batch in the book."""

    scenario: str
    control: bool
    seed: int
    batch: int
    ended: str
    seconds: float
    outcome: Outcome

    @property
    def key(self) -> tuple[str, int, int, int]:
        return self.scenario, self.seed, self.batch, self.outcome.trials


def read_book(path: Path) -> list[Entry]:
    """What is in the book; a line cut off by the end of a run is left out."""
    if not path.is_file():
        return []
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines():
        with suppress(json.JSONDecodeError):
            entries.append(_entry(json.loads(line)))
    return entries


def write_down(path: Path, entry: Entry) -> None:
    """Append one batch, on a line of its own also where the last run ended within one."""
    line = json.dumps(asdict(entry), ensure_ascii=False)
    with path.open("a", encoding="utf-8") as book:
        book.write(f"\n{line}\n")


def _entry(told: dict[str, object]) -> Entry:
    outcome = told.pop("outcome")
    assert isinstance(outcome, dict), "written by write_down"
    verdict = outcome.pop("verdict")
    faults = tuple(verdict.pop("faults"))
    recoveries = tuple(outcome.pop("recoveries"))
    made = Outcome(verdict=Verdict(**verdict, faults=faults), recoveries=recoveries, **outcome)
    return Entry(**told, outcome=made)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Row:
    """All batches of a scenario together."""

    scenario: str
    control: bool
    outcome: Outcome

    @property
    def good(self) -> bool:
        verdict = self.outcome.verdict
        if self.control:
            return not verdict.holds or bool(self.outcome.stuck)
        return verdict.holds and not self.outcome.stuck


def rows(entries: Iterable[Entry], order: Sequence[str]) -> list[Row]:
    """One row a scenario, in the order given."""
    by_name: dict[str, list[Entry]] = {name: [] for name in order}
    for entry in entries:
        by_name.setdefault(entry.scenario, []).append(entry)
    return [
        Row(name, found[0].control, _together([entry.outcome for entry in found]))
        for name, found in by_name.items()
        if found
    ]


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    deaths: Counter[str] = Counter()
    for outcome in outcomes:
        deaths.update(outcome.deaths)
    return Outcome(
        trials=sum(outcome.trials for outcome in outcomes),
        verdict=together([outcome.verdict for outcome in outcomes]),
        recoveries=tuple(each for outcome in outcomes for each in outcome.recoveries),
        stuck="; ".join(dict.fromkeys(each.stuck for each in outcomes if each.stuck)),
        note="; ".join(dict.fromkeys(each.note for each in outcomes if each.note)),
        deaths=dict(deaths),
    )


def told_recovery(recoveries: Sequence[float]) -> str:
    """The longest, and the median where there is more than one."""
    if not recoveries:
        return ""
    longest = f"{max(recoveries):.1f} s"
    if len(recoveries) == 1:
        return longest
    return f"{longest} (median {statistics.median(recoveries):.1f} s)"


def table(made: Sequence[Row]) -> str:
    """As it stands in the README."""
    lines = [
        "| scenario | trials | packets | lost | double | phantom | recovery | as it must be | |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in made:
        outcome, verdict = row.outcome, row.outcome.verdict
        recovery, good = told_recovery(outcome.recoveries), "yes" if row.good else "NO"
        name = f"control: {row.scenario}" if row.control else row.scenario
        lines.append(
            f"| {name} | {outcome.trials} | {verdict.packets} | {verdict.lost} | {verdict.doubled} "
            f"| {verdict.phantom} | {recovery} | {good} | {outcome.note} |"
        )
    return "\n".join(lines)
