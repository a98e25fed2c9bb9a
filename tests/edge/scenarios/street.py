"""The figures that most scenarios share: a car comes, stands from 6.2 s until 250 s, and goes."""

from collections.abc import Callable
from uuid import UUID

from edge.geometry import Polygon
from edge.lanes import Lane
from edge.stay_events import Reminder, StayEvent, StayEventKind
from edge.stays import Stays
from edge.wire.records import Ending, GapReason, Proof
from tests.edge.scenarios.expectation import Hole, Told
from tests.edge.scenarios.world import FRAME, RULES, Keys, Vehicle, every, steady

BEGIN, END = 6.2, 250.0
ARRIVAL = BEGIN + RULES.confirm_s
OVERDUE = ARRIVAL + RULES.grace_s
TIMES = every(2, 275)


def way(begin_s: float = BEGIN, end_s: float = END, x: float = 500, y: float = 420) -> Keys:
    """In from the left, stand at x, out to the right."""
    return (
        (begin_s - 6.2, x - 400, y),
        (begin_s - 1.5, x - 50, y),
        (begin_s, x, y),
        (end_s, x, y),
        (end_s + 1.5, x + 60, y),
        (end_s + 6, x + 700, y),
    )


def car(name: str = "car", keys: Keys | None = None, **more: object) -> Vehicle:
    return Vehicle(name, keys or way(), **more)  # type: ignore[arg-type]


def lorry(begin_s: float, end_s: float) -> Vehicle:
    """On the road before the lane from begin_s until end_s; it hides the car at x = 500."""
    keys = (
        (begin_s - 4, -300.0, 640.0),
        (begin_s, 560.0, 640.0),
        (end_s, 560.0, 640.0),
        (end_s + 4, 1500.0, 640.0),
    )
    return Vehicle("lorry", keys, (420, 380), label=lambda _t: "truck")


def during(begin_s: float, end_s: float, share: float) -> Callable[[float], float]:
    """The detector's hit rate: a share in that time, all else always."""
    return lambda t: share if begin_s <= t < end_s else steady(t)


def arrival(begin_s: float = BEGIN, t_s: float | None = None, after: int | None = None) -> Told:
    t_s = begin_s + RULES.confirm_s if t_s is None else t_s
    return Told(StayEventKind.ARRIVAL, begin_s, t_s, after=after)


def overstay(begin_s: float = BEGIN, t_s: float | None = None, after: int | None = None) -> Told:
    t_s = begin_s + RULES.confirm_s + RULES.grace_s if t_s is None else t_s
    return Told(StayEventKind.OVERSTAY, begin_s, t_s, after=after)


def left(
    end_s: float = END,
    *gaps: Hole,
    begin_s: float = BEGIN,
    ending: Ending = Ending.SEEN_OUTSIDE,
    after: int | None = None,
) -> Told:
    return Told(
        StayEventKind.DEPARTURE, begin_s, end_s=end_s, ending=ending, gaps=gaps, after=after
    )


def broken(end_s: float, *gaps: Hole, begin_s: float = BEGIN, ending: Ending) -> Told:
    return Told(StayEventKind.BROKEN, begin_s, end_s=end_s, ending=ending, gaps=gaps)


def hidden(begin_s: float, end_s: float, proof: Proof = Proof.APPEARANCE) -> Hole:
    return Hole(begin_s, end_s, GapReason.OCCLUDED, proof)


def lane(name: str, x1: float, y1: float, x2: float, y2: float) -> Lane:
    return Lane(name, Polygon(((x1, y1), (x2, y1), (x2, y2), (x1, y2))), FRAME)


def notices(
    *at: tuple[float, float, int], grace_s: float = 120.0, stay: UUID | None = None
) -> Callable[[float, Stays, list[StayEvent]], list[StayEvent]]:
    """Notices that come in: (when it comes, when it says the owner was reminded, its number)."""
    waiting = list(at)

    def act(t_s: float, stays: Stays, events: list[StayEvent]) -> list[StayEvent]:
        due = [each for each in waiting if each[0] <= t_s]
        new: list[StayEvent] = []
        for each in due:
            waiting.remove(each)
            reminder = Reminder(UUID(int=each[2]), each[1], grace_s)
            new += stays.notice(t_s, stay or events[0].stay_id, reminder)
        return new

    return act
