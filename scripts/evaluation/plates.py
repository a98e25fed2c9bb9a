"""Judge the plate reader on the held-out real crops and photographs, through the daemon's own code.

    scripts/evaluate plates [--data ../shared/data] [--all] [--drawn N] [--clip FILE] [--out FOLDER]

A crop or photograph is held out by its plate number (models/training/plate_crops.py). `--all` adds
what was learned from, in a table of its own. Beside accuracy stands what matters to owners: the
share of crops that one look, with the acceptance rule, reads wrongly and would yet have accepted,
with the bound that so few cases prove. `--drawn` adds plates of kinds that no real picture shows,
`--clip` a rendered clip read over its stays.
"""

import argparse
import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.plate_reader import PlateLook, PlateReader, open_plate_reader
from models.training.splits import plate_held
from scripts.evaluation import plate_clips, plate_kinds
from scripts.evaluation.plate_kinds import accepted
from scripts.evaluation.scores import Figure, share, upper_bound

CROPS = ("lprnet_crops", "lyl_crops")
SCENES = "easypr_scenes"


@dataclass(frozen=True, slots=True)
class Item:
    file: str
    text: str
    held: bool


@dataclass(frozen=True, slots=True)
class Answer:
    item: Item
    looks: tuple[PlateLook, ...]
    spent_ms: float

    @property
    def best(self) -> PlateLook | None:
        return max(self.looks, key=lambda look: look.confidence * look.found, default=None)

    @property
    def right(self) -> bool:
        if self.item.file.startswith(SCENES):
            return any(look.text == self.item.text for look in self.looks)
        return self.best is not None and self.best.text == self.item.text


def items(data: Path) -> dict[str, list[Item]]:
    """Labelled pictures by source. A photograph is held out if any of its plates is."""
    held: set[str] = set()
    with (data / "plates" / "easypr_boxes.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            if plate_held(row["colour:plate"].split(":")[-1]):
                held.add(row["file"])
    found: dict[str, list[Item]] = {}
    with (data / "plates" / "labels.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            source, text = row["file"].split("/")[0], row["plate"].strip().upper()
            if source in (*CROPS, SCENES) and text:
                out = row["file"] in held if source == SCENES else plate_held(text)
                found.setdefault(source, []).append(Item(row["file"], text, out))
    return found


def answers(reader: PlateReader, data: Path, asked: list[Item]) -> list[Answer]:
    given = []
    for item in asked:
        image = np.asarray(cv2.imread(str(data / "plates" / item.file)), np.uint8)
        begin = time.thread_time()  # the processor's time: whoever else is busy does not count
        looks = tuple(reader.read_all(image))
        given.append(Answer(item, looks, (time.thread_time() - begin) * 1e3))
    return given


def row(name: str, given: list[Answer], least: float) -> str:
    best = [answer.best for answer in given]
    taken = [accepted(look, least) for look in best]
    wrong = [
        take and look is not None and look.text != answer.item.text and not answer.right
        for take, look, answer in zip(taken, best, given, strict=True)
    ]
    spent = sorted(answer.spent_ms for answer in given)
    figures: list[Figure] = [
        share([answer.right for answer in given]),
        share([not take for take in taken]),
    ]
    told = " | ".join(str(figure) for figure in figures)
    told += f" | {sum(wrong)} of {len(wrong)}, < {upper_bound(sum(wrong), len(wrong)):.3f}"
    return f"| {name} | {len(given)} | {told} | {spent[len(spent) // 2]:.1f} |"


def predictions(given: list[Answer]) -> list[dict[str, object]]:
    """In the form of the shared evaluator."""
    lines: list[dict[str, object]] = []
    for answer in given:
        line: dict[str, object] = {"file": answer.item.file, "ms": answer.spent_ms}
        if answer.item.file.startswith(SCENES):
            line["plates"] = [
                {
                    "plate": look.text,
                    "score": look.confidence,
                    "box": [look.box.x1, look.box.y1, look.box.x2, look.box.y2],
                }
                for look in answer.looks
            ]
        else:
            line["plate"] = answer.best.text if answer.best else ""
            line["score"] = min(answer.best.chars, default=0.0) if answer.best else 0.0
        lines.append(line)
    return lines


def shared_evaluator(data: Path, file: Path) -> None:
    tool = data.parent / "tools" / "eval_plates.py"
    if not tool.is_file():
        print(f"(the shared evaluator is not there: {tool})")
        return
    labels = file.with_suffix(".labels.csv")
    asked = {json.loads(line)["file"] for line in file.read_text(encoding="utf-8").splitlines()}
    rows = (data / "plates" / "labels.csv").read_text(encoding="utf-8-sig").splitlines()
    kept = [line for line in rows[1:] if line.split(",")[0] in asked]
    labels.write_text("\n".join([rows[0], *kept]) + "\n", encoding="utf-8")
    boxes = data / "plates" / "easypr_boxes.csv"
    command = [sys.executable, str(tool), "--labels", str(labels), "--predictions", str(file)]
    subprocess.run([*command, "--boxes", str(boxes)], check=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/evaluate plates", description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--text", type=Path, help="another plate_text, a float twin say")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("var/evaluate"))
    parser.add_argument("--runtime", choices=("auto", "litert", "tflite"), default="auto")
    parser.add_argument("--all", action="store_true", help="also what was learned from")
    parser.add_argument("--least", type=float, default=0.9, help="acceptance: each character")
    parser.add_argument("--drawn", type=int, default=0, help="drawn plates of each kind")
    parser.add_argument("--clip", type=Path, help="a rendered clip, its truth beside it")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    corners, text = (options.models / f"plate_{name}.tflite" for name in ("corners", "text"))
    reader = open_plate_reader(corners, options.text or text, options.runtime)
    print("| set | n | exact | left unread | wrong but accepted | CPU ms, median |")
    print("| --- | --- | --- | --- | --- | --- |")
    parts: list[tuple[str, Callable[[Item], bool]]] = [("held out", lambda item: item.held)]
    if options.all:
        parts.append(("learned from", lambda item: not item.held))
    given: list[Answer] = []
    for source, asked in items(options.data).items():
        for part, chosen in parts:
            told = answers(reader, options.data, [item for item in asked if chosen(item)])
            print(row(f"{source}, {part}", told, options.least), flush=True)
            given += told
    file = options.out / "plates.jsonl"
    lines = [json.dumps(line, ensure_ascii=False) for line in predictions(given)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    shared_evaluator(options.data, file)
    if options.drawn:
        assets = options.data / "plates" / "synth_assets"
        print("\n" + "\n".join(plate_kinds.table(reader, assets, options.drawn, options.least)))
    if options.clip:
        print("\n" + "\n".join(plate_clips.table(reader, options.clip)))
    for answer in given:
        if not answer.right and answer.item.held:
            best = answer.best
            seen = f"{best.text} {best.confidence:.2f}" if best else "nothing"
            print(f"  {answer.item.file}: {answer.item.text} read as {seen}")
    return 0
