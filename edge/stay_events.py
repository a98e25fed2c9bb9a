"""What the rules say: the rules' figures, and the events of stays with all that they rest on."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from edge.geometry import Box
from edge.identity import LikenessRules
from edge.lanes import Threshold
from edge.wire.records import Cue, Ending, GapReason, Proof


@dataclass(frozen=True, slots=True)
class StayRules:
    """Every figure of the rules; times in seconds. The first eight are set in the configuration.

    settle_s      standing this long makes a stay
    confirm_s     standing this long is reported (arrival)
    grace_s       time a reminded owner has, unless the notice says otherwise
    max_gap_s     longest time unobserved that a stay can survive. Above five minutes, so that a
                  truck unloading in front does not end it; under ten, so that a long outage does
    scan_s        the lane is searched at least this often
    blink_s       an interruption up to this needs no proof of identity: two vehicles cannot
                  change places in it
    still         a vehicle whose corners move less than this share of its size stands
    drift_per_s   a vehicle that moves on by more than this share of its size a second rolls
    quiet         the same when the detector's boxes hardly tremble: the finer bound for `begin`
    believed      likeness of the place to its picture from which the vehicle is believed there
    changed       likeness below which the place is believed to show something else
    vacant        likeness to the empty lane from which the place is believed empty
    empty_s       the place must look empty this long, at two looks or more
    changed_s     without a picture of the empty lane: changed, searched and not covered this long
    driven_off_s  the same for a vehicle that was last seen driving off its place
    outside_s     the vehicle must be out of the lane this long, at two looks or more
    displaced_s   another vehicle must stand in the place this long, at two looks or more
    prove_s       time to prove who stands in the place after a gap
    covered       share of a place hidden from which it counts as occluded
    same_place    overlap (IoU) of boxes from which a vehicle is at a stay's place
    seen_share    share of the searches in which a settling vehicle must be found, unless all
                  looks at it show the same: cars that pass one by one are no standing car
    settled_looks looks at which a vehicle must have stood before it makes a stay
    link_s        a vehicle that comes back within this names its earlier stay
    """

    settle_s: float = 10.0
    confirm_s: float = 60.0
    grace_s: float = 900.0
    max_gap_s: float = 360.0
    scan_s: float = 10.0
    threshold: Threshold = field(default_factory=Threshold)
    likeness: LikenessRules = field(default_factory=LikenessRules)
    blink_s: float = 3.0
    still: float = 0.15
    drift_per_s: float = 0.015
    quiet: float = 0.04
    believed: float = 0.70
    changed: float = 0.40
    vacant: float = 0.70
    empty_s: float = 2.0
    changed_s: float = 20.0
    driven_off_s: float = 5.0
    outside_s: float = 1.0
    displaced_s: float = 3.0
    prove_s: float = 15.0
    covered: float = 0.35
    same_place: float = 0.5
    seen_share: float = 0.4
    settled_looks: int = 3
    link_s: float = 3600.0


class StayEventKind(StrEnum):
    """`settled`: a stay exists. `notice`: the owner was reminded (exhibits are due). The others
    become records, where the stay was reported."""

    SETTLED = "settled"
    ARRIVAL = "arrival"
    NOTICE = "notice"
    OVERSTAY = "overstay"
    DEPARTURE = "departure"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Gap:
    """Seconds in which the vehicle was not observed; `end_s` is when it, or its absence, was."""

    begin_s: float
    end_s: float
    reason: GapReason
    proof: Proof


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the vehicle. `score` is the detector's, or the place's likeness without it."""

    t_s: float
    box: Box
    overlap: float
    score: float
    cues: tuple[Cue, ...]


@dataclass(frozen=True, slots=True)
class Reminder:
    """A notice that a deadline is counted from. `reminded_s` on the clock of the looks."""

    notice_id: UUID
    reminded_s: float
    grace_s: float

    @property
    def deadline_s(self) -> float:
        return self.reminded_s + self.grace_s


@dataclass(frozen=True, slots=True)
class StayEvent:
    """Something that became of a stay, at `t_s`, with the whole stay so far.

    begin_s      first look at which the vehicle stood in the lane
    last_seen_s  last look at which it was seen in the lane
    end_s        departures and broken stays: when it last stood there, found in retrospect
    deadline_s   when it will be, or became, an overstay
    box          where it stands, or last stood
    reported     an arrival was sent for this stay: its later events become records too
    label, plate as most looks had it; the plate that the vote accepted, or None
    gaps         in order, not overlapping; after a departure or a break the last one may lie after
                 last_seen_s, with proof `none`: what happened in it nobody saw
    samples      at most 128, in order
    why          one English sentence for people who look into a decision
    """

    kind: StayEventKind
    stay_id: UUID
    lane: str
    t_s: float
    begin_s: float
    last_seen_s: float
    end_s: float | None
    deadline_s: float
    box: Box
    reported: bool
    label: str
    plate: str | None
    track: int
    reminder: Reminder | None
    ending: Ending | None
    gaps: tuple[Gap, ...]
    samples: tuple[Sample, ...]
    previous_stay: UUID | None
    why: str

    @property
    def unobserved_s(self) -> float:
        return sum(gap.end_s - gap.begin_s for gap in self.gaps)
