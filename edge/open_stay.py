"""One open stay: what is known of it, and the events it turns into."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from edge.geometry import Box
from edge.identity import Appearance, Marks
from edge.looks import Sighting
from edge.stay_events import Gap, Reminder, Sample, StayEvent, StayEventKind, StayRules
from edge.stay_moves import Phase, Sight
from edge.wire.limits import GAPS_PER_RECORD, SAMPLES_PER_RECORD
from edge.wire.records import Cue, Ending, GapReason, Proof

MODES = 4
"""Light modes that a stay remembers its vehicle in."""


@dataclass(slots=True)
class OpenStay:
    """The state of one stay; plain values only, so that it can be written down and read back.

    begin_s      first look at which the vehicle stood in the lane
    last_seen_s  last look at which it was in view in the lane
    stood_s      last look at which it stood at its place
    same_s       last look at which it was shown to be the same, not merely never out of sight
    place        where it stands; `now` where it was last seen
    tremble      how far its box shakes while it stands, in shares of its size
    sight_s      since when the sight is what it is, and for how many looks
    gap_reason   first known reason why it is out of view now
    appearances  by light mode; appearance_s is when the last one was taken
    lost         it could not survive a restart: how and why it ends at the next look
    """

    id: UUID
    lane: str
    begin_s: float
    last_seen_s: float
    stood_s: float
    same_s: float
    place: Box
    now: Box
    tremble: float
    track: int
    anchor: int = 1
    anchor_mode: str = ""
    clear: bool = True
    phase: Phase = Phase.STANDING
    sight: Sight = Sight.IN_VIEW
    sight_s: float = 0.0
    sight_looks: int = 0
    gap_reason: GapReason | None = None
    plate: str | None = None
    appearances: dict[str, Appearance] = field(default_factory=dict)
    appearance_s: float = 0.0
    labels: dict[str, int] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    spacing_s: float = 0.5
    reminder: Reminder | None = None
    notices: list[UUID] = field(default_factory=list)
    arrival_s: float | None = None
    previous: UUID | None = None
    lost: tuple[Ending, str] | None = None

    def deadline_s(self, rules: StayRules) -> float:
        """When it becomes an overstay: by the notice, else by the rules' own grace."""
        if self.reminder is not None:
            return self.reminder.deadline_s
        return self.begin_s + rules.confirm_s + rules.grace_s

    def marks(self, mode: str) -> Marks:
        """What is known to tell this vehicle, as far as it can be compared in this light."""
        return Marks(self.plate, self.appearances.get(mode))

    def turn(self, sight: Sight, t_s: float) -> bool:
        """Note the sight of this look; whether it is another than before."""
        changed = sight != self.sight
        if changed:
            self.sight, self.sight_s, self.sight_looks = sight, t_s, 0
        self.sight_looks += 1
        return changed

    def learn(self, sighting: Sighting, proven: bool) -> bool:
        """Take in the marks of a look that is believed to show it; whether the plate is new.

        An appearance is renewed only by a look that was proven, so that a stay cannot drift from
        one vehicle to the next; a light mode never met is learnt while in unbroken view.
        """
        self.labels[sighting.label] = self.labels.get(sighting.label, 0) + 1
        seen = sighting.appearance
        if seen is not None:
            known = seen.mode in self.appearances
            if (proven and known) or (not known and len(self.appearances) < MODES):
                self.appearances[seen.mode] = seen
        new_plate = self.plate is None and sighting.plate is not None
        self.plate = self.plate or sighting.plate
        return new_plate

    def add_sample(self, sample: Sample) -> None:
        """Keep the sample; when there are too many, every second one goes."""
        close = len(self.samples) > 1 and sample.t_s - self.samples[-2].t_s < self.spacing_s
        if close:
            self.samples[-1] = sample
        else:
            self.samples.append(sample)
        if len(self.samples) > SAMPLES_PER_RECORD:
            self.samples[:] = [*self.samples[:-1:2], self.samples[-1]]
            self.spacing_s *= 2

    def add_gap(self, gap: Gap) -> None:
        """Keep the gap; when there are too many, the two nearest become one (the longer doubt)."""
        self.gaps.append(gap)
        if len(self.gaps) > GAPS_PER_RECORD - 1:
            self.gaps[:] = _joined(self.gaps)

    def event(self, kind: StayEventKind, t_s: float, rules: StayRules, why: str) -> StayEvent:
        """The stay so far, as an event."""
        return StayEvent(
            kind=kind,
            stay_id=self.id,
            lane=self.lane,
            t_s=t_s,
            begin_s=self.begin_s,
            last_seen_s=self.last_seen_s,
            end_s=None,
            deadline_s=self.deadline_s(rules),
            box=self.place,
            reported=self.arrival_s is not None,
            label=max(self.labels, key=lambda label: self.labels[label], default="vehicle"),
            plate=self.plate,
            track=self.track,
            reminder=self.reminder,
            ending=None,
            gaps=tuple(self.gaps),
            samples=tuple(self.samples),
            previous_stay=self.previous,
            why=why,
        )

    def ended(self, t_s: float, rules: StayRules, ending: Ending, why: str) -> StayEvent:
        """Its last event. Replaced, it ends when last shown to be itself; else when it last stood.
        What was hidden before the end is told as a gap that nothing proves."""
        end_s = self.same_s if ending is Ending.REPLACED else self.stood_s
        end_s = max(min(end_s, self.last_seen_s), self.begin_s)
        until_s = t_s if self.sight in (Sight.HIDDEN, Sight.MISSED) else self.sight_s
        if self.away(until_s, rules):
            reason = self.gap_reason or GapReason.UNDETECTED
            self.add_gap(Gap(self.last_seen_s, until_s, reason, Proof.NONE))
        broken = self.phase is Phase.BROKEN
        kind = StayEventKind.BROKEN if broken else StayEventKind.DEPARTURE
        return replace(self.event(kind, t_s, rules, why), end_s=end_s, ending=ending)

    def away(self, t_s: float, rules: StayRules) -> bool:
        """Whether it was out of view so long by then that another could have taken its place.

        Something came before it: longer than a blink. The detector only missed it: longer than
        the lane may go unsearched.
        """
        bound_s = rules.blink_s
        if self.gap_reason is None:
            bound_s += rules.scan_s
        return t_s - self.last_seen_s > bound_s


def sample(t_s: float, box: Box, overlap: float, cues: Sequence[Cue], score: float) -> Sample:
    """A sample with its figures within their bounds."""
    return Sample(t_s, box, min(max(overlap, 0), 1), min(max(score, 0), 1), tuple(cues))


def _joined(gaps: Sequence[Gap]) -> list[Gap]:
    nearest = min(range(len(gaps) - 1), key=lambda i: gaps[i + 1].begin_s - gaps[i].end_s)
    one, two = gaps[nearest], gaps[nearest + 1]
    weaker = Proof.NONE if Proof.NONE in (one.proof, two.proof) else one.proof
    both = Gap(one.begin_s, two.end_s, one.reason, weaker)
    return [*gaps[:nearest], both, *gaps[nearest + 2 :]]
