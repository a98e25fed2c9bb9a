"""A camera that cannot see is noticed, and a busy street is not mistaken for it."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from edge.appearance import Pixels, small_grey
from edge.view import CameraView, Light, View, ViewRules, ViewState
from edge.wire.records import GapReason
from tests.edge.street import Car, frame

CAR = Car((200, 150, 330, 250), seed=3)


def shown(view: CameraView, begin_s: float, end_s: float, image: Callable[[int], Pixels]) -> View:
    """Look twice a second at what `image` gives for each look; the last judgement."""
    judged = None
    for n in range(int(begin_s * 2), int(end_s * 2)):
        picture = image(n)
        judged = view.look(small_grey(picture), picture, n / 2)
    assert judged is not None
    return judged


def street(n: int) -> Pixels:
    return frame((CAR,) if n % 20 > 10 else (), seed=n)


def shifted(share: float) -> Callable[[int], Pixels]:
    def image(n: int) -> Pixels:
        picture = street(n)
        return np.asarray(np.roll(picture, int(share * picture.shape[1]), axis=1), np.uint8)

    return image


def covered(n: int) -> Pixels:
    picture = street(n)
    picture[:, :450] = 90
    return picture


def defocused(n: int) -> Pixels:
    return np.asarray(cv2.GaussianBlur(street(n), (0, 0), 5), np.uint8)


FAULTS: list[tuple[str, Callable[[int], Pixels], ViewState, GapReason]] = [
    ("black", lambda n: frame(seed=n, gain=0.02), ViewState.DARK, GapReason.CAMERA_DARK),
    (
        "glare",
        lambda n: np.full_like(street(n), 250),
        ViewState.SATURATED,
        GapReason.CAMERA_COVERED,
    ),
    (
        "a bag over it",
        lambda n: np.full_like(street(n), 60 + n % 3),
        ViewState.COVERED,
        GapReason.CAMERA_COVERED,
    ),
    ("sprayed", covered, ViewState.COVERED, GapReason.CAMERA_COVERED),
    (
        "defocused",
        defocused,
        ViewState.BLURRED,
        GapReason.CAMERA_BLURRED,
    ),
    ("bumped by 5 %", shifted(0.05), ViewState.MOVED, GapReason.CAMERA_MOVED),
    ("bumped by 30 %", shifted(0.30), ViewState.MOVED, GapReason.CAMERA_MOVED),
    (
        "turned away",
        lambda n: street(n)[::-1].copy(),
        ViewState.MOVED,
        GapReason.CAMERA_MOVED,
    ),
]


def test_a_street_with_cars_coming_and_going_is_a_good_view() -> None:
    judged = shown(CameraView(), 0, 60, street)

    assert (judged.state, judged.blind, judged.light) == (ViewState.OK, None, Light.DAY)


@pytest.mark.parametrize(("name", "image", "state", "reason"), FAULTS, ids=[f[0] for f in FAULTS])
def test_a_camera_fault_is_named_and_blinds_at_once(
    name: str, image: Callable[[int], Pixels], state: ViewState, reason: GapReason
) -> None:
    view = CameraView(ViewRules(correct_share=0))
    shown(view, 0, 20, street)

    first = shown(view, 20, 20.5, image)
    later = shown(view, 20.5, 26, image)

    assert (first.state, first.blind) == (ViewState.OK, reason)
    assert (later.state, later.blind) == (state, reason)


def test_a_bump_is_measured_in_pixels_of_the_frame() -> None:
    view = CameraView()
    shown(view, 0, 20, street)

    judged = shown(view, 20, 26, shifted(0.05))

    assert judged.shift[0] == pytest.approx(32, abs=2)
    assert judged.shift[1] == pytest.approx(0, abs=2)


def test_a_small_bump_is_corrected_once_the_camera_is_at_rest() -> None:
    view = CameraView()
    shown(view, 0, 20, street)

    at_once = shown(view, 20, 23.5, shifted(0.05))
    later = shown(view, 23.5, 40, shifted(0.05))

    assert (at_once.blind, at_once.moved) == (GapReason.CAMERA_MOVED, (0, 0))
    assert (later.state, later.blind, later.moved) == (ViewState.OK, None, (32, 0))
    assert later.moved_px == pytest.approx(32, abs=1)


def test_a_camera_set_right_again_is_corrected_back() -> None:
    view = CameraView()
    shown(view, 0, 20, street)
    shown(view, 20, 40, shifted(0.05))

    held = shown(view, 40, 42, street)
    later = shown(view, 42, 46, street)

    assert held.blind is GapReason.CAMERA_MOVED
    assert (later.state, later.moved) == (ViewState.OK, (0, 0))


@pytest.mark.parametrize(
    ("why", "image", "rules"),
    [
        ("too far", shifted(0.15), ViewRules()),
        ("still swinging", lambda n: shifted(0.03 + 0.03 * (n % 2))(n), ViewRules()),
        ("turned off", shifted(0.05), ViewRules(correct_share=0)),
    ],
)
def test_no_other_move_is_corrected(
    why: str, image: Callable[[int], Pixels], rules: ViewRules
) -> None:
    view = CameraView(rules)
    shown(view, 0, 20, street)

    judged = shown(view, 20, 32, image)

    assert (judged.blind, judged.moved) == (GapReason.CAMERA_MOVED, (0, 0)), why


def test_a_bump_that_takes_a_lane_out_of_the_frame_is_not_corrected() -> None:
    view = CameraView(lanes_remain=lambda moved: moved[0] < 20)
    shown(view, 0, 20, street)

    judged = shown(view, 20, 32, shifted(0.05))

    assert (judged.blind, judged.moved) == (GapReason.CAMERA_MOVED, (0, 0))


def test_the_same_picture_again_and_again_is_a_frozen_camera() -> None:
    view = CameraView()
    shown(view, 0, 20, street)

    before = shown(view, 20, 39, lambda n: frame(seed=1))
    after = shown(view, 39, 50, lambda n: frame(seed=1))

    assert before.blind is None
    assert (after.state, after.blind) == (ViewState.FROZEN, GapReason.CAMERA_FROZEN)


@pytest.mark.parametrize("gain", [0.35, 1.6])
def test_a_step_in_brightness_is_no_fault(gain: float) -> None:
    view = CameraView()
    shown(view, 0, 20, street)

    judged = shown(view, 20, 30, lambda n: frame(seed=n, gain=gain))

    assert judged.state is ViewState.OK


def test_the_switch_to_infrared_is_no_fault_and_is_told() -> None:
    view = CameraView()
    shown(view, 0, 20, street)

    judged = shown(view, 20, 40, lambda n: frame(seed=n, gain=0.6, grey=True))

    assert (judged.state, judged.light) == (ViewState.OK, Light.IR)


def test_a_good_view_comes_back_by_itself_and_a_moved_one_when_accepted() -> None:
    view = CameraView()
    shown(view, 0, 20, street)
    shown(view, 20, 26, lambda n: frame(seed=n, gain=0.02))

    again = shown(view, 26, 34, street)
    moved = shown(view, 34, 44, shifted(0.3))
    view.accept()
    accepted = shown(view, 44, 54, shifted(0.3))

    assert (again.state, moved.state, accepted.state) == (
        ViewState.OK,
        ViewState.MOVED,
        ViewState.OK,
    )


def test_one_lorry_that_fills_the_view_for_a_moment_is_no_alert() -> None:
    view = CameraView()
    shown(view, 0, 20, street)

    judged = shown(view, 20, 22, lambda n: frame((Car((0, 0, 639, 359), seed=8),), seed=n))

    assert judged.state is ViewState.OK


def test_a_camera_that_was_moved_while_the_box_was_off_is_noticed() -> None:
    before = CameraView()
    shown(before, 0, 20, street)
    after = CameraView()
    after.restore(before.to_bytes())
    forgetful = CameraView()

    judged = shown(after, 0, 4, shifted(0.05))
    control = shown(forgetful, 0, 4, shifted(0.05))

    assert (judged.state, control.state) == (ViewState.MOVED, ViewState.OK)


@pytest.mark.parametrize("kept", [b"", b"PK", b"not an archive"])
def test_a_damaged_reference_view_is_refused(kept: bytes) -> None:
    with pytest.raises(ValueError, match="kept reference view cannot be read"):
        CameraView().restore(kept)
