"""`scripts/faults`: make faults by a seed, judge what is left, print a table.

Exit code 0 where every scenario kept every packet and every control broke, else 1.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from scripts.faults_lab import (
    away,
    bad_disk,
    comeback,
    damage,
    fuzz,
    hangs,
    kills,
    notice_cuts,
    notices,
    order,
    packets,
    power,
    races,
    refusals,
    takeovers,
)
from scripts.faults_lab.outcome import (
    Entry,
    Scenario,
    read_book,
    rows,
    table,
    told_recovery,
    write_down,
)

_PARTS = (
    kills,
    power,
    bad_disk,
    damage,
    comeback,
    away,
    hangs,
    order,
    races,
    takeovers,
    packets,
    notices,
    notice_cuts,
    refusals,
    fuzz,
)
ALL = sorted(
    (scenario for part in _PARTS for scenario in part.SCENARIOS),
    key=lambda scenario: scenario.control,
)


def scenarios(words: Sequence[str]) -> list[Scenario]:
    """All, or those that one of the words stands in the name of."""
    return [each for each in ALL if not words or any(word in each.name for word in words)]


def run(scenario: Scenario, folder: Path, seed: int, batch: int, trials: int) -> Entry:
    """One batch; what is left of it lies in `folder`."""
    began = time.monotonic()
    chance = Random(f"{seed} {scenario.name} {batch}")
    outcome = scenario.run(folder, chance, trials)
    return Entry(
        scenario=scenario.name,
        control=scenario.control,
        seed=seed,
        batch=batch,
        ended=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - began, 1),
        outcome=outcome,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("words", nargs="*", help="only scenarios whose names hold one of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--long", action="store_true", help="the run for the night")
    parser.add_argument("--trials", type=int, help="so many of each instead")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave what is left there")
    parser.add_argument(
        "--book", type=Path, help="write each batch there; a batch that is in it is not run again"
    )
    options = parser.parse_args(arguments)
    logging.getLogger("central").setLevel(logging.CRITICAL)  # faults are what is wanted here
    chosen = scenarios(options.words)
    with tempfile.TemporaryDirectory() as spare:
        entries = _run_all(chosen, options, options.keep or Path(spare))
    made = rows(entries, [scenario.name for scenario in chosen])
    print(table(made))
    return 0 if made and all(row.good for row in made) else 1


def _run_all(chosen: Sequence[Scenario], options: argparse.Namespace, folder: Path) -> list[Entry]:
    entries = []
    known = {entry.key: entry for entry in read_book(options.book)} if options.book else {}
    for number, scenario in enumerate(chosen):
        trials = options.trials or (scenario.long if options.long else scenario.short)
        for batch, size in enumerate(scenario.batches(trials)):
            entry = known.get((scenario.name, options.seed, batch, size))
            if entry is None:
                print(f"{scenario.name} {batch} …", file=sys.stderr, flush=True)
                entry = run(scenario, folder / f"{number}-{batch}", options.seed, batch, size)
                _tell(entry)
                if options.book:
                    write_down(options.book, entry)
            entries.append(entry)
    return entries


def _tell(entry: Entry) -> None:
    outcome = entry.outcome
    told = [outcome.stuck] if outcome.stuck else []
    told += sorted(set(outcome.verdict.faults))[:10]
    for fault in () if entry.control else told:
        print(f"  {fault}", file=sys.stderr, flush=True)
    elsewhere = outcome.deaths.get("elsewhere", 0)
    recovery = told_recovery(outcome.recoveries)
    print(
        f"  {outcome.verdict.lost} lost, took {entry.seconds:.0f} s, recovery {recovery or '-'}, "
        f"{elsewhere} deaths elsewhere",
        file=sys.stderr,
        flush=True,
    )


if __name__ == "__main__":
    raise SystemExit(main())
