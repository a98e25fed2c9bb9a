"""Projection, silhouettes and who hides whom."""

import numpy as np

from scripts.scene.outline import Solid, View, box_of, is_before, silhouette
from scripts.scene.timeline import Placed

CUBE = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (0, 2)], float)
SIDES = (
    (0, 1, 3),
    (0, 3, 2),
    (4, 5, 7),
    (4, 7, 6),
    (0, 1, 5),
    (0, 5, 4),
    (2, 3, 7),
    (2, 7, 6),
    (1, 3, 7),
    (1, 7, 5),
)
SOLID = Solid(CUBE, np.array(SIDES, np.int32), {})


def looking_along_x(eye: tuple[float, float, float]) -> View:
    """A level camera that looks toward +x; y is left in the picture, z up."""
    rotation = np.array([(0, -1, 0), (0, 0, 1), (-1, 0, 0)], float)
    return View(rotation, -rotation @ np.array(eye), 100.0, (200, 100))


def test_a_point_on_the_axis_is_in_the_middle_of_the_picture() -> None:
    pixels, depth = looking_along_x((-10, 0, 1)).project(np.array([(0.0, 0.0, 1.0)]))
    assert pixels.tolist() == [[100.0, 50.0]]
    assert depth.tolist() == [10.0]


def test_the_box_of_a_cube_is_that_of_its_near_face() -> None:
    mask = silhouette(SOLID, Placed(0, 0, 0, 0), looking_along_x((-11, 0, 1)))
    box = box_of(mask)
    assert box is not None
    assert np.abs(np.array(box) - (90, 40, 110, 60)).max() <= 1


def test_a_cube_around_the_lens_is_cut_and_not_lost() -> None:
    mask = silhouette(SOLID, Placed(0, 1.3, 0, 0), looking_along_x((0, 0, 1)))
    box = box_of(mask)
    assert box is not None
    assert box[0] == 0
    assert abs(box[2] - 70) <= 1


def test_a_cube_behind_the_lens_is_not_seen() -> None:
    assert box_of(silhouette(SOLID, Placed(-30, 0, 0, 0), looking_along_x((0, 0, 1)))) is None


def square(
    x: float, y: float, half: float = 1.0
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array(
        [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
    )


def test_the_nearer_figure_is_before_the_farther() -> None:
    eye = np.array((-10.0, 0, 5))
    assert is_before(square(0, 0), square(5, 0), eye)
    assert not is_before(square(5, 0), square(0, 0), eye)


def test_a_long_truck_whose_middle_is_farther_still_hides_the_car_behind_it() -> None:
    eye = np.array((-10.0, -4.0, 5))
    truck = np.array([(-6, -2), (14, -2), (14, 0), (-6, 0)], float)
    car = square(-2, 2)
    assert is_before(truck, car, eye)
    assert not is_before(car, truck, eye)
