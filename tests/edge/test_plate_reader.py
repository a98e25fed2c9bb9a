"""The plate reader's own arithmetic: reading by CTC, corners, straightening, missing models."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.geometry import Box
from edge.inference import Floats, ModelError, Picture
from edge.plate_finder import Quad, convex, merge
from edge.plate_reader import (
    PlateLook,
    PlateReader,
    TextDecoding,
    collapse,
    doubted,
    moved,
    open_plate_reader,
    side_by_side,
    straighten,
    voted,
)
from scripts.scene.plates import draw

MODELS = Path(__file__).resolve().parents[2] / "models"
RULE = TextDecoding(kind="ctc-rows", blank=0, characters="浙AB12", colours=("blue",))


def columns(*symbols: tuple[int, float]) -> Floats:
    """One row of chances per column: the symbol with its chance, the rest spread evenly."""
    table = np.zeros((len(symbols), 6), np.float32)
    for row, (symbol, chance) in zip(table, symbols, strict=True):
        row[:] = (1 - chance) / 5
        row[symbol] = chance
    return table


def quad(x: float, y: float, wide: float, high: float, score: float = 0.9) -> Quad:
    corners = [[x, y], [x + wide, y], [x + wide, y + high], [x, y + high]]
    return Quad(np.array(corners, np.float32), score)


def test_a_run_of_one_symbol_is_one_character_with_its_best_chance() -> None:
    text, chars = collapse(columns((1, 0.6), (1, 0.9), (1, 0.7), (0, 0.9), (2, 0.8)), RULE)
    assert text == "浙A"
    assert chars == pytest.approx((0.9, 0.8))


def test_a_blank_between_equal_symbols_makes_two_characters() -> None:
    text, chars = collapse(columns((4, 0.9), (0, 0.9), (4, 0.7)), RULE)
    assert text == "11"
    assert chars == pytest.approx((0.9, 0.7))


def test_blanks_alone_read_as_nothing() -> None:
    assert collapse(columns((0, 0.9), (0, 0.8)), RULE) == ("", ())


def test_corners_that_fold_are_no_plate() -> None:
    good = quad(0, 0, 40, 10).corners
    folded = np.stack([good, good[[0, 2, 1, 3]], good[::-1]])
    assert convex(folded).tolist() == [True, False, False]


def test_finds_of_one_plate_become_one_between_them() -> None:
    merged = merge([quad(10, 10, 40, 10, 0.9), quad(12, 10, 40, 10, 0.9)], 0.4, 4)
    assert len(merged) == 1
    assert merged[0].corners[0].tolist() == pytest.approx([11, 10])
    assert merged[0].score == pytest.approx(0.9)


def test_finds_of_two_plates_stay_two_surest_first() -> None:
    merged = merge([quad(10, 10, 40, 10, 0.5), quad(100, 10, 40, 10, 0.8)], 0.4, 4)
    assert [one.score for one in merged] == pytest.approx([0.8, 0.5])


def test_no_more_plates_than_allowed_are_told_of() -> None:
    many = [quad(100 * k, 0, 40, 10, 0.9 - k / 10) for k in range(4)]
    assert len(merge(many, 0.4, 2)) == 2


def test_a_tilted_plate_comes_out_straight() -> None:
    """Left half dark, right half light on the plate; after straightening the edge is upright."""
    flat = np.zeros((40, 120, 3), np.uint8)
    flat[:, 60:] = 255
    corners = np.array([[60, 80], [170, 50], [175, 95], [65, 125]], np.float32)
    source = np.array([[0, 0], [120, 0], [120, 40], [0, 40]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners)
    shown: Picture = np.asarray(cv2.warpPerspective(flat, matrix, (240, 180)), np.uint8)
    straight = straighten(shown, corners, (160, 64))
    assert straight.shape == (64, 160, 3)
    assert float(straight[8:56, 14:70].mean()) < 12
    assert float(straight[8:56, 90:146].mean()) > 243


def test_the_lines_of_a_two_line_plate_come_side_by_side() -> None:
    plate: Picture = np.zeros((160, 320, 3), np.uint8)
    plate[:58] = 200
    laid = side_by_side(plate, (160, 64))
    assert laid.shape == (64, 160, 3)
    assert float(laid[:, :46].mean()) > 180
    assert float(laid[:, 50:].mean()) < 20


def test_a_wider_quad_keeps_its_middle() -> None:
    grown = quad(10, 10, 40, 10).wider(1.1)
    assert grown.corners.mean(0).tolist() == pytest.approx([30, 15])
    assert grown.width == pytest.approx(44)


def test_a_plate_of_one_line_is_three_times_as_wide_as_high() -> None:
    assert quad(0, 0, 44, 14).ratio == pytest.approx(3.14, abs=0.01)


def test_without_models_every_look_sees_nothing() -> None:
    reader = PlateReader(None, None)
    picture: Picture = np.full((120, 160, 3), 90, np.uint8)
    assert reader.read(picture, Box(10, 10, 150, 110)) is None
    assert reader.read_all(picture) == []


def test_a_vehicle_model_is_refused_as_a_plate_model() -> None:
    with pytest.raises(ModelError, match=r"vehicle\.json: decoding\.kind"):
        open_plate_reader(MODELS / "vehicle.tflite", None)


class Recorder(PlateReader):
    """A reader with the shipped models that tells how often it searched a picture in pieces."""

    searched = 0

    def _pieces(self, image: Picture) -> list[Quad]:
        self.searched += 1
        return super()._pieces(image)


@pytest.fixture(scope="module")
def shipped() -> PlateReader:
    return open_plate_reader(MODELS / "plate_corners.tflite", MODELS / "plate_text.tflite")


def street(text: str | None) -> Picture:
    """A grey picture of 900x600, with a drawn blue plate of 240x76 on it."""
    picture: Picture = np.full((600, 900, 3), 96, np.uint8)
    if text is not None:
        plate = cv2.resize(draw(text, "blue", 1.0)[..., ::-1], (240, 76))
        picture[300:376, 320:560] = cv2.GaussianBlur(plate, (0, 0), 0.8)
    return picture


def test_the_second_look_is_that_of_the_model_that_the_json_names(shipped: PlateReader) -> None:
    assert shipped.finder is not None
    assert shipped.finder.near is not None
    assert shipped.finder.near.model.path.name == "plate_close.tflite"
    assert shipped.finder.near.model.width < shipped.finder.model.width


def test_a_picture_is_searched_in_pieces_only_where_the_whole_shows_no_plate(
    shipped: PlateReader,
) -> None:
    reader = Recorder(shipped.finder, shipped.text)
    assert [look.text[1:] for look in reader.read_all(street("浙B·F1R25"))] == ["BF1R25"]
    assert reader.searched == 0
    assert reader.read_all(street(None)) == []
    assert reader.searched == 1


@pytest.mark.parametrize("size", [(1, 200), (200, 1), (1, 1), (3, 9)])
def test_a_picture_of_a_few_rows_or_columns_shows_no_plate(
    shipped: PlateReader, size: tuple[int, int]
) -> None:
    assert shipped.read_all(np.zeros((*size, 3), np.uint8)) == []
    assert shipped.read_all(np.zeros((*size, 3), np.uint8), thorough=True) == []


def test_a_thorough_look_searches_the_pieces_too_and_tells_of_each_plate_once(
    shipped: PlateReader,
) -> None:
    reader = Recorder(shipped.finder, shipped.text)
    looks = reader.read_all(street("浙B·F1R25"), thorough=True)
    assert reader.searched == 1
    assert [look.text[1:] for look in looks] == ["BF1R25"]


def test_a_plate_is_found_again_from_close_where_it_is_and_not_where_it_is_not(
    shipped: PlateReader,
) -> None:
    assert shipped.finder is not None
    picture = street("浙B·F1R25")
    again = shipped.finder.close(picture, quad(310, 296, 250, 86, 0.4))
    assert again is not None
    true = quad(320, 300, 240, 76).corners
    assert float(np.abs(again.corners - true).max()) < 240 / 16
    assert shipped.finder.close(picture, quad(40, 40, 250, 86, 0.4)) is None


def look(text: str, *chars: float) -> PlateLook:
    corners = ((0.0, 0.0), (60.0, 0.0), (60.0, 20.0), (0.0, 20.0))
    return PlateLook(text, chars, "blue", 0.9, corners, 0.9, 5.0)


def test_a_second_reading_of_a_small_plate_makes_doubtful_what_it_does_not_repeat() -> None:
    told = doubted(look("浙B1", 0.9, 0.9, 0.8), look("甘B1", 0.95, 0.7, 0.9))
    assert told.text == "浙B1"
    assert told.chars == pytest.approx((0.45, 0.7, 0.8))


def test_a_second_reading_of_another_length_makes_all_doubtful() -> None:
    told = doubted(look("浙B1", 0.9, 0.9, 0.8), look("B1", 0.9, 0.9))
    assert told.chars == pytest.approx((0.45, 0.45, 0.4))


def test_the_text_that_most_readings_speak_for_is_read_though_another_is_surer_once() -> None:
    sure, bold, third = [0.95] * 7, [0.96] * 7, [0.94] * 7
    best = voted([look("浙A12345", *sure), look("浙A1Z345", *bold), look("浙A12345", *third)])
    share = (0.95**7 + 0.94**7) / (0.95**7 + 0.94**7 + 0.96**7)
    assert best.text == "浙A12345"
    assert best.chars == pytest.approx([share**2] * 7)


def test_readings_that_all_agree_leave_the_surest_look_as_sure_as_it_was() -> None:
    agreed = voted([look("浙A12345", *[0.8] * 7), look("浙A12345", *[0.88] * 7)])
    assert agreed.chars == (0.88,) * 7


def test_readings_of_nothing_vote_for_nothing() -> None:
    assert voted([look(""), look("")]).chars == ()


def test_corners_are_stretched_about_their_middle_and_moved_by_shares_of_their_size() -> None:
    corners = moved(quad(10, 10, 40, 10).corners, 1.1, 1.0, 0.05, -0.1)
    assert corners[0].tolist() == pytest.approx([10, 9])
    assert corners[2].tolist() == pytest.approx([54, 19])
