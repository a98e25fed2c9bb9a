"""What the rules are told: one analysed frame of one camera, reduced to what bears on stays.

The shell (detector, tracker, view) fills these in; the rules in stays.py read nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from edge.geometry import Box
from edge.identity import Appearance, Marks
from edge.wire.records import GapReason


@dataclass(frozen=True, slots=True)
class Sighting:
    """One vehicle found by the detector in one frame, in a lane or not.

    track       the tracker's identity, at best continuous while the vehicle is in view
    box         pixels of the full frame
    score       of the detector, 0-1
    label       the detector's kind; it flips, so nothing rests on it
    plate       the plate that the vote over this track has accepted so far; None for unread
    appearance  descriptor of this look; None where none was taken
    empty       likeness of this box's ground to the lane as last seen empty, -1 to 1;
                None where no empty picture is known. A detection on an empty lane is a ghost.
    """

    track: int
    box: Box
    score: float
    label: str
    plate: str | None = None
    appearance: Appearance | None = None
    empty: float | None = None

    @property
    def marks(self) -> Marks:
        return Marks(self.plate, self.appearance)


@dataclass(frozen=True, slots=True)
class PlaceLook:
    """What the place of an open stay looks like now. All correlations, robust to light, -1 to 1.

    similarity  to the picture of the place with the vehicle (taken when `Place.anchor` was new);
                None where it was not computed or the light mode is another than the anchor's
    empty       to the picture of the place when the lane was last seen empty; None while unknown
    covered_by  share of the place hidden by something that is not among the sightings, 0-1
    """

    similarity: float | None = None
    empty: float | None = None
    covered_by: float = 0.0


@dataclass(frozen=True, slots=True)
class Place:
    """What the rules ask the shell to watch: where a stay's vehicle stands.

    When `anchor` is a number that the shell has not seen for this stay, it takes a new picture of
    `box` as the one to compare with; `clear` says that the vehicle is plainly in view just now.
    """

    stay_id: UUID
    lane: str
    box: Box
    anchor: int
    clear: bool


@dataclass(frozen=True, slots=True)
class Look:
    """One moment of one camera.

    t_s         monotonic seconds; never goes back
    blind       None where the lanes could be seen, else why the whole view could not
    sightings   every vehicle that the detector found, tracked; not only those in a lane
    places      for open stays, what their own place looks like
    searched    False where the detector did not run (nothing changed): no sighting is no miss then
    mode        light mode of the picture ("day", "dusk", "ir"; "" where it is not told)
    """

    t_s: float
    blind: GapReason | None = None
    sightings: tuple[Sighting, ...] = ()
    places: Mapping[UUID, PlaceLook] = field(default_factory=dict)
    searched: bool = True
    mode: str = ""
