import pytest

from edge.geometry import Box, GeometryError, Polygon
from edge.lanes import Lane, Threshold, best_lane

LEFT = Lane("left", Polygon(((0, 0), (100, 0), (100, 200), (0, 200))), (400, 300))
RIGHT = Lane("right", Polygon(((80, 0), (200, 0), (200, 200), (80, 200))), (400, 300))
RULE = Threshold()


def test_only_the_ground_that_the_vehicle_covers_counts() -> None:
    roof_over_the_lane = Box(50, 150, 90, 250)

    assert LEFT.overlap(roof_over_the_lane) == 0.0


def test_a_vehicle_half_in_the_lane_overlaps_by_half() -> None:
    assert LEFT.overlap(Box(60, 100, 140, 180)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("overlap", "was_in", "cut", "expected"),
    [
        (0.30, False, False, True),
        (0.29, False, False, False),
        (0.15, True, False, True),
        (0.14, True, False, False),
        (0.40, False, True, False),
        (0.50, False, True, True),
        (0.20, True, True, True),
    ],
)
def test_coming_in_takes_more_than_staying(
    overlap: float, was_in: bool, cut: bool, expected: bool
) -> None:
    assert RULE.holds(overlap, was_in, cut) is expected


def test_of_a_vehicle_cut_off_at_the_bottom_only_the_lowest_strip_counts() -> None:
    lane = Lane("low", Polygon(((0, 270), (400, 270), (400, 300), (0, 300))), (400, 300))

    assert lane.overlap(Box(100, 180, 200, 300)) == pytest.approx(1.0)
    assert lane.overlap(Box(100, 178, 200, 296)) == pytest.approx(26 / 59)
    assert lane.cut(Box(100, 180, 200, 300))


def test_where_lanes_overlap_the_greater_share_wins_and_then_keeps_the_vehicle() -> None:
    more_left, more_right = Box(20, 100, 110, 180), Box(75, 100, 130, 180)

    assert best_lane([LEFT, RIGHT], more_left, None, RULE) == LEFT
    assert best_lane([LEFT, RIGHT], more_right, None, RULE) == RIGHT
    assert best_lane([LEFT, RIGHT], more_right, "left", RULE) == LEFT
    assert best_lane([LEFT, RIGHT], Box(300, 100, 350, 180), "left", RULE) is None


def test_a_lane_outside_the_frame_is_refused_with_its_corner() -> None:
    with pytest.raises(GeometryError, match=r"corner 500,0; the frame is 400x300"):
        Lane("far", Polygon(((0, 0), (500, 0), (0, 200))), (400, 300))


def test_the_version_names_the_drawing() -> None:
    moved = Lane("left", Polygon(((0, 0), (101, 0), (100, 200), (0, 200))), (400, 300))

    assert LEFT.version == Lane(LEFT.id, LEFT.polygon, LEFT.frame_size).version
    assert LEFT.version != moved.version
    assert len(LEFT.version) == 64
