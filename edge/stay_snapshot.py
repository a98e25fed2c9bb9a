"""What of the stays outlives a power cut, as bytes and back.

Times are on the clock of the looks at the time of saving; `shifted` moves them to another clock.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from edge.geometry import Box
from edge.identity import Appearance, Likeness, Marks, compare
from edge.looks import Look, Sighting
from edge.open_stay import OpenStay
from edge.stay_events import StayRules
from edge.stay_moves import Phase


class SnapshotError(ValueError):
    """Bytes that are no snapshot of ours."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What is remembered of a stay that is over: enough to know its vehicle when it comes back.

    until_s   the last look that it counted; no later stay counts it again
    departed  it was not lost: a track that goes on is then still its vehicle's
    """

    id: UUID
    until_s: float
    ended_s: float
    place: Box
    track: int
    departed: bool
    plate: str | None
    appearances: dict[str, Appearance]

    @classmethod
    def of(cls, stay: OpenStay, t_s: float) -> "Ended":
        return cls(
            stay.id,
            stay.last_seen_s,
            t_s,
            stay.place,
            stay.track,
            stay.phase is Phase.DEPARTED,
            stay.plate,
            dict(stay.appearances),
        )

    def later(self, ahead_s: float) -> "Ended":
        """The same on a clock that is ahead; tracks do not outlive a restart."""
        until_s, ended_s = self.until_s + ahead_s, self.ended_s + ahead_s
        return replace(self, until_s=until_s, ended_s=ended_s, track=-1)

    def bars(self, track: int, box: Box, rules: StayRules) -> bool:
        """Whether looks at this vehicle may have been counted by this stay."""
        return track == self.track or box.iou(self.place) >= rules.same_place / 2

    def is_same(self, sighting: Sighting, look: Look, rules: StayRules) -> bool:
        """Whether the vehicle is shown to be the one of this stay, soon enough to name it."""
        mode = sighting.appearance.mode if sighting.appearance is not None else look.mode
        mine = Marks(self.plate, self.appearances.get(mode))
        likeness, _ = compare(mine, sighting.marks, rules.likeness)
        same = likeness is Likeness.SAME
        followed = self.departed and sighting.track == self.track and likeness is not Likeness.OTHER
        return (same or followed) and look.t_s - self.ended_s <= rules.link_s


@dataclass(frozen=True, slots=True)
class Saved:
    """A snapshot: when it was made, the versions of the lanes, the stays."""

    v: int
    saved_s: float
    lanes: dict[str, str]
    stays: list[OpenStay]
    ended: list[Ended]


_SAVED = TypeAdapter(Saved)


def dump(saved: Saved) -> bytes:
    return _SAVED.dump_json(saved)


def load(snapshot: bytes) -> Saved:
    """Raises SnapshotError."""
    try:
        saved = _SAVED.validate_json(snapshot)
    except ValidationError as error:
        raise SnapshotError(f"not a snapshot of stays: {error.errors()[0]['msg']}") from None
    if saved.v != 1:
        raise SnapshotError(f"snapshot must be of version 1, got {saved.v}")
    return saved


def saved_at_s(snapshot: bytes) -> float:
    """When the last look before the snapshot was, on the clock of that time."""
    return load(snapshot).saved_s


def shifted(stay: OpenStay, ahead_s: float) -> OpenStay:
    """The same stay with its times on a clock that is ahead by so much."""
    moved = replace(stay)
    for name in ("begin_s", "last_seen_s", "stood_s", "same_s", "sight_s", "appearance_s"):
        setattr(moved, name, getattr(stay, name) + ahead_s)
    if stay.arrival_s is not None:
        moved.arrival_s = stay.arrival_s + ahead_s
    if stay.reminder is not None:
        reminded_s = stay.reminder.reminded_s + ahead_s
        moved.reminder = replace(stay.reminder, reminded_s=reminded_s)
    moved.gaps = [
        replace(gap, begin_s=gap.begin_s + ahead_s, end_s=gap.end_s + ahead_s) for gap in stay.gaps
    ]
    moved.samples = [replace(each, t_s=each.t_s + ahead_s) for each in stay.samples]
    return moved
