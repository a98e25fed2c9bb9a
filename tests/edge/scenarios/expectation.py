"""What a scenario must give, how far it may be off, and how it is told in one line."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from edge.stay_events import Gap, StayEvent, StayEventKind
from edge.wire.records import Ending, GapReason, Proof
from tests.edge.scenarios.world import World

TOLD = (
    StayEventKind.ARRIVAL,
    StayEventKind.OVERSTAY,
    StayEventKind.DEPARTURE,
    StayEventKind.BROKEN,
)


@dataclass(frozen=True)
class Hole:
    """An expected gap, in seconds of the scenario."""

    begin_s: float
    end_s: float
    reason: GapReason
    proof: Proof = Proof.APPEARANCE


@dataclass(frozen=True)
class Told:
    """One expected event. `t_s` is when an arrival or overstay is due; `end_s` when a stay that
    is over ended. `after` is the number of the earlier stay that a new one names."""

    kind: StayEventKind
    begin_s: float
    t_s: float | None = None
    end_s: float | None = None
    ending: Ending | None = None
    gaps: tuple[Hole, ...] = ()
    after: int | None = None


@dataclass(frozen=True)
class Scenario:
    """`off_s` is how far a time may be off; where not given, one second and one sample."""

    name: str
    world: World
    told: tuple[Told, ...]
    why: str
    off_s: float | None = None
    peers: tuple[str, str] = ("", "")


def tolerance_s(scenario: Scenario) -> float:
    if scenario.off_s is not None:
        return scenario.off_s
    times = scenario.world.times
    return 1.0 + max(b - a for a, b in itertools.pairwise(times))


def differences(scenario: Scenario, events: Sequence[StayEvent]) -> list[str]:
    """Sentences on all that is not as expected; none where everything is."""
    got = [event for event in events if event.kind in TOLD]
    if [event.kind for event in got] != [told.kind for told in scenario.told]:
        return [f"expected {line(scenario.told)}, got {line_of(events)}"]
    bound, numbers = tolerance_s(scenario), stay_numbers(events)
    wrong = []
    for told, event in zip(scenario.told, got, strict=True):
        where = f"{told.kind} of stay {numbers[event.stay_id]}"
        times = [("begin", told.begin_s, event.begin_s), ("end", told.end_s, event.end_s)]
        due = event.kind in (StayEventKind.ARRIVAL, StayEventKind.OVERSTAY)
        times += [("time", told.t_s, event.t_s)] if due or told.t_s is not None else []
        for name, expected_s, got_s in times:
            if (expected_s is None) != (got_s is None) or (
                expected_s is not None and got_s is not None and abs(expected_s - got_s) > bound
            ):
                wrong.append(f"{where}: {name} expected {expected_s}, got {got_s}")
        if event.ending is not told.ending:
            wrong.append(f"{where}: ending expected {told.ending}, got {event.ending}")
        after = numbers.get(event.previous_stay) if event.previous_stay else None
        if after != told.after:
            wrong.append(f"{where}: earlier stay expected {told.after}, got {after}")
        if told.end_s is not None:
            wrong += [f"{where}: {each}" for each in _gaps_differ(told.gaps, event.gaps, bound)]
    return wrong


def _gaps_differ(expected: Sequence[Hole], got: Sequence[Gap], bound: float) -> list[str]:
    if len(expected) != len(got):
        return [f"expected {len(expected)} gaps, got {got}"]
    return [
        f"gap expected {hole}, got {gap}"
        for hole, gap in zip(expected, got, strict=True)
        if (hole.reason, hole.proof) != (gap.reason, gap.proof)
        or abs(hole.begin_s - gap.begin_s) > bound
        or abs(hole.end_s - gap.end_s) > bound
    ]


def stay_numbers(events: Sequence[StayEvent]) -> dict[object, int]:
    """Stays by the order in which they settled."""
    order = dict.fromkeys(event.stay_id for event in events)
    return {stay_id: number for number, stay_id in enumerate(order, start=1)}


def line(told: Sequence[Told]) -> str:
    return "; ".join(_words(t.kind, t.t_s, t.begin_s, t.end_s, t.ending) for t in told) or "nothing"


def line_of(events: Sequence[StayEvent]) -> str:
    got = [event for event in events if event.kind in TOLD]
    return "; ".join(_words(e.kind, e.t_s, e.begin_s, e.end_s, e.ending) for e in got) or "nothing"


def gaps_of(events: Sequence[StayEvent]) -> str:
    gaps = [gap for event in events if event.end_s is not None for gap in event.gaps]
    return (
        ", ".join(f"{g.reason} {g.begin_s:.0f}–{g.end_s:.0f} ({g.proof})" for g in gaps) or "none"
    )


def _words(
    kind: StayEventKind,
    t_s: float | None,
    begin_s: float,
    end_s: float | None,
    ending: Ending | None,
) -> str:
    if end_s is None:
        return f"{kind} {t_s:.1f}"
    return f"{kind} {begin_s:.1f}–{end_s:.1f} ({ending})"
