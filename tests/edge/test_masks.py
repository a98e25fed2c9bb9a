"""Bystanders cannot be told on an exhibit; the subject and the lane are as the camera saw them."""

import cv2
import numpy as np

from edge.geometry import Box
from edge.masks import Picture, Subject, mask

LANE = [(100, 300), (600, 300), (600, 460), (100, 460)]
SUBJECT = Box(150, 250, 350, 400)


def noise() -> Picture:
    made: Picture = np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    return made


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
