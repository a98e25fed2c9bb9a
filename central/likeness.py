"""Whether the vehicle that two officers saw can be the one that the register has. Pure.

A plate may be read rightly and still hang on another car (套牌). Colours are compared through a
table of what light makes of them: lamps turn white to cream, dusk blue to black. Only what no light
explains counts, and nothing counts where nobody could tell or the register does not say.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class BodyColour(StrEnum):
    """The colour of a body as an officer names it."""

    WHITE = "white"
    GREY = "grey"
    BLACK = "black"
    RED = "red"
    BLUE = "blue"
    GREEN = "green"
    YELLOW = "yellow"
    BROWN = "brown"
    PURPLE = "purple"
    PINK = "pink"
    OTHER = "other"
    UNTOLD = "untold"  # infrared, glare, darkness: nobody can tell


class SeenKind(StrEnum):
    """The kind of vehicle as an officer names it."""

    CAR = "car"
    VAN = "van"
    TRUCK = "truck"
    BUS = "bus"
    MOTORCYCLE = "motorcycle"
    OTHER = "other"
    UNTOLD = "untold"


class Part(StrEnum):
    """What of a vehicle may contradict the register."""

    COLOUR = "colour"
    KIND = "kind"


C, K = BodyColour, SeenKind
LETTERS: Mapping[str, BodyColour] = MappingProxyType(
    {
        "A": C.WHITE, "B": C.GREY, "C": C.YELLOW, "D": C.PINK, "E": C.RED, "F": C.PURPLE,
        "G": C.GREEN, "H": C.BLUE, "I": C.BROWN, "J": C.BLACK, "Z": C.OTHER,
    }
)  # fmt: skip
"""The register's letters (GA 24.8)."""
TAKEN_FOR: Mapping[BodyColour, frozenset[BodyColour]] = MappingProxyType(
    {
        C.WHITE: frozenset({C.GREY, C.YELLOW, C.PINK}),
        C.GREY: frozenset({C.WHITE, C.BLACK, C.BLUE, C.GREEN, C.YELLOW, C.BROWN, C.PURPLE}),
        C.BLACK: frozenset({C.GREY, C.BLUE, C.GREEN, C.BROWN, C.PURPLE}),
        C.RED: frozenset({C.YELLOW, C.BROWN, C.PURPLE, C.PINK}),
        C.BLUE: frozenset({C.GREY, C.BLACK, C.GREEN, C.PURPLE}),
        C.GREEN: frozenset({C.GREY, C.BLACK, C.BLUE, C.YELLOW}),
        C.YELLOW: frozenset({C.WHITE, C.GREY, C.RED, C.GREEN, C.BROWN}),
        C.BROWN: frozenset({C.GREY, C.BLACK, C.RED, C.YELLOW, C.PURPLE}),
        C.PURPLE: frozenset({C.GREY, C.BLACK, C.RED, C.BLUE, C.BROWN, C.PINK}),
        C.PINK: frozenset({C.WHITE, C.RED, C.PURPLE}),
    }
)
"""What light, dust and a camera make of a colour; it holds both ways."""
_TWO_WHEELS = frozenset({"motorcycle", "moped"})
_HEAVY = frozenset({"large-truck", "large-bus", "trailer"})
CANNOT_BE: Mapping[SeenKind, frozenset[str]] = MappingProxyType(
    {
        K.CAR: _HEAVY | _TWO_WHEELS,
        K.VAN: _HEAVY | _TWO_WHEELS,
        K.TRUCK: _TWO_WHEELS | {"large-bus"},
        K.BUS: _TWO_WHEELS | {"small-car", "large-truck", "trailer"},
        K.MOTORCYCLE: _HEAVY | {"small-car", "light-truck"},
    }
)
"""Classes of the register that what an officer saw is none of. A camera flips kinds, so the table
for reminders (central/reminding.py) has fewer; two people who each looked do not."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What an officer saw, alone; None where nobody was asked yet."""

    colour: BodyColour | None = None
    kind: SeenKind | None = None


UNASKED = Seen()
"""Of officers who typed before the desk asked for it."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What the register has: letters of LETTERS, several for a car of several colours."""

    body_colour: str = ""
    vehicle_class: str = ""


def differs(seen: Sequence[Seen], registered: Registered) -> tuple[Part, ...]:
    """What of the vehicle contradicts the register: somebody could tell, and to nobody it fits."""
    told = {
        Part.COLOUR: [_colour_fits(one.colour, registered.body_colour) for one in seen],
        Part.KIND: [_kind_fits(one.kind, registered.vehicle_class) for one in seen],
    }
    return tuple(part for part in Part if _contradicted(told[part]))


def compared(seen: Sequence[Seen], registered: Registered) -> bool:
    """Whether a colour could be held against the register at all."""
    return any(_colour_fits(one.colour, registered.body_colour) is not None for one in seen)


def _contradicted(fits: Iterable[bool | None]) -> bool:
    told = [one for one in fits if one is not None]
    return bool(told) and not any(told)


def _colour_fits(seen: BodyColour | None, letters: str) -> bool | None:
    """None where there is nothing to compare."""
    near = TAKEN_FOR.get(seen) if seen else None
    if seen is None or near is None:
        return None
    known = {LETTERS[letter] for letter in letters if letter in LETTERS}
    if not known or C.OTHER in known:
        return None
    return seen in known or bool(near & known)


def _kind_fits(seen: SeenKind | None, vehicle_class: str) -> bool | None:
    others = CANNOT_BE.get(seen) if seen else None
    if others is None or not vehicle_class:
        return None
    return vehicle_class not in others
