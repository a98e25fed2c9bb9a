"""What the rules saw, put into the words of the wire: a stay event becomes a record. Pure.

Seconds of the looks become whole milliseconds since the stay began, shares per mille. Nothing is
added that was not seen; where there is more than a record holds, what is left out makes the stay
look shorter observed, never longer.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from edge.geometry import Box
from edge.lanes import LaneInView
from edge.stay_events import Gap, Sample, StayEvent, StayEventKind, StayRules
from edge.wire import records as wire
from edge.wire.fields import BoxPx, Moment
from edge.wire.limits import FRAME_PIXELS, GAPS_PER_RECORD, SAMPLES_PER_RECORD
from edge.wire.replies import Notice

_KINDS = {
    StayEventKind.ARRIVAL: wire.RecordKind.ARRIVAL,
    StayEventKind.OVERSTAY: wire.RecordKind.OVERSTAY,
    StayEventKind.DEPARTURE: wire.RecordKind.DEPARTURE,
    StayEventKind.BROKEN: wire.RecordKind.BROKEN,
}
_WEAKEST = (wire.Proof.NONE, wire.Proof.APPEARANCE, wire.Proof.PLATE)


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for every record of a camera's lane."""

    device: str
    camera: str
    lane: wire.LaneSeen
    rules: wire.Rules
    software: wire.Software


@dataclass(frozen=True, slots=True)
class Moments:
    """The instants that a record names, on clock and calendar."""

    made: Moment
    begin: Moment
    last_seen: Moment
    clock: wire.Clock


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the chain a record stands."""

    record_id: UUID
    seq: int
    prev: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What goes with an event: instants, plate, images, and the notice it counts from."""

    moments: Moments
    plate: wire.PlateReading
    exhibits: Sequence[wire.Exhibit]
    notice: Notice | None


def record_kind(event: StayEvent) -> wire.RecordKind | None:
    """The kind of record that an event becomes; None for those that never become one."""
    if event.kind is not StayEventKind.ARRIVAL and not event.reported:
        return None
    return _KINDS.get(event.kind)


def build_record(
    setting: Setting, event: StayEvent, findings: Findings, place: Place
) -> wire.Record:
    """The record of an event. Raises ValueError for an event that becomes none."""
    kind = record_kind(event)
    if kind is None:
        raise ValueError(f"a {event.kind} of this stay makes no record")
    moments = findings.moments
    return wire.Record(
        v=1,
        kind=kind,
        record_id=place.record_id,
        seq=place.seq,
        prev=place.prev,
        device=setting.device,
        camera=setting.camera,
        made=moments.made,
        clock=moments.clock,
        lane=setting.lane,
        rules=setting.rules,
        stay=_stay(event, kind, findings),
        vehicle=wire.Vehicle(kind=(event.label or "vehicle")[:64], plate=findings.plate),
        software=setting.software,
        exhibits=list(findings.exhibits),
    )


def lane_seen(lane: LaneInView) -> wire.LaneSeen:
    drawn, (right_px, down_px) = lane.drawn, lane.moved
    moved = wire.LaneMoved(drawn_version=drawn.version, right_px=right_px, down_px=down_px)
    return wire.LaneSeen(
        id=drawn.id,
        version=lane.version,
        polygon=lane.points,
        frame_width=drawn.frame_size[0],
        frame_height=drawn.frame_size[1],
        moved=None if lane.moved == (0, 0) else moved,
    )


def in_view(event: StayEvent, moved: tuple[int, int]) -> StayEvent:
    """The event with its boxes in pixels of the view as it is now: the rules keep to the view on
    which the lanes were drawn."""
    if moved == (0, 0):
        return event
    return replace(
        event,
        box=event.box.moved(*moved),
        samples=tuple(replace(one, box=one.box.moved(*moved)) for one in event.samples),
    )


def wire_rules(rules: StayRules, policy_sha256: str) -> wire.Rules:
    return wire.Rules(
        policy_sha256=policy_sha256,
        settle_ms=round(rules.settle_s * 1000),
        confirm_ms=round(rules.confirm_s * 1000),
        grace_ms=round(rules.grace_s * 1000),
        max_gap_ms=round(rules.max_gap_s * 1000),
    )


def _stay(event: StayEvent, kind: wire.RecordKind, findings: Findings) -> wire.Stay:
    gaps = [
        wire.Gap(
            begin_ms=_offset(event, gap.begin_s),
            end_ms=_offset(event, gap.end_s),
            reason=gap.reason,
            proof=gap.proof,
        )
        for gap in thin_gaps(event.gaps, GAPS_PER_RECORD)
    ]
    ended = kind in (wire.RecordKind.DEPARTURE, wire.RecordKind.BROKEN)
    return wire.Stay(
        id=event.stay_id,
        previous_id=event.previous_stay,
        begin=findings.moments.begin,
        last_seen=findings.moments.last_seen,
        standing_ms=_offset(event, event.last_seen_s),
        unobserved_ms=sum(gap.end_ms - gap.begin_ms for gap in gaps),
        deadline_ms=_offset(event, event.deadline_s),
        reminded=_reminded(event, findings.notice),
        ending=event.ending if ended else None,
        gaps=gaps,
        samples=[_sample(event, each) for each in thin_samples(event.samples, SAMPLES_PER_RECORD)],
    )


def _reminded(event: StayEvent, notice: Notice | None) -> wire.Reminded | None:
    if event.reminder is None or notice is None:
        return None
    return wire.Reminded(
        notice_id=event.reminder.notice_id,
        reminded_utc_ms=notice.reminded_utc_ms,
        offset_ms=_offset(event, event.reminder.reminded_s),
    )


def _sample(event: StayEvent, sample: Sample) -> wire.Sample:
    return wire.Sample(
        offset_ms=_offset(event, sample.t_s),
        box=box_px(sample.box),
        overlap_pm=per_mille(sample.overlap),
        score_pm=per_mille(sample.score),
        cues=list(sample.cues),
    )


def _offset(event: StayEvent, t_s: float) -> int:
    """Whole milliseconds since the stay began; what lay before it counts as its beginning."""
    return max(0, round((t_s - event.begin_s) * 1000))


def per_mille(share: float) -> int:
    return min(1000, max(0, round(share * 1000)))


def box_px(box: Box) -> BoxPx:
    """Whole pixels; a box that reaches beyond the frame's upper left corner is cut there."""
    x1, y1, x2, y2 = (
        min(FRAME_PIXELS, max(0, round(side))) for side in (box.x1, box.y1, box.x2, box.y2)
    )
    return x1, y1, x2, y2


def thin_samples(samples: Sequence[Sample], limit: int) -> list[Sample]:
    """At most `limit` samples, evenly spread, with the first and the last among them."""
    if len(samples) <= limit:
        return list(samples)
    last = len(samples) - 1
    return [samples[round(index * last / (limit - 1))] for index in range(limit)]


def thin_gaps(gaps: Sequence[Gap], limit: int) -> list[Gap]:
    """At most `limit` gaps: those closest together are joined, with the time between them.

    So a stay counts as less observed than it was, which favours the owner. The joined gap has the
    reason of the longer and the proof of the weaker.
    """
    joined = list(gaps)
    while len(joined) > limit:
        at = min(
            range(len(joined) - 1),
            key=lambda index: joined[index + 1].begin_s - joined[index].end_s,
        )
        one, two = joined[at], joined[at + 1]
        longer = one if one.end_s - one.begin_s >= two.end_s - two.begin_s else two
        weaker = min(one.proof, two.proof, key=_WEAKEST.index)
        joined[at : at + 2] = [Gap(one.begin_s, two.end_s, longer.reason, weaker)]
    return joined


class MomentLog:
    """Which instant each look had, so that a beginning found in retrospect gets its own frame."""

    def __init__(self, kept: int = 4096) -> None:
        self._looks: deque[tuple[float, int, int, int]] = deque(maxlen=kept)
        """(t_s, utc_ms, mono_ns, frame): numbers alone, for there are thousands."""
        self._boot: UUID | None = None

    def note(self, t_s: float, moment: Moment) -> None:
        """A look at `t_s` seconds of its camera, in one boot; they come in order."""
        self._boot = moment.boot
        self._looks.append((t_s, moment.utc_ms, moment.mono_ns, moment.frame))

    def at(self, t_s: float) -> Moment:
        """The instant of the look nearest to `t_s`.

        Before the first look kept there is none: the instant is reckoned back from that look, and
        frame 0 says that no frame is named. Raises LookupError before any look.
        """
        if not self._looks or self._boot is None:
            raise LookupError("no look was noted yet")
        first_s, utc_ms, mono_ns, frame = self._looks[0]
        if t_s < first_s:
            back_s = first_s - t_s
            utc_ms = max(0, utc_ms - round(back_s * 1000))
            mono_ns = max(0, mono_ns - round(back_s * 1e9))
            frame = 0
        else:
            _, utc_ms, mono_ns, frame = min(self._looks, key=lambda look: abs(look[0] - t_s))
        return Moment(utc_ms=utc_ms, mono_ns=mono_ns, boot=self._boot, frame=frame)
