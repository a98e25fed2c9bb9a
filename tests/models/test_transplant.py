"""Another province painted on a real plate: found where it stands, and nothing else touched."""

import cv2
import numpy as np
import pytest
from PIL import ImageFont

from edge.inference import Picture
from models.training.plate_crops import Crop, corners_of
from models.training.plate_grammar import PROVINCES
from models.training.plate_synth import NOTO, SIMPLIFIED, Glyphs, drawn
from models.training.plate_transplant import Place, Transplant, locate
from scripts.scene.plates import draw


class OneFont(Glyphs):
    """Provinces in one free font, so that no glyph pictures are needed."""

    def __init__(self) -> None:
        font = ImageFont.truetype(NOTO.format("Bold"), 120, index=SIMPLIFIED)
        self.masks = {("140", each): [drawn(font, each)] for each in PROVINCES}


def crop(text: str, slope: float = 0.0) -> Crop:
    """A drawn plate of 136x43 as a real crop would come, turned by `slope`."""
    flat = cv2.resize(draw(text, "blue", 1.0)[..., ::-1], (136, 43), interpolation=cv2.INTER_AREA)
    turn = np.array([[1, 0, 0], [slope, 1, -slope * 68]], np.float64)
    image: Picture = np.asarray(
        cv2.warpAffine(flat, turn, (136, 43), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
    return Crop("lyl_crops", text, image, corners_of(image), text, 0, "learn", (0.02, 0.02))


def in_shares(place: Place) -> list[float]:
    return [place.x0 / 220, place.x1 / 220, place.y0 / 70, place.y1 / 70]


@pytest.mark.parametrize("slope", [0.0, 0.12])
def test_the_province_is_found_where_the_standard_puts_it(slope: float) -> None:
    place = locate(crop("沪A12345", slope))
    assert place is not None
    assert in_shares(place) == pytest.approx([15.5 / 440, 60.5 / 440, 25 / 140, 115 / 140], abs=0.1)


def test_a_picture_without_a_plate_is_left_alone() -> None:
    grey: Picture = np.full((43, 136, 3), 90, np.uint8)
    noise = np.random.default_rng(1).normal(0, 12, grey.shape)
    image: Picture = np.clip(grey + noise, 0, 255).astype(np.uint8)
    shown = Crop("lyl_crops", "x", image, corners_of(image), "沪A12345", 0, "learn", (0.02, 0.02))
    assert Transplant(OneFont()).paint(np.random.default_rng(2), shown) is None


def test_only_the_province_changes_in_the_text_and_in_the_picture() -> None:
    before = crop("沪A12345")
    painted = Transplant(OneFont()).paint(np.random.default_rng(5), before)
    assert painted is not None
    image, text = painted
    assert text[0] != "沪"
    assert text[1:] == "A12345"
    assert np.array_equal(image[:, 30:], before.image[:, 30:])
    assert float(np.abs(image[8:36, 4:20].astype(int) - before.image[8:36, 4:20]).mean()) > 10


def test_plates_of_other_lengths_are_not_painted_on() -> None:
    assert Transplant(OneFont()).paint(np.random.default_rng(1), crop_of_eight()) is None


def crop_of_eight() -> Crop:
    image: Picture = np.asarray(draw("沪AD12345", "green", 0.5)[..., ::-1], np.uint8)
    return Crop("lyl_crops", "g", image, corners_of(image), "沪AD12345", 2, "learn", (0.02, 0.02))
