"""Scenarios of cameras, streams, power and clocks that fail, and of light and weather."""

from math import sin

from edge.wire.records import Ending, GapReason, Proof
from tests.edge.scenarios.expectation import Hole, Scenario, Told
from tests.edge.scenarios.street import (
    END,
    TIMES,
    arrival,
    broken,
    car,
    during,
    left,
    notices,
    overstay,
    way,
)
from tests.edge.scenarios.world import Fault, Restart, World, every

PLAIN = (arrival(), overstay(), left())
EMPTIED = (arrival(), overstay(), left(ending=Ending.LANE_EMPTY))
LONG = way(end_s=900)
FAR = every(2, 925)
YEAR = 365 * 86_400.0


def blinded(reason: GapReason, begin_s: float, end_s: float, frames: bool = True) -> World:
    return World((car(),), TIMES, faults=(Fault(begin_s, end_s, reason, frames),))


def _camera(name: str, reason: GapReason, why: str) -> Scenario:
    told = (arrival(), overstay(), left(END, Hole(100, 160, reason)))
    return Scenario(f"{name} for 60 s", blinded(reason, 100, 160), told, why)


def _camera_gone(name: str, reason: GapReason) -> Scenario:
    world = World((car(keys=LONG),), FAR, faults=(Fault(100, 2000, reason),))
    told = (
        arrival(),
        broken(99.5, Hole(99.5, 460, reason, Proof.NONE), ending=Ending.GAP_TOO_LONG),
    )
    return Scenario(f"{name} for good", world, told, "not bridged for longer than max_gap_s")


CAMERA = (
    Scenario(
        "stream out for 60 s",
        blinded(GapReason.STREAM_DOWN, 100, 160, frames=False),
        (arrival(), overstay(), left(END, Hole(100, 160, GapReason.STREAM_DOWN))),
        "proven on both sides",
        peers=("126.2", "not tried"),
    ),
    Scenario(
        "stream out for 10 min",
        World(
            (car(keys=LONG),), FAR, faults=(Fault(100, 700, GapReason.STREAM_DOWN, frames=False),)
        ),
        (
            arrival(),
            broken(
                99.5, Hole(99.5, 460, GapReason.STREAM_DOWN, Proof.NONE), ending=Ending.GAP_TOO_LONG
            ),
            arrival(700, after=1),
            overstay(700, after=1),
            left(900, begin_s=700, after=1),
        ),
        "too long to bridge; the new stay counts from zero and names the old",
    ),
    Scenario(
        "camera bumped by 5 % of the view, corrected in 4 s",
        blinded(GapReason.CAMERA_MOVED, 100, 104),
        (arrival(), overstay(), left(END, Hole(100, 104, GapReason.CAMERA_MOVED))),
        "held until the view is registered again",
    ),
    _camera("camera bumped by 30 % of the view, set right", GapReason.CAMERA_MOVED, "held"),
    _camera_gone("camera turned away", GapReason.CAMERA_MOVED),
    _camera("camera covered", GapReason.CAMERA_COVERED, "proven on both sides"),
    _camera_gone("camera sprayed", GapReason.CAMERA_COVERED),
    _camera("camera out of focus", GapReason.CAMERA_BLURRED, "proven on both sides"),
    _camera("picture frozen", GapReason.CAMERA_FROZEN, "an old picture shows nothing"),
    _camera("picture black", GapReason.CAMERA_DARK, "proven on both sides"),
    Scenario(
        "camera covered while the car settles",
        World((car(),), TIMES, faults=(Fault(10, 40, GapReason.CAMERA_COVERED),)),
        (arrival(40), overstay(40), left(begin_s=40)),
        "nothing was proven yet: counted from the first look after",
    ),
    Scenario(
        "camera covered, meanwhile replaced",
        World(
            (car(keys=way(end_s=110)[:4]), car("other", way(begin_s=140, end_s=330)[2:])),
            every(2, 350),
            faults=(Fault(100, 160, GapReason.CAMERA_COVERED),),
        ),
        (
            arrival(),
            left(
                99.5, Hole(99.5, 160, GapReason.CAMERA_COVERED, Proof.NONE), ending=Ending.REPLACED
            ),
            arrival(160),
            left(330, begin_s=160),
        ),
        "unseen seconds count for nobody",
    ),
    Scenario(
        "camera covered, nothing tells who stands there after",
        World((car(),), TIMES, faults=(Fault(100, 160, GapReason.CAMERA_COVERED),), cues=False),
        (
            arrival(),
            broken(
                99.5,
                Hole(99.5, 160, GapReason.CAMERA_COVERED, Proof.NONE),
                ending=Ending.IDENTITY_UNPROVEN,
            ),
            arrival(160),
            left(begin_s=160),
        ),
        "no proof, no accusation",
    ),
)


def _off(name: str, world: World, *told: Told, why: str) -> Scenario:
    """Between two snapshots a power cut forgets what was seen: at most ten seconds."""
    return Scenario(name, world, told, why, off_s=10.5)


BOX = GapReason.BOX_OFF
RESTARTED = (
    _off(
        "daemon restarted, 8 s",
        World((car(),), TIMES, restarts=(Restart(100, 8, clean=True),)),
        arrival(),
        overstay(),
        left(END, Hole(100, 108, BOX)),
        why="open stays are on disk",
    ),
    _off(
        "power cut of 60 s, still there",
        World((car(),), TIMES, restarts=(Restart(100, 60, reboot=True),)),
        arrival(),
        overstay(),
        left(END, Hole(100, 160, BOX)),
        why="proven on both sides",
    ),
    _off(
        "power cut of 60 s, gone after",
        World((car(keys=way(end_s=120)),), TIMES, restarts=(Restart(100, 60, reboot=True),)),
        arrival(),
        left(100, Hole(100, 160, BOX, Proof.NONE), ending=Ending.LANE_EMPTY),
        why="ended when last seen",
    ),
    _off(
        "power cut of 60 s, replaced after",
        World(
            (car(keys=way(end_s=120)), car("other", way(begin_s=140, end_s=330))),
            every(2, 350),
            restarts=(Restart(100, 60, reboot=True),),
        ),
        arrival(),
        left(100, Hole(100, 160, BOX, Proof.NONE), ending=Ending.REPLACED),
        arrival(160),
        left(330, begin_s=160),
        why="another look is another vehicle",
    ),
    _off(
        "power cut, and nobody knows for how long",
        World((car(),), TIMES, restarts=(Restart(100, 60, reboot=True, known=False),)),
        arrival(),
        broken(160, begin_s=66, ending=Ending.GAP_TOO_LONG),
        arrival(160, after=1),
        left(begin_s=160, after=1),
        why="the clock it began on is gone: its length is kept, told up to the restart",
    ),
    _off(
        "power cut of 10 min",
        World((car(keys=LONG),), FAR, restarts=(Restart(100, 600, reboot=True),)),
        arrival(),
        broken(100, Hole(100, 700, BOX, Proof.NONE), ending=Ending.GAP_TOO_LONG),
        arrival(700, after=1),
        overstay(700, after=1),
        left(900, begin_s=700, after=1),
        why="too long to bridge",
    ),
)


def _stepped(name: str, claimed_s: float, overdue_s: float) -> Scenario:
    world = World((car(),), TIMES, act=notices((70.0, claimed_s, 1)))
    told = (arrival(), overstay(t_s=overdue_s), left())
    return Scenario(f"wall clock stepped by {name}, then a notice", world, told,
                    "never before the arrival, never after the notice came")  # fmt: skip


CLOCK = (
    _stepped("−3 years", 70 - 3 * YEAR, ARRIVED := 186.2),
    _stepped("+10 years", 70 + 10 * YEAR, 190),
    _stepped("−1 h", 70 - 3600, ARRIVED),
    _stepped("+1 h", 70 + 3600, 190),
    Scenario(
        "through midnight, the end of summer time and a leap second",
        World((car(),), TIMES),
        PLAIN,
        "no wall clock in the rules",
    ),
)


def _rain(t_s: float) -> float:
    return 0.12 + 0.05 * sin(3 * t_s)


LIGHT = (
    Scenario(
        "camera switches to infrared",
        World((car(),), TIMES, mode=lambda t: "day" if t < 100 else "ir"),
        PLAIN,
        "another light is compared with nothing of the old",
    ),
    Scenario(
        "brightness steps by 3 stops",
        World((car(),), TIMES, dim=lambda t: 0.15 if t >= 100 else 0.0),
        PLAIN,
        "correlation ignores brightness",
        peers=("66.2 (its detector was told)", "not tried"),
    ),
    Scenario(
        "headlights sweep over it at night",
        World(
            (car(hits=during(100, 103, 0.2)),), TIMES, dim=lambda t: 0.6 if 100 <= t < 103 else 0.1
        ),
        PLAIN,
        "short, and nothing is empty",
    ),
    Scenario(
        "heavy rain and snow noise",
        World((car(hits=lambda t: 0.6 if t > 20 else 1.0),), TIMES, dim=_rain),
        EMPTIED,
        "three cues",
        off_s=2.5,
    ),
    Scenario(
        "shadow of a cloud",
        World((car(),), TIMES, dim=lambda t: 0.2 if 80 < t < 120 else 0.0),
        PLAIN,
        "correlation ignores brightness",
    ),
    Scenario(
        "shadow of a tree moves over the lane",
        World(
            (car(hits=during(80, 140, 0.8)),), TIMES, dim=lambda t: 0.35 if 80 < t < 140 else 0.0
        ),
        PLAIN,
        "the detector still sees",
    ),
    Scenario(
        "shadow of a tree, empty lane",
        World((), TIMES, dim=lambda t: 0.35),
        (),
        "no vehicle, no stay",
    ),
)

SCENARIOS = (*CAMERA, *RESTARTED, *CLOCK, *LIGHT)
