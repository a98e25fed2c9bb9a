"""Whether two looks show the same vehicle: by its plate, or by what it looks like.

Three answers, not two: the same, another, or no telling. No telling proves nothing and accuses
nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from operator import mul

from edge.wire.records import Proof


class Likeness(StrEnum):
    SAME = "same"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Appearance:
    """What a vehicle looks like: a short vector that the shell takes from the picture, comparable
    with others taken in the same light `mode` ("day", "dusk", "ir"; "" where it is not told)."""

    values: tuple[float, ...]
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Marks:
    """All that tells one vehicle from another in one look. `plate` is a reading that the vote has
    accepted, never a single look's."""

    plate: str | None = None
    appearance: Appearance | None = None


@dataclass(frozen=True, slots=True)
class LikenessRules:
    """Similarities are correlations, -1 to 1. Between the two levels nothing is concluded.

    Set by judgement on a few real and rendered clips, not calibrated on a data set.
    """

    same: float = 0.80
    other: float = 0.40
    plate_differs: int = 2
    """Characters in which accepted plates of two vehicles differ at least: one may be misread."""


def similarity(a: Appearance, b: Appearance) -> float | None:
    """Correlation of two appearances, -1 to 1; None where they cannot be compared."""
    if a.mode != b.mode or len(a.values) != len(b.values) or not a.values:
        return None
    return correlation(a.values, b.values)


def correlation(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Cosine of two vectors of the same length; None where one of them is all zero."""
    # Run some hundred times a look while vehicles pass: a generator costs three times as much.
    norm = sqrt(sum(map(mul, a, a))) * sqrt(sum(map(mul, b, b)))
    return sum(map(mul, a, b)) / norm if norm > 0 else None


def plates_differ(a: str, b: str) -> int:
    """In how many characters two plates differ; a missing character counts as one."""
    return sum(x != y for x, y in zip(a, b, strict=False)) + abs(len(a) - len(b))


def compare(a: Marks, b: Marks, rules: LikenessRules) -> tuple[Likeness, Proof]:
    """Whether two looks show the same vehicle, and by what it is shown.

    A plate outweighs appearance: two cars of one model look alike, and a car in new light does not.
    """
    if a.plate is not None and b.plate is not None:
        if a.plate == b.plate:
            return Likeness.SAME, Proof.PLATE
        if plates_differ(a.plate, b.plate) >= rules.plate_differs:
            return Likeness.OTHER, Proof.PLATE
        return Likeness.UNKNOWN, Proof.NONE
    if a.appearance is None or b.appearance is None:
        return Likeness.UNKNOWN, Proof.NONE
    alike = similarity(a.appearance, b.appearance)
    if alike is None or rules.other < alike < rules.same:
        return Likeness.UNKNOWN, Proof.NONE
    return (Likeness.SAME if alike >= rules.same else Likeness.OTHER), Proof.APPEARANCE
