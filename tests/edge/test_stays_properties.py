"""What holds whatever is seen, missed, hidden, switched off and announced, in any order."""

from dataclasses import replace
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.geometry import Box
from edge.identity import Appearance
from edge.looks import Look, PlaceLook, Sighting
from edge.stay_events import Reminder, StayEvent, StayEventKind, StayRules
from edge.stays import Stays
from edge.wire.records import DEPARTURES, GapReason, Proof
from tests.edge.scenarios.expectation import TOLD
from tests.edge.scenarios.street import car, way
from tests.edge.scenarios.world import LANE, RULES, World, every, ids, run

FAST = StayRules(settle_s=4, confirm_s=10, grace_s=20, max_gap_s=40)
SPOTS = {"front": 300.0, "rear": 700.0}
OPENING = StayEventKind.SETTLED
ENDING = (StayEventKind.DEPARTURE, StayEventKind.BROKEN)
SEEN_S = st.floats(0.2, 3.0)


class Street(RuleBasedStateMachine):
    """Two spots in one lane. Vehicles come and go; looks are taken, or not, or tell nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.t_s, self.number, self.unlooked = 0.0, 0, False
        self.stays = Stays(FAST, [LANE], new_id := ids())
        self.new_id = new_id
        self.standing: dict[str, tuple[str, int, float]] = {}
        self.been: list[tuple[str, str, float, float]] = []
        self.events: list[StayEvent] = []
        self.open: dict[UUID, StayEvent] = {}
        self.deadlines: dict[UUID, float] = {}
        self.looks: list[tuple[float, bool, frozenset[str]]] = []

    @initialize()
    def begin(self) -> None:
        self.look(1.0, frozenset(), None)

    @rule(spot=st.sampled_from(sorted(SPOTS)))
    def comes(self, spot: str) -> None:
        self.leaves(spot)
        self.number += 1
        self.standing[spot] = (f"vehicle {self.number}", self.number, self.t_s)

    @rule(spot=st.sampled_from(sorted(SPOTS)))
    def leaves(self, spot: str) -> None:
        if spot in self.standing:
            name, _, since_s = self.standing.pop(spot)
            self.been.append((spot, name, since_s, self.t_s))

    @rule(spot=st.sampled_from(sorted(SPOTS)))
    def is_tracked_anew(self, spot: str) -> None:
        if spot in self.standing:
            self.number += 1
            name, _, since_s = self.standing[spot]
            self.standing[spot] = (name, self.number, since_s)

    @rule(
        times=st.integers(1, 12),
        apart_s=SEEN_S,
        missed=st.sets(st.sampled_from(sorted(SPOTS))),
        cues=st.booleans(),
    )
    def is_looked_at(self, times: int, apart_s: float, missed: set[str], cues: bool) -> None:
        for _ in range(times):
            self.look(apart_s, frozenset(missed), None, cues)

    @rule(
        times=st.integers(1, 8),
        apart_s=st.floats(0.5, 12.0),
        reason=st.sampled_from(sorted(GapReason)),
    )
    def is_blind(self, times: int, apart_s: float, reason: GapReason) -> None:
        for _ in range(times):
            self.look(apart_s, frozenset(), reason)

    @rule(off_s=st.floats(0.5, 60.0), known=st.booleans(), ahead_s=st.floats(-1e5, 1e5))
    def power_is_cut(self, off_s: float, known: bool, ahead_s: float) -> None:
        """The clock of the looks goes on here; that it may start anew is in the scenarios."""
        kept = self.stays.snapshot()
        self.t_s += off_s
        self.stays = Stays(FAST, [LANE], self.new_id)
        self.stays.restore(kept, self.t_s, off_s if known else None)
        self.looks.append((self.t_s, False, frozenset()))

    @rule(
        said_s=st.floats(-1e9, 1e9),
        grace_s=st.floats(0, 60),
        which=st.integers(0, 5),
        number=st.integers(1, 4),
    )
    def notice_comes(self, said_s: float, grace_s: float, which: int, number: int) -> None:
        known = list(self.open) or [UUID(int=999_999)]
        reminder = Reminder(UUID(int=number), said_s, grace_s)
        self.unlooked = True
        self.note(self.stays.notice(self.t_s, known[which % len(known)], reminder))

    def look(
        self, apart_s: float, missed: frozenset[str], blind: GapReason | None, cues: bool = True
    ) -> None:
        self.t_s += apart_s
        there = {spot: each for spot, each in self.standing.items() if spot not in missed}
        sightings = tuple(
            Sighting(number, box(spot), 0.9, "car", None, marks(name) if cues else None)
            for spot, (name, number, _) in there.items()
        )
        places = {key: self.place_look(place.box) for key, place in self.stays.places().items()}
        look = Look(self.t_s, None, sightings, places if cues else {})
        seen = blind is None
        self.unlooked = False
        self.looks.append((self.t_s, seen, frozenset(there) if seen and cues else frozenset()))
        self.note(self.stays.observe(Look(self.t_s, blind) if blind else look))

    def place_look(self, place: Box) -> PlaceLook:
        occupied = any(box(spot).iou(place) > 0.5 for spot in self.standing)
        return PlaceLook(None, None if occupied else 0.9)

    def note(self, events: list[StayEvent]) -> None:
        for event in events:
            self.events.append(event)
            if event.kind is OPENING:
                self.open[event.stay_id] = event
            if event.kind in ENDING:
                assert event.stay_id in self.open, "a stay ended twice, or was never opened"
                del self.open[event.stay_id]
            self.deadlines[event.stay_id] = event.deadline_s
            self.check(event)

    def check(self, event: StayEvent) -> None:
        assert event.begin_s <= event.last_seen_s <= event.t_s
        assert event.end_s is None or event.begin_s <= event.end_s <= event.last_seen_s
        assert all(a.end_s <= b.begin_s for a, b in zip(event.gaps, event.gaps[1:], strict=False))
        unproven = [gap for gap in event.gaps if gap.proof is Proof.NONE]
        assert all(gap.begin_s >= event.last_seen_s for gap in unproven), "counted unproven time"
        assert (event.ending in DEPARTURES) == (event.kind is StayEventKind.DEPARTURE)
        if event.kind is StayEventKind.ARRIVAL:
            assert event.last_seen_s - event.begin_s >= FAST.confirm_s
        if event.kind is StayEventKind.OVERSTAY:
            assert event.t_s >= event.deadline_s
            assert event.t_s == event.last_seen_s, "overstay of a vehicle that is not in view"
        if event.kind is OPENING:
            self.check_that_it_stood(event)

    def check_that_it_stood(self, event: StayEvent) -> None:
        now = [(spot, since_s, self.t_s) for spot, (_, _, since_s) in self.standing.items()]
        before = [(spot, since_s, until_s) for spot, _, since_s, until_s in self.been]
        assert any(
            box(spot).iou(event.box) > 0.9 and since_s <= event.begin_s and event.t_s <= until_s
            for spot, since_s, until_s in (*now, *before)
        ), "a stay without a vehicle that stood there from its beginning"

    @invariant()
    def no_vehicle_has_two_open_stays(self) -> None:
        boxes = [place.box for place in self.stays.places().values()]
        assert all(a.iou(b) < 0.5 for i, a in enumerate(boxes) for b in boxes[i + 1 :])

    @invariant()
    def what_is_open_is_what_was_opened(self) -> None:
        assert set(self.stays.places()) == set(self.open)

    @invariant()
    def an_overdue_vehicle_in_plain_view_has_its_overstay(self) -> None:
        """Every look of the last 20 s had it, with all cues: nothing is left to wait for."""
        recent = [each for each in self.looks if self.t_s - each[0] <= 20]
        if len(recent) < 8 or recent[0][0] > self.t_s - 17 or self.unlooked:
            return
        for spot in SPOTS:
            plain = all(seen and spot in there for _, seen, there in recent)
            for stay in self.stays.places().values() if plain else ():
                due = self.deadlines[stay.stay_id] <= self.t_s
                if due and box(spot).iou(stay.box) > 0.9 and self.mine(stay.stay_id, spot):
                    assert self.overstayed(stay.stay_id), "an overdue vehicle was let off"

    def mine(self, stay_id: UUID, spot: str) -> bool:
        since_s = self.standing[spot][2] if spot in self.standing else self.t_s
        return since_s <= self.open[stay_id].begin_s

    def overstayed(self, stay_id: UUID) -> bool:
        told = [event for event in self.events if event.stay_id == stay_id]
        last = [e for e in told if e.kind in (StayEventKind.OVERSTAY, StayEventKind.NOTICE)]
        arrived = any(event.kind is StayEventKind.ARRIVAL for event in told)
        return arrived and any(e.kind is StayEventKind.OVERSTAY for e in last)

    def teardown(self) -> None:
        """In the end the camera dies: every open stay ends, each exactly once."""
        for _ in range(60):
            self.look(1.0, frozenset(), GapReason.STREAM_DOWN)
        assert self.open == {}


def box(spot: str) -> Box:
    x = SPOTS[spot]
    return Box(x - 80, 310, x + 80, 420)


def marks(name: str) -> Appearance:
    number = int(name.rpartition(" ")[2])
    return Appearance(tuple(1.0 if i == number % 64 else 0.0 for i in range(64)))


TestStreet = Street.TestCase
TestStreet.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@settings(max_examples=20, deadline=None)
@given(
    begin_s=st.floats(6.2, 20),
    stands_s=st.floats(15, 150),
    hz=st.sampled_from([0.4, 0.7, 1.0, 3.0, 8.0]),
)
def test_any_sampling_rate_tells_the_same_to_a_sample(
    begin_s: float, stands_s: float, hz: float
) -> None:
    rules = replace(RULES, confirm_s=20.0, grace_s=40.0)
    until_s = begin_s + stands_s
    street = World((car(keys=way(begin_s, until_s)),), every(2, until_s + 20), rules=rules)

    usual = [event for event in run(street) if event.kind in TOLD]
    other = [e for e in run(replace(street, times=every(hz, until_s + 20))) if e.kind in TOLD]

    within_s = 0.5 + 1 / hz + 0.3
    due = [event for event in usual if not _on_the_edge(event, until_s, within_s)]
    for event in due:
        twin = next((e for e in other if e.kind is event.kind), None)
        assert twin is not None
        assert abs(twin.begin_s - event.begin_s) <= within_s
        assert abs((twin.end_s or 0) - (event.end_s or 0)) <= within_s


def _on_the_edge(event: StayEvent, until_s: float, within_s: float) -> bool:
    """Whether the vehicle leaves just when the event is due (or before it is settled at all)."""
    if event.kind in ENDING:
        return until_s - event.begin_s < 10 + 3 * within_s
    return event.t_s > until_s - within_s
