"""What the office makes of a number plate: its spelling, its class, and what may follow. Pure.

The grammar itself is part of the wire contract (edge/wire/plates.py): a device names its classes.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import product
from math import prod
from types import MappingProxyType

from edge.wire import plates

LENGTHS = range(5, 11)
"""How many characters a plate has, from a fire motorcycle's to the rescue service's longest."""


class Treatment(StrEnum):
    """What a plate's class allows before any person has looked (domain rules: 消防法 art. 47,
    道路交通安全法 art. 53)."""

    REMIND = "remind"  # its keeper may be looked up and reminded
    EXEMPT = "exempt"  # on duty until shown otherwise: never reminded, a person closes it
    REFER = "refer"  # not in the register that we may ask: another office's matter
    NONE = "none"  # no plate at all, or a temporary one: nobody is looked up


_TREATMENT: Mapping[str, Treatment] = MappingProxyType(
    {
        **dict.fromkeys(
            ("civil", "nev_small", "nev_large", "trainer", "trailer", "hkmo"), Treatment.REMIND
        ),
        **dict.fromkeys(("fire_rescue", "ministry", "fire_moto", "police"), Treatment.EXEMPT),
        **dict.fromkeys(("wj", "military", "embassy", "consulate"), Treatment.REFER),
    }
)


def normal(text: str) -> str:
    """The one spelling of a plate: no spaces or dots, full-width forms made plain, in capitals."""
    return plates.norm(text)


def classify(text: str) -> str | None:
    """The grammar class, None for what is no plate."""
    return plates.classify(text)


def treatment(text: str) -> Treatment:
    """What may be done about this plate by itself."""
    return _TREATMENT.get(plates.classify(text) or "", Treatment.NONE)


def colours(text: str) -> tuple[str, ...]:
    """The colours that plates of this form come in, sorted; empty for what is no plate."""
    return tuple(sorted(plates.COLOURS.get(plates.classify(text) or "", ())))


def consistent(text: str, colour: str) -> bool:
    """Whether a plate of this form comes in this colour."""
    return plates.consistent(text, colour)


def alike(text: str, known: Iterable[str]) -> list[str]:
    """Those of the known plates that cameras and people take for this one, itself left out."""
    plate = normal(text)
    return sorted(
        {other for other in map(normal, known) if other != plate and plates.alike(plate, other)}
    )


def taken_for(text: str, most: int = 4096) -> list[str]:
    """Every plate that may be a misreading of this whole one, itself left out, sorted; empty for
    what is no plate. Where there are more than `most`, those that differ in one character."""
    plate = normal(text)
    if classify(plate) is None:
        return []
    choices = [
        sorted({char, *(one for group in plates.LOOK_ALIKES if char in group for one in group)})
        for char in plate
    ]
    if prod(map(len, choices)) > most:
        return sorted(plates.look_alikes(plate))
    return sorted({"".join(chars) for chars in product(*choices)} - {plate})


def pattern(text: str) -> str:
    """The plate with every character that has look-alikes as `_`, as SQL's LIKE reads it: what a
    search narrows down before `alike` decides."""
    return "".join(
        "_" if any(char in group for group in plates.LOOK_ALIKES) else char for char in normal(text)
    )
