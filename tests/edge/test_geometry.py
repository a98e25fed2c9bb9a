import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.geometry import Box, GeometryError, Polygon

SQUARE = Polygon(((0, 0), (10, 0), (10, 10), (0, 10)))
L_SHAPE = Polygon(((0, 0), (10, 0), (10, 4), (4, 4), (4, 10), (0, 10)))


def test_a_box_half_inside_is_half_covered() -> None:
    assert SQUARE.covered_share(Box(5, 2, 15, 4)) == pytest.approx(0.5)


def test_a_box_around_the_whole_polygon_is_covered_by_the_ratio_of_areas() -> None:
    assert SQUARE.covered_share(Box(-10, -10, 20, 20)) == pytest.approx(100 / 900)


def test_a_concave_polygon_leaves_out_its_notch() -> None:
    assert L_SHAPE.covered_area(Box(2, 2, 8, 8)) == pytest.approx(6 * 2 + 2 * 4)


def test_a_box_without_area_is_not_covered() -> None:
    assert SQUARE.covered_share(Box(3, 3, 3, 8)) == 0.0


def test_a_box_outside_is_not_covered() -> None:
    assert SQUARE.covered_share(Box(20, 20, 30, 30)) == 0.0


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        (((0, 0), (5, 5)), "at least three different corners, got 2"),
        (((0, 0), (5, 5), (0, 0)), "at least three different corners, got 2"),
        (((0, 0), (10, 10), (10, 0), (0, 10)), "must not cross, but side 1 meets side 3"),
        (((0, 0), (5, 0), (10, 0)), "must not cross|must enclose an area"),
        (((0, 0), (float("nan"), 0), (10, 0)), "must be numbers"),
    ],
)
def test_a_polygon_without_plain_area_is_refused(
    points: tuple[tuple[float, float], ...], sentence: str
) -> None:
    with pytest.raises(GeometryError, match=sentence):
        Polygon(points)


def test_a_box_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ValueError, match="left, top, right, bottom"):
        Box(10, 0, 5, 5)


def test_the_footprint_is_the_lower_half() -> None:
    assert Box(10, 20, 30, 60).footprint() == Box(10, 40, 30, 60)


def test_a_shift_is_measured_in_the_vehicles_own_size() -> None:
    assert Box(0, 0, 100, 100).shift(Box(10, 0, 110, 100)) == pytest.approx(0.1)
    assert Box(0, 0, 20, 20).shift(Box(2, 0, 22, 20)) == pytest.approx(0.1)


def test_contains_knows_the_notch_of_a_concave_polygon() -> None:
    assert L_SHAPE.contains(2, 8)
    assert not L_SHAPE.contains(8, 8)


@given(x=st.integers(-5, 14), y=st.integers(-5, 14), w=st.integers(1, 12), h=st.integers(1, 12))
def test_clipping_agrees_with_counting_unit_squares(x: int, y: int, w: int, h: int) -> None:
    counted = sum(
        L_SHAPE.contains(i + 0.5, j + 0.5) for i in range(x, x + w) for j in range(y, y + h)
    )

    assert L_SHAPE.covered_area(Box(x, y, x + w, y + h)) == pytest.approx(counted)
