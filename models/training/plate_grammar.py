"""What stands on Chinese plates, for synthesis: kinds of plate, their text, colours and layout.

Sizes in millimetres after GA 36-2018 as it is publicly described: single-line 440x140 with 45x90
characters, new-energy 480x140 with 43x90, two-line 440x220 with 80x60 above and 65x110 below.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "0123456789"
SPECIAL = "警学挂港澳领使应急临"
CHARACTERS = PROVINCES + LETTERS + "O" + DIGITS + SPECIAL
COLOURS = ("blue", "yellow", "green", "yellow-green", "white", "black")

Spot = tuple[float, float, float, float]  # x, y, width, height of one character, mm

SINGLE: tuple[Spot, ...] = tuple(
    (x, 25.0, 45.0, 90.0) for x in (15.5, 72.5, 151.5, 208.5, 265.5, 322.5, 379.5)
)
ENERGY: tuple[Spot, ...] = (
    (15.5, 25.0, 45.0, 90.0),
    *((x, 25.0, 43.0, 90.0) for x in (69.5, 161.5, 213.5, 265.5, 317.5, 369.5, 421.5)),
)
DOUBLE: tuple[Spot, ...] = (
    (110.0, 15.0, 80.0, 60.0),
    (250.0, 15.0, 80.0, 60.0),
    *((27.5 + 80 * k, 90.0, 65.0, 110.0) for k in range(5)),
)
RESCUE: tuple[Spot, ...] = (  # eight places on a 440 mm plate
    (13.0, 25.0, 43.0, 90.0),
    (64.0, 25.0, 43.0, 90.0),
    *((135.0 + 50 * k, 25.0, 42.0, 90.0) for k in range(6)),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """`share` of the synthetic plates; `red`: places painted red; `glyphs`: the glyph set."""

    name: str
    share: float
    colour: str
    size: tuple[int, int]
    spots: tuple[Spot, ...]
    glyphs: str
    dot: bool = True
    red: tuple[int, ...] = ()


KINDS = (
    Kind("civil-blue", 0.36, "blue", (440, 140), SINGLE, "140"),
    Kind("civil-yellow", 0.10, "yellow", (440, 140), SINGLE, "140"),
    Kind("yellow-two-line", 0.10, "yellow", (440, 220), DOUBLE, "220"),
    Kind("trailer", 0.025, "yellow", (440, 220), DOUBLE, "220"),
    Kind("trainer", 0.025, "yellow", (440, 140), SINGLE, "140"),
    Kind("motorcycle", 0.03, "yellow", (440, 280), DOUBLE, "220"),
    Kind("moto-blue", 0.015, "blue", (440, 280), DOUBLE, "220"),
    Kind("nev-small", 0.17, "green", (480, 140), ENERGY, "green", dot=False),
    Kind("nev-large", 0.04, "yellow-green", (480, 140), ENERGY, "green", dot=False),
    Kind("police", 0.03, "white", (440, 140), SINGLE, "140", red=(6,)),
    Kind("military", 0.02, "white", (440, 140), SINGLE, "140", red=(0, 1)),
    Kind("wj", 0.01, "white", (440, 140), SINGLE, "140", dot=False, red=(0, 1)),
    Kind("rescue", 0.02, "white", (440, 140), RESCUE, "140", red=(6, 7)),
    Kind("consulate", 0.015, "black", (440, 140), SINGLE, "140"),
    Kind("embassy", 0.01, "black", (440, 140), SINGLE, "140"),
    Kind("hk-macao", 0.02, "black", (440, 140), SINGLE, "140"),
    Kind("temporary", 0.01, "white", (440, 140), SINGLE, "140"),
)


def text(rng: np.random.Generator, kind: Kind) -> str:
    """A random text that is valid for the kind of plate."""
    province = pick(rng, PROVINCES)
    office = "O" if rng.random() < 0.01 else pick(rng, LETTERS)
    makers = {
        "nev-small": lambda: province + office + nev_serial(rng),
        "nev-large": lambda: province + office + digits(rng, 5) + nev_letter(rng),
        "trailer": lambda: province + office + serial(rng, 4) + "挂",
        "trainer": lambda: province + office + serial(rng, 4) + "学",
        "police": lambda: province + office + serial(rng, 4) + "警",
        "military": lambda: pick(rng, "VKHBSLJNGCEZ") + pick(rng, LETTERS) + digits(rng, 5),
        "wj": lambda: "WJ" + province + digits(rng, 4),
        "rescue": lambda: province + pick(rng, "XS") + digits(rng, 4) + "应急",
        "consulate": lambda: province + office + serial(rng, 4) + "领",
        "embassy": lambda: "使" + digits(rng, 6) if rng.random() < 0.5 else digits(rng, 6) + "使",
        "hk-macao": lambda: "粤Z" + serial(rng, 4) + pick(rng, "港澳"),
        "temporary": lambda: province + office + digits(rng, 4) + "临",
    }
    return makers.get(kind.name, lambda: province + office + serial(rng, 5))()


def pick(rng: np.random.Generator, choices: str) -> str:
    return choices[int(rng.integers(len(choices)))]


def digits(rng: np.random.Generator, count: int) -> str:
    return "".join(pick(rng, DIGITS) for _ in range(count))


def nev_letter(rng: np.random.Generator) -> str:
    return pick(rng, "DF") if rng.random() < 0.6 else pick(rng, "ABCEGHJK")


def nev_serial(rng: np.random.Generator) -> str:
    second = pick(rng, LETTERS) if rng.random() < 0.4 else pick(rng, DIGITS)
    return nev_letter(rng) + second + digits(rng, 4)


def serial(rng: np.random.Generator, count: int) -> str:
    """Digits with up to two letters at any place."""
    places = list(digits(rng, count))
    for place in rng.permutation(count)[: rng.choice(3, p=[0.3, 0.4, 0.3])]:
        places[place] = pick(rng, LETTERS)
    return "".join(places)
