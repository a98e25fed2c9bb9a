"""The edges of the rules that no scenario of the street shows."""

from uuid import UUID

import pytest

from edge.geometry import Box
from edge.identity import Appearance, Likeness, LikenessRules, Marks, compare
from edge.looks import Look, PlaceLook, Sighting
from edge.stay_events import Reminder, StayEventKind, StayRules
from edge.stay_moves import MOVES, SIGHTS, Finding, Phase, Sight, Step
from edge.stay_snapshot import SnapshotError, saved_at_s
from edge.stays import Stays
from edge.wire.records import Cue, Ending, GapReason, Proof
from tests.edge.scenarios.street import car, lane, way
from tests.edge.scenarios.world import LANE, World, every, ids, run

RULES = StayRules(settle_s=4, confirm_s=10, grace_s=20)
BOX = Box(300, 310, 460, 420)


def looks(stays: Stays, begin_s: float, count: int, **more: object) -> list[StayEventKind]:
    """Looks a second apart at one car that stands; the kinds of the events that came of it."""
    kinds = []
    for i in range(count):
        sighting = Sighting(1, BOX, 0.9, "car", **more)  # type: ignore[arg-type]
        kinds += [e.kind for e in stays.observe(Look(begin_s + i, None, (sighting,)))]
    return kinds


def test_every_sight_has_an_answer_to_every_finding() -> None:
    assert {(sight, finding) for sight in Sight for finding in Finding} == set(SIGHTS)


def test_nothing_follows_the_end_of_a_stay() -> None:
    over = {Phase.DEPARTED, Phase.BROKEN, Phase.FORGOTTEN}

    assert {phase for phase, _ in MOVES} & over == set()
    assert (Phase.STANDING, Step.OVERDUE) not in MOVES
    assert (Phase.STANDING, Step.REMINDED) not in MOVES


def test_time_that_goes_back_is_refused() -> None:
    stays = Stays(RULES, [LANE], ids())
    stays.observe(Look(5.0))

    with pytest.raises(ValueError, match="time must not go back"):
        stays.observe(Look(4.0))


def test_a_notice_before_the_arrival_changes_nothing() -> None:
    stays = Stays(RULES, [LANE], ids())
    looks(stays, 0, 6)
    stay = next(iter(stays.places()))

    assert stays.notice(6.0, stay, Reminder(UUID(int=9), 5.0, 1.0)) == []
    assert looks(stays, 6, 6) == [StayEventKind.ARRIVAL]


def test_a_detection_on_a_place_that_looks_empty_makes_no_stay() -> None:
    assert looks(Stays(RULES, [LANE], ids()), 0, 30, empty=0.9) == []
    assert looks(Stays(RULES, [LANE], ids()), 0, 8, empty=0.2) == [StayEventKind.SETTLED]


def test_a_ghost_is_refuted_when_its_place_looks_empty() -> None:
    stays = Stays(RULES, [LANE], ids())
    looks(stays, 0, 6)
    stay = next(iter(stays.places()))
    events = []
    for i in range(4):
        sighting = Sighting(1, BOX, 0.9, "car", empty=0.9)
        places = {stay: PlaceLook(similarity=0.1, empty=0.9)}
        events += stays.observe(Look(6.0 + i, None, (sighting,), places))

    assert [(e.kind, e.ending) for e in events] == [(StayEventKind.DEPARTURE, Ending.LANE_EMPTY)]


def test_a_sample_tells_every_sign_that_spoke_for_the_vehicle_and_no_other() -> None:
    stays = Stays(RULES, [LANE], ids())
    looks(stays, 0, 5, empty=0.2)
    stay = next(iter(stays.places()))
    there = (Sighting(1, BOX, 0.9, "car", empty=0.2),)
    told = (
        (there, PlaceLook(similarity=0.9, empty=0.1)),
        (there, PlaceLook(similarity=0.9, empty=None)),
        (there, PlaceLook(similarity=0.9, empty=0.6)),
        ((), PlaceLook(similarity=0.9, empty=0.1)),
    )
    for i, (sightings, place) in enumerate(told):
        stays.observe(Look(5.0 + i, None, sightings, {stay: place}))
    looks(stays, 9, 1)
    (arrival,) = stays.observe(Look(10.0, None, there, {}))

    both, appearance = [Cue.DETECTOR, Cue.BACKGROUND], [Cue.DETECTOR, Cue.APPEARANCE]
    assert [list(sample.cues) for sample in arrival.samples] == [
        *[both] * 5,
        [Cue.DETECTOR, Cue.BACKGROUND, Cue.APPEARANCE],
        appearance,
        appearance,
        [Cue.BACKGROUND, Cue.APPEARANCE],
        [Cue.DETECTOR],
        [Cue.DETECTOR],
    ]


def test_one_beside_the_lane_that_covered_more_of_it_on_its_way_makes_no_stay() -> None:
    """Near the camera, cut off by the frame: 64 % while it passes, 37 % where it stands."""
    near = lane("near", 0, 520, 400, 720)
    passing, beside = Box(80, 60, 580, 720), Box(210, 60, 720, 720)
    assert near.overlap(passing) == pytest.approx(0.64)
    assert near.overlap(beside) == pytest.approx(0.3725, abs=0.001)

    def told(stands: Box) -> list[StayEventKind]:
        stays = Stays(RULES, [near], ids())
        boxes = [passing, passing, *[stands] * 20]
        return [
            event.kind
            for i, box in enumerate(boxes)
            for event in stays.observe(Look(float(i), None, (Sighting(1, box, 0.9, "bus"),)))
        ]

    assert told(beside) == []
    assert told(passing)[0] is StayEventKind.SETTLED


def test_one_that_drives_through_one_lane_and_stands_in_the_next_has_its_stay_there() -> None:
    """Of the first lane it still covers enough not to have left it."""
    first, second = lane("first", 0, 300, 340, 440), lane("second", 340, 300, 1100, 440)
    rolling = Box(100, 310, 260, 420)
    assert first.overlap(BOX) == 0.25
    stays = Stays(RULES, [first, second], ids())
    boxes = [rolling, rolling, *[BOX] * 20]

    events = [
        event
        for i, box in enumerate(boxes)
        for event in stays.observe(Look(float(i), None, (Sighting(1, box, 0.9, "car"),)))
    ]

    assert [(one.kind.value, one.lane) for one in events] == [
        ("settled", "second"),
        ("arrival", "second"),
    ]


def test_a_look_that_was_not_searched_is_no_miss() -> None:
    stays = Stays(RULES, [LANE], ids())
    looks(stays, 0, 6)
    stay = next(iter(stays.places()))
    for i in range(400):
        places = {stay: PlaceLook(similarity=0.9)}
        assert not [
            e
            for e in stays.observe(Look(6.0 + i, None, (), places, searched=False))
            if e.kind in (StayEventKind.DEPARTURE, StayEventKind.BROKEN)
        ]


def test_the_detector_is_asked_again_at_least_every_scan() -> None:
    stays = Stays(RULES, [LANE], ids())
    looks(stays, 0, 30)

    assert not stays.needs_search(30.0)
    assert stays.needs_search(29 + RULES.scan_s)


def test_a_lane_drawn_anew_breaks_its_stays_at_the_next_look() -> None:
    stays = Stays(RULES, [LANE], ids())
    looks(stays, 0, 15)
    other = Stays(RULES, [lane(LANE.id, 90, 300, 1100, 440)], ids())
    other.restore(stays.snapshot(), 16.0, 1.0)

    events = other.observe(Look(16.0))

    assert [(e.kind, e.ending) for e in events] == [(StayEventKind.BROKEN, Ending.LANE_CHANGED)]


def test_bytes_that_are_no_snapshot_are_refused() -> None:
    for junk in (
        b"",
        b"{}",
        b"[1, 2",
        b'{"v": 2, "saved_s": 1, "lanes": {}, "stays": [], "ended": []}',
    ):
        with pytest.raises(SnapshotError, match="snapshot"):
            Stays(RULES, [LANE], ids()).restore(junk, 0.0, 0.0)


def test_a_snapshot_tells_when_its_last_look_was() -> None:
    stays = Stays(RULES, [LANE], ids())
    stays.observe(Look(12.5))

    assert saved_at_s(stays.snapshot()) == 12.5


def test_a_restored_stay_keeps_its_deadline() -> None:
    stays = Stays(RULES, [LANE], ids())
    look = Appearance((1.0, 0.0, 0.0))
    assert looks(stays, 0, 12, appearance=look)[-1] is StayEventKind.ARRIVAL
    again = Stays(RULES, [LANE], ids())
    again.restore(stays.snapshot(), 1012.0, 1.0)

    kinds = looks(again, 1012, 18, appearance=look)

    assert kinds == []
    assert looks(again, 1030, 1, appearance=look) == [StayEventKind.OVERSTAY]


def test_samples_and_gaps_stay_within_what_a_record_can_hold() -> None:
    stays = Stays(StayRules(grace_s=4000), [LANE], ids())
    look = Appearance((1.0, 0.0, 0.0))
    sighting = Sighting(1, BOX, 0.9, "car", appearance=look)
    for i in range(3600):
        blind = GapReason.CAMERA_COVERED if i > 20 and i % 8 < 5 else None
        stays.observe(Look(float(i), blind, () if blind else (sighting,)))
    stay = next(iter(stays.places()))
    assert len(stays.snapshot()) < 100_000

    gone = [PlaceLook(similarity=0.1, empty=0.9)] * 3
    events = [
        e for i, p in enumerate(gone) for e in stays.observe(Look(3600.0 + i, None, (), {stay: p}))
    ]

    assert [e.kind for e in events] == [StayEventKind.DEPARTURE]
    assert len(events[0].samples) <= 128
    assert len(events[0].gaps) <= 256
    assert all(gap.proof is Proof.APPEARANCE for gap in events[0].gaps)


def test_a_plate_outweighs_a_look() -> None:
    rules = LikenessRules()
    red, blue = Appearance((1.0, 0.0)), Appearance((0.0, 1.0))

    assert compare(Marks("浙B12345", red), Marks("浙B12345", blue), rules) == (
        Likeness.SAME,
        Proof.PLATE,
    )
    assert compare(Marks("浙B12345", red), Marks("浙C92345", red), rules)[0] is Likeness.OTHER
    assert compare(Marks("浙B12345", red), Marks("浙B12346", red), rules)[0] is Likeness.UNKNOWN
    assert compare(Marks(None, red), Marks(None, blue), rules)[0] is Likeness.OTHER
    assert compare(Marks(None, red), Marks(None, None), rules)[0] is Likeness.UNKNOWN


def test_light_of_another_kind_is_not_compared() -> None:
    day, infrared = Appearance((1.0, 0.0), "day"), Appearance((0.0, 1.0), "ir")

    assert compare(Marks(None, day), Marks(None, infrared), LikenessRules()) == (
        Likeness.UNKNOWN,
        Proof.NONE,
    )


def test_without_a_picture_of_the_empty_lane_a_changed_place_must_last() -> None:
    street = World((car(keys=way(end_s=60)[:4]),), every(2, 100), background=False)

    events = [e for e in run(street) if e.kind is StayEventKind.DEPARTURE]

    assert [(e.ending, round(e.end_s or 0)) for e in events] == [(Ending.LANE_EMPTY, 60)]
    assert events[0].t_s == pytest.approx(80.5, abs=1)


@pytest.mark.parametrize(("off", "ended_s"), [(True, 18.0), (False, 33.0)])
def test_one_that_was_seen_driving_off_its_place_need_not_be_waited_for(
    off: bool, ended_s: float
) -> None:
    """The place looks different from 13 on, and what the empty lane looks like is not known."""
    stays = Stays(RULES, [LANE], ids())
    looks(stays, 0, 12)
    stay = next(iter(stays.places()))
    last = Box(440, 310, 600, 420) if off else BOX
    stays.observe(
        Look(12.0, None, (Sighting(1, last, 0.9, "car"),), {stay: PlaceLook(similarity=0.3)})
    )

    events = [
        event
        for i in range(40)
        for event in stays.observe(Look(13.0 + i, None, (), {stay: PlaceLook(similarity=0.1)}))
    ]

    (departure,) = [one for one in events if one.kind is StayEventKind.DEPARTURE]
    assert departure.t_s == ended_s
    assert departure.end_s == (11.0 if off else 12.0)
