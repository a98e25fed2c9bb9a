"""How often the box's reading and the server's second reading agree, on held-out real pictures.

    scripts/evaluate agreement [--data ../shared/data] [--python .venv-reader/bin/python] [--all]

Box: the daemon's own reader on one look, with its acceptance rule. Second: central/plate_worker.py
as the server runs it. Both have to give the same text for a reminder to go out by itself. What both
read wrongly alike is what reaches the wrong owner, unless colour or register give it away.
"""

import argparse
from collections import Counter
from pathlib import Path

from central.second_reading import WorkerReader
from edge.plate_reader import open_plate_reader
from edge.wire.plates import classify
from scripts.evaluation.plate_kinds import accepted
from scripts.evaluation.plates import CROPS, Answer, answers, items
from scripts.evaluation.scores import share

KINDS = ("agree, right", "agree, wrong alike", "one unread", "differ")


def kind(answer: Answer, second: str | None, least: float) -> str:
    """Which of KINDS a picture is."""
    best = answer.best
    box = best.text if best is not None and accepted(best, least) else None
    if box is None or second is None or classify(second) is None:
        return "one unread"
    if box != second:
        return "differ"
    return "agree, right" if box == answer.item.text else "agree, wrong alike"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/evaluate agreement", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--python", type=Path, default=Path(".venv-reader/bin/python"))
    parser.add_argument("--least", type=float, default=0.9, help="acceptance: each character")
    parser.add_argument("--all", action="store_true", help="also what the box learned from")
    options = parser.parse_args(arguments)
    corners, text = (options.models / f"plate_{name}.tflite" for name in ("corners", "text"))
    box, second = open_plate_reader(corners, text, "auto"), WorkerReader(options.python)
    print("| set | n | " + " | ".join(KINDS) + " |")
    print("| --- " * (2 + len(KINDS)) + "|")
    try:
        for source, asked in items(options.data).items():
            if source not in CROPS:
                continue
            chosen = [item for item in asked if item.held or options.all]
            found = Counter[str]()
            for answer in answers(box, options.data, chosen):
                read = second.read(options.data / "plates" / answer.item.file).sure[0]
                found[kind(answer, read, options.least)] += 1
            said = [str(share([name == each for each in found.elements()])) for name in KINDS]
            print(f"| {source} | {len(chosen)} | " + " | ".join(said) + " |", flush=True)
    finally:
        second.close()
    return 0
