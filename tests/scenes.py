"""Pictures of a fire lane drawn with simple shapes: our own, showing nobody."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]
LANE = [(430, 330), (860, 330), (1190, 719), (60, 719)]
"""The lane in pixels of the 1280×720 picture."""


@dataclass(frozen=True)
class View:
    """What a picture shows: where the car stands, its colours, whether it is night."""

    plate: str = "B12345"
    plate_colour: Colour = (168, 82, 22)
    text_colour: Colour = (255, 255, 255)
    paint: Colour = (70, 62, 178)
    x: int = 0
    night: bool = False
    car: bool = True
    passer: int | None = None


def _ground(image: Image, rng: np.random.Generator) -> None:
    image[:250] = (205, 190, 172)
    image[250:] = (112, 114, 116)
    noise = rng.integers(-7, 8, image.shape, dtype=np.int16)
    image[:] = np.clip(image.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    for left, top, width in ((0, 40, 330), (350, 90, 250), (960, 20, 320)):
        cv2.rectangle(image, (left, top), (left + width, 300), (142, 156, 168), -1)
        for row in range(top + 24, 280, 46):
            for column in range(left + 22, left + width - 30, 52):
                cv2.rectangle(image, (column, row), (column + 28, row + 26), (96, 84, 70), -1)
    for centre in ((690, 262), (905, 258)):
        cv2.circle(image, centre, 46, (62, 110, 70), -1)
        cv2.rectangle(
            image, (centre[0] - 5, centre[1] + 30), (centre[0] + 5, 320), (50, 70, 90), -1
        )


def _marking(image: Image) -> None:
    lane = np.array(LANE, np.int32)
    sheet = image.copy()
    for step in range(-700, 1900, 90):
        cv2.line(sheet, (step, 760), (step + 520, 320), (60, 200, 235), 12, cv2.LINE_AA)
    inside = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(inside, [lane], [255])
    mixed = cv2.addWeighted(sheet, 0.62, image, 0.38, 0)
    image[inside > 0] = mixed[inside > 0]
    cv2.polylines(image, [lane], True, (50, 205, 245), 9, cv2.LINE_AA)
    cv2.putText(image, "FIRE LANE", (150, 690), cv2.FONT_HERSHEY_DUPLEX, 1.5, (240, 240, 240), 4)


def _car(image: Image, view: View) -> None:
    x = 470 + view.x
    dark = tuple(int(part * 0.72) for part in view.paint)
    cv2.ellipse(image, (x + 165, 600), (215, 34), 0, 0, 360, (52, 54, 56), -1, cv2.LINE_AA)
    roof = np.array([(x + 52, 330), (x + 278, 330), (x + 322, 446), (x + 8, 446)], np.int32)
    cv2.fillPoly(image, [roof], view.paint, cv2.LINE_AA)
    glass = np.array([(x + 72, 348), (x + 258, 348), (x + 290, 436), (x + 40, 436)], np.int32)
    cv2.fillPoly(image, [glass], (70, 58, 46), cv2.LINE_AA)
    cv2.line(image, (x + 92, 360), (x + 60, 430), (150, 140, 128), 5, cv2.LINE_AA)
    cv2.rectangle(image, (x - 14, 440), (x + 344, 574), view.paint, -1)
    cv2.rectangle(image, (x - 14, 532), (x + 344, 588), dark, -1)
    for side in (x - 2, x + 276):
        cv2.rectangle(image, (side, 462), (side + 56, 500), (60, 60, 225), -1)
        cv2.rectangle(image, (side, 484), (side + 56, 500), (210, 225, 235), -1)
    for side in (x + 4, x + 270):
        cv2.rectangle(image, (side, 580), (side + 56, 616), (28, 28, 30), -1)
    cv2.rectangle(image, (x + 104, 506), (x + 226, 546), (235, 235, 235), -1)
    cv2.rectangle(image, (x + 107, 509), (x + 223, 543), view.plate_colour, -1)
    font = cv2.FONT_HERSHEY_DUPLEX
    cv2.putText(image, view.plate, (x + 113, 535), font, 0.74, view.text_colour, 2, cv2.LINE_AA)


def _passer(image: Image, x: int) -> None:
    cv2.ellipse(image, (x, 668), (34, 10), 0, 0, 360, (60, 62, 64), -1)
    cv2.rectangle(image, (x - 22, 500), (x + 22, 600), (110, 80, 46), -1)
    cv2.rectangle(image, (x - 16, 598), (x - 2, 668), (60, 52, 44), -1)
    cv2.rectangle(image, (x + 4, 598), (x + 18, 668), (60, 52, 44), -1)
    patch = image[440:502, x - 30 : x + 30]
    patch[:] = (128, 128, 128)


def _encoded(image: cv2.typing.MatLike, quality: int) -> bytes:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return data.tobytes()


@cache
def wide(view: View, seed: int) -> bytes:
    """A JPEG of 1280×720; another seed gives other noise, so another hash."""
    rng = np.random.default_rng(seed)
    image = np.zeros((720, 1280, 3), np.uint8)
    _ground(image, rng)
    _marking(image)
    if view.car:
        _car(image, view)
    if view.passer is not None:
        _passer(image, view.passer)
    if view.night:
        grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        image = (grey.astype(np.float32) * 0.42).astype(np.uint8)
    return _encoded(cv2.GaussianBlur(image, (3, 3), 0), 84)


@cache
def plate(view: View, seed: int) -> bytes:
    """A JPEG of 320×104: the plate as its crop."""
    rng = np.random.default_rng(seed)
    image = np.full((104, 320, 3), view.plate_colour, np.uint8)
    cv2.rectangle(image, (6, 6), (313, 97), view.text_colour, 3)
    font = cv2.FONT_HERSHEY_DUPLEX
    cv2.putText(image, view.plate, (34, 74), font, 1.95, view.text_colour, 5, cv2.LINE_AA)
    noise = rng.integers(-16, 17, image.shape, dtype=np.int16)
    image = np.clip(image.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    if view.night:
        image = (image.astype(np.float32) * 0.5).astype(np.uint8)
    return _encoded(cv2.GaussianBlur(image, (5, 5), 0), 88)
