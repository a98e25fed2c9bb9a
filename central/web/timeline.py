"""The time line of a stay: where on a line from its beginning to its end everything lies. Pure.

Positions are per cent of the line's width, so that the page draws it at any size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from central.views import RecordView
from edge.wire.records import RecordKind

LEVEL_PERCENT = 7.0
"""Marks nearer than this stand on different levels, so that their numbers do not touch."""
LEVELS = 3
ROUND_STEPS_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)
TICKS = 8


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch: `kind` is seen, or the reason of a gap."""

    kind: str
    proof: str
    at: float
    width: float
    begin_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A numbered point: `kind` is begin, a record's kind, reminded, deadline or last_seen."""

    number: int
    kind: str
    at: float
    level: int
    offset_ms: int
    utc_ms: int


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    offset_ms: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """`grace` is the stretch before the deadline in which the owner could still leave."""

    length_ms: int
    seen: Sequence[Span]
    gaps: Sequence[Span]
    samples: Sequence[float]
    moments: Sequence[Moment]
    ticks: Sequence[Tick]
    deadline: float
    levels: int


def _moments(records: Sequence[RecordView]) -> list[tuple[int, str]]:
    """Offset and kind of everything worth a number, in order of time."""
    latest = records[-1].record.stay
    found = [(0, "begin"), (latest.deadline_ms, "deadline")]
    if latest.reminded:
        found.append((latest.reminded.offset_ms, "reminded"))
    for view in records:
        record = view.record
        made_ms = max(0, (record.made.mono_ns - record.stay.begin.mono_ns) // 1_000_000)
        same_boot = record.made.boot == record.stay.begin.boot
        found.append((made_ms if same_boot else record.stay.standing_ms, record.kind.value))
    if latest.ending is None:
        found.append((latest.standing_ms, "last_seen"))
    return sorted(found)


def _levels(places: Sequence[float]) -> list[int]:
    """A level for each place, so that near ones differ; the lowest that is free."""
    last = [-LEVEL_PERCENT] * LEVELS
    chosen = []
    for place in places:
        free = [level for level in range(LEVELS) if place - last[level] >= LEVEL_PERCENT]
        level = free[0] if free else min(range(LEVELS), key=lambda number: last[number])
        last[level] = place
        chosen.append(level)
    return chosen


def timeline(records: Sequence[RecordView]) -> Timeline:
    """Lay out a case's stay by its records, in order; there is at least one."""
    latest = records[-1].record
    stay = latest.stay
    moments = _moments(records)
    ends = [offset for offset, _ in moments] + [gap.end_ms for gap in stay.gaps]
    length = max(*ends, stay.standing_ms, 1000)
    length += length // 50

    def place(offset_ms: int) -> float:
        return round(100 * offset_ms / length, 3)

    def span(kind: str, proof: str, begin: int, end: int) -> Span:
        return Span(kind, proof, place(begin), max(0.2, place(end - begin)), begin, end)

    gaps = [span(gap.reason, gap.proof, gap.begin_ms, gap.end_ms) for gap in stay.gaps]
    edges = [0, *(edge for gap in stay.gaps for edge in (gap.begin_ms, gap.end_ms))]
    edges.append(max(stay.standing_ms, edges[-1]))
    seen = [
        span("seen", "", begin, end)
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
        if end > begin
    ]
    levels = _levels([place(offset) for offset, _ in moments])
    step = next((s for s in ROUND_STEPS_S if length / 1000 / s <= TICKS), ROUND_STEPS_S[-1]) * 1000
    return Timeline(
        length_ms=length,
        seen=seen,
        gaps=gaps,
        samples=[place(sample.offset_ms) for sample in stay.samples],
        moments=[
            Moment(number, kind, place(offset), level, offset, stay.begin.utc_ms + offset)
            for number, ((offset, kind), level) in enumerate(
                zip(moments, levels, strict=True), start=1
            )
        ],
        ticks=[Tick(place(at), at) for at in range(0, length, step)][: TICKS * 3],
        deadline=place(stay.deadline_ms),
        levels=max(levels) + 1,
    )


def overstayed(records: Sequence[RecordView]) -> bool:
    """Whether any record says that the vehicle stood there at its deadline."""
    return any(view.record.kind is RecordKind.OVERSTAY for view in records)
