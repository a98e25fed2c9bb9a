"""The two tables that say what can become of a stay; all else asks them. edge/STAYS.md prints them.

MOVES is the life of a stay, from a vehicle in the lane to its end. SIGHTS is what a look does to
our sight of the vehicle. A pair that is not in a table cannot happen: `KeyError` is our bug.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar


class Phase(StrEnum):
    """Where a stay is in its life."""

    WATCHING = "watching"
    SETTLING = "settling"
    STANDING = "standing"
    REPORTED = "reported"
    OVERSTAYED = "overstayed"
    DEPARTED = "departed"
    BROKEN = "broken"
    FORGOTTEN = "forgotten"


class Step(StrEnum):
    """What moves it on. `confirmed` and `overdue` happen only while the vehicle is in view."""

    STOPPED = "stopped"
    MOVED = "moved"
    SETTLED = "settled"
    CONFIRMED = "confirmed"
    OVERDUE = "overdue"
    REMINDED = "reminded"
    LEFT = "left"
    LOST = "lost"


class Sight(StrEnum):
    """How we see the vehicle of a stay."""

    IN_VIEW = "in-view"
    MISSED = "missed"
    HIDDEN = "hidden"
    DOUBTED = "doubted"
    DISPLACED = "displaced"
    OUTSIDE = "outside"
    VACATED = "vacated"
    CHANGED = "changed"


class Finding(StrEnum):
    """What one look says of it.

    seen      it stands or moves in its lane, proven or never out of sight
    unproven  a vehicle is at its place after a gap, and nothing shows that it is the same
    other     a vehicle is at its place that is another
    away      it is out of its lane
    empty     its place looks like the empty lane
    changed   its place looks different, searched and nothing found; no empty picture to compare
    covered   something stands before it
    blind     the camera could not see
    nothing   searched and not found, and its place tells nothing
    """

    SEEN = "seen"
    UNPROVEN = "unproven"
    OTHER = "other"
    AWAY = "away"
    EMPTY = "empty"
    CHANGED = "changed"
    COVERED = "covered"
    BLIND = "blind"
    NOTHING = "nothing"


Moves = Mapping[tuple[Phase, Step], Phase]
Sights = Mapping[tuple[Sight, Finding], Sight]

MOVES: Moves = {
    (Phase.WATCHING, Step.STOPPED): Phase.SETTLING,
    (Phase.WATCHING, Step.LEFT): Phase.FORGOTTEN,
    (Phase.SETTLING, Step.MOVED): Phase.WATCHING,
    (Phase.SETTLING, Step.SETTLED): Phase.STANDING,
    (Phase.SETTLING, Step.LEFT): Phase.FORGOTTEN,
    (Phase.STANDING, Step.CONFIRMED): Phase.REPORTED,
    (Phase.STANDING, Step.LEFT): Phase.DEPARTED,
    (Phase.STANDING, Step.LOST): Phase.BROKEN,
    (Phase.REPORTED, Step.REMINDED): Phase.REPORTED,
    (Phase.REPORTED, Step.OVERDUE): Phase.OVERSTAYED,
    (Phase.REPORTED, Step.LEFT): Phase.DEPARTED,
    (Phase.REPORTED, Step.LOST): Phase.BROKEN,
    # A notice that comes late moves the deadline: the stay waits for the new one.
    (Phase.OVERSTAYED, Step.REMINDED): Phase.REPORTED,
    (Phase.OVERSTAYED, Step.LEFT): Phase.DEPARTED,
    (Phase.OVERSTAYED, Step.LOST): Phase.BROKEN,
}

_PLAIN: Mapping[Finding, Sight] = {
    Finding.SEEN: Sight.IN_VIEW,
    Finding.UNPROVEN: Sight.DOUBTED,
    Finding.OTHER: Sight.DISPLACED,
    Finding.AWAY: Sight.OUTSIDE,
    Finding.EMPTY: Sight.VACATED,
    Finding.CHANGED: Sight.CHANGED,
    Finding.COVERED: Sight.HIDDEN,
    Finding.BLIND: Sight.HIDDEN,
}

SIGHTS: Sights = {
    **{(sight, finding): after for sight in Sight for finding, after in _PLAIN.items()},
    # A look that tells nothing takes nothing back that looks before it have told.
    **{(sight, Finding.NOTHING): sight for sight in Sight},
    (Sight.IN_VIEW, Finding.NOTHING): Sight.MISSED,
    # Seen driving out, it is out, whatever then happens at its place.
    **{
        (Sight.OUTSIDE, finding): Sight.OUTSIDE
        for finding in (
            Finding.UNPROVEN,
            Finding.OTHER,
            Finding.EMPTY,
            Finding.CHANGED,
            Finding.COVERED,
        )
    },
    # A place seen empty is not occupied by the same vehicle without proof.
    (Sight.VACATED, Finding.UNPROVEN): Sight.DISPLACED,
    (Sight.VACATED, Finding.CHANGED): Sight.VACATED,
    (Sight.DISPLACED, Finding.UNPROVEN): Sight.DISPLACED,
}

_A = TypeVar("_A", bound=StrEnum)
_B = TypeVar("_B", bound=StrEnum)


def diagram(table: Mapping[tuple[_A, _B], _A]) -> str:
    """The table as a Markdown table: a row for each state, a column for each thing that happens."""
    states = list(dict.fromkeys(state for state, _ in table))
    happenings = list(dict.fromkeys(happening for _, happening in table))
    lines = [
        "| | " + " | ".join(happenings) + " |",
        "| --- |" + " --- |" * len(happenings),
    ]
    for state in states:
        cells = [str(table.get((state, happening), "")) for happening in happenings]
        lines.append(f"| **{state}** | " + " | ".join(cells) + " |")
    return "\n".join(lines)
