"""Plates read over the stays of a rendered clip, with the vote that the daemon holds."""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edge.geometry import Box
from edge.inference import Picture
from edge.plate_reader import PlateReader
from edge.plates import PlateVote, Reading


def table(reader: PlateReader, clip: Path, every_s: float = 1.0) -> list[str]:
    """Markdown: what looks at every vehicle in the lane come to, one `every_s`. Boxes are true,
    so that the reader alone is judged."""
    truth = json.loads(clip.with_suffix(".truth.json").read_text(encoding="utf-8"))
    votes: dict[str, PlateVote] = {}
    exact: dict[str, list[bool]] = {}
    plates: dict[str, str] = {}
    pace = round(every_s * float(truth["fps"]))
    for number, image in enumerate(frames(clip)):
        if number % pace or number >= len(truth["frames"]):
            continue
        for vehicle in truth["frames"][number]["vehicles"]:
            if not vehicle["in_lane"] or not vehicle["plate"]:
                continue
            name, plates[vehicle["id"]] = vehicle["id"], vehicle["plate"].replace("·", "")
            vote = votes.setdefault(name, PlateVote())
            look = reader.read(image, Box(*vehicle["box"]))
            if look is not None and look.text:
                colour = look.colour or None
                reading = Reading(look.text, look.chars, colour, look.colour_confidence)
                vote.add(reading, min(1.0, look.found))
                exact.setdefault(name, []).append(look.text == plates[name])
    lines = [
        "| vehicle | plate | looks | exact in one look | the vote says |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, vote in votes.items():
        seen, result = exact.get(name, []), vote.result()
        said = f"{result.text} {result.confidence_pm / 1000:.2f}" if result.text else "unread"
        right = f"{sum(seen) / len(seen):.2f}" if seen else "-"
        lines.append(f"| {name} | {plates[name]} | {len(seen)} | {right} | {said} |")
    return lines


def frames(clip: Path) -> Iterator[Picture]:
    film = cv2.VideoCapture(str(clip))
    try:
        while True:
            there, image = film.read()
            if not there:
                return
            yield np.asarray(image, np.uint8)
    finally:
        film.release()
