"""Bystanders cannot be told on an exhibit; the subject and the lane are as the camera saw them."""

import cv2
import numpy as np
import pytest

from edge import masks
from edge.geometry import Box
from edge.masks import Picture, Subject, coarse, mask

LANE = [(100, 300), (600, 300), (600, 460), (100, 460)]
SUBJECT = Box(150, 250, 350, 400)


def noise() -> Picture:
    made: Picture = np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    return made


def face(size: int = 80) -> Picture:
    """A drawn face that looks into the camera."""
    whole = 5 * 80
    image = np.full((whole, whole), 150, np.uint8)

    def blot(x: float, y: float, wide: float, tall: float, grey: int) -> None:
        centre, axes = (
            (round(x * whole), round(y * whole)),
            (round(wide * whole), round(tall * whole)),
        )
        cv2.ellipse(image, centre, axes, 0.0, 0.0, 360.0, (grey,), -1)

    blot(0.5, 0.47, 0.36, 0.45, 60)
    blot(0.5, 0.54, 0.30, 0.40, 175)
    for x in (0.34, 0.66):
        blot(x, 0.44, 0.12, 0.075, 126)
        blot(x, 0.35, 0.10, 0.018, 80)
        blot(x, 0.42, 0.09, 0.045, 45)
    cv2.rectangle(image, (188, 176), (212, 248), (201,), -1)
    blot(0.5, 0.64, 0.065, 0.02, 105)
    blot(0.5, 0.755, 0.12, 0.03, 95)
    soft = cv2.GaussianBlur(image, (13, 13), 0)
    small = cv2.resize(soft, (size, size), interpolation=cv2.INTER_AREA)
    made: Picture = np.repeat(np.asarray(small, np.uint8)[:, :, None], 3, axis=2)
    return made


def with_face(x: int, y: int, size: int = 80) -> Picture:
    image = np.full((480, 640, 3), 140, np.uint8)
    image[y : y + size, x : x + size] = face(size)
    return image


@pytest.mark.parametrize("at", [(450, 60), (450, 350)], ids=["beside the lane", "over the lane"])
def test_the_face_of_a_bystander_is_hidden_wherever_he_stands(at: tuple[int, int]) -> None:
    image = with_face(*at)

    masked = mask(image, [], Subject(SUBJECT, LANE))

    assert len(masked.zones) == 1
    x, y = at
    eyes = masked.image[y + 25 : y + 45, x + 20 : x + 60]
    assert len(np.unique(eyes)) <= 4 * 4
    assert masks.faces(image)
    assert masks.faces(masked.image) == []


def test_what_is_within_the_subject_stays_as_it_is_a_face_in_its_window_too() -> None:
    image = with_face(200, 280)

    masked = mask(image, [], Subject(SUBJECT, LANE))

    assert (masked.image == image).all()


def test_a_face_that_only_one_search_finds_hides_no_marking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = with_face(450, 350)
    monkeypatch.setattr(masks, "_surely", lambda *_: False)

    assert (mask(image, [], Subject(SUBJECT, LANE)).image == image).all()


def test_a_coarse_picture_shows_no_plate_and_no_face_but_the_vehicles_that_it_is_about() -> None:
    image = with_face(450, 60, size=48)
    image[300:400] = noise()[300:400]

    shown = coarse(image, [SUBJECT])

    assert masks.faces(image)
    assert masks.faces(shown) == []
    assert (shown[300:400, 150:350] == image[300:400, 150:350]).all()
    assert len(np.unique(shown[300:400, 360:640].reshape(-1, 3), axis=0)) <= 43 * 16


def test_the_plate_of_another_vehicle_becomes_a_few_blocks() -> None:
    image = noise()
    cv2.putText(image, "A12345", (430, 190), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)

    masked = mask(image, [Box(400, 100, 600, 200)], Subject(SUBJECT, LANE))

    zone = masked.image[156:200, 401:600]
    colours = np.unique(zone.reshape(-1, 3), axis=0)
    assert len(masked.zones) == 1
    assert len(colours) <= 12 * 3


def test_nothing_outside_the_zone_changes() -> None:
    image = noise()

    masked = mask(image, [Box(400, 100, 600, 200)], Subject(SUBJECT, LANE))

    changed = np.argwhere((masked.image != image).any(axis=2))
    assert changed.min(axis=0).tolist() >= [155, 400]
    assert changed.max(axis=0).tolist() <= [200, 600]


def test_the_subject_is_never_touched_even_where_another_vehicle_overlaps_it() -> None:
    image = noise()

    masked = mask(image, [Box(300, 200, 500, 380)], Subject(SUBJECT, LANE))

    same = masked.image[250:401, 150:351] == image[250:401, 150:351]
    assert len(masked.zones) == 1
    assert same.all()


def test_beside_a_vehicle_that_stands_in_the_lane_the_ground_stays_visible() -> None:
    image = noise()
    other = Box(450, 320, 550, 420)

    masked = mask(image, [other], Subject(SUBJECT, LANE))

    changed = np.argwhere((masked.image != image).any(axis=2))
    assert len(masked.zones) == 1
    assert changed[:, 1].min() >= 450 + 12
    assert changed[:, 1].max() <= 550 - 12 + 1
    assert changed[:, 0].max() < 420


def test_the_frame_that_came_in_is_not_changed() -> None:
    image = noise()
    before = image.copy()

    mask(image, [Box(400, 100, 600, 200)], Subject(SUBJECT, LANE))

    assert (image == before).all()


def test_a_zone_counts_only_in_the_part_of_the_picture_where_it_lies() -> None:
    masked = mask(noise(), [Box(400, 100, 600, 200)], Subject(SUBJECT, LANE))

    assert masked.within(Box(0, 0, 640, 480)) == 1
    assert masked.within(Box(590, 190, 640, 480)) == 1
    assert masked.within(SUBJECT) == 0


def test_boxes_beyond_the_frame_and_slivers_harm_nothing() -> None:
    image = noise()
    boxes = [Box(-50, -50, -10, -10), Box(630, 470, 900, 900), Box(10, 10, 11, 11)]

    masked = mask(image, boxes, Subject(SUBJECT, LANE))

    assert masked.image.shape == image.shape
