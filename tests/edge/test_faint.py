"""Faint boxes of the detector count where a vehicle is known, and nowhere else."""

from edge.detector import Detection
from edge.faint import believed
from edge.geometry import Box

PLACE = Box(100, 100, 200, 180)
PART = Box(130, 100, 200, 180)
MIN_SCORE = 0.35


def seen(box: Box, score: float) -> Detection:
    return Detection(box, "car", score)


def test_a_vehicle_that_is_known_is_found_by_a_faint_box_on_its_place() -> None:
    faint = seen(PART, 0.25)

    assert believed([faint], [PLACE], MIN_SCORE) == [faint]


def test_a_faint_box_where_none_is_known_is_ground() -> None:
    assert believed([seen(PART, 0.25)], [PLACE.moved(90, 0)], MIN_SCORE) == []


def test_a_faint_box_does_not_compete_with_a_sure_one_for_the_same_vehicle() -> None:
    """The detector may take two vehicles side by side for one: that box is the fainter."""
    both = seen(Box(90, 60, 230, 190), 0.30)
    sure = seen(PLACE, 0.55)

    assert believed([sure, both], [PLACE, both.box], MIN_SCORE) == [sure]


def test_what_is_sure_needs_nothing_known() -> None:
    sure = seen(PLACE, 0.35)

    assert believed([sure], [], MIN_SCORE) == [sure]
