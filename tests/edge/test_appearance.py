"""A place looks the same in any light, and another vehicle does not."""

import pytest

from edge.appearance import (
    correlation,
    patch,
    patch_from_text,
    place_similarity,
    similarity,
    small_grey,
)
from edge.geometry import Box
from tests.edge.street import Car, frame

PLACE = Box(200, 150, 330, 250)
A = Car((200, 150, 330, 250), seed=3)
B = Car((200, 150, 330, 250), seed=4)


def test_the_small_copy_keeps_the_shape_of_the_frame() -> None:
    grey = small_grey(frame())

    assert grey.pixels.shape == (180, 320)
    assert grey.scale == (0.5, 0.5)


@pytest.mark.parametrize(("gain", "grey"), [(1.0, False), (0.5, False), (1.5, False), (0.7, True)])
def test_a_parked_car_looks_like_itself_in_other_light(gain: float, grey: bool) -> None:
    anchor = patch(small_grey(frame((A,))), PLACE)
    assert anchor is not None

    now = place_similarity(anchor, small_grey(frame((A,), seed=9, gain=gain, grey=grey)))

    assert now is not None
    assert now > 0.8


def test_another_car_in_the_same_place_does_not_look_like_it() -> None:
    anchor = patch(small_grey(frame((A,))), PLACE)
    assert anchor is not None

    now = place_similarity(anchor, small_grey(frame((B,), seed=9)))

    assert now is not None
    assert now < 0.5


def test_the_empty_place_does_not_look_like_the_car() -> None:
    anchor = patch(small_grey(frame((A,))), PLACE)
    assert anchor is not None

    now = place_similarity(anchor, small_grey(frame(seed=9)))

    assert now is not None
    assert now < 0.4


def test_a_car_is_recognised_where_it_moved_to() -> None:
    moved = Car((300, 160, 430, 260), seed=3)
    before = patch(small_grey(frame((A,))), PLACE)
    after = patch(small_grey(frame((moved,), seed=5)), Box(300, 160, 430, 260))
    other = patch(small_grey(frame((B,), seed=5)), PLACE)
    assert before is not None
    assert after is not None
    assert other is not None

    assert similarity(before, after) > 0.8 > 0.5 > similarity(before, other)


def test_a_patch_survives_a_restart_as_text() -> None:
    anchor = patch(small_grey(frame((A,))), PLACE)
    assert anchor is not None

    back = patch_from_text(anchor.to_text())

    assert back.box == PLACE
    assert correlation(back.values, anchor.values) > 0.999


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5,6:AAAA", "1,2,3,4,2,2:!"])
def test_text_that_is_no_patch_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"patch must|could not convert|base64|data"):
        patch_from_text(text)


def test_a_place_outside_the_picture_has_no_patch() -> None:
    assert patch(small_grey(frame()), Box(636, 100, 700, 200)) is None
