"""`scripts/faults`: make faults by a seed, judge what is left, print a table.

Exit code 0 where every scenario kept every packet and every control lost some, else 1.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.faults_lab import kills, power
from scripts.faults_lab.invariant import Verdict, judge
from scripts.faults_lab.order import shuffled

MESSAGES = "messages one to five times, shuffled"
SHORT = {"box": 8, "server": 8, "broker": 6, "link": 4, "power": 20, "messages": 20, "control": 4}
LONG = {
    "box": 1000,
    "server": 1000,
    "broker": 500,
    "link": 50,
    "power": 300,
    "messages": 500,
    "control": 20,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. `stuck` says what never came, if something did not."""

    scenario: str
    control: bool
    trials: int
    verdict: Verdict
    recovery_s: float | None
    took_s: float
    stuck: str = ""
    elsewhere: int = 0
    """Deaths that came where the process was, because it never came to its point."""

    @property
    def good(self) -> bool:
        if self.control:
            return self.verdict.lost > 0
        return self.verdict.holds and not self.stuck


def scenarios(chosen: Sequence[str]) -> list[str]:
    """All names, or those that one of the words stands in."""
    names = [*kills.SCENARIOS, *power.SCENARIOS, MESSAGES, *kills.CONTROLS, *power.CONTROLS]
    return [name for name in names if not chosen or any(word in name for word in chosen)]


def run(name: str, folder: Path, seed: int, sizes: dict[str, int]) -> Row:
    """One line of the table."""
    control = name in kills.CONTROLS or name in power.CONTROLS
    trials = sizes["control"] if control else sizes[_size(name)]
    began = time.monotonic()
    recovery, stuck, elsewhere = None, "", 0
    if name == MESSAGES:
        verdict = shuffled(folder, seed, trials)
    elif name in power.SCENARIOS or name in power.CONTROLS:
        verdict = power.run(name, folder, seed, trials)
    else:
        site = kills.run(name, folder, seed, trials)
        verdict, stuck = judge(folder, site.counted()), site.stuck
        recovery, elsewhere = site.longest_recovery_s, site.deaths["elsewhere"]
    return Row(name, control, trials, verdict, recovery, time.monotonic() - began, stuck, elsewhere)


def _size(name: str) -> str:
    return "power" if name in power.SCENARIOS else name.split(maxsplit=1)[0]


def table(rows: Sequence[Row]) -> str:
    """As it stands in the README."""
    lines = [
        "| scenario | trials | packets | lost | double | phantom | recovery | as it must be |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        verdict = row.verdict
        recovery = "" if row.recovery_s is None else f"{row.recovery_s:.1f} s"
        name = f"control: {row.scenario}" if row.control else row.scenario
        lines.append(
            f"| {name} | {row.trials} | {verdict.packets} | {verdict.lost} | {verdict.doubled} "
            f"| {verdict.phantom} | {recovery} | {'yes' if row.good else 'NO'} |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("only", nargs="*", help="words; scenarios whose names hold one of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--long", action="store_true", help="the run for the night")
    parser.add_argument("--trials", type=int, help="so many of each instead")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave what is left there")
    options = parser.parse_args(arguments)
    sizes = LONG if options.long else SHORT
    if options.trials:
        sizes = dict.fromkeys(sizes, options.trials)
    logging.getLogger("central").setLevel(logging.CRITICAL)  # faults are what is wanted here
    rows = []
    with tempfile.TemporaryDirectory() as spare:
        for number, name in enumerate(scenarios(options.only)):
            folder = (options.keep or Path(spare)) / str(number)
            print(f"{name} …", file=sys.stderr, flush=True)
            rows.append(run(name, folder, options.seed, sizes))
            _tell(rows[-1])
    print(table(rows))
    return 0 if all(row.good for row in rows) else 1


def _tell(row: Row) -> None:
    told = [row.stuck] if row.stuck and not row.control else []
    told += [] if row.control else sorted(set(row.verdict.faults))[:10]
    for fault in told:
        print(f"  {fault}", file=sys.stderr, flush=True)
    print(
        f"  {row.verdict.lost} lost, {row.took_s:.0f} s, {row.elsewhere} deaths elsewhere",
        file=sys.stderr,
        flush=True,
    )


if __name__ == "__main__":
    raise SystemExit(main())
