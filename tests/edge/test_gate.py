"""A detection is spent on change and on the heartbeat, never on noise."""

from edge.appearance import small_grey
from edge.gate import Gate
from edge.geometry import Box
from tests.edge.street import Car, frame

LANE = Box(100, 120, 500, 300)
CAR = Car((200, 150, 330, 250), seed=3)


def looks(gate: Gate, begin: int, end: int, *cars: Car, gain: float = 1.0) -> list[float]:
    """The times (half seconds) at which the gate wants a detection."""
    return [
        n / 2
        for n in range(begin, end)
        if gate.look(small_grey(frame(cars, seed=n, gain=gain)), n / 2)
    ]


def test_an_unchanged_lane_is_scanned_by_the_heartbeat_alone() -> None:
    gate = Gate(LANE, scan_s=10)
    first = looks(gate, 0, 10)

    later = looks(gate, 10, 80)

    assert first[0] == 0.0
    assert later == [13.5, 23.5, 33.5]


def test_a_car_that_comes_in_is_looked_at_at_once() -> None:
    gate = Gate(LANE, scan_s=10)
    looks(gate, 0, 30)

    assert looks(gate, 30, 31, CAR) == [15.0]
    assert gate.busy(15.0)


def test_a_change_beside_the_lane_costs_nothing() -> None:
    gate = Gate(LANE, scan_s=1000)
    looks(gate, 0, 30)

    assert looks(gate, 30, 40, Car((520, 40, 620, 100), seed=5)) == []


def test_a_step_in_brightness_alone_costs_nothing() -> None:
    gate = Gate(LANE, scan_s=1000)
    looks(gate, 0, 30)

    assert looks(gate, 30, 40, gain=0.6) == []


def test_the_heartbeat_counts_from_a_search_that_was_asked_for_elsewhere() -> None:
    gate = Gate(LANE, scan_s=10)
    looks(gate, 0, 30)

    gate.searched(14.5)

    assert looks(gate, 30, 60) == [24.5]
