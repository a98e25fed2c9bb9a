"""Chinese number plates: what may stand on one, by GA 36-2018 and the notices for rescue vehicles.

A `PlateReading` names one of these grammar classes; both sides have to mean the same by it.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LETTER = "[A-HJ-NP-Z]"
_PROVINCE = f"[{PROVINCES}]"
_NEW_ENERGY = "[A-HJK]"
"""Letters of new-energy plates: A-E electric, F-K others; I is never used."""
_SERIAL = "(?P<serial>[A-HJ-NP-Z0-9]{%d})"
_SERIAL_LETTERS = 2

_FORMS: Sequence[tuple[str, str, str]] = (
    # grammar class, form, colours
    ("nev_small", f"{_PROVINCE}{_LETTER}{_NEW_ENERGY}[A-HJ-NP-Z0-9][0-9]{{4}}", "green"),
    ("nev_large", f"{_PROVINCE}{_LETTER}[0-9]{{5}}{_NEW_ENERGY}", "yellow-green"),
    ("police", f"{_PROVINCE}[A-HJ-Z]{_SERIAL % 4}警", "white"),
    ("trainer", f"{_PROVINCE}{_LETTER}{_SERIAL % 4}学", "yellow"),
    ("trailer", f"{_PROVINCE}{_LETTER}{_SERIAL % 4}挂", "yellow"),
    ("hkmo", f"粤Z{_SERIAL % 4}[港澳]", "black"),
    ("consulate", f"{_PROVINCE}{_LETTER}{_SERIAL % 4}领", "black"),
    ("embassy", "使[0-9]{6}|[0-9]{6}使", "black"),
    ("fire_rescue", f"{_PROVINCE}[XS][0-9]{{4}}应急", "white"),
    ("ministry", "京[0-9]{5}应急", "white"),
    ("fire_moto", f"应急{_PROVINCE}[0-9]{{3}}[XS]", "white"),
    ("wj", f"WJ{_PROVINCE}?[0-9]{{4}}[0-9A-Z]", "white"),
    ("military", "[VKHBSLJNGCEZ][A-Z][0-9]{5}", "white"),
    ("temp", f"{_PROVINCE}{_LETTER}[0-9]{{4,5}}临", "white blue yellow"),
    ("civil", f"{_PROVINCE}{_LETTER}{_SERIAL % 5}", "blue yellow"),
)
_GRAMMAR = tuple((name, re.compile(form), frozenset(c.split())) for name, form, c in _FORMS)
COLOURS: Mapping[str, frozenset[str]] = {name: colours for name, _, colours in _GRAMMAR}
"""The colours that plates of each grammar class come in."""

LOOK_ALIKES: tuple[frozenset[str], ...] = tuple(
    frozenset(group) for group in ("0DQ", "1LT", "2Z", "5S", "8B", "6G", "7T", "CG", "UV")
)
"""Characters that cameras and people take for one another."""


def norm(text: str) -> str:
    """The plate without spaces and dots, full-width forms made plain, in capitals."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return re.sub(r"[\s·•.・_-]", "", plain)


def classify(text: str) -> str | None:
    """The grammar class of a plate, normalised or not; None for what is no plate.

    A serial with more than two letters is not issued, and refused.
    """
    plate = norm(text)
    for name, form, _ in _GRAMMAR:
        found = form.fullmatch(plate)
        if found is None:
            continue
        serial = found.groupdict().get("serial") or ""
        if sum(c.isalpha() for c in serial) <= _SERIAL_LETTERS:
            return name
    return None


def consistent(text: str, colour: str) -> bool:
    """Whether plates of this grammar come in this colour: seven characters on green have lost
    one, and a blue plate is another car's than the yellow one of the same text."""
    name = classify(text)
    return name is not None and colour in COLOURS[name]


def alike(a: str, b: str) -> bool:
    """Whether one plate may be a misreading of the other: as long, and every character that
    differs is a look-alike."""
    return len(a) == len(b) and all(
        x == y or any(x in group and y in group for group in LOOK_ALIKES)
        for x, y in zip(a, b, strict=True)
    )


def look_alikes(text: str) -> frozenset[str]:
    """The plates that differ in one look-alike character, for the search before a correction."""
    plate, found = norm(text), set()
    for i, char in enumerate(plate):
        for other in frozenset().union(*(group for group in LOOK_ALIKES if char in group)):
            candidate = plate[:i] + other + plate[i + 1 :]
            if other != char and classify(candidate) is not None:
                found.add(candidate)
    return frozenset(found)
