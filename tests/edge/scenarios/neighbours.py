"""Scenarios of several vehicles, of where exactly one stands, of creeping, and of notices."""

from dataclasses import replace
from uuid import UUID

from edge.wire.records import Ending
from tests.edge.scenarios.expectation import Scenario, Told
from tests.edge.scenarios.street import (
    TIMES,
    arrival,
    car,
    during,
    lane,
    left,
    notices,
    overstay,
    way,
)
from tests.edge.scenarios.world import Keys, Vehicle, World, every

PLAIN = (arrival(), overstay(), left())
EMPTIED = (arrival(), overstay(), left(ending=Ending.LANE_EMPTY))


def _stays(begin_s: float, end_s: float, x: float, y: float = 420) -> Keys:
    """There from one moment to another, as if between two looks."""
    return ((begin_s, x, y), (end_s, x, y))


def _creeping() -> Keys:
    """860 pixels, more than five of its lengths, in 20 minutes."""
    return ((0, -100, 420), (5, 180, 420), (1205, 1040, 420), (1210, 1400, 420))


CHANGING = (
    Scenario(
        "another takes its place within one sample",
        World(
            (car(keys=(*way()[:3], (100.0, 500, 420))), car("other", _stays(100.2, 330, 506))),
            every(2, 350),
        ),
        (
            arrival(),
            left(100, ending=Ending.REPLACED),
            arrival(100.5),
            overstay(100.5),
            left(330, begin_s=100.5, ending=Ending.LANE_EMPTY),
        ),
        "it ends when last seen as itself",
    ),
    Scenario(
        "another takes its place within 10 s",
        World((car(keys=way(end_s=100)), car("other", way(begin_s=112, end_s=330))), every(2, 350)),
        (arrival(), left(100), arrival(112), overstay(112), left(330, begin_s=112)),
        "seen driving out",
    ),
    Scenario(
        "bumper to bumper, the front one leaves",
        World(
            (car("front", way(end_s=150, x=700)), car("rear", way(begin_s=20, x=525))),
            every(2, 275),
        ),
        (arrival(), arrival(20), left(150), overstay(20), left(begin_s=20)),
        "each has its own place",
    ),
    Scenario(
        "cars and buses pass in front all the time",
        World(
            (
                car(),
                *(
                    Vehicle(f"bus {i}", ((t, -300.0, 560.0), (t + 4, 1500.0, 560.0)), (300, 260))
                    for i, t in enumerate(range(20, 240, 6))
                ),
            ),
            every(5, 275),
        ),
        (arrival(), overstay(), replace(left(), gaps=())),
        "a passing vehicle never owns a place",
        off_s=2.0,
    ),
)


def _lane_case(name: str, vehicle: Vehicle, told: tuple[Told, ...], why: str) -> Scenario:
    return Scenario(name, World((vehicle,), TIMES), told, why)


NEAR = lane("near", 100, 300, 1100, 440)
FAR = lane("far", 100, 430, 1100, 560)
TWO = (lane("left", 100, 300, 600, 440), lane("right", 560, 300, 1100, 440))

PLACED = (
    _lane_case(
        "a long vehicle half in the lane",
        car(keys=way(y=520), size=(420.0, 300.0)),
        EMPTIED,
        "by the share of its footprint: 53 %",
    ),
    _lane_case(
        "beside the lane, its box over the polygon",
        car(keys=way(y=485)),
        (),
        "the roof is not the ground",
    ),
    Scenario(
        "two lanes in one view",
        World((car("a"), car("b", way(20, 190, x=650, y=550))), TIMES, lanes=(NEAR, FAR)),
        (arrival(), arrival(20), overstay(), left(190, begin_s=20), left()),
        "each lane has its own",
    ),
    Scenario(
        "overlapping lanes",
        World((car(keys=way(x=580)),), TIMES, lanes=TWO),
        PLAIN,
        "one stay, in the lane with the greater share",
    ),
    Scenario(
        "doors opened and people around it",
        World((car(hits=during(40, 70, 0.9)),), TIMES, dim=lambda t: 0.4 if 40 <= t < 70 else 0.0),
        PLAIN,
        "partly changed is not another",
    ),
    Scenario(
        "moves up by two lengths within the lane",
        World(
            (
                car(
                    keys=(
                        *way()[:2],
                        (6.2, 500, 420),
                        (100, 500, 420),
                        (105, 820, 420),
                        (250, 820, 420),
                        (256, 1400, 420),
                    )
                ),
            ),
            TIMES,
        ),
        PLAIN,
        "the same stay as long as it is in the lane",
    ),
    Scenario(
        "creeps along the lane for 20 min",
        World((car(keys=_creeping()),), every(2, 1230)),
        (arrival(5), overstay(5), left(1205, begin_s=5)),
        "it moves less than 15 % of its length in 10 s: it stands, and stays in the lane",
    ),
    Scenario(
        "drives along the lane at walking pace",
        World(
            (car(keys=((0, -100, 420), (5, 180, 420), (40, 1040, 420), (45, 1400, 420))),),
            every(2, 60),
        ),
        (),
        "it never stands",
    ),
)

NOTICES = (
    Scenario("no notice", World((car(),), TIMES), PLAIN, "begin + confirm_s + grace_s"),
    Scenario(
        "notice in time",
        World((car(),), TIMES, act=notices((80, 78, 1))),
        (arrival(), overstay(t_s=198), left()),
        "reminded + grace",
    ),
    Scenario(
        "notice after the overstay",
        World((car(keys=way(end_s=400)),), every(2, 420), act=notices((200, 195, 1))),
        (arrival(), overstay(), overstay(t_s=315), left(400)),
        "the deadline moves; a second overstay at the new one",
    ),
    Scenario(
        "the same notice twice",
        World((car(),), TIMES, act=notices((80, 78, 1), (90, 78, 1))),
        (arrival(), overstay(t_s=198), left()),
        "known already",
    ),
    Scenario(
        "two notices",
        World((car(),), TIMES, act=notices((80, 78, 1), (100, 98, 2))),
        (arrival(), overstay(t_s=218), left()),
        "the later deadline counts",
    ),
    Scenario(
        "notice for an unknown stay",
        World((car(),), TIMES, act=notices((80, 78, 1), stay=UUID(int=99))),
        PLAIN,
        "changes nothing",
    ),
)

SCENARIOS = (*CHANGING, *PLACED, *NOTICES)
