"""What stands in a lane is looked at twice before it may become a stay."""

from collections.abc import Callable

import numpy as np

from edge.detector import CROPS
from edge.doubt import Doubt
from edge.geometry import Box, Polygon
from edge.lanes import Lane
from edge.tracking import Track

LANE = Lane("lane", Polygon(((0, 0), (600, 0), (600, 400), (0, 400))), (640, 480))
PLACE = Box(100, 100, 200, 180)
PICTURE = np.zeros((480, 640, 3), np.uint8)
SETTLE_S = 10.0


class Answers:
    """A detector that says what it is told, and notes what it is asked."""

    min_score = 0.35

    def __init__(self, answer: Callable[[int], float]) -> None:
        self.crops: list[int] = []
        self.boxes: list[Box] = []
        self._answer = answer

    def confirm(self, image: object, box: Box, crop: int) -> float:
        self.crops.append(crop)
        self.boxes.append(box)
        return self._answer(crop % CROPS)


def track(box: Box = PLACE, number: int = 1) -> Track:
    return Track(number, box, "car", 0.9, True, 0.0)


def standing(doubt: Doubt, seconds: float, hz: float = 2) -> list[bool]:
    """Whether a vehicle that stands was believed, look by look."""
    return [
        bool(doubt.believed(PICTURE, [track()], n / hz)) for n in range(round(seconds * hz) + 1)
    ]


def test_a_patch_that_one_crop_alone_takes_for_a_vehicle_is_hidden_before_it_can_settle() -> None:
    doubt = Doubt((LANE,), Answers(lambda crop: 0.8 if crop == 0 else 0.2), SETTLE_S)

    believed = standing(doubt, SETTLE_S)

    assert believed[0] is True
    assert not any(believed[round(0.6 * SETTLE_S * 2) :])


def test_a_vehicle_is_believed_from_its_first_look_on() -> None:
    doubt = Doubt((LANE,), Answers(lambda crop: 0.7), SETTLE_S)

    assert all(standing(doubt, 60))


def test_all_crops_are_asked_before_anything_settles_however_rare_the_looks() -> None:
    for hz in (0.5, 1, 2, 4):
        detector = Answers(lambda crop: 0.7)
        standing(Doubt((LANE,), detector, SETTLE_S), SETTLE_S - 1 / hz, hz)
        assert {crop % CROPS for crop in detector.crops} == set(range(CROPS)), hz
        assert len(detector.crops) >= 3 * CROPS, hz


def test_what_passes_is_not_asked_about() -> None:
    detector = Answers(lambda crop: 0.7)
    doubt = Doubt((LANE,), detector, SETTLE_S)

    for n in range(40):
        doubt.believed(PICTURE, [track(PLACE.moved(40.0 * n % 400, 0))], n / 2)

    assert detector.crops == []


def test_a_vehicle_before_it_does_not_speak_against_it() -> None:
    detector = Answers(lambda crop: 0.0)
    doubt = Doubt((LANE,), detector, SETTLE_S)
    lorry = track(Box(90, 60, 400, 300), 2)

    for n in range(40):
        doubt.believed(PICTURE, [track(), track(lorry.box.moved(n, 0), 2)], n / 2)
    while_hidden = PLACE in detector.boxes
    doubt.believed(PICTURE, [track()], 20.0)

    assert while_hidden is False
    assert PLACE in detector.boxes


def test_a_vehicle_believed_is_asked_about_once_a_minute() -> None:
    detector = Answers(lambda crop: 0.7)
    doubt = Doubt((LANE,), detector, SETTLE_S)
    standing(doubt, 20)
    before = len(detector.crops)

    for n in range(40, 2 * 200):
        doubt.believed(PICTURE, [track()], n / 2)

    assert len(detector.crops) - before == 3
