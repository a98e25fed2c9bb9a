"""A manhole is no vehicle, however much it looks like one: nothing so small drives there."""

from edge.geometry import Box
from edge.sizes import Sizes
from edge.tracking import Track

MANHOLE = Track(1, Box(330, 245, 367, 260), "car", 0.8, True, 0.0)


def driven_by(sizes: Sizes, box: Box, number: int = 2, label: str = "car") -> None:
    """A vehicle drives through the view from the left; at the fifth look it is at the box."""
    for n in range(8):
        moved = box.moved(60.0 * (n - 4), 0)
        sizes.note([MANHOLE, Track(number, moved, label, 0.9, False, 0.0)])


def test_what_is_far_smaller_than_what_drives_there_is_no_vehicle() -> None:
    sizes = Sizes()
    before = sizes.plausible(MANHOLE)
    driven_by(sizes, Box(280, 160, 430, 255))

    assert (before, sizes.plausible(MANHOLE)) == (True, False)


def test_a_car_beside_a_coach_and_a_motorcycle_are_vehicles() -> None:
    sizes = Sizes()
    driven_by(sizes, Box(150, 100, 500, 260), label="bus")
    car = Track(3, Box(320, 200, 380, 260), "car", 0.8, True, 0.0)
    motorcycle = Track(4, Box(340, 230, 360, 260), "motorcycle", 0.8, True, 0.0)

    assert sizes.plausible(car)
    assert sizes.plausible(motorcycle)


def test_what_drives_elsewhere_or_stands_says_nothing() -> None:
    sizes = Sizes()
    driven_by(sizes, Box(280, 20, 430, 110))
    sizes.note([MANHOLE, Track(5, Box(280, 160, 430, 255), "car", 0.9, True, 0.0)])

    assert sizes.plausible(MANHOLE)
