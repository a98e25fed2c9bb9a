"""Scenarios of sampling, of things in front, and of a detector that misses or changes its mind."""

from random import Random

from edge.wire.records import Ending, GapReason, Proof
from tests.edge.scenarios.expectation import Hole, Scenario
from tests.edge.scenarios.street import (
    END,
    TIMES,
    arrival,
    broken,
    car,
    during,
    hidden,
    left,
    lorry,
    overstay,
    way,
)
from tests.edge.scenarios.world import World, every

PLAIN = (arrival(), overstay(), left())
EMPTIED = (arrival(), overstay(), left(ending=Ending.LANE_EMPTY))
"""Between two rare looks it is gone from view: the lane is then seen empty."""


def _jittered() -> tuple[float, ...]:
    random, t_s, times = Random(7), 0.0, []
    while t_s < 275:
        times.append(t_s)
        t_s += random.uniform(0.1, 3.0)
    return tuple(times)


def _flipping(t_s: float) -> str:
    return ("car", "truck", "bus")[int(t_s / 2) % 3]


LONG = way(end_s=500)

SAMPLING = (
    Scenario(
        "baseline, 2 frames a second",
        World((car(),), TIMES),
        PLAIN,
        "seconds are counted",
        peers=("66.4", "66.0"),
    ),
    Scenario(
        "half the frames",
        World((car(),), every(1, 275)),
        PLAIN,
        "frames never stand for time",
        peers=("130.4", "128.4"),
    ),
    Scenario(
        "double the frames",
        World((car(),), every(4, 275)),
        PLAIN,
        "frames never stand for time",
        peers=("36.1 (false, early)", "not tried"),
    ),
    Scenario(
        "a frame every 5 s", World((car(),), every(0.2, 300)), EMPTIED, "rare looks lose nobody"
    ),
    Scenario(
        "irregular frames, 0.1–3 s apart",
        World((car(),), _jittered()),
        PLAIN,
        "seconds are counted",
    ),
    Scenario(
        "parked already at the start",
        World(
            (car(keys=((0, 500, 420), (250, 500, 420), (251.5, 560, 420), (256, 1200, 420))),),
            TIMES,
        ),
        (arrival(0), overstay(0), left(begin_s=0)),
        "counted from the first look",
        peers=("64.6, no snapshot", "not tried"),
    ),
    Scenario(
        "a stop of 50 s",
        World((car(keys=way(end_s=56.2)),), every(2, 80)),
        (left(56.2),),
        "settled, never reported: nobody is bothered",
    ),
    Scenario(
        "leaves for 30 s and returns",
        World((car(keys=way(end_s=100)), car("car", way(begin_s=136, end_s=330))), every(2, 350)),
        (
            arrival(),
            left(100),
            arrival(136, after=1),
            overstay(136, after=1),
            left(330, begin_s=136, after=1),
        ),
        "leaving ends it; the new stay names the old",
        peers=("94.0 (adds up)", "not tried"),
    ),
)

OCCLUDED = (
    Scenario(
        "hidden for 4 s by a passing lorry",
        World((car(), lorry(30, 32)), TIMES),
        (arrival(), overstay(), left(END, hidden(28, 33.5))),
        "same place, same look",
        peers=("66.2", "94.2"),
    ),
    Scenario(
        "hidden for 12 s by a lorry that stops",
        World((car(), lorry(30, 40)), TIMES),
        (arrival(), overstay(), left(END, hidden(28, 41.5))),
        "same place, same look",
        peers=("102.8 (new id)", "102.2"),
    ),
    Scenario(
        "hidden for 60 s",
        World((car(), lorry(80, 140)), TIMES),
        (arrival(), overstay(), left(END, hidden(78, 141.5))),
        "same place, same look",
    ),
    Scenario(
        "hidden for 5 min, over its deadline",
        World((car(keys=LONG), lorry(100, 400)), every(2, 525)),
        (arrival(), overstay(t_s=401.5), left(500, hidden(98, 401.5))),
        "an overstay is sent only with the vehicle in view",
    ),
    Scenario(
        "gone while hidden",
        World((car(keys=way(end_s=110)[:4]), lorry(100, 200)), every(2, 230)),
        (arrival(), left(98, hidden(98, 202, Proof.NONE), ending=Ending.LANE_EMPTY)),
        "ends when last seen; what was hidden accuses nobody",
    ),
    Scenario(
        "replaced while hidden",
        World(
            (
                car(keys=way(end_s=110)[:4]),
                lorry(100, 200),
                car("other", way(begin_s=150, end_s=330, x=510)),
            ),
            every(2, 350),
        ),
        (
            arrival(),
            left(98, hidden(98, 202, Proof.NONE), ending=Ending.REPLACED),
            arrival(202),
            left(330, begin_s=202),
        ),
        "another look at the same place is another vehicle",
    ),
)

MISSED = (
    Scenario(
        "label flips for 15 s",
        World((car(label=lambda t: _flipping(t) if 30 <= t < 45 else "car"),), TIMES),
        PLAIN,
        "labels mean nothing",
        peers=("111.6, no snapshot", "not tried"),
    ),
    Scenario(
        "label flips all the time",
        World((car(label=_flipping),), TIMES),
        PLAIN,
        "labels mean nothing",
    ),
    Scenario(
        "detector finds 30 % for 60 s",
        World((car(hits=during(16, 76, 0.3)),), TIMES),
        PLAIN,
        "its place looks unchanged",
        peers=("66.4", "132.8 (5 ids)"),
    ),
    Scenario(
        "detector finds 10 % for 60 s",
        World((car(hits=during(16, 76, 0.1)),), TIMES),
        PLAIN,
        "its place looks unchanged",
        peers=("never", "none by 135"),
    ),
    Scenario(
        "detector finds 3 % for 60 s",
        World((car(hits=during(16, 76, 0.03)),), TIMES),
        PLAIN,
        "its place looks unchanged",
    ),
    Scenario(
        "no detection for 5 min, place unchanged",
        World((car(keys=LONG, hits=during(30, 330, 0)),), every(2, 525)),
        (arrival(), overstay(), left(500)),
        "its place looks unchanged",
    ),
    Scenario(
        "detector finds 30 % all the time",
        World((car(hits=lambda _t: 0.3),), TIMES),
        EMPTIED,
        "looks add up",
        off_s=4.0,
    ),
    Scenario(
        "detector finds 30 % for 60 s, no other cue",
        World((car(hits=during(16, 76, 0.3)),), TIMES, cues=False),
        PLAIN,
        "a miss is no departure",
    ),
    Scenario(
        "gone, and no other cue ever",
        World((car(keys=(*way()[:4], (250.5, 500, 420))),), every(2, 640), cues=False),
        (
            arrival(),
            overstay(),
            broken(
                250, Hole(250, 610, GapReason.UNDETECTED, Proof.NONE), ending=Ending.GAP_TOO_LONG
            ),
        ),
        "occupied until seen empty, and no longer than proven",
    ),
    Scenario(
        "drives off while hidden and comes out of its cover",
        World((car(keys=way(end_s=110)), lorry(100, 200)), every(2, 230)),
        (arrival(), left(98, hidden(98, 111.5))),
        "stood until last seen standing",
    ),
)

SCENARIOS = (*SAMPLING, *OCCLUDED, *MISSED)
