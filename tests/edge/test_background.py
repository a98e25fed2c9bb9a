"""The empty lane is learnt, and only the empty lane."""

import pytest

from edge.appearance import small_grey
from edge.background import LaneBackground
from edge.geometry import Box, Polygon
from tests.edge.street import Car, frame

LANE = Polygon(((100.0, 120.0), (500.0, 120.0), (500.0, 300.0), (100.0, 300.0)))
PLACE = Box(200, 150, 330, 250)
CAR = Car((200, 150, 330, 250), seed=3)


def watch(
    background: LaneBackground, begin_s: int, end_s: int, *cars: Car, seen: bool = True
) -> None:
    """Look once a second; with `seen`, the detector finds every car."""
    boxes = [Box(*car.box) for car in cars] if seen else []
    for n in range(begin_s, end_s):
        background.look(small_grey(frame(cars, seed=n)), float(n), boxes)


def test_the_empty_look_is_unknown_until_it_was_seen_for_a_while() -> None:
    background = LaneBackground()

    watch(background, 0, 2)

    assert background.similarity(PLACE) is None


def test_an_empty_place_looks_empty() -> None:
    background = LaneBackground()

    watch(background, 0, 20)

    empty = background.similarity(PLACE)
    assert empty is not None
    assert empty > 0.8


def test_a_place_with_a_car_does_not_look_empty_and_does_again_when_it_left() -> None:
    background = LaneBackground()
    watch(background, 0, 20)

    watch(background, 20, 60, CAR)
    occupied = background.similarity(PLACE)
    watch(background, 60, 62)
    empty = background.similarity(PLACE)

    assert occupied is not None
    assert occupied < 0.4
    assert empty is not None
    assert empty > 0.8


def test_what_was_there_from_the_start_is_not_taken_for_the_empty_lane() -> None:
    background = LaneBackground()

    watch(background, 0, 30, CAR)

    assert background.similarity(PLACE) is None


def test_a_car_that_the_detector_misses_shows_as_static_foreground() -> None:
    background = LaneBackground()
    watch(background, 0, 20)

    watch(background, 20, 40, CAR, seen=False)

    (found,) = background.foreground(LANE)
    assert found.x1 == pytest.approx(200, abs=14)
    assert found.x2 == pytest.approx(330, abs=14)
    assert found.y2 == pytest.approx(250, abs=14)


def test_a_missed_car_is_not_learnt_as_empty_lane_within_five_minutes() -> None:
    background = LaneBackground()
    watch(background, 0, 20)

    watch(background, 20, 320, CAR, seen=False)

    similarity = background.similarity(PLACE)
    assert similarity is not None
    assert similarity < 0.5


def test_an_empty_lane_has_no_static_foreground() -> None:
    background = LaneBackground()

    watch(background, 0, 40)

    assert background.foreground(LANE) == []


def test_time_that_runs_backwards_is_refused() -> None:
    background = LaneBackground()
    background.look(small_grey(frame()), 5.0, [])

    with pytest.raises(ValueError, match=r"backwards: 4\.000 after 5\.000"):
        background.look(small_grey(frame()), 4.0, [])
