"""Plates that real pictures hardly show, drawn and hung on car bodies: each kind's figures.

A plate is drawn clean, soiled, hung in perspective on a real car's body, and photographed; the
reader finds, straightens and reads it as it would on a street. Drawn plates are learned from too,
never these ones: what the table cannot tell is how far drawings are from the real thing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.inference import Picture
from edge.plate_reader import PlateLook, PlateReader
from edge.plates import VoteRules
from edge.wire.plates import consistent
from models.training.plate_grammar import COLOURS, KINDS
from models.training.plate_hang import Drawer
from models.training.plate_synth import camera, sheet, weather
from scripts.evaluation.scores import share

SIZE = (480, 360)
_WIDE_PX = (90, 200)
GROUPS = {
    "blue": ("civil-blue",),
    "green": ("nev-small", "nev-large"),
    "yellow, one line": ("civil-yellow", "trainer"),
    "yellow, two lines": ("yellow-two-line", "trailer"),
    "motorcycle, two lines": ("motorcycle", "moto-blue"),
    "white": ("police", "military", "wj", "rescue", "temporary"),
    "black": ("consulate", "embassy", "hk-macao"),
}


@dataclass(frozen=True, slots=True)
class Shot:
    group: str
    image: Picture
    text: str
    colour: str


def shots(assets: Path, count: int, seed: int = 20) -> Iterator[Shot]:
    """`count` plates of every group."""
    drawer = Drawer(assets)
    grounds = [np.asarray(ground, np.uint8) for ground in drawer.grounds]
    kinds = {kind.name: kind for kind in KINDS}
    for number, (group, names) in enumerate(GROUPS.items()):
        for k in range(count):
            rng = np.random.default_rng((seed, number, k))
            drawn = sheet(rng, drawer.glyphs, kinds[names[k % len(names)]])
            image = hung(rng, weather(rng, drawn.image), grounds)
            yield Shot(group, image, drawn.text, COLOURS[drawn.colour])


def hung(rng: np.random.Generator, plate: Picture, grounds: list[Picture]) -> Picture:
    """The plate on a car's body, at 90-200 px, a little turned and seen from aside."""
    wide, high = SIZE
    base = cv2.resize(grounds[int(rng.integers(len(grounds)))], SIZE)
    across = rng.uniform(*_WIDE_PX)
    down = across * plate.shape[0] / plate.shape[1] * rng.uniform(0.85, 1.15)
    corners = np.array([[0, 0], [across, 0], [across, down], [0, down]])
    corners += rng.normal(0, 0.04, (4, 2)) * down
    corners[:, 1] += corners[:, 0] * rng.normal(0, 0.08)
    corners += (wide / 2 - across / 2 + rng.normal(0, 40), high / 2 + rng.normal(0, 40))
    sides = plate.shape[1::-1]
    source = np.array([[0, 0], [sides[0], 0], sides, [0, sides[1]]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    smooth = cv2.GaussianBlur(plate, (0, 0), max(0.1, sides[0] / across / 3))
    shown = cv2.warpPerspective(smooth, matrix, SIZE, dst=base, borderMode=cv2.BORDER_TRANSPARENT)
    return np.asarray(camera(rng, np.asarray(shown, np.uint8), 0.6 * wide), np.uint8)


def table(reader: PlateReader, assets: Path, count: int, least: float) -> list[str]:
    """Markdown: per group exact, colour right, unread by the one-look rule, wrong but accepted;
    then labelled colours against those told."""
    groups: dict[str, list[tuple[Shot, PlateLook | None]]] = {}
    for shot in shots(assets, count):
        look = max(reader.read_all(shot.image), key=lambda one: one.found * one.rank, default=None)
        groups.setdefault(shot.group, []).append((shot, look))
    lines = [
        "| drawn plates | n | exact | colour right | left unread | wrong but accepted |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for group, pairs in groups.items():
        exact = share([look is not None and look.text == shot.text for shot, look in pairs])
        colour = share([look is not None and look.colour == shot.colour for shot, look in pairs])
        taken = [(shot, look) for shot, look in pairs if accepted(look, least)]
        wrong = sum(look is not None and look.text != shot.text for shot, look in taken)
        unread = 1 - len(taken) / len(pairs)
        lines.append(f"| {group} | {len(pairs)} | {exact} | {colour} | {unread:.3f} | {wrong} |")
    every = [pair for pairs in groups.values() for pair in pairs]
    told = [(shot.colour, look.colour if look else "nothing") for shot, look in every]
    return [*lines, "", *colours(told)]


def accepted(look: PlateLook | None, least: float) -> bool:
    """The rule for one look alone: every character sure, and a form that plates of the colour have.
    (Over a stay the vote of many looks decides.)"""
    if look is None or not look.chars or not consistent(look.text, look.colour):
        return False
    if look.text[0].isascii() and look.colour_confidence < VoteRules().bare:
        return False
    return min(look.chars) >= least


def colours(pairs: list[tuple[str, str]]) -> list[str]:
    """Markdown: labelled colour against the one told."""
    told = [*COLOURS, "nothing"]
    lines = [f"| labelled \\ told | {' | '.join(told)} |", "| --- " * (len(told) + 1) + "|"]
    for colour in COLOURS:
        row = [seen for label, seen in pairs if label == colour]
        if row:
            counts = " | ".join(str(row.count(each)) for each in told)
            lines.append(f"| {colour} | {counts} |")
    return lines
