from dataclasses import dataclass

import pytest

from edge.geometry import Box
from edge.tracking import Track, Tracker


@dataclass(frozen=True)
class Found:
    box: Box
    label: str = "car"
    score: float = 0.8


def at(x: float, y: float = 200.0, width: float = 100.0, height: float = 60.0) -> Box:
    return Box(x, y, x + width, y + height)


def ids(tracks: list[Track]) -> list[int]:
    return [track.id for track in sorted(tracks, key=lambda each: each.box.x1)]


@pytest.mark.parametrize("apart_s", [0.1, 0.5, 2.0, 10.0])
def test_a_standing_vehicle_keeps_its_identity_at_any_rate(apart_s: float) -> None:
    tracker = Tracker()

    seen = {ids(tracker.update(i * apart_s, [Found(at(300))]))[0] for i in range(30)}

    assert seen == {1}


def test_a_standing_vehicle_is_known_again_after_a_minute_without_a_hit() -> None:
    tracker = Tracker()
    for i in range(10):
        tracker.update(i * 0.5, [Found(at(300))])
    for i in range(120):
        tracker.update(5 + i * 0.5, [])

    assert ids(tracker.update(66, [Found(at(303))])) == [1]


def test_a_moving_vehicle_keeps_its_identity_along_its_way() -> None:
    tracker = Tracker()

    seen = {ids(tracker.update(i * 0.5, [Found(at(50 + i * 40))]))[0] for i in range(20)}

    assert seen == {1}


def test_labels_make_no_identity() -> None:
    tracker = Tracker()
    kinds = ["car", "truck", "bus"] * 5

    seen = {ids(tracker.update(i, [Found(at(300), kind)]))[0] for i, kind in enumerate(kinds)}

    assert seen == {1}


def test_two_boxes_on_one_vehicle_are_one_track_with_the_surer_label() -> None:
    tracks = Tracker().update(0, [Found(at(300), "car", 0.6), Found(at(304), "truck", 0.9)])

    assert [(track.label, track.score) for track in tracks] == [("truck", 0.9)]


def test_a_passing_vehicle_does_not_take_a_standing_ones_identity() -> None:
    """It covers the standing one for a second; only one box is found then."""
    tracker = Tracker()
    for i in range(20):
        tracker.update(i * 0.2, [Found(at(300))])
    standing = ids(tracker.update(4, [Found(at(300)), Found(at(-60, 210, 110, 66))]))[1]
    passing = None
    for i in range(1, 30):
        x = -60 + i * 30
        found = [Found(at(x, 210, 110, 66))]
        if abs(x - 300) > 70:
            found.append(Found(at(300)))
        tracks = {track.id: track.box for track in tracker.update(4 + i * 0.2, found)}
        if passing is None:
            passing = next(key for key in tracks if key != standing)
        assert tracks[passing].width == 110
        assert standing not in tracks or tracks[standing].width == 100

    assert standing in tracks


def test_standing_is_told_after_two_seconds_in_one_place() -> None:
    tracker = Tracker()

    told = [tracker.update(i * 0.5, [Found(at(300))])[0].standing for i in range(6)]

    assert told == [False, False, False, False, True, True]


def test_time_that_goes_back_is_refused() -> None:
    tracker = Tracker()
    tracker.update(5.0, [Found(at(300))])

    with pytest.raises(ValueError, match=r"time must not go back, got 4\.0 s"):
        tracker.update(4.0, [Found(at(300))])


def test_a_part_and_the_whole_of_one_vehicle_are_one_track() -> None:
    tracker = Tracker()
    whole, part = at(300, 200, 200, 120), at(305, 205, 120, 110)

    tracks = [tracker.update(i * 0.5, [Found(whole), Found(part, "car", 0.9)]) for i in range(6)]

    assert {len(each) for each in tracks} == {1}
    assert {each[0].id for each in tracks} == {1}


def test_a_small_car_before_a_bus_is_another_vehicle() -> None:
    tracks = Tracker().update(0, [Found(at(300, 100, 300, 200)), Found(at(350, 230, 90, 60))])

    assert len(tracks) == 2


def test_cars_that_pass_one_by_one_are_not_one_car() -> None:
    """Each is seen twice at the same two spots; the next comes two seconds later."""
    tracker, seen = Tracker(), []
    for i in range(6):
        seen.append(ids(tracker.update(i * 2.0, [Found(at(300))]))[0])
        tracker.update(i * 2.0 + 0.25, [Found(at(340))])
        tracker.update(i * 2.0 + 0.5, [Found(at(380))])

    assert len(set(seen)) == 6


def test_places_of_standing_vehicles_are_remembered_while_they_are_missed() -> None:
    tracker = Tracker()
    for i in range(6):
        tracker.update(i * 0.5, [Found(at(300)), Found(at(20 + 40 * i, 400))])
    for i in range(20):
        tracker.update(3 + i, [])

    assert tracker.remembered() == [at(300)]


def test_two_boxes_side_by_side_on_the_same_ground_are_one_vehicle_and_two_cars_are_not() -> None:
    whole, part = Found(Box(142, 361, 257, 421), score=0.82), Found(Box(172, 369, 286, 423))
    behind = Found(Box(172, 330, 286, 384))
    beside = Found(Box(235, 363, 350, 422))

    assert len(Tracker().update(0.0, [whole, part])) == 1
    assert len(Tracker().update(0.0, [whole, behind])) == 2
    assert len(Tracker().update(0.0, [whole, beside])) == 2
